import { z } from 'zod';
import { kCenterGreedy } from '../kernels/index.js';
import type { FloatRows } from '../models/model.js';
import { deriveSeed } from '../reference/philox.js';
import { STREAM_RADIUS } from './seeds.js';
import { ballCover } from './support/ball-cover.js';
import { candidatesOf, candidatesOption, embedWithLabeled } from './support/candidates.js';
import { pureRadius } from './support/pure-radius.js';
import { onSphere, range } from './support/rows.js';
import { strategyType } from './types.js';

/**
 * ProbCover: greedy maximum coverage of the pool by balls of radius δ around labels and picks; each pick covers the most
 * samples that nothing covers yet, and that number is its score. δ = 'auto' is the largest radius at which at least
 * `purity` of the balls hold samples of one pseudo-label only; pseudo-labels are the clusters of k-means with as many
 * clusters as classes. A sample is covered at a distance below δ, and by itself always. Once all is covered, the samples
 * farthest from every label and pick follow (k-center), with score 0. Made for small budgets, the very first one included.
 *
 * The graph of who covers whom is never stored: O(C² d) time and O(C) memory for C candidates.
 *
 * @see Yehuda, Dekel, Hacohen, Weinshall: Active Learning Through a Covering Lens. NeurIPS 2022, arXiv:2205.11320,
 *   algorithm 1 and section 4.1.
 */
export const probcover = strategyType({
  name: 'probcover',
  description: 'balls around labels and picks that cover the most of the pool; for small budgets',
  needs: ['embeddings'],
  options: z.strictObject({
    /** Radius of a ball in the units of the embeddings, under cosine between rows of unit length. */
    delta: z.union([z.literal('auto'), z.number().positive()]).default('auto'),
    /** Share of balls of one pseudo-label that 'auto' keeps. */
    purity: z.number().gt(0).max(1).default(0.95),
    /** Under cosine rows are scaled to unit length first, as the authors do. */
    metric: z.enum(['euclidean', 'cosine']).default('euclidean'),
    /** Of a larger pool a uniform draw of so many samples is covered. */
    candidates: candidatesOption.default(20_000),
  }),
  create: ({ delta, purity, metric, candidates: limit }) => ({
    async query(context, n, { signal } = {}) {
      const candidates = candidatesOf(context, limit, n);
      const { rows, known } = await embedWithLabeled(context, candidates);
      const points = onSphere(rows, metric);
      const wanted = Math.min(n, candidates.length);
      const seed = deriveSeed(context.seed, STREAM_RADIUS, 0);
      const radius = delta === 'auto' ? await pureRadius(points, context.classes, purity, seed, signal) : delta;
      if (delta === 'auto') context.log(`probcover: balls of radius ${radius.toPrecision(4)}`);
      const { picks, covered } = await ballCover(points, known, radius, wanted, signal);
      const rest = await farthest(points, [...range(known), ...picks], wanted - picks.length, signal);
      return {
        indices: Uint32Array.from([...picks, ...rest], (row) => candidates[row - known] as number),
        scores: [...covered, ...rest.map(() => 0)],
      };
    },
  }),
});

async function farthest(
  points: FloatRows,
  centres: readonly number[],
  n: number,
  signal: AbortSignal | undefined,
): Promise<number[]> {
  if (n === 0) return [];
  const labeled = Uint32Array.from(centres);
  return [...(await kCenterGreedy(points, n, { labeled, signal })).indices];
}
