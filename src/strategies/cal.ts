import { z } from 'zod';
import { topKAsync } from '../kernels/index.js';
import type { FloatRows } from '../models/model.js';
import { candidatesOf, candidatesOption, embedWithLabeled, spreadOut } from './support/candidates.js';
import { nearestRows } from './support/nearest.js';
import { comparable, concat, slice } from './support/rows.js';
import { strategyType } from './types.js';

/** Probabilities below the smallest normal float count as that, so that divergences stay finite. */
const LEAST_PROBABILITY = 2 ** -126;

/**
 * CAL, contrastive active learning: samples whose prediction differs most from those of their neighbours among the
 * labelled samples.
 *     score(x) = mean over its k nearest labelled l of KL(p_l || p_x), in nats
 * Neighbours are labelled ones only (an index of all samples would return the sample itself and others nobody labelled).
 * With few labels of a class, ten neighbours are of several classes, and sure samples score highest for being unlike those
 * of other classes: take `neighbours` no more than the labels of a class. O(N L d). Before there are labels: spread over the embeddings by k-means++, without scores.
 *
 * @see Margatina, Vernikos, Barrault, Aletras: Active Learning by Acquiring Contrastive Examples. EMNLP 2021,
 *   arXiv:2109.03764, algorithm 1.
 */
export const cal = strategyType({
  name: 'cal',
  description: 'predicted unlike the labelled samples nearby',
  needs: ['probabilities', 'embeddings', 'labels'],
  options: z.strictObject({
    /** Labelled neighbours of each sample. */
    neighbours: z.int().min(1).default(10),
    metric: z.enum(['euclidean', 'cosine']).default('cosine'),
    /** Consider a uniform draw of so many samples instead of all. */
    candidates: candidatesOption.optional(),
  }),
  create: ({ neighbours, metric, candidates: limit }) => ({
    async query(context, n, { signal } = {}) {
      const { labeled, predict } = context;
      if (labeled.length === 0) return spreadOut(context, n, { signal });
      const candidates = candidatesOf(context, limit, n);
      const { rows, known } = await embedWithLabeled(context, candidates);
      const points = comparable(rows, metric);
      const references = slice(points, 0, known);
      const queries = slice(points, known, points.rows);
      const nearest = await nearestRows(queries, references, neighbours, { metric, signal });
      const predictions = await predict(concat(labeled, candidates));
      const scores = new Float64Array(candidates.length);
      for (let row = 0; row < candidates.length; row++) {
        const neighbourRows = nearest.rows.subarray(row * nearest.k, (row + 1) * nearest.k);
        for (const neighbour of neighbourRows) {
          scores[row] = (scores[row] as number) + divergence(predictions, neighbour, known + row) / nearest.k;
        }
      }
      const best = await topKAsync(scores, Math.min(n, candidates.length), { signal });
      return { indices: best.indices.map((row) => candidates[row] as number), scores: best.scores };
    },
  }),
});

/** KL(p || q) of two rows, in nats; never negative. */
function divergence({ data, cols }: FloatRows, pRow: number, qRow: number): number {
  let sum = 0;
  for (let c = 0; c < cols; c++) {
    const mass = data[pRow * cols + c] as number;
    if (mass > 0) sum += mass * Math.log(mass / Math.max(data[qRow * cols + c] as number, LEAST_PROBABILITY));
  }
  return Math.max(0, sum);
}
