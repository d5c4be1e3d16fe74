import { z } from 'zod';
import { kCenterGreedy, kMeans } from '../kernels/index.js';
import { candidatesOf, candidatesOption, embedWithLabeled } from './support/candidates.js';
import { comparable, range } from './support/rows.js';
import { strategyType } from './types.js';

/**
 * Core-set: greedy k-center over the embeddings, with the labelled samples as the first centres, so that no sample is far
 * from a label. The score of a pick is its distance to the nearest label or earlier pick. Before there are labels the
 * first pick is the sample nearest to the mean, and its score is Infinity. O(N d) per pick and O(N) memory beside the
 * embeddings, so that all samples are candidates unless `candidates` says otherwise. Under cosine, rows of zeros resemble
 * each other and nothing else.
 *
 * @see Sener, Savarese: Active Learning for Convolutional Neural Networks: A Core-Set Approach. ICLR 2018,
 *   arXiv:1708.00489, algorithm 1.
 */
export const kCenter = strategyType({
  name: 'k-center',
  description: 'farthest from every label, one after the other (core-set)',
  needs: ['embeddings'],
  options: z.strictObject({
    metric: z.enum(['euclidean', 'cosine']).default('euclidean'),
    /** Consider a uniform draw of so many samples instead of all. */
    candidates: candidatesOption.optional(),
  }),
  create: ({ metric, candidates: limit }) => ({
    async query(context, n, { signal } = {}) {
      const candidates = candidatesOf(context, limit, n);
      const { rows, known } = await embedWithLabeled(context, candidates);
      const points = comparable(rows, metric);
      const k = Math.min(n, candidates.length);
      const start =
        known > 0 ? { labeled: range(known) } : { first: (await kMeans(points, 1, { signal })).nearest[0] as number };
      const { indices, distances } = await kCenterGreedy(points, k, { ...start, metric, signal });
      return { indices: indices.map((row) => candidates[row - known] as number), scores: distances };
    },
  }),
});
