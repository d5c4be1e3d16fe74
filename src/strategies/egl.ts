import { z } from 'zod';
import { topKAsync } from '../kernels/index.js';
import { candidatesOf, candidatesOption } from './support/candidates.js';
import { strategyType } from './types.js';

/**
 * Expected gradient length of the last layer, per sample and in closed form:
 *     score(x) = Σ_y p_y |∂(−log p_y)/∂W| = Σ_y p_y |p − e_y| · |h|
 * with the embedding h, the input of that layer; with `bias` its length is that of (h, 1). O(N (C + d)).
 *
 * @see Settles, Craven, Ray: Multiple-Instance Active Learning. NIPS 2007, section 3.2. Huang, Child, Rao, Liu, Satheesh,
 *   Coates: Active Learning for Speech Recognition: the Power of Gradients. 2016, arXiv:1612.03226.
 */
export const egl = strategyType({
  name: 'egl',
  description: 'longest expected gradient of the last layer',
  needs: ['probabilities', 'embeddings'],
  options: z.strictObject({
    /** Count the gradient of the bias. */
    bias: z.boolean().default(true),
    /** Consider a uniform draw of so many samples instead of all. */
    candidates: candidatesOption.optional(),
  }),
  create: ({ bias, candidates: limit }) => ({
    async query(context, n, { signal } = {}) {
      const candidates = candidatesOf(context, limit, n);
      const [probabilities, embeddings] = [await context.predict(candidates), await context.embed(candidates)];
      const scores = new Float64Array(candidates.length);
      for (let row = 0; row < candidates.length; row++) {
        const p = probabilities.data.subarray(row * probabilities.cols, (row + 1) * probabilities.cols);
        const h = embeddings.data.subarray(row * embeddings.cols, (row + 1) * embeddings.cols);
        scores[row] = expectedLength(p) * Math.sqrt(squaresOf(h, -1) + (bias ? 1 : 0));
      }
      const best = await topKAsync(scores, Math.min(n, candidates.length), { signal });
      return { indices: best.indices.map((row) => candidates[row] as number), scores: best.scores };
    },
  }),
});

/**
 * Σ_y p_y |p − e_y|. Of a confident row 1 − p_y and the small squares would drown in Σ p², so the likeliest class adds up
 * the others; beside any other class 1 − p_y is at least a half.
 */
export function expectedLength(p: ArrayLike<number>): number {
  let top = 0;
  for (let c = 1; c < p.length; c++) if ((p[c] as number) > (p[top] as number)) top = c;
  let others = 0;
  for (let c = 0; c < p.length; c++) if (c !== top) others += p[c] as number;
  const small = squaresOf(p, top);
  const large = (p[top] as number) ** 2;
  let sum = (p[top] as number) * Math.sqrt(others ** 2 + small);
  for (let c = 0; c < p.length; c++) {
    const mass = p[c] as number;
    if (c !== top) sum += mass * Math.sqrt((1 - mass) ** 2 + Math.max(0, large + small - mass ** 2));
  }
  return sum;
}

function squaresOf(values: ArrayLike<number>, skip: number): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) if (i !== skip) sum += (values[i] as number) ** 2;
  return sum;
}
