/**
 * Philox 4x32-10: counter-based random numbers, the same in TypeScript and in the addon.
 *
 * A word is a pure function of (key, counter), so any draw can be made without the ones before it, on any thread.
 *     key     = (seed mod 2^32, floor(seed / 2^32))
 *     counter = (index low, index high, stream, attempt)
 *
 * @see Salmon, Moraes, Dror, Shaw: Parallel Random Numbers: As Easy as 1, 2, 3. SC 2011.
 */
import { checkSeed } from '../contract/check.js';

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;

/** What the third counter word separates; learners take 16 and above. */
export const STREAM_TIES = 1;
export const STREAM_SAMPLE = 2;
export const STREAM_WEIGHTED = 3;
export const STREAM_D2 = 4;
export const STREAM_CONFIGURATIONS = 5;
export const STREAM_REPLAY = 6;
export const STREAM_RESERVOIR = 7;
export const STREAM_CLUSTERS = 8;
export const STREAM_LAYOUT = 9;
export const STREAM_LEARNER = 16;

/** Upper 32 bits of the 64-bit product of two unsigned words, by 16-bit halves so that every step is exact in f64. */
export function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const cross = aLow * bHigh;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16) + (cross & 0xffff);
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + (cross >>> 16)) >>> 0;
}

/** Lower 32 bits of the product of two unsigned words. */
export function multiplyLow(a: number, b: number): number {
  return Math.imul(a, b) >>> 0;
}

/** The four words of one counter, into `out` [4]. All arguments are unsigned 32-bit. */
export function philox4x32(
  key0: number,
  key1: number,
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  out: Uint32Array,
): Uint32Array {
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const low0 = multiplyLow(MULTIPLIER_0, c0);
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low1 = multiplyLow(MULTIPLIER_1, c2);
    c0 = (high1 ^ c1 ^ key0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ key1) >>> 0;
    c3 = low0;
    key0 = (key0 + WEYL_0) >>> 0;
    key1 = (key1 + WEYL_1) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
  return out;
}

/** The two key words of a seed: a safe integer (negative ones modulo 2^64) or a bigint in [0, 2^64). */
export function seedKey(seed: number | bigint): [number, number] {
  const bits = checkSeed('random', seed);
  return [Number(bits & 0xffff_ffffn), Number(bits >> 32n)];
}

/**
 * The seed of one of many purposes: words (index, 0, stream, 0) of `seed`, as 53 bits. Nothing is drawn in sequence, so that
 * any of them can be had at any time.
 */
export function deriveSeed(seed: number | bigint, stream: number, index: number): number {
  const [key0, key1] = seedKey(seed);
  const [high = 0, low = 0] = philox4x32(key0, key1, index, 0, stream, 0, new Uint32Array(4));
  return high * 0x20_0000 + (low >>> 11);
}

/** Everything needed to go on with a {@link Random}; plain JSON. */
export interface RandomState {
  /** The seed in decimal: it may be larger than a safe integer. */
  readonly seed: string;
  readonly stream: number;
  /** Words taken so far. */
  readonly taken: number;
}

/** Random numbers one after another: words w0..w3 of counter (i, 0, stream, 0) for i = 0, 1, 2, … */
export class Random {
  readonly #seed: bigint;
  readonly #key: [number, number];
  readonly #stream: number;
  readonly #words = new Uint32Array(4);
  #taken = 0;

  constructor(seed: number | bigint, stream: number = STREAM_LEARNER) {
    this.#seed = checkSeed('random', seed);
    this.#key = seedKey(this.#seed);
    this.#stream = stream >>> 0;
  }

  /** Go on exactly where {@link state} was taken. */
  static from(state: RandomState): Random {
    const random = new Random(BigInt(state.seed), state.stream);
    random.#taken = state.taken;
    if (random.#taken % 4 !== 0) random.#refill();
    return random;
  }

  /** What `Random.from` goes on from. */
  state(): RandomState {
    return { seed: this.#seed.toString(), stream: this.#stream, taken: this.#taken };
  }

  /** An independent sequence of the same seed, from its start. */
  fork(stream: number): Random {
    return new Random(this.#seed, stream);
  }

  /** Uniform in [0, 2^32). */
  uint32(): number {
    if (this.#taken % 4 === 0) this.#refill();
    const word = this.#words[this.#taken % 4] as number;
    this.#taken += 1;
    return word;
  }

  /** Uniform in [0, 1), a multiple of 2^-53; takes two words. */
  float(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 0x400_0000 + low) / 0x20_0000_0000_0000;
  }

  /** Uniform whole number in [0, n), without bias (Lemire 2019); n from 1 to 2^32 - 1. */
  below(n: number): number {
    return boundedWord(() => this.uint32(), n);
  }

  /** Standard normal (Box–Muller, the cosine half); takes four words, so the state stays a plain count. */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.float()));
    return radius * Math.cos(2 * Math.PI * this.float());
  }

  /** Fisher–Yates, in place; returns the array. */
  shuffle<T extends { readonly length: number; [index: number]: unknown }>(array: T): T {
    const items: { [index: number]: unknown } = array;
    for (let i = 0; i + 1 < array.length; i++) {
      const j = i + this.below(array.length - i);
      [items[i], items[j]] = [items[j], items[i]];
    }
    return array;
  }

  #refill(): void {
    const block = Math.floor(this.#taken / 4);
    const high = Math.floor(block / 0x1_0000_0000);
    philox4x32(this.#key[0], this.#key[1], block >>> 0, high, this.#stream, 0, this.#words);
  }
}

/**
 * Uniform in [0, range) from uniform words: multiply and shift, drawing again for the few low products that would bias.
 *
 * @see Lemire: Fast Random Integer Generation in an Interval. ACM TOMACS 29(1), 2019.
 */
export function boundedWord(nextWord: () => number, range: number): number {
  let word = nextWord();
  let low = multiplyLow(word, range);
  if (low < range) {
    const threshold = (0x1_0000_0000 - range) % range;
    while (low < threshold) {
      word = nextWord();
      low = multiplyLow(word, range);
    }
  }
  return multiplyHigh(word, range);
}
