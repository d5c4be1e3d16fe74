import { setImmediate as nextTurn } from 'node:timers/promises';
import type * as tfTypes from '@tensorflow/tfjs';
import { z } from 'zod';
import { ValueError } from '../errors.js';
import { Random } from '../reference/philox.js';
import { Adam } from './adam.js';
import type { EpochInfo, FitResult } from './model.js';
import {
  type Dropout,
  type Network,
  randomDropout,
  STREAM_DROPOUT,
  STREAM_ORDER,
  type Tensor1D,
  type Tf,
  unpackWeights,
} from './network.js';
import { WeightTrail } from './weight-trail.js';

/** Options of every network about how it is trained. */
export const trainingOptions = {
  /** Passes over the labelled samples. */
  epochs: z.int().min(1).default(30),
  /** Fewer labels than fill this many steps are passed over more often: small sets need the updates too. */
  minSteps: z.int().min(0).default(250),
  /** Samples per step. */
  batchSize: z.int().min(1).default(32),
  /** Of the first step; falls to zero along half a cosine. */
  learningRate: z.number().positive().default(0.002),
  /** Decoupled decay of all weights per unit of learning rate. */
  weightDecay: z.number().min(0).default(0),
  /** Training ends early once an epoch's mean loss (nats) is below this; 0 never. */
  stopLoss: z.number().min(0).default(0.001),
};

export interface TrainingOptions {
  readonly epochs: number;
  readonly minSteps: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly stopLoss: number;
}

/** Everything that training moves. Plain arrays: nothing to dispose. */
export interface TrainedState {
  /** [P]. */
  readonly weights: Float32Array;
  /** [2, P], of the optimiser. */
  readonly moments: Float32Array;
  /** Updates made. */
  readonly steps: number;
}

/** Samples as one dense block, with their classes. */
export interface TrainingSet {
  /** [N, features]. */
  readonly samples: Float32Array;
  /** [N]. */
  readonly labels: Uint32Array;
  readonly classes: number;
}

export interface TrainingRun {
  readonly name: string;
  readonly seed: number | bigint;
  readonly signal?: AbortSignal | undefined;
  readonly onEpoch?: ((info: EpochInfo) => void) | undefined;
  /** Looks at the weights on the way. */
  readonly watch?: WeightWatch | undefined;
}

export interface WeightWatch {
  /** At most this many times, evenly spread over the epochs that there were, the last one always. */
  readonly moments: number;
  /** Called at the end, for one moment after the other, oldest first. */
  readonly look: (epoch: number, weights: Float32Array) => Promise<void>;
}

/** The event loop gets a turn (signals, timers) at least this often while training. */
const TURN_MS = 15;

/**
 * Train by mini-batches: in every epoch the samples in a fresh order, each step
 *     L = mean over the batch of −log softmax(f(x; w))[y],   w ← Adam(w, ∂L/∂w)
 * Order, dropout and start are functions of the seed, so the same call gives the same weights on the same machine.
 *
 * @param start Weights to go on from, with their moments; left as they are.
 * @throws {ValueError} The loss is not finite; names epoch and step.
 * @throws The signal's reason, when it aborts.
 */
export async function train(
  tf: Tf,
  network: Network,
  start: { weights: Float32Array; moments?: Float32Array; steps?: number },
  set: TrainingSet,
  options: TrainingOptions,
  run: TrainingRun,
): Promise<TrainedState & FitResult> {
  const count = set.labels.length;
  const batch = Math.min(options.batchSize, count);
  const stepsPerEpoch = Math.ceil(count / batch);
  const epochs = Math.max(options.epochs, Math.ceil(options.minSteps / stepsPerEpoch));
  const order = new Random(run.seed, STREAM_ORDER);
  const dropout = randomDropout(tf, network.dropout, new Random(run.seed, STREAM_DROPOUT));
  const weights = start.weights.slice();
  const { moments, steps = 0 } = start;
  const adam = new Adam(weights.length, moments === undefined ? undefined : { moments, steps });
  const rows = Uint32Array.from({ length: count }, (_, row) => row);
  const trail = run.watch && new WeightTrail(run.watch.moments);
  let turn = performance.now();
  let epoch = 0;
  let loss = Infinity;
  while (epoch < epochs && !(loss < options.stopLoss)) {
    order.shuffle(rows);
    let sum = 0;
    for (let step = 0; step < stepsPerEpoch; step++) {
      const chosen = rows.subarray(step * batch, (step + 1) * batch);
      const { value, gradient } = lossAndGradient(tf, network, weights, chosen, set, dropout);
      if (!Number.isFinite(value)) {
        throw new ValueError(
          `${run.name}: the training loss became ${value} in step ${step + 1} of epoch ${epoch + 1}; ` +
            `lower learningRate (now ${options.learningRate}) or scale the samples`,
        );
      }
      sum += value * chosen.length;
      const progress = (epoch * stepsPerEpoch + step) / (epochs * stepsPerEpoch);
      const rate = options.learningRate * 0.5 * (1 + Math.cos(Math.PI * progress));
      adam.update(weights, gradient, rate, options.weightDecay);
      if (performance.now() - turn > TURN_MS) {
        await nextTurn();
        run.signal?.throwIfAborted();
        turn = performance.now();
      }
    }
    epoch += 1;
    loss = sum / count;
    run.onEpoch?.({ epoch, loss });
    trail?.add(epoch, weights);
  }
  for (const moment of trail?.spread({ epoch, weights }) ?? []) await run.watch?.look(moment.epoch, moment.weights);
  return { weights, moments: adam.moments, steps: adam.steps, epochs: epoch, loss };
}

function lossAndGradient(
  tf: Tf,
  network: Network,
  weights: Float32Array,
  chosen: Uint32Array,
  set: TrainingSet,
  dropout: Dropout,
): { value: number; gradient: Float32Array } {
  let value = NaN;
  let gradient = weights;
  tf.tidy(() => {
    const input = tf.tensor2d(gather(chosen, set.samples, network.features), [chosen.length, network.features]);
    const target = tf.tensor2d(oneHot(chosen, set), [chosen.length, set.classes]);
    const objective = (flat: tfTypes.Tensor): tfTypes.Scalar => {
      const { logits } = network.forward(tf, unpackWeights(tf, network, flat as Tensor1D), input, dropout);
      return tf.neg(tf.sum(tf.mul(target, tf.logSoftmax(logits))));
    };
    const result = tf.valueAndGrad(objective)(tf.tensor1d(weights));
    value = result.value.dataSync()[0] as number;
    gradient = result.grad.dataSync() as Float32Array;
  }); // nothing is returned: tidy would walk every number of an array in search of tensors
  return { value, gradient };
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

/** Rows of the chosen samples' classes, each 1 / batch, so that their sum is the mean loss. */
function oneHot(chosen: Uint32Array, { labels, classes }: TrainingSet): Float32Array {
  const target = new Float32Array(chosen.length * classes);
  for (let i = 0; i < chosen.length; i++)
    target[i * classes + (labels[chosen[i] as number] as number)] = 1 / chosen.length;
  return target;
}
