import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { activeAddon } from '../../native.js';
import { writeNpy } from '../../pool/npy.js';
import { timed, type Runner } from './measure.js';
import type { PythonPeers } from './python.js';
import type { TfjsPeer } from './tfjs.js';

/** Name of the runner that only reads the input. */
export const MEMORY_READ = 'memory read';

/** What a case gets to build its runners from. */
export class BenchContext {
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

  /** Let the Python peers load the same array, from a file that is gone afterwards. */
  async share(name: string, data: Float32Array | Int32Array, shape: readonly number[]): Promise<void> {
    if (this.python === undefined) return;
    const path = join(this.folder, `${name}.npy`);
    await writeNpy(path, data, data instanceof Int32Array ? 'i4' : 'f4', shape);
    await this.python.load(name, path);
    await rm(path);
  }

  async shareNumber(name: string, value: number): Promise<void> {
    await this.python?.set(name, value);
  }

  /** Those of the named Python peers that are installed. Call it after sharing what they need. */
  async peers(...names: string[]): Promise<Runner[]> {
    const { python } = this;
    if (python === undefined) return [];
    const present = names.filter((name) => python.peers.has(name));
    for (const name of present) await python.prepare(name);
    return present.map((name) => ({ name, run: () => python.run(name) }));
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
    await this.python?.clear();
  }
}
