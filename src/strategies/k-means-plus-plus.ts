import { z } from 'zod';
import { kMeansPlusPlus as draw } from '../kernels/index.js';
import { candidatesOf, candidatesOption, embedWithLabeled } from './support/candidates.js';
import { onSphere, range } from './support/rows.js';
import { strategyType } from './types.js';

/**
 * k-means++ seeding on the embeddings: each pick drawn with probability proportional to its squared distance to the
 * nearest label or earlier pick; spread like k-center, with less appetite for outliers. The first pick is uniform before
 * there are labels. O(N d) per pick at most and O(N) memory beside the embeddings.
 *
 * @see Arthur, Vassilvitskii: k-means++: The Advantages of Careful Seeding. SODA 2007.
 */
export const kMeansPlusPlus = strategyType({
  name: 'k-means++',
  description: 'drawn in proportion to the squared distance to every label and earlier pick',
  needs: ['embeddings'],
  options: z.strictObject({
    /** Under cosine rows are scaled to unit length first. */
    metric: z.enum(['euclidean', 'cosine']).default('euclidean'),
    /** Consider a uniform draw of so many samples instead of all. */
    candidates: candidatesOption.optional(),
  }),
  create: ({ metric, candidates: limit }) => ({
    async query(context, n, { signal } = {}) {
      const candidates = candidatesOf(context, limit, n);
      const { rows, known } = await embedWithLabeled(context, candidates);
      const labeled = known > 0 ? range(known) : undefined;
      const k = Math.min(n, candidates.length);
      const { indices } = await draw(onSphere(rows, metric), k, { labeled, seed: context.seed, signal });
      return { indices: indices.map((row) => candidates[row - known] as number) };
    },
  }),
});
