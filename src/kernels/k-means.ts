import { type KMeansClusters, type KMeansOptions, kMeansWith } from '../contract/k-means-call.js';
import type { MatrixLike } from '../contract/tensor-like.js';
import { engine } from '../native.js';

/**
 * Clusters by Lloyd's algorithm: rows go to their nearest centroid, centroids to the mean of their rows, until nothing
 * changes. Squared Euclidean distances in f64, the lowest centroid among equals; the same bits with any number of threads.
 * A centroid that loses all rows takes the row that lies farthest from its own. Runs on worker threads.
 *
 * @param embeddings [N, d], f32, f64, f16, bf16 or u8.
 * @param k How many clusters; 0 gives empty arrays.
 * @returns Centroids, the cluster of every row, the sum of squared distances, and the row nearest to each centroid. They
 *   belong together: assignments are to the centroids that are returned (before these were rounded to f32).
 *   `onProgress` counts iterations.
 * @throws {ShapeError} k is larger than N; an `init` of another shape.
 * @throws {ValueError} A row with NaN, an infinity or a number beyond 1e100. It names the first.
 * @throws {ArgumentError} An unknown option or value.
 * @throws {DetachedError} The buffer was transferred away, before or during the call.
 * @throws `signal.reason` as soon as the signal is aborted.
 * @see Lloyd: Least squares quantization in PCM. IEEE Transactions on Information Theory 28, 1982. Arthur, Vassilvitskii:
 *   k-means++: The Advantages of Careful Seeding. SODA 2007.
 */
export async function kMeans(embeddings: MatrixLike, k: number, options?: KMeansOptions): Promise<KMeansClusters> {
  return kMeansWith(engine(), 'kMeans', embeddings, k, options);
}
