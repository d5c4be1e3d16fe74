import { z } from 'zod';
import { dense, denseParameters, type Network } from './network.js';
import { networkType, shapeOptions } from './types.js';
import { trainingOptions } from './training.js';

/** Multinomial logistic regression: softmax(x W + b). Its embedding is the sample itself. */
export const logistic = networkType({
  name: 'logistic',
  description: 'multinomial logistic regression',
  options: z.strictObject({
    ...shapeOptions,
    ...trainingOptions,
    learningRate: trainingOptions.learningRate.default(0.05),
    weightDecay: trainingOptions.weightDecay.default(0.01),
  }),
  network({ features, classes }): Network {
    return {
      features,
      parameters: denseParameters('output', features, classes),
      dropout: 0,
      forward: (tf, [weight, bias], input) => ({ logits: dense(tf, input, weight, bias), embedding: input }),
    };
  },
});
