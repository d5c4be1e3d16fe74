import type * as tfTypes from '@tensorflow/tfjs';
import {
  dense,
  denseParameters,
  type Parameter,
  relu,
  type Tensor1D,
  type Tensor2D,
  type Tf,
} from '../../models/network.js';

/** Names an action for every state; a pure function of its parameters. */
export interface Actor {
  readonly parameters: readonly Parameter[];
  /**
   * @param weights In the order and shapes of `parameters`.
   * @param states [B, S].
   * @returns [B, A], before the tanh that makes actions of them.
   */
  forward(tf: Tf, weights: readonly tfTypes.Tensor[], states: Tensor2D): Tensor2D;
}

/** Values actions; a pure function of its parameters. */
export interface Critic {
  readonly parameters: readonly Parameter[];
  /**
   * @param states [B, S].
   * @param actions [B, A], each in [-1, 1].
   * @returns Q [B].
   */
  forward(tf: Tf, weights: readonly tfTypes.Tensor[], states: Tensor2D, actions: Tensor2D): Tensor1D;
}

/** The two networks of an actor-critic method. Nothing here owns a tensor. */
export interface ActorCritic {
  /** S. */
  readonly stateSize: number;
  /** A. */
  readonly actionSize: number;
  readonly actor: Actor;
  readonly critic: Critic;
}

/** Standard deviation of the last layer's first weights: near zero, so that actions and values begin near zero. */
const OUTPUT_DEVIATION = 0.003;

/** The last layer of an actor or critic. Initial weights have variance 2 / fanIn, biases are zero. */
export function outputParameters(inputs: number, outputs: number): Parameter[] {
  const [weight, bias] = denseParameters('output', inputs, outputs) as [Parameter, Parameter];
  return [{ ...weight, fanIn: 2 / OUTPUT_DEVIATION ** 2 }, bias];
}

/** Fully connected layers: `widths` are those of the hidden ones. */
export function layersOf(inputs: number, widths: readonly number[], outputs: number): Parameter[] {
  const sizes = [inputs, ...widths];
  const hidden = widths.flatMap((units, i) => denseParameters(`dense${i + 1}`, sizes[i] as number, units));
  return [...hidden, ...outputParameters(sizes.at(-1) as number, outputs)];
}

/** Run `input` through {@link layersOf}: ReLU after every layer but the last. */
export function throughLayers(tf: Tf, weights: readonly tfTypes.Tensor[], input: Tensor2D): Tensor2D {
  let value = input;
  for (let at = 0; at + 2 < weights.length; at += 2) value = relu(tf, dense(tf, value, weights[at], weights[at + 1]));
  return dense(tf, value, weights.at(-2), weights.at(-1));
}

/** One number per row of [B, 1]. */
export function squeezed(tf: Tf, column: Tensor2D): Tensor1D {
  return tf.reshape(column, [-1]); // [B, 1] against targets of [B] would broadcast to [B, B]
}

/** Actor and critic of fully connected ReLU layers; the critic sees state and action side by side. */
export function denseActorCritic(size: {
  readonly stateSize: number;
  readonly actionSize: number;
  /** Units of each hidden layer, of both networks. */
  readonly hidden: readonly number[];
}): ActorCritic {
  const { stateSize, actionSize, hidden } = size;
  return {
    stateSize,
    actionSize,
    actor: {
      parameters: layersOf(stateSize, hidden, actionSize),
      forward: throughLayers,
    },
    critic: {
      parameters: layersOf(stateSize + actionSize, hidden, 1),
      forward: (tf, weights, states, actions) =>
        squeezed(tf, throughLayers(tf, weights, tf.concat([states, actions], 1))),
    },
  };
}
