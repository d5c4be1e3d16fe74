import { kCenterWith, type KCenterSelection } from '../contract/selection-call.js';
import type { KCenterOptions } from '../contract/selection-plan.js';
import type { MatrixLike } from '../contract/tensor-like.js';
import { engine } from '../native.js';

/**
 * Greedy k-center (core-set selection): k rows that cover the pool, each the farthest from everything picked or labelled
 * before it. Exact: the picks of the plain loop over f64 distances, the lowest row first among equals.
 *     euclidean  |x - y|
 *     cosine     1 - x·y / (|x| |y|), never below 0
 * Runs on worker threads. Memory: about 16 bytes per row beside the embeddings, which are copied unless they lie on shared
 * memory (`allocMatrix`).
 *
 * @param embeddings [N, d], f32, f64, f16, bf16 or u8, of no particular unit.
 * @param k How many rows to pick; 0 gives empty arrays, and the covering radius of what is labelled.
 * @returns Rows in the order they were picked; the distance of each to the nearest labelled row or earlier pick (Infinity
 *   for a first pick without labels); and the covering radius: the largest distance of any row to the nearest labelled row
 *   or pick. Once every row coincides with a centre, the lowest rows follow at distance 0.
 * @throws {ShapeError} k is larger than the rows that are not labelled; sizes that do not fit.
 * @throws {ValueError} A row with NaN, an infinity or a number beyond 1e100; a row of zeros under cosine. It names the
 *   first.
 * @throws {ArgumentError} An unknown option or value; `first` together with `labeled`.
 * @throws {DetachedError} The buffer was transferred away, before or during the call.
 * @throws `signal.reason` as soon as the signal is aborted.
 * @see Gonzalez: Clustering to minimize the maximum intercluster distance. Theoretical Computer Science 38, 1985. Sener,
 *   Savarese: Active Learning for Convolutional Neural Networks: A Core-Set Approach. ICLR 2018, arXiv:1708.00489.
 */
export async function kCenterGreedy(
  embeddings: MatrixLike,
  k: number,
  options?: KCenterOptions,
): Promise<KCenterSelection> {
  return kCenterWith(engine(), 'kCenterGreedy', embeddings, k, options);
}
