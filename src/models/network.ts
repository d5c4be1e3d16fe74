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
  /** Inputs per unit, for He initialisation: normal with variance 2 / fanIn. 0: starts at zero. */
  readonly fanIn: number;
}

/** Sets some activations to zero and scales the others up, or does nothing. */
export type Dropout = (activations: Tensor2D) => Tensor2D;

/** A network as a pure function of its parameters. Nothing here owns a tensor. */
export interface Network {
  /** Length of a flattened sample. */
  readonly features: number;
  readonly parameters: readonly Parameter[];
  /** Share of activations that dropout removes while training; 0 has no dropout passes. */
  readonly dropout: number;
  /**
   * @param weights In the order and shapes of `parameters`.
   * @param input [B, features].
   * @returns Pre-softmax scores [B, C] and the input of the last layer [B, E].
   */
  forward(
    tf: Tf,
    weights: readonly tfTypes.Tensor[],
    input: Tensor2D,
    dropout: Dropout,
  ): { logits: Tensor2D; embedding: Tensor2D };
}

/** The dropout of plain prediction. */
export const keepAll: Dropout = (activations) => activations;

/** Streams of a fit's random numbers; the third word of Philox counters. */
const STREAM_WEIGHTS = 16;
export const STREAM_ORDER = 17;
export const STREAM_DROPOUT = 18;

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

export function parameterCount(network: Network): number {
  return network.parameters.reduce((sum, parameter) => sum + parameterSize(parameter), 0);
}

/** All weights one after another, drawn afresh: He et al. normal for weights, zero for biases. */
export function initialWeights(network: Network, seed: number | bigint): Float32Array {
  const random = new Random(seed, STREAM_WEIGHTS);
  const flat = new Float32Array(parameterCount(network));
  let at = 0;
  for (const parameter of network.parameters) {
    const size = parameterSize(parameter);
    const deviation = parameter.fanIn === 0 ? 0 : Math.sqrt(2 / parameter.fanIn);
    if (deviation > 0) for (let i = 0; i < size; i++) flat[at + i] = deviation * random.normal();
    at += size;
  }
  return flat;
}

/** Cut the flat weights into the network's tensors; differentiable, as one op. */
export function unpackWeights(tf: Tf, network: Network, flat: Tensor1D): tfTypes.Tensor[] {
  const sizes = network.parameters.map(parameterSize);
  const parts = tf.split(flat, sizes);
  return network.parameters.map(({ shape }, i) => tf.reshape(parts[i] as Tensor1D, [...shape]));
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
