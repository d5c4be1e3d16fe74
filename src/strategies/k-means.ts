import { z } from 'zod';
import { scoreAsync } from '../kernels/index.js';
import { candidatesOf, candidatesOption } from './support/candidates.js';
import { representatives } from './support/representatives.js';
import { onSphere } from './support/rows.js';
import { strategyType } from './types.js';

/**
 * Cluster the pool's embeddings into n clusters by k-means and ask for the sample nearest to each centroid, that of the
 * largest cluster first. With `weight`, samples count by their uncertainty, so that clusters gather where the model is
 * unsure. Labelled samples play no part: `typiclust` steers clear of their clusters. O(C n d) per iteration for C
 * candidates.
 *
 * @see Zhdanov: Diverse mini-batch Active Learning. 2019, arXiv:1901.05954, section 3. Nguyen, Smeulders: Active Learning
 *   Using Pre-clustering. ICML 2004.
 */
export const kMeans = strategyType({
  name: 'k-means',
  description: 'the middle of each of n clusters',
  needs: ['embeddings'],
  options: z.strictObject({
    /** What makes a sample count. */
    weight: z.enum(['none', 'entropy', 'margin', 'least-confidence']).default('none'),
    /** Under cosine rows are scaled to unit length first. */
    metric: z.enum(['euclidean', 'cosine']).default('euclidean'),
    /** Moves of the centroids at most. */
    iterations: z.int().min(1).default(100),
    /** Of a larger pool a uniform draw of so many samples is clustered. */
    candidates: candidatesOption.default(50_000),
  }),
  create: ({ weight, metric, iterations, candidates: limit }) => ({
    needs: weight === 'none' ? ['embeddings'] : ['embeddings', 'probabilities'],
    async query(context, n, { signal } = {}) {
      const candidates = candidatesOf(context, limit, n);
      const points = onSphere(await context.embed(candidates), metric);
      const scores =
        weight === 'none' ? undefined : await scoreAsync(await context.predict(candidates), { method: weight, signal });
      const weights = scores && Float64Array.from(scores);
      const k = Math.min(n, candidates.length);
      const rows = await representatives(points, weights, k, { seed: context.seed, maxIterations: iterations, signal });
      return { indices: Uint32Array.from(rows, (row) => candidates[row] as number) };
    },
  }),
});
