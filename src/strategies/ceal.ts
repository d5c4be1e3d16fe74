import { z } from 'zod';
import { METHODS } from '../contract/codes.js';
import { scoreAsync } from '../kernels/index.js';
import { best } from './member-scores.js';
import { likeliestClasses } from '../models/likeliest.js';
import { strategyType } from './types.js';
import { tieBreakOption } from './uncertainty.js';

/**
 * CEAL: ask people about the most uncertain samples, and take the model's word for those whose entropy is below a threshold.
 *     δ = max(0, threshold − decay · t),    t = rounds of queries before this one
 * The pseudo-labels are for the next training only and drawn anew each round. They help where a sure model is right: on data that
 * is easy but for a border. An overconfident model teaches itself its own errors.
 *
 * @see Wang, Zhang, Li, Zhang, Lin: Cost-Effective Active Learning for Deep Image Classification. IEEE TCSVT 27(12), 2017,
 *   arXiv:1701.03551. Threshold and decay are those it uses for CACD.
 */
export const ceal = strategyType({
  name: 'ceal',
  description: 'uncertain samples for people, sure ones as pseudo-labels',
  needs: ['probabilities'],
  options: z.strictObject({
    /** What people are asked by. */
    score: z.enum(METHODS).default('entropy'),
    /** Entropy, in nats, below which a prediction is believed in the first query. */
    threshold: z.number().min(0).default(0.05),
    /** How much the threshold falls with every round. */
    decay: z.number().min(0).default(0.0033),
    tieBreak: tieBreakOption,
  }),
  create: ({ score, threshold, decay, tieBreak }) => ({
    async query(context, n, { signal } = {}) {
      const { unlabeled, seed, round } = context;
      const probabilities = await context.predict(unlabeled);
      const scores = await scoreAsync(probabilities, { method: score, signal });
      const entropies = score === 'entropy' ? scores : await scoreAsync(probabilities, { method: 'entropy', signal });
      const result = await best(unlabeled, scores, n, { tieBreak, seed, signal });
      // The labels of the start are round 0, so the first query is in round 1.
      const limit = Math.max(0, threshold - decay * Math.max(0, round - 1));
      const asked = new Set(result.indices);
      const classes = likeliestClasses(probabilities);
      const sure = Array.from(unlabeled.keys()).filter(
        (row) => (entropies[row] as number) < limit && !asked.has(unlabeled[row] as number),
      );
      context.log(`strategy ceal: ${sure.length} pseudo-labels of entropy below ${limit.toPrecision(3)}`);
      return {
        ...result,
        pseudoLabels: {
          indices: Uint32Array.from(sure, (row) => unlabeled[row] as number),
          labels: Uint32Array.from(sure, (row) => classes[row] as number),
        },
      };
    },
  }),
});
