import { z } from 'zod';
import { scoreAsync } from '../kernels/index.js';
import type { FloatRows } from '../models/model.js';
import { candidatesOf, candidatesOption } from './support/candidates.js';
import { representatives } from './support/representatives.js';
import { onSphere } from './support/rows.js';
import { strategyType } from './types.js';

/**
 * CLUE: k-means on the embeddings with every sample weighted by the entropy of its prediction, and the sample nearest to
 * each of the n centroids. The temperature trades the two: towards 0 only the most uncertain samples weigh anything, a
 * large one weighs all alike (plain k-means). O(C n d) per iteration for C candidates.
 *
 * @see Prabhu, Chandrasekaran, Saenko, Hoffman: Active Domain Adaptation via Clustering Uncertainty-weighted Embeddings.
 *   ICCV 2021, arXiv:2010.08666, section 3.2.
 */
export const clue = strategyType({
  name: 'clue',
  description: 'the middle of each of n clusters of samples weighted by entropy',
  needs: ['embeddings', 'probabilities'],
  options: z.strictObject({
    /** T of softmax(logits / T), from which the entropy is taken. */
    temperature: z.number().positive().max(1e6).default(1),
    /** Moves of the centroids at most. */
    iterations: z.int().min(1).default(100),
    /** Of a larger pool a uniform draw of so many samples is clustered. */
    candidates: candidatesOption.default(50_000),
  }),
  create: ({ temperature, iterations, candidates: limit }) => ({
    async query(context, n, { signal } = {}) {
      const candidates = candidatesOf(context, limit, n);
      const points = onSphere(await context.embed(candidates), 'euclidean');
      const predictions = soften(await context.predict(candidates), temperature);
      const weights = Float64Array.from(await scoreAsync(predictions, { method: 'entropy', signal }));
      const k = Math.min(n, candidates.length);
      const rows = await representatives(points, weights, k, { seed: context.seed, maxIterations: iterations, signal });
      return { indices: Uint32Array.from(rows, (row) => candidates[row] as number) };
    },
  }),
});

/** p^(1/T) / Σ p^(1/T): the softmax of logits / T, from the probabilities at T = 1. */
export function soften({ data, rows, cols }: FloatRows, temperature: number): FloatRows {
  if (temperature === 1) return { data, rows, cols };
  const softened = new Float32Array(data.length);
  const powers = new Float64Array(cols);
  for (let row = 0; row < rows; row++) {
    const own = data.subarray(row * cols, (row + 1) * cols);
    let largest = 0;
    for (const p of own) largest = Math.max(largest, p);
    let sum = 0;
    for (let c = 0; c < cols; c++) sum += powers[c] = ((own[c] as number) / largest) ** (1 / temperature);
    for (let c = 0; c < cols; c++) softened[row * cols + c] = (powers[c] as number) / sum;
  }
  return { data: softened, rows, cols };
}
