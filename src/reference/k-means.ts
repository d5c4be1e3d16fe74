import { type KMeansClusters, type KMeansOptions, kMeansWith } from '../contract/k-means-call.js';
import type { MatrixLike } from '../contract/tensor-like.js';
import { referenceEngine as engine } from './engine.js';

/** `kMeans` in plain TypeScript, on the calling thread: the same clusters. The event loop gets its turns. */
export async function kMeans(embeddings: MatrixLike, k: number, options?: KMeansOptions): Promise<KMeansClusters> {
  return kMeansWith(engine, 'kMeans', embeddings, k, options);
}
