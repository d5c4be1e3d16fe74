import { z } from 'zod';
import { stoppingType } from './criterion.js';

/**
 * Target accuracy: stop when the model is good enough on samples with known classes. On 'test' this is a decision taken
 * on the test set, so the accuracy of the last round is an optimistic one: for simulations, not for claims.
 */
export const targetAccuracy = stoppingType({
  name: 'target-accuracy',
  description: 'accuracy on the validation samples (or, named so, on the test samples) is reached',
  options: z.strictObject({
    accuracy: z.number().gt(0).max(1),
    on: z.enum(['validation', 'test']).default('validation'),
  }),
  create: ({ accuracy, on }) => ({
    needs: [on],
    async observe(view) {
      const found = view[on]?.accuracy;
      if (found === undefined || found < accuracy) return undefined;
      const honest =
        on === 'test' ? '; the stop was chosen by looking at the test set, so that accuracy is optimistic' : '';
      return `accuracy on the ${on} samples is ${found.toFixed(4)} (at least ${accuracy} was asked for)${honest}`;
    },
  }),
});
