import type * as tfTypes from '@tensorflow/tfjs';
import { ValueError } from '../../errors.js';
import type { Adam } from '../../models/adam.js';
import { type Parameter, parameterSize, type Tf } from '../../models/network.js';
import type { ActorCritic } from './actor-critic.js';

/** Transitions of one update, row-major. */
export interface TransitionBatch {
  readonly rows: number;
  /** [B, S]. */
  readonly state: Float32Array;
  /** [B, A], each in [-1, 1]. */
  readonly action: Float32Array;
  /** [B]. */
  readonly reward: Float32Array;
  /** [B, S]. */
  readonly nextState: Float32Array;
  /** [B]: 1 where the episode truly ended, 0 where it went on, also where a time limit cut it. */
  readonly done: Float32Array;
  /** [B], importance of each in the critic's loss; default 1. */
  readonly weights?: Float32Array | undefined;
}

/** All weights of the two networks and their slow copies, each one flat array. */
export interface DdpgWeights {
  readonly actor: Float32Array;
  readonly critic: Float32Array;
  readonly targetActor: Float32Array;
  readonly targetCritic: Float32Array;
}

export interface UpdateOptions {
  /** Discount of a step, γ. */
  readonly gamma: number;
  /** Share of the online weights in the targets after an update, τ. */
  readonly tau: number;
  readonly actorRate: number;
  readonly criticRate: number;
  /** ρ: how much the actor pays for large values before its tanh, which would otherwise saturate and stop learning. */
  readonly saturationPenalty: number;
}

/** What an update found. */
export interface UpdateResult {
  readonly criticLoss: number;
  readonly actorLoss: number;
  /** [B]: y − Q before the update. */
  readonly errors: Float32Array;
}

/**
 * One update of deep deterministic policy gradients: critic, then actor, then both targets, in place.
 *     y    = r + γ (1 − done) Q′(s′, μ′(s′))             a constant: no gradient flows into it
 *     L_Q  = mean of w (Q(s, a) − y)²                    moves the critic only
 *     L_μ  = −mean Q(s, μ(s)) + ρ mean z²,  μ = tanh z   moves the actor only
 *     θ′   ← τ θ + (1 − τ) θ′
 *
 * @throws {ValueError} A loss is not finite; nothing has moved then, or only the critic.
 * @see Lillicrap et al.: Continuous control with deep reinforcement learning. ICLR 2016, algorithm 1. Differs: Adam without
 *   weight decay; the penalty ρ.
 */
export function ddpgUpdate(
  tf: Tf,
  nets: ActorCritic,
  weights: DdpgWeights,
  optimizers: { readonly actor: Adam; readonly critic: Adam },
  batch: TransitionBatch,
  options: UpdateOptions,
): UpdateResult {
  const { gamma, tau, actorRate, criticRate, saturationPenalty } = options;
  const { rows, reward, done } = batch;
  const { stateSize, actionSize, actor, critic } = nets;
  let criticLoss = NaN;
  let actorLoss = NaN;
  const errors = new Float32Array(rows);
  // nothing is returned from tidy: it would walk every number of an array in search of tensors
  tf.tidy(() => {
    const states = tf.tensor2d(batch.state, [rows, stateSize]);
    const actions = tf.tensor2d(batch.action, [rows, actionSize]);
    const nextStates = tf.tensor2d(batch.nextState, [rows, stateSize]);
    const nextActions = tf.tanh(actor.forward(tf, tensors(tf, actor.parameters, weights.targetActor), nextStates));
    const nextValues = critic
      .forward(tf, tensors(tf, critic.parameters, weights.targetCritic), nextStates, nextActions)
      .dataSync();
    const wanted = reward.map(
      (value, row) => value + gamma * (1 - (done[row] as number)) * (nextValues[row] as number),
    );
    const targets = tf.tensor1d(wanted);
    const share = tf.tensor1d(batch.weights?.map((weight) => weight / rows) ?? new Float32Array(rows).fill(1 / rows));

    const ofCritic = (...moving: tfTypes.Tensor[]): tfTypes.Scalar => {
      const values = critic.forward(tf, moving, states, actions);
      const found = values.dataSync();
      for (let row = 0; row < rows; row++) errors[row] = (wanted[row] as number) - (found[row] as number);
      return tf.sum(tf.mul(share, tf.squaredDifference(values, targets)));
    };
    criticLoss = step(tf, 'critic', critic.parameters, ofCritic, weights.critic, optimizers.critic, criticRate);

    const fixed = tensors(tf, critic.parameters, weights.critic);
    const ofActor = (...moving: tfTypes.Tensor[]): tfTypes.Scalar => {
      const raw = actor.forward(tf, moving, states);
      const values = critic.forward(tf, fixed, states, tf.tanh(raw));
      const loss: tfTypes.Scalar = tf.neg(tf.mean(values));
      return saturationPenalty === 0 ? loss : tf.add(loss, tf.mul(saturationPenalty, tf.mean(tf.mul(raw, raw))));
    };
    actorLoss = step(tf, 'actor', actor.parameters, ofActor, weights.actor, optimizers.actor, actorRate);
  });
  easeToward(weights.targetActor, weights.actor, tau);
  easeToward(weights.targetCritic, weights.critic, tau);
  return { criticLoss, actorLoss, errors };
}

/** Move one network against the gradient of its loss. */
function step(
  tf: Tf,
  name: string,
  parameters: readonly Parameter[],
  loss: (...weights: tfTypes.Tensor[]) => tfTypes.Scalar,
  flat: Float32Array,
  optimizer: Adam,
  rate: number,
): number {
  const { value, grads } = tf.valueAndGrads(loss)(tensors(tf, parameters, flat));
  const found = value.dataSync()[0] as number;
  if (!Number.isFinite(found)) {
    throw new ValueError(
      `ddpg: the loss of the ${name} became ${found} after ${optimizer.steps} updates; lower its learning rate (now ${rate}) or scale the rewards`,
    );
  }
  const gradient = new Float32Array(flat.length);
  let at = 0;
  for (const part of grads) {
    gradient.set(part.dataSync() as Float32Array, at);
    at += part.size;
  }
  optimizer.update(flat, gradient, rate, 0);
  return found;
}

/** Flat weights as the tensors of a network; for each a view, no copy. */
export function tensors(tf: Tf, parameters: readonly Parameter[], flat: Float32Array): tfTypes.Tensor[] {
  let at = 0;
  return parameters.map((parameter) => {
    const from = at;
    at += parameterSize(parameter);
    return tf.tensor(flat.subarray(from, at), [...parameter.shape], 'float32');
  });
}

/** θ′ ← τ θ + (1 − τ) θ′, in place. */
export function easeToward(slow: Float32Array, fast: Float32Array, tau: number): void {
  for (let at = 0; at < slow.length; at++) {
    slow[at] = tau * (fast[at] as number) + (1 - tau) * (slow[at] as number);
  }
}
