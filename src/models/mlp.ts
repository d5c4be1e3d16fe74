import { z } from 'zod';
import { dense, denseParameters, type Network, relu } from './network.js';
import { networkType, shapeOptions } from './types.js';
import { trainingOptions } from './training.js';

/** Fully connected layers with ReLU and dropout; the embedding is the last hidden layer. */
export const mlp = networkType({
  name: 'mlp',
  description: 'fully connected network with ReLU and dropout',
  options: z.strictObject({
    ...shapeOptions,
    ...trainingOptions,
    learningRate: trainingOptions.learningRate.default(0.006),
    /** Units of each hidden layer. */
    hidden: z.array(z.int().min(1)).min(1).default([128]),
    /** Share of hidden units removed while training. */
    dropout: z.number().min(0).max(0.95).default(0.3),
  }),
  network({ features, classes, hidden, dropout }): Network {
    const widths = [features, ...hidden, classes];
    const layers = widths.slice(1).map((units, i) => denseParameters(`dense${i + 1}`, widths[i] as number, units));
    return {
      features,
      parameters: layers.flat(),
      dropout,
      forward(tf, weights, input, drop) {
        let embedding = input;
        for (let layer = 0; layer < hidden.length; layer++) {
          embedding = drop(relu(tf, dense(tf, embedding, weights[2 * layer], weights[2 * layer + 1])));
        }
        return { logits: dense(tf, embedding, weights.at(-2), weights.at(-1)), embedding };
      },
    };
  },
});
