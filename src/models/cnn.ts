import { z } from 'zod';
import { augmentation, imageOptions, imageShape } from './images.js';
import { dense, denseParameters, type Network, type Parameter, relu, type Tensor1D, type Tensor4D } from './network.js';
import { networkType, shapeOptions } from './types.js';
import { trainingOptions } from './training.js';

/**
 * Convolutions of 3 x 3 with ReLU, each followed by 2 x 2 max pooling, then one fully connected layer with ReLU, with
 * dropout before and after it; the embedding is that layer.
 */
export const cnn = networkType({
  name: 'cnn',
  description: 'convolutional network for images [height, width, channels]',
  options: z.strictObject({
    ...shapeOptions,
    ...trainingOptions,
    ...imageOptions,
    learningRate: trainingOptions.learningRate.default(0.004),
    /** Filters of each convolution. */
    filters: z.array(z.int().min(1)).min(1).default([32, 64]),
    /** Units of the fully connected layer. */
    hidden: z.int().min(1).default(128),
    /** Share of activations removed while training. */
    dropout: z.number().min(0).max(0.95).default(0.25),
  }),
  network({ sampleShape, features, classes, filters, hidden, dropout, augment }): Network {
    const shape = imageShape('cnn', sampleShape);
    const { height, width, channels } = shape;
    const depths = [channels, ...filters];
    const convolutions = filters.flatMap((units, i): Parameter[] => [
      { name: `conv${i + 1}/weight`, shape: [3, 3, depths[i] as number, units], fanIn: 9 * (depths[i] as number) },
      { name: `conv${i + 1}/bias`, shape: [units], fanIn: 0 },
    ]);
    const pooled = (size: number): number => filters.reduce((left) => Math.ceil(left / 2), size);
    const flat = pooled(height) * pooled(width) * (depths.at(-1) as number);
    return {
      features,
      parameters: [
        ...convolutions,
        ...denseParameters('dense', flat, hidden),
        ...denseParameters('output', hidden, classes),
      ],
      dropout,
      ...augmentation(augment, shape),
      forward(tf, weights, input, drop) {
        let images: Tensor4D = tf.reshape(input, [-1, height, width, channels]);
        for (let layer = 0; layer < filters.length; layer++) {
          const filtered = tf.conv2d(images, weights[2 * layer] as Tensor4D, 1, 'same');
          images = tf.maxPool(relu(tf, tf.add(filtered, weights[2 * layer + 1] as Tensor1D)), 2, 2, 'same');
        }
        const [denseWeight, denseBias, outputWeight, outputBias] = weights.slice(2 * filters.length);
        const features2d = drop(tf.reshape(images, [-1, flat]));
        const embedding = drop(relu(tf, dense(tf, features2d, denseWeight, denseBias)));
        return { logits: dense(tf, embedding, outputWeight, outputBias), embedding };
      },
    };
  },
});
