import { z } from 'zod';
import { scoreAsync, topKAsync } from '../kernels/index.js';
import type { TrainingHistory } from './strategy.js';
import { candidatesOf, candidatesOption } from './support/candidates.js';
import { strategyType } from './types.js';

/**
 * Samples that the model changed its mind about while it was trained: the pool is predicted at T moments of each training
 * (`watch`), and for each sample
 *     dispersion   1 − (moments that agree on the most frequent class) / T        label dispersion
 *     switches     (moments that differ from the one before) / (T − 1)            forgetting events without the truth
 * With few moments many samples are equal: those of smallest margin come first among them. Where the model kept no
 * history, or has one moment only, margin alone decides and is the score. Labels of unlabelled samples being unknown,
 * forgetting events proper (right, then wrong) cannot be counted.
 *
 * @see Bengar, van de Weijer, Lopez Fuentes, Raducanu: When Deep Learners Change Their Mind: Learning Dynamics for Active
 *   Learning. CAIP 2021, arXiv:2107.14707. Toneva et al.: An Empirical Study of Example Forgetting during Deep Neural
 *   Network Learning. ICLR 2019, arXiv:1812.05159.
 */
export const forgetting = strategyType({
  name: 'forgetting',
  description: 'predicted as different classes while training (label dispersion)',
  needs: ['probabilities'],
  options: z.strictObject({
    measure: z.enum(['dispersion', 'switches']).default('dispersion'),
    /** Moments of a training at which the pool is predicted. */
    moments: z.int().min(2).max(1000).default(10),
    /** Consider a uniform draw of so many samples instead of all. */
    candidates: candidatesOption.optional(),
  }),
  create: ({ measure, moments, candidates: limit }) => ({
    watch: moments,
    async query(context, n, { signal } = {}) {
      const candidates = candidatesOf(context, limit, n);
      const history = await context.history?.(candidates);
      const margins = await scoreAsync(await context.predict(candidates), { method: 'margin', signal });
      const changes = history && history.moments > 1 ? instability(history, context.classes, measure) : undefined;
      // margins lie in [0, 1], differences of dispersion are 1/T or more
      const keys = Float64Array.from(margins, (score, i) => (changes?.[i] ?? 0) * 2 * (history?.moments ?? 1) + score);
      const { indices } = await topKAsync(keys, Math.min(n, candidates.length), { signal });
      return {
        indices: indices.map((row) => candidates[row] as number),
        scores: Float64Array.from(indices, (row) => (changes ?? margins)[row] as number),
      };
    },
  }),
});

/** [rows] of the measure, in [0, 1]. */
export function instability(
  { moments, rows, classes: predicted }: TrainingHistory,
  classes: number,
  measure: 'dispersion' | 'switches',
): Float64Array {
  const counts = new Uint32Array(classes);
  return Float64Array.from({ length: rows }, (_, row) => {
    counts.fill(0);
    let most = 0;
    let switches = 0;
    for (let moment = 0; moment < moments; moment++) {
      const label = predicted[moment * rows + row] as number;
      counts[label] = (counts[label] as number) + 1;
      most = Math.max(most, counts[label] as number);
      if (moment > 0 && label !== predicted[(moment - 1) * rows + row]) switches += 1;
    }
    return measure === 'dispersion' ? (moments - most) / moments : switches / (moments - 1);
  });
}
