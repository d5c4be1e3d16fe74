import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { activeAddon } from '../../native.js';
import { writeNpy } from '../../pool/npy.js';
import { timed, type Runner } from './measure.js';
import type { Input, PythonPeers } from './python.js';
import type { TfjsPeer } from './tfjs.js';

/** Name of the runner that only reads the input. */
export const MEMORY_READ = 'memory read';

/** A Python peer of a case. */
export interface Peer {
  readonly name: string;
  /** See {@link Runner.rounds}. */
  readonly rounds?: number;
}

/** What a case gets to build its runners from. */
export class BenchContext {
  /** What the Python peers of this case have been given. */
  #inputs: Input[] = [];

  constructor(
    private readonly scale: number,
    private readonly folder: string,
    private readonly python: PythonPeers | undefined,
    private readonly tfjs: TfjsPeer | undefined,
  ) {}

  /** The number of rows to use instead of the nominal one. */
  scaled(rows: number): number {
    return Math.max(100, Math.round(rows * this.scale));
  }

  /** Let the Python peers load the same array, from a file that is gone after the case. */
  async share(name: string, data: Float32Array | Int32Array, shape: readonly number[]): Promise<void> {
    if (this.python === undefined) return;
    const path = join(this.folder, `${name}.npy`);
    await writeNpy(path, data, data instanceof Int32Array ? 'i4' : 'f4', shape);
    await this.#give({ name, path });
  }

  async shareNumber(name: string, value: number): Promise<void> {
    await this.#give({ name, value });
  }

  async #give(input: Input): Promise<void> {
    this.#inputs.push(input);
    await this.python?.give(input);
  }

  /** Those of the named Python peers that are installed. Call it after sharing what they need. */
  async peers(...wanted: (string | Peer)[]): Promise<Runner[]> {
    const { python } = this;
    if (python === undefined) return [];
    const named = wanted.map((peer) => (typeof peer === 'string' ? { name: peer } : peer));
    const present = named.filter(({ name }) => python.peers.has(name));
    for (const { name } of present) await python.prepare(name);
    const inputs = this.#inputs;
    return present.map((peer) => ({
      ...peer,
      run: () => python.run(peer.name),
      alone: () => python.alone(peer.name, inputs),
    }));
  }

  /** Entropy the tfjs way, where a tfjs backend loads. */
  tfjsEntropy(data: Float32Array, rows: number, cols: number): Runner[] {
    return this.tfjs === undefined ? [] : [this.tfjs.entropy(data, rows, cols)];
  }

  /** The yardstick of the memory-bound kernels: one thread that reads the same memory and does nothing else. */
  memoryRead(data: Float32Array): Runner[] {
    const addon = activeAddon();
    return addon === null ? [] : [{ name: MEMORY_READ, run: () => timed(() => addon.sumRead(data)) }];
  }

  /** After a case. */
  async release(): Promise<void> {
    this.tfjs?.release();
    for (const input of this.#inputs) if ('path' in input) await rm(input.path, { force: true });
    this.#inputs = [];
    await this.python?.clear();
  }
}
