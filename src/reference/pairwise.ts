import type { ScoreArray } from '../contract/engine.js';
import {
  type PairwiseAsyncOptions,
  pairwiseDistancesAsyncWith,
  pairwiseDistancesWith,
  type PairwiseOptions,
} from '../contract/pairwise-call.js';
import type { MatrixLike } from '../contract/tensor-like.js';
import { referenceEngine as engine } from './engine.js';

/** `pairwiseDistances` in plain TypeScript. */
export function pairwiseDistances(
  a: MatrixLike,
  b: MatrixLike | undefined,
  options: PairwiseOptions & { readonly out: Float64Array },
): Float64Array;
export function pairwiseDistances(
  a: MatrixLike,
  b?: MatrixLike,
  options?: PairwiseOptions & { readonly out?: Float32Array | undefined },
): Float32Array;
export function pairwiseDistances(a: MatrixLike, b?: MatrixLike, options?: PairwiseOptions): ScoreArray;
export function pairwiseDistances(a: MatrixLike, b?: MatrixLike, options?: PairwiseOptions): ScoreArray {
  return pairwiseDistancesWith(engine, 'pairwiseDistances', a, b, options);
}

/** `pairwiseDistancesAsync` on the calling thread; the event loop gets its turns. */
export function pairwiseDistancesAsync(
  a: MatrixLike,
  b: MatrixLike | undefined,
  options: PairwiseAsyncOptions & { readonly out: Float64Array },
): Promise<Float64Array>;
export function pairwiseDistancesAsync(
  a: MatrixLike,
  b?: MatrixLike,
  options?: PairwiseAsyncOptions & { readonly out?: Float32Array | undefined },
): Promise<Float32Array>;
export function pairwiseDistancesAsync(
  a: MatrixLike,
  b?: MatrixLike,
  options?: PairwiseAsyncOptions,
): Promise<ScoreArray>;
export async function pairwiseDistancesAsync(
  a: MatrixLike,
  b?: MatrixLike,
  options?: PairwiseAsyncOptions,
): Promise<ScoreArray> {
  return pairwiseDistancesAsyncWith(engine, 'pairwiseDistancesAsync', a, b, options);
}
