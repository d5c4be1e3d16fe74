import { z } from 'zod';
import { normalize, normalizeByBatch, normParameters, normStatistics } from './batch-norm.js';
import { type Augmentation, augmentation, imageOptions, imageShape } from './images.js';
import { dense, denseParameters, type Network, relu, type Tensor1D, type Tensor2D, type Tensor4D } from './network.js';
import { networkType, shapeOptions } from './types.js';
import { trainingOptions } from './training.js';

/** A convolution without bias, and the batch normalisation of what comes out of it. */
interface Unit {
  /** Its place among all units: 3 parameters and 2 statistics each. */
  readonly place: number;
  readonly name: string;
  readonly kernel: 1 | 3;
  readonly stride: number;
  readonly inputs: number;
  readonly outputs: number;
}

/** Two convolutions; what goes in is added to what comes out, through `shortcut` where their shapes differ. */
interface Block {
  readonly first: Unit;
  readonly second: Unit;
  readonly shortcut: Unit | undefined;
}

const STAGES = 4;
const BLOCKS_PER_STAGE = 2;
/** Numbers in the largest activation of a forward pass when predicting: 64 MiB. */
const PREDICT_NUMBERS = 2 ** 24;

/**
 * Residual network of 18 layers for small images: a 3 x 3 convolution, four stages of two blocks of two 3 x 3 convolutions,
 * each with batch normalisation, w, 2w, 4w, 8w channels wide, with half the height and width from stage to stage; then the
 * mean over all pixels, which is the embedding, and one fully connected layer.
 *
 * Differs from the paper, as is usual for images of 32 x 32: the first convolution has stride 1 and no pooling after it.
 * Shortcuts between stages are 1 x 1 convolutions (its option B). With stride 2 TensorFlow pads even sizes below and on the right
 * alone.
 *
 * @see He, Zhang, Ren, Sun: Deep Residual Learning for Image Recognition. CVPR 2016.
 */
export const resnet18 = networkType({
  name: 'resnet-18',
  description: 'residual network for images [height, width, channels]',
  options: z.strictObject({
    ...shapeOptions,
    ...trainingOptions,
    ...imageOptions,
    learningRate: trainingOptions.learningRate.default(0.003),
    /** Filters of the first stage; the last has eight times as many. */
    width: z.int().min(1).default(64),
  }),
  network: residualNetwork,
});

/** The network of {@link resnet18}. */
export function residualNetwork(options: {
  readonly sampleShape: readonly number[];
  readonly features: number;
  readonly classes: number;
  readonly width: number;
  readonly augment: Augmentation;
}): Network {
  const { sampleShape, features, classes, width, augment } = options;
  const shape = imageShape('resnet-18', sampleShape);
  const { stem, blocks, units } = layers(shape.channels, width);
  const embeddingSize = width * 2 ** (STAGES - 1);
  return {
    features,
    parameters: [
      ...units.flatMap(({ name, kernel, inputs, outputs }) => [
        { name: `${name}/weight`, shape: [kernel, kernel, inputs, outputs], fanIn: kernel * kernel * inputs },
        ...normParameters(name, outputs),
      ]),
      ...denseParameters('output', embeddingSize, classes),
    ],
    statistics: units.flatMap(({ name, outputs }) => normStatistics(name, outputs)),
    dropout: 0,
    predictRows: Math.max(1, Math.min(1024, Math.floor(PREDICT_NUMBERS / (shape.height * shape.width * width)))),
    ...augmentation(augment, shape),
    forward(tf, weights, input, _, mode) {
      const statistics = new Array<Tensor1D>(2 * units.length);
      const [outputWeight, outputBias, ...running] = weights.slice(3 * units.length);
      const apply = (images: Tensor4D, { place, stride }: Unit): Tensor4D => {
        const [filter, scale, shift] = weights.slice(3 * place) as [Tensor4D, Tensor1D, Tensor1D];
        const filtered = tf.conv2d(images, filter, stride, 'same');
        const [mean, variance] = running.slice(2 * place) as [Tensor1D, Tensor1D];
        if (mode === 'predict') return normalize(tf, filtered, scale, shift, mean, variance);
        const normalized = normalizeByBatch(tf, filtered, scale, shift);
        [statistics[2 * place], statistics[2 * place + 1]] = normalized.statistics;
        return normalized.images;
      };
      const through = (images: Tensor4D, { first, second, shortcut }: Block): Tensor4D => {
        const residual = apply(relu(tf, apply(images, first)), second);
        return relu(tf, tf.add(residual, shortcut === undefined ? images : apply(images, shortcut)));
      };
      const images: Tensor4D = tf.reshape(input, [-1, shape.height, shape.width, shape.channels]);
      const pass = (before: Tensor4D, block: Block): Tensor4D =>
        mode === 'train' ? through(before, block) : tf.tidy(() => through(before, block));
      const last = blocks.reduce(pass, relu(tf, apply(images, stem)));
      const embedding: Tensor2D = tf.mean(last, [1, 2]);
      const logits = dense(tf, embedding, outputWeight, outputBias);
      return { logits, embedding, ...(mode === 'train' && { statistics }) };
    },
  };
}

function layers(channels: number, width: number): { stem: Unit; blocks: Block[]; units: Unit[] } {
  const units: Unit[] = [];
  const unit = (name: string, kernel: 1 | 3, stride: number, inputs: number, outputs: number): Unit => {
    const made = { place: units.length, name, kernel, stride, inputs, outputs };
    units.push(made);
    return made;
  };
  const stem = unit('stem', 3, 1, channels, width);
  const blocks: Block[] = [];
  let inputs = width;
  for (let stage = 0; stage < STAGES; stage++) {
    const outputs = width * 2 ** stage;
    for (let block = 0; block < BLOCKS_PER_STAGE; block++) {
      const name = `stage${stage + 1}/block${block + 1}`;
      const stride = stage > 0 && block === 0 ? 2 : 1;
      const first = unit(`${name}/conv1`, 3, stride, inputs, outputs);
      const second = unit(`${name}/conv2`, 3, 1, outputs, outputs);
      const shortcut = stride === 1 ? undefined : unit(`${name}/shortcut`, 1, stride, inputs, outputs);
      blocks.push({ first, second, shortcut });
      inputs = outputs;
    }
  }
  return { stem, blocks, units };
}
