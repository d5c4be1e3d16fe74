import type * as tfTypes from '@tensorflow/tfjs';
import { Random } from '../reference/philox.js';

export type Tf = typeof tfTypes;
export type Tensor1D = tfTypes.Tensor1D;
export type Tensor2D = tfTypes.Tensor2D;
export type Tensor4D = tfTypes.Tensor4D;

/** One weight or bias tensor of a network. */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  /** Inputs per unit, for He initialisation: normal with variance 2 / fanIn. 0: starts at `initial`. */
  readonly fanIn: number;
  /** Default 0. */
  readonly initial?: number;
}

/** Sets some activations to zero and scales the others up, or does nothing. */
export type Dropout = (activations: Tensor2D) => Tensor2D;

/** A network as a pure function of its parameters. Nothing here owns a tensor. */
export interface Network {
  /** Length of a flattened sample. */
  readonly features: number;
  readonly parameters: readonly Parameter[];
  /**
   * Running means of what `forward` says of each batch in training: weights without gradient or decay, which follow the
   * parameters in the same flat array.
   */
  readonly statistics?: readonly Parameter[];
  /** Share of activations that dropout removes while training; 0 has no dropout passes. */
  readonly dropout: number;
  /** Samples per forward pass when predicting, where many would take too much memory. */
  readonly predictRows?: number;
  /** Changes the samples of a step in place, [B, features]. */
  readonly augment?: (samples: Float32Array, random: Random) => void;
  /**
   * @param weights In the order and shapes of `parameters`, then `statistics`.
   * @param input [B, features].
   * @param mode Only networks with statistics tell the two apart.
   * @returns Pre-softmax scores [B, C], the input of the last layer [B, E], and while training the batch's `statistics`.
   */
  forward(
    tf: Tf,
    weights: readonly tfTypes.Tensor[],
    input: Tensor2D,
    dropout: Dropout,
    mode: 'train' | 'predict',
  ): { logits: Tensor2D; embedding: Tensor2D; statistics?: readonly tfTypes.Tensor[] };
}

/** The dropout of plain prediction. */
export const keepAll: Dropout = (activations) => activations;

/** Streams of a fit's random numbers; the third word of Philox counters. */
const STREAM_WEIGHTS = 16;
export const STREAM_ORDER = 17;
export const STREAM_DROPOUT = 18;
export const STREAM_AUGMENTATION = 21;

/** A weight [inputs, units] and a bias [units] of a fully connected layer. */
export function denseParameters(name: string, inputs: number, units: number): Parameter[] {
  return [
    { name: `${name}/weight`, shape: [inputs, units], fanIn: inputs },
    { name: `${name}/bias`, shape: [units], fanIn: 0 },
  ];
}

/** input · weight + bias. */
export function dense(
  tf: Tf,
  input: Tensor2D,
  weight: tfTypes.Tensor | undefined,
  bias: tfTypes.Tensor | undefined,
): Tensor2D {
  return tf.add(tf.matMul(input, weight as Tensor2D), bias as Tensor1D);
}

/** max(x, 0). The gradient of tf.relu makes twice the ops, and in small networks ops are what training waits for. */
export function relu<T extends tfTypes.Tensor>(tf: Tf, input: T): T {
  const rectify = tf.customGrad((x, save) => {
    const value = tf.relu(x as T);
    (save as tfTypes.GradSaveFunc)([value]);
    return {
      value,
      gradFunc: (dy: T, saved: tfTypes.Tensor[]) => tf.mul(dy, tf.cast(tf.greater(saved[0] as T, 0), 'float32')),
    };
  });
  return rectify(input) as T;
}

export function parameterSize({ shape }: Parameter): number {
  return shape.reduce((product, size) => product * size, 1);
}

function totalSize(parameters: readonly Parameter[]): number {
  return parameters.reduce((sum, parameter) => sum + parameterSize(parameter), 0);
}

/** P, how many weights training moves by their gradient. */
export function parameterCount({ parameters }: Pick<Network, 'parameters'>): number {
  return totalSize(parameters);
}

/** What a network's flat weights hold, in their order. */
type Layout = Pick<Network, 'parameters' | 'statistics'>;

/** Parameters, then statistics. */
export function weightsOf({ parameters, statistics = [] }: Layout): readonly Parameter[] {
  return [...parameters, ...statistics];
}

/** Length of the flat weights, P + S. */
export function weightCount(network: Layout): number {
  return totalSize(weightsOf(network));
}

/** All weights one after another, drawn afresh: He et al. normal for weights, the initial value for all else. */
export function initialWeights(network: Layout, seed: number | bigint): Float32Array {
  const random = new Random(seed, STREAM_WEIGHTS);
  const flat = new Float32Array(weightCount(network));
  let at = 0;
  for (const parameter of weightsOf(network)) {
    const end = at + parameterSize(parameter);
    const { fanIn, initial = 0 } = parameter;
    if (fanIn === 0) flat.fill(initial, at, end);
    else for (let i = at; i < end; i++) flat[i] = Math.sqrt(2 / fanIn) * random.normal();
    at = end;
  }
  return flat;
}

/** Cut flat weights into tensors; differentiable, as one op. */
export function unpackWeights(tf: Tf, parameters: readonly Parameter[], flat: Tensor1D): tfTypes.Tensor[] {
  const parts = tf.split(flat, parameters.map(parameterSize));
  return parameters.map(({ shape }, i) => tf.reshape(parts[i] as Tensor1D, [...shape]));
}

/** Dropout whose masks come from `random`, one word per activation in row-major order. */
export function randomDropout(tf: Tf, rate: number, random: Random): Dropout {
  if (rate === 0) return keepAll;
  const threshold = rate * 0x1_0000_0000;
  const scale = 1 / (1 - rate);
  return (activations) => {
    const mask = new Float32Array(activations.size);
    for (let i = 0; i < mask.length; i++) mask[i] = random.uint32() < threshold ? 0 : scale;
    return tf.mul(activations, tf.tensor2d(mask, activations.shape));
  };
}

/**
 * The dropout of one member: a mask over the units that `random` decides, the same for every row. So the member is one
 * network, whose predictions of several samples belong together.
 */
export function memberDropout(tf: Tf, rate: number, random: Random): Dropout {
  if (rate === 0) return keepAll;
  const threshold = rate * 0x1_0000_0000;
  const scale = 1 / (1 - rate);
  return (activations) => {
    const units = activations.shape[1];
    const mask = Float32Array.from({ length: units }, () => (random.uint32() < threshold ? 0 : scale));
    return tf.mul(activations, tf.tensor2d(mask, [1, units]));
  };
}
