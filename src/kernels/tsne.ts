import type { MatrixLike } from '../contract/tensor-like.js';
import { type TsneLayout, type TsneOptions, tsneWith } from '../contract/tsne-call.js';
import { engine } from '../native.js';

/**
 * Lays rows out in the plane so that neighbours stay neighbours (t-SNE), by Euclidean distances. Barnes-Hut, or exact with
 * `theta: 0`. The same bits with any number of threads and at every CPU level. Runs on worker threads.
 *
 * Affinities of a row are a Gaussian over its floor(3 · perplexity) nearest other rows (all of them with `theta: 0`), the
 * lowest at equal distance; gradient descent with momentum and gains moves the points, as in scikit-learn. Distances
 * between clusters and sizes of clusters mean little. Without the addon the exact method computes every `theta`.
 *
 * @param points [N, d], f32, f64, f16, bf16 or u8; N at least 4.
 * @returns The layout, and how well it fits. `onProgress` counts iterations.
 * @throws {ShapeError} Fewer than 4 rows; more than 20000 with `theta: 0`.
 * @throws {ValueError} A row with NaN, an infinity or a number beyond 1e100 (it names the first); a layout that flies apart
 *   because `learningRate` is too large.
 * @throws {ArgumentError} An unknown option or value; a perplexity above (N - 1) / 3.
 * @throws {UnavailableError} More than 20000 rows without the addon.
 * @throws {DetachedError} The buffer was transferred away, before or during the call.
 * @throws `signal.reason` as soon as the signal is aborted.
 * @see van der Maaten, Hinton: Visualizing Data using t-SNE. JMLR 9, 2008. van der Maaten: Accelerating t-SNE using
 *   Tree-Based Algorithms. JMLR 15, 2014.
 */
export async function tsne(points: MatrixLike, options?: TsneOptions): Promise<TsneLayout> {
  return tsneWith(engine(), 'tsne', points, options);
}
