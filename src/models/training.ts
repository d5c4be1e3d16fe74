import { setImmediate as nextTurn } from 'node:timers/promises';
import { z } from 'zod';
import { ValueError } from '../errors.js';
import { Random } from '../reference/philox.js';
import { type Batch, type BatchLoss, gatherBatch, lossAndGradient, type TrainingSet } from './loss.js';
import type { EpochInfo, FitResult } from './model.js';
import {
  type Network,
  parameterCount,
  randomDropout,
  STREAM_AUGMENTATION,
  STREAM_DROPOUT,
  STREAM_ORDER,
  type Tf,
} from './network.js';
import { createOptimizer, type OptimizerOptions } from './optimizer.js';
import { Sharpness, type SharpnessOptions } from './sharpness.js';
import { WeightTrail } from './weight-trail.js';

/** Options of every network about how it is trained. */
export const trainingOptions = {
  /** Passes over the labelled samples. */
  epochs: z.int().min(1).default(30),
  /** Fewer labels than fill this many steps are passed over more often: small sets need the updates too. */
  minSteps: z.int().min(0).default(250),
  /** Samples per step. */
  batchSize: z.int().min(1).default(32),
  /** Of the first step. */
  learningRate: z.number().positive().default(0.002),
  /** Falls to zero along half a cosine, or stays. */
  schedule: z.enum(['cosine', 'constant']).default('cosine'),
  /** What makes steps of gradients. */
  optimizer: z.enum(['adam', 'sgd']).default('adam'),
  /** Share of the last step that sgd keeps. */
  momentum: z.number().min(0).lt(1).default(0.9),
  /** Decay of all weights: with adam per unit of learning rate, with sgd as a part of the gradient. */
  weightDecay: z.number().min(0).default(0),
  /** Take gradients where the loss is higher, for flat minima; doubles the time of a step. */
  sharpness: z.enum(['none', 'sam', 'friendly']).default('none'),
  /** How far away sam and friendly take them. */
  rho: z.number().min(0).default(0.1),
  /** How much of the mean gradient friendly leaves out when it looks for that place. */
  sigma: z.number().min(0).default(1),
  /** Decay of friendly's mean gradient. */
  lambda: z.number().min(0).lt(1).default(0.95),
  /** Training ends early once an epoch's mean loss (nats) is below this; 0 never. */
  stopLoss: z.number().min(0).default(0.001),
};

export interface TrainingOptions extends OptimizerOptions, SharpnessOptions {
  readonly epochs: number;
  readonly minSteps: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly schedule: 'cosine' | 'constant';
  readonly weightDecay: number;
  readonly stopLoss: number;
}

/** The training options among all options of a network. */
export function pickTraining(options: TrainingOptions): TrainingOptions {
  const { epochs, minSteps, batchSize, learningRate, schedule, stopLoss } = options;
  const { optimizer, momentum, weightDecay, sharpness, rho, sigma, lambda } = options;
  const passes = { epochs, minSteps, batchSize, learningRate, schedule, stopLoss };
  return { ...passes, optimizer, momentum, weightDecay, sharpness, rho, sigma, lambda };
}

/** Everything that training moves. Plain arrays: nothing to dispose. */
export interface TrainedState {
  /** Parameters [P], then running statistics [S]. */
  readonly weights: Float32Array;
  /** [moments per weight, P], of the optimiser. */
  readonly moments: Float32Array;
  /** Updates made. */
  readonly steps: number;
  /** [P], where sharpness is friendly. */
  readonly meanGradient?: Float32Array | undefined;
}

export interface TrainingRun {
  readonly name: string;
  readonly seed: number | bigint;
  readonly signal?: AbortSignal | undefined;
  readonly onEpoch?: ((info: EpochInfo) => void) | undefined;
  /** Passes, instead of `epochs` and `minSteps` of the options. */
  readonly epochs?: number | undefined;
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

/** Share of a running statistic that one more batch leaves. */
const STATISTICS_DECAY = 0.9;

/**
 * Train by mini-batches: in every epoch the samples in a fresh order, each step
 *     L = mean over the batch of −log softmax(f(x; w))[y]
 *     w ← optimiser(w, ∂L/∂w at w, or where {@link Sharpness} says)
 *     s ← 0.9 s + 0.1 s(x; w)      running statistics, where the network has them
 * Order, dropout, augmentation and start are functions of the seed, so the same call gives the same weights on the same machine.
 * Both gradients of a sharpness-aware step are of the same augmented samples and the same dropout.
 *
 * @param start State to go on from, or weights alone; left as it is.
 * @throws {ValueError} The loss is not finite; names epoch and step.
 * @throws The signal's reason, when it aborts.
 */
export async function train(
  tf: Tf,
  network: Network,
  start: Pick<TrainedState, 'weights'> & Partial<TrainedState>,
  set: TrainingSet,
  options: TrainingOptions,
  run: TrainingRun,
): Promise<{ state: TrainedState; result: FitResult }> {
  const count = set.labels.length;
  const batchSize = Math.min(options.batchSize, count);
  const stepsPerEpoch = Math.ceil(count / batchSize);
  const epochs = run.epochs ?? Math.max(options.epochs, Math.ceil(options.minSteps / stepsPerEpoch));
  const order = new Random(run.seed, STREAM_ORDER);
  const masks = new Random(run.seed, STREAM_DROPOUT);
  const augmentation = new Random(run.seed, STREAM_AUGMENTATION);
  const weights = start.weights.slice();
  const size = parameterCount(network);
  const [parameters, statistics] = [weights.subarray(0, size), weights.subarray(size)];
  const { moments, steps = 0, meanGradient } = start;
  const optimizer = createOptimizer(options, size, moments === undefined ? undefined : { moments, steps });
  const sharpness = options.sharpness === 'none' ? undefined : new Sharpness(options, size, meanGradient);
  const lossAt = (place: Float32Array, batch: Batch, random: Random): BatchLoss =>
    lossAndGradient(tf, network, place, statistics, batch, randomDropout(tf, network.dropout, random));
  const rows = Uint32Array.from({ length: count }, (_, row) => row);
  const trail = run.watch && new WeightTrail(run.watch.moments);
  let turn = performance.now();
  let epoch = 0;
  let loss = Infinity;
  while (epoch < epochs && !(loss < options.stopLoss)) {
    order.shuffle(rows);
    let sum = 0;
    for (let step = 0; step < stepsPerEpoch; step++) {
      const chosen = rows.subarray(step * batchSize, (step + 1) * batchSize);
      const batch = gatherBatch(network, set, chosen, augmentation);
      const again = masks.state();
      const here = lossAt(parameters, batch, masks);
      const taken = sharpness ? lossAt(sharpness.climb(parameters, here.gradient), batch, Random.from(again)) : here;
      for (const { value } of [here, taken]) {
        if (Number.isFinite(value)) continue;
        throw new ValueError(
          `${run.name}: the training loss became ${value} in step ${step + 1} of epoch ${epoch + 1}; ` +
            `lower learningRate (now ${options.learningRate}) or scale the samples`,
        );
      }
      sum += here.value * chosen.length;
      const rate = learningRateAt((epoch * stepsPerEpoch + step) / (epochs * stepsPerEpoch), options);
      optimizer.update(parameters, taken.gradient, rate, options.weightDecay);
      if (here.statistics !== undefined) moveStatistics(statistics, here.statistics);
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
  return {
    state: { weights, moments: optimizer.moments, steps: optimizer.steps, meanGradient: sharpness?.meanGradient },
    result: { epochs: epoch, loss },
  };
}

/** @param progress Share of the training that is over, in [0, 1). */
function learningRateAt(progress: number, { learningRate, schedule }: TrainingOptions): number {
  return schedule === 'constant' ? learningRate : learningRate * 0.5 * (1 + Math.cos(Math.PI * progress));
}

function moveStatistics(statistics: Float32Array, batch: Float32Array): void {
  for (let i = 0; i < statistics.length; i++) {
    statistics[i] = STATISTICS_DECAY * (statistics[i] as number) + (1 - STATISTICS_DECAY) * (batch[i] as number);
  }
}
