import { z } from 'zod';
import { badge as drawGradients } from '../kernels/index.js';
import { candidatesOf, candidatesOption } from './support/candidates.js';
import { strategyType } from './types.js';

/**
 * BADGE: k-means++ over the gradients that the last layer would get if the predicted class were right; long gradients are
 * uncertain, distant ones diverse. The first pick is the longest gradient. O(N (C + d)) per pick at most, the outer products
 * are never formed.
 *
 * @see Ash, Zhang, Krishnamurthy, Langford, Agarwal: Deep Batch Active Learning by Diverse, Uncertain Gradient Lower
 *   Bounds. ICLR 2020, arXiv:1906.03671.
 */
export const badge = strategyType({
  name: 'badge',
  description: 'uncertain and diverse: k-means++ on hallucinated gradients',
  needs: ['probabilities', 'embeddings'],
  options: z.strictObject({
    /** Consider a uniform draw of so many samples instead of all. */
    candidates: candidatesOption.optional(),
  }),
  create: ({ candidates: limit }) => ({
    async query(context, n, { signal } = {}) {
      const candidates = candidatesOf(context, limit, n);
      const [probabilities, embeddings] = [await context.predict(candidates), await context.embed(candidates)];
      const k = Math.min(n, candidates.length);
      const { indices } = await drawGradients(probabilities, embeddings, k, { seed: context.seed, signal });
      return { indices: indices.map((row) => candidates[row] as number) };
    },
  }),
});
