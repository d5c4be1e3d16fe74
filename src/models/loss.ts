import type * as tfTypes from '@tensorflow/tfjs';
import type { Random } from '../reference/philox.js';
import { type Dropout, type Network, type Tensor1D, type Tf, unpackWeights } from './network.js';

/** Samples as one dense block, with their classes. */
export interface TrainingSet {
  /** [N, features]. */
  readonly samples: Float32Array;
  /** [N]. */
  readonly labels: Uint32Array;
  readonly classes: number;
}

/** The samples of one step. */
export interface Batch {
  readonly rows: number;
  /** [B, features]. */
  readonly input: Float32Array;
  /** [B, C]: 1 / B in the column of each sample's class, so that their sum is the mean loss. */
  readonly target: Float32Array;
}

/** The chosen samples, augmented where the network does that. */
export function gatherBatch(network: Network, set: TrainingSet, chosen: Uint32Array, augmentation: Random): Batch {
  const input = gather(chosen, set.samples, network.features);
  network.augment?.(input, augmentation);
  return { rows: chosen.length, input, target: oneHot(chosen, set) };
}

/** What a batch says of the weights. */
export interface BatchLoss {
  /** Mean cross-entropy, in nats. */
  readonly value: number;
  /** [P]. */
  readonly gradient: Float32Array;
  /** The batch's own values of the network's statistics, [S]; undefined where it has none. */
  readonly statistics: Float32Array | undefined;
}

/**
 * The loss of one batch, with its gradient.
 *
 * @param weights [P], those that the gradient is of.
 * @param statistics [S], the network's running statistics.
 */
export function lossAndGradient(
  tf: Tf,
  network: Network,
  weights: Float32Array,
  statistics: Float32Array,
  { rows, ...batch }: Batch,
  dropout: Dropout,
): BatchLoss {
  let value = NaN;
  let gradient = weights;
  let seen: Float32Array | undefined;
  tf.tidy(() => {
    const input = tf.tensor2d(batch.input, [rows, network.features]);
    const target = tf.tensor2d(batch.target, [rows, batch.target.length / rows]);
    const running =
      network.statistics === undefined ? [] : unpackWeights(tf, network.statistics, tf.tensor1d(statistics));
    const objective = (flat: tfTypes.Tensor): tfTypes.Scalar => {
      const parts = [...unpackWeights(tf, network.parameters, flat as Tensor1D), ...running];
      const { logits, statistics: own } = network.forward(tf, parts, input, dropout, 'train');
      if (own !== undefined) seen = tf.concat(own.map((part) => tf.reshape(part, [-1]))).dataSync() as Float32Array;
      return tf.neg(tf.sum(tf.mul(target, tf.logSoftmax(logits))));
    };
    const result = tf.valueAndGrad(objective)(tf.tensor1d(weights));
    value = result.value.dataSync()[0] as number;
    gradient = result.grad.dataSync() as Float32Array;
  }); // nothing is returned: tidy would walk every number of an array in search of tensors
  return { value, gradient, statistics: seen };
}

/** The chosen rows of `samples`; a copy of a few rows costs less than an op. */
function gather(chosen: Uint32Array, samples: Float32Array, features: number): Float32Array {
  const batch = new Float32Array(chosen.length * features);
  for (let i = 0; i < chosen.length; i++) {
    const start = (chosen[i] as number) * features;
    batch.set(samples.subarray(start, start + features), i * features);
  }
  return batch;
}

function oneHot(chosen: Uint32Array, { labels, classes }: TrainingSet): Float32Array {
  const target = new Float32Array(chosen.length * classes);
  for (let i = 0; i < chosen.length; i++)
    target[i * classes + (labels[chosen[i] as number] as number)] = 1 / chosen.length;
  return target;
}
