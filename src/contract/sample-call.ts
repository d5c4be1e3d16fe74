/** What `sampleWithoutReplacement` does once an engine is chosen. */
import { ShapeError, ValueError } from '../errors.js';
import { checkAttached, checkCount, checkOptions, checkSeed } from './check.js';
import type { Engine, ScoreArray } from './engine.js';
import { expected } from './text.js';

/** Options of `sampleWithoutReplacement`. */
export interface SampleOptions {
  /** Relative chances, one per row, finite and >= 0; a weight of zero is never drawn. Default: all alike. */
  readonly weights?: Float32Array | Float64Array | readonly number[] | undefined;
  /** A safe integer or a bigint below 2^64; default 0. */
  readonly seed?: number | bigint | undefined;
}

export function sampleWith(engine: Engine, n: number, k: number, options: SampleOptions | undefined): Uint32Array {
  const where = 'sampleWithoutReplacement';
  checkOptions(where, options, ['weights', 'seed']);
  checkCount(where, 'n', n, 0, 0xffff_ffff);
  checkCount(where, 'k', k, 0, 0xffff_ffff);
  const weights = checkWeights(where, options?.weights, n);
  const seed = checkSeed(where, options?.seed);
  if (k > n) throw new ShapeError(`${where}: expected at most n (${n}) for k, got ${k}`);
  const out = new Uint32Array(k);
  const drawn = engine.sampleWithoutReplacement(n, k, weights, seed, out);
  if (drawn < 0) {
    const at = -1 - drawn;
    throw new ValueError(`${where}: expected finite numbers >= 0 for weights, got ${String(weights?.[at])} at ${at}`);
  }
  if (drawn < k) {
    throw new ShapeError(`${where}: expected at most the ${drawn} rows of positive weight for k, got ${k}`);
  }
  return out;
}

function checkWeights(where: string, value: unknown, n: number): ScoreArray | null {
  if (value === undefined) return null;
  const weights = Array.isArray(value) ? Float64Array.from(value as number[]) : value;
  if (!(weights instanceof Float32Array || weights instanceof Float64Array)) {
    throw expected(where, 'a Float32Array or Float64Array', 'weights', value);
  }
  checkAttached(where, 'weights', weights);
  if (weights.length !== n) throw new ShapeError(`${where}: expected ${n} weights, got ${weights.length}`);
  return weights;
}
