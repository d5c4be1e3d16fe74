import type { ScoreArray } from '../contract/engine.js';
import {
  type PairwiseAsyncOptions,
  pairwiseDistancesAsyncWith,
  pairwiseDistancesWith,
  type PairwiseOptions,
} from '../contract/pairwise-call.js';
import type { MatrixLike } from '../contract/tensor-like.js';
import { engine } from '../native.js';

/**
 * Distances of every row of `a` to every row of `b`, or of `a` to itself where `b` is undefined: then symmetric to the
 * bit, with exact zeros on the diagonal.
 *     euclidean  |x - y|, or with `squared` |x - y|²
 *     cosine     1 - x·y / (|x| |y|), from 0 to 2
 * Computed in f64 from differences, never from inner products, and rounded once: near duplicates keep their digits
 * (relative error at most 2e-6), and nothing under a root is negative. Between nearly parallel rows (cosine distance below
 * 1e-6) half the squared distance of the unit vectors takes the place of 1 - cos, which would cancel.
 *
 * @param a [Na, d], f32, f64, f16, bf16 or u8.
 * @param b [Nb, d] of any dtype, or undefined.
 * @returns [Na · Nb], row by row; `out` itself where it is given. Distances beyond 3.4e38 are Infinity in f32.
 * @throws {ShapeError} Different numbers of columns; a result that does not fit into memory or into `out`.
 * @throws {ValueError} A row with NaN, an infinity or a number beyond 1e100; a row of zeros under cosine.
 * @throws {ArgumentError} An unknown option or value; `squared` under cosine.
 * @throws {DetachedError} A buffer was transferred away.
 */
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
  return pairwiseDistancesWith(engine(), 'pairwiseDistances', a, b, options);
}

/** As {@link pairwiseDistances}, on worker threads while the event loop stays free; see `scoreAsync` for memory and abort. */
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
  return pairwiseDistancesAsyncWith(engine(), 'pairwiseDistancesAsync', a, b, options);
}
