import { z } from 'zod';
import { sampleWithoutReplacement, scoreAsync, topKAsync } from '../kernels/index.js';
import { deriveSeed } from '../reference/philox.js';
import { STREAM_REFERENCE } from './seeds.js';
import { candidatesOf, candidatesOption } from './support/candidates.js';
import { meanCloseness, meanCosine } from './support/mean-similarity.js';
import { strategyType } from './types.js';

/**
 * Information density: uncertainty times the mean similarity to the pool, to the power β, so that outliers, uncertain as
 * they may be, are left alone.
 *     score(x) = uncertainty(x) · (1/U Σ_u similarity(x, u))^β
 * The mean cosine is exact for any pool in O(N d); a negative one counts as 0. The Euclidean similarity 1 / (1 + distance)
 * is averaged over a uniform draw of at most `reference` samples, O(N R d).
 *
 * @see Settles, Craven: An Analysis of Active Learning Strategies for Sequence Labeling Tasks. EMNLP 2008, section 3.4.
 */
export const informationDensity = strategyType({
  name: 'information-density',
  description: 'uncertain and similar to much of the pool',
  needs: ['probabilities', 'embeddings'],
  options: z.strictObject({
    /** What uncertainty is. */
    method: z.enum(['entropy', 'margin', 'least-confidence']).default('entropy'),
    /** Weight of density; 0 leaves uncertainty alone. */
    beta: z.number().min(0).default(1),
    metric: z.enum(['euclidean', 'cosine']).default('cosine'),
    /** Samples that stand for the pool under the Euclidean metric at most. */
    reference: z.int().min(1).default(2048),
    /** Consider a uniform draw of so many samples instead of all. */
    candidates: candidatesOption.optional(),
  }),
  create: ({ method, beta, metric, reference, candidates: limit }) => ({
    async query(context, n, { signal } = {}) {
      const candidates = candidatesOf(context, limit, n);
      const uncertainty = await scoreAsync(await context.predict(candidates), { method, signal });
      const rows = await context.embed(candidates);
      const density =
        metric === 'cosine'
          ? await meanCosine(rows, signal)
          : await meanCloseness(rows, drawReference(rows.rows, reference, context.seed), metric, signal);
      const scores = Float64Array.from(
        uncertainty,
        (value, row) => value * Math.max(0, density[row] as number) ** beta,
      );
      const best = await topKAsync(scores, Math.min(n, candidates.length), { signal });
      return { indices: best.indices.map((row) => candidates[row] as number), scores: best.scores };
    },
  }),
});

function drawReference(rows: number, most: number, seed: number): Uint32Array {
  return sampleWithoutReplacement(rows, Math.min(rows, most), { seed: deriveSeed(seed, STREAM_REFERENCE, 0) }).sort();
}
