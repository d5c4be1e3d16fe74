import { type TopKAsyncOptions, topKAsyncWith, TopKCollector, topKWith } from '../contract/top-k-call.js';
import type { PickOptions, TopK, TopKOptions } from '../contract/top-k-plan.js';
import { engine } from '../native.js';

/**
 * The k highest scores, best first. NaN is never picked; -0 and 0 are equal.
 *
 * @param scores [N], f32 or f64.
 * @param k How many; 0 gives empty arrays.
 * @returns Row numbers and scores, of the kind that came in; the lowest row wins ties unless `tieBreak` says otherwise.
 * @throws {ShapeError} k is larger than the rows that are neither excluded nor NaN.
 * @throws {ArgumentError} An unknown option, or an excluded row number that is no row.
 */
export function topK(scores: Float32Array, k: number, options?: TopKOptions): TopK<Float32Array>;
export function topK(scores: Float64Array, k: number, options?: TopKOptions): TopK<Float64Array>;
export function topK(scores: Float32Array | Float64Array, k: number, options?: TopKOptions): TopK;
export function topK(scores: Float32Array | Float64Array, k: number, options?: TopKOptions): TopK {
  return topKWith(engine(), 'topK', scores, k, options);
}

/** As {@link topK}, on worker threads; see `scoreAsync` for memory, abort and progress. */
export function topKAsync(scores: Float32Array, k: number, options?: TopKAsyncOptions): Promise<TopK<Float32Array>>;
export function topKAsync(scores: Float64Array, k: number, options?: TopKAsyncOptions): Promise<TopK<Float64Array>>;
export function topKAsync(scores: Float32Array | Float64Array, k: number, options?: TopKAsyncOptions): Promise<TopK>;
export async function topKAsync(
  scores: Float32Array | Float64Array,
  k: number,
  options?: TopKAsyncOptions,
): Promise<TopK> {
  return topKAsyncWith(engine(), 'topKAsync', scores, k, options);
}

/** The best k of a pool that comes in batches. */
export class TopKAccumulator extends TopKCollector {
  /**
   * @param k How many to keep.
   * @param options `exclude` holds row numbers of the whole pool.
   */
  constructor(k: number, options?: PickOptions) {
    super(engine(), k, options);
  }
}
