import { z } from 'zod';
import { score } from '../../kernels/index.js';
import { stoppingType } from './criterion.js';

/**
 * Overall uncertainty: stop when the mean entropy of the predictions for what is not labelled, over ln C, is low.
 *
 * @see Zhu, Wang, Hovy, Ma: Confidence-Based Stopping Criteria for Active Learning for Data Annotation. ACM TSLP 6(3),
 *   2010.
 */
export const overallUncertainty = stoppingType({
  name: 'overall-uncertainty',
  description: 'mean normalised entropy of the unlabelled samples is low',
  options: z.strictObject({
    /** Of the mean entropy over ln C, from 0 to 1. */
    threshold: z.number().min(0).max(1).default(0.05),
  }),
  create: ({ threshold }) => ({
    async observe({ unlabeled, classes, predict }) {
      if (unlabeled.length === 0) return undefined;
      const entropies = score(await predict(unlabeled), { method: 'entropy', normalize: 'none' });
      const mean = entropies.reduce((sum, entropy) => sum + entropy, 0) / entropies.length / Math.log(classes);
      if (mean > threshold) return undefined;
      return (
        `the model is sure: the mean normalised entropy of ${unlabeled.length} unlabelled samples is ` +
        `${mean.toFixed(4)} (at most ${threshold} was asked for)`
      );
    },
  }),
});
