import type { NativeReplayStore, ReplayState, ScoreArray } from '../contract/engine.js';
import { exactExp, exactLog } from './exact-math.js';
import { multiplyHigh, multiplyLow, philox4x32, STREAM_REPLAY } from './philox.js';
import { SumTree } from './sum-tree.js';

/** Stored priorities may not exceed this, so that the sum of 2^32 of them is finite. */
const MOST_STORED = 2 ** 960;
const SMALLEST_NORMAL = 2 ** -1022;
const DOUBLE = 1;
const INTEGER = 2;

interface Windows {
  readonly steps: number;
  readonly discount: number;
  readonly reward: number;
  readonly rewardNumber: number;
  readonly done: number;
  readonly doneNumber: number;
  /** -1: none. */
  readonly cut: number;
  readonly cutNumber: number;
  readonly last: Uint8Array;
}

/** The addon's store, row by row: the same draws, weights and files, to the bit. See bindings/native.d.ts. */
export class ReferenceReplayStore implements NativeReplayStore {
  readonly #capacity: number;
  readonly #bytes: Float64Array;
  readonly #offsets: Float64Array;
  readonly #rowBytes: number;
  readonly #rows: Uint8Array;
  readonly #view: DataView;
  readonly #key: readonly [number, number];
  readonly #alpha: number;
  readonly #epsilon: number;
  readonly #tree: SumTree | null;
  readonly #windows: Windows | null;
  #size = 0;
  #next = 0;
  #samples = 0;
  #largest = 1;
  #storedLargest = 1;

  constructor(
    capacity: number,
    fieldBytes: Float64Array,
    seed: bigint,
    prioritized: boolean,
    alpha: number,
    epsilon: number,
    steps: number,
    discount: number,
    reward: number,
    rewardNumber: number,
    done: number,
    doneNumber: number,
    cut: number,
    cutNumber: number,
    last: Uint8Array,
  ) {
    this.#capacity = capacity;
    this.#bytes = fieldBytes;
    this.#offsets = new Float64Array(fieldBytes.length);
    let rowBytes = 0;
    fieldBytes.forEach((bytes, field) => {
      this.#offsets[field] = rowBytes;
      rowBytes += bytes;
    });
    this.#rowBytes = rowBytes;
    this.#rows = new Uint8Array(capacity * rowBytes);
    this.#view = new DataView(this.#rows.buffer);
    this.#key = [Number(seed & 0xffff_ffffn), Number(seed >> 32n)];
    this.#alpha = alpha;
    this.#epsilon = epsilon;
    this.#tree = prioritized ? new SumTree(capacity) : null;
    this.#windows =
      steps === 0 ? null : { steps, discount, reward, rewardNumber, done, doneNumber, cut, cutNumber, last };
    this.#setLargest(1);
  }

  add(rows: number, columns: readonly ArrayBufferView[]): number {
    const first = this.#next;
    const sources = columns.map(bytesOf);
    for (let row = 0; row < rows; row++) {
      const at = this.#next;
      sources.forEach((source, field) => {
        const bytes = this.#bytes[field] as number;
        this.#rows.set(source.subarray(row * bytes, (row + 1) * bytes), this.#place(at, field));
      });
      if (this.#tree) {
        this.#tree.leaves[at] = this.#storedLargest;
        this.#tree.sum(at, at + 1);
      }
      this.#size = Math.max(this.#size, at + 1);
      this.#next = (at + 1) % this.#capacity;
    }
    return first;
  }

  setPriorities(indices: Uint32Array, priorities: ScoreArray): number {
    const tree = this.#tree as SumTree;
    const stored = new Float64Array(indices.length);
    let largest = this.#largest;
    for (let i = 0; i < indices.length; i++) {
      const size = Math.abs(priorities[i] as number);
      if ((indices[i] as number) >= this.#size || !(size < Infinity)) return i;
      const value = this.#storedForm(size);
      if (!(value <= MOST_STORED)) return i;
      stored[i] = value;
      largest = Math.max(largest, size);
    }
    indices.forEach((row, i) => (tree.leaves[row] = stored[i] as number));
    tree.sumAbove(indices);
    if (largest > this.#largest) this.#setLargest(largest);
    return -1;
  }

  sample(
    beta: number,
    outIndices: Uint32Array,
    outWeights: Float32Array | null,
    columns: readonly ArrayBufferView[],
    outDiscounts: Float32Array | null,
  ): boolean {
    if (outIndices.length === 0) return true;
    if (this.#size === 0 || (this.#tree !== null && !(this.#tree.total > 0))) return false;
    this.#draw(outIndices);
    this.#samples += 1;
    if (this.#tree !== null && outWeights !== null) weigh(this.#tree, beta, outIndices, outWeights);
    this.#gather(outIndices, columns, outDiscounts);
    return true;
  }

  state(): ReplayState {
    return { size: this.#size, next: this.#next, samples: this.#samples, largest: this.#largest };
  }

  readRows(first: number, count: number, block: Uint8Array): void {
    block.set(this.#rows.subarray(first * this.#rowBytes, (first + count) * this.#rowBytes));
  }

  writeRows(first: number, count: number, block: Uint8Array): void {
    this.#rows.set(block.subarray(0, count * this.#rowBytes), first * this.#rowBytes);
  }

  readPriorities(first: number, count: number, block: Float64Array): void {
    block.set((this.#tree as SumTree).leaves.subarray(first, first + count));
  }

  writePriorities(first: number, count: number, block: Float64Array): void {
    (this.#tree as SumTree).leaves.set(block.subarray(0, count), first);
  }

  restore(size: number, next: number, samples: number, largest: number): number {
    for (let row = 0; this.#tree !== null && row < size; row++) {
      const stored = this.#tree.leaves[row] as number;
      if (!(stored >= 0 && stored <= MOST_STORED)) return row;
    }
    this.#setLargest(largest);
    if (!(this.#storedLargest <= MOST_STORED)) return size;
    this.#size = size;
    this.#next = next;
    this.#samples = samples;
    this.#tree?.sum(0, size);
    return -1;
  }

  #setLargest(largest: number): void {
    this.#largest = largest;
    this.#storedLargest = this.#tree === null ? largest : this.#storedForm(largest);
  }

  /** (size + epsilon)^alpha; only an exact zero may become zero. */
  #storedForm(size: number): number {
    if (size === 0) return 0;
    const base = size + this.#epsilon;
    const power = this.#alpha === 0 ? 1 : this.#alpha === 1 ? base : exactExp(exactLog(base) * this.#alpha);
    return Math.max(power, SMALLEST_NORMAL);
  }

  /** Draw d of call c takes words 2 (d mod 2) and the next of counter (c, stream, d / 2). */
  #draw(out: Uint32Array): void {
    const words = new Uint32Array(4);
    const [key0, key1] = this.#key;
    const call = this.#samples;
    for (let draw = 0; draw < out.length; draw++) {
      const half = 2 * (draw % 2);
      if (half === 0) {
        philox4x32(key0, key1, call >>> 0, Math.floor(call / 2 ** 32), STREAM_REPLAY, draw / 2, words);
      }
      const high = words[half] as number;
      const low = words[half + 1] as number;
      if (this.#tree === null) {
        // floor((high, low) * size / 2^64)
        const carries = multiplyLow(high, this.#size) + multiplyHigh(low, this.#size) >= 2 ** 32;
        out[draw] = multiplyHigh(high, this.#size) + (carries ? 1 : 0);
      } else {
        const uniform = (high * 2 ** 21 + (low >>> 11)) * 2 ** -53;
        out[draw] = this.#tree.find(uniform * this.#tree.total);
      }
    }
  }

  #gather(rows: Uint32Array, columns: readonly ArrayBufferView[], discounts: Float32Array | null): void {
    const targets = columns.map(bytesOf);
    rows.forEach((first, i) => {
      const last = this.#windows === null ? first : this.#follow(first, i, columns, discounts as Float32Array);
      targets.forEach((target, field) => {
        if (field === this.#windows?.reward) return;
        const bytes = this.#bytes[field] as number;
        const place = this.#place(this.#windows?.last[field] === 1 ? last : first, field);
        target.set(this.#rows.subarray(place, place + bytes), i * bytes);
      });
    });
  }

  /** Adds up the rewards of the window that starts at `first` and returns its last row. */
  #follow(first: number, i: number, columns: readonly ArrayBufferView[], discounts: Float32Array): number {
    const { steps, discount, reward, rewardNumber } = this.#windows as Windows;
    const width = rewardNumber === DOUBLE ? 8 : 4;
    const sums = new Float64Array((this.#bytes[reward] as number) / width);
    const newest = (this.#next === 0 ? this.#capacity : this.#next) - 1;
    let factor = 1;
    let at = first;
    for (let step = 1; ; step++) {
      const place = this.#place(at, reward);
      for (let part = 0; part < sums.length; part++) {
        sums[part] = (sums[part] as number) + factor * this.#number(place + part * width, rewardNumber);
      }
      factor *= discount;
      if (step === steps || at === newest || this.#ends(at)) break;
      at = at + 1 === this.#capacity ? 0 : at + 1;
    }
    (columns[reward] as ScoreArray).set(sums, i * sums.length);
    discounts[i] = factor;
    return at;
  }

  #ends(row: number): boolean {
    const { done, doneNumber, cut, cutNumber } = this.#windows as Windows;
    return this.#isSet(row, done, doneNumber) || (cut >= 0 && this.#isSet(row, cut, cutNumber));
  }

  #isSet(row: number, field: number, number: number): boolean {
    const place = this.#place(row, field);
    if (number !== INTEGER) return this.#number(place, number) !== 0;
    return this.#rows.subarray(place, place + (this.#bytes[field] as number)).some((byte) => byte !== 0);
  }

  #number(place: number, number: number): number {
    return number === DOUBLE ? this.#view.getFloat64(place, true) : this.#view.getFloat32(place, true);
  }

  #place(row: number, field: number): number {
    return row * this.#rowBytes + (this.#offsets[field] as number);
  }
}

/** (N P)^-beta over its maximum is (stored / smallest stored)^-beta: N and the total cancel. */
function weigh(tree: SumTree, beta: number, rows: Uint32Array, out: Float32Array): void {
  const logs = Float64Array.from(rows, (row) => exactLog(tree.leaves[row] as number));
  const smallest = logs.reduce((least, log) => Math.min(least, log));
  logs.forEach((log, i) => (out[i] = exactExp(beta * (smallest - log))));
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
