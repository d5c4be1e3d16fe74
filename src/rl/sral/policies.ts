import type * as tfTypes from '@tensorflow/tfjs';
import {
  dense,
  denseParameters,
  type Parameter,
  relu,
  type Tensor1D,
  type Tensor2D,
  type Tensor4D,
  type Tf,
} from '../../models/network.js';
import {
  type ActorCritic,
  denseActorCritic,
  layersOf,
  outputParameters,
  squeezed,
  throughLayers,
} from '../ddpg/actor-critic.js';

/** Kinds of networks for a window of candidates. */
export const POLICIES = ['shared', 'mlp', 'conv'] as const;
export type PolicyName = (typeof POLICIES)[number];

/** What the networks see: n candidates of d numbers each, row-major; one action a candidate. */
export interface WindowSize {
  readonly candidates: number;
  readonly features: number;
}

/** Hidden layers between the first and the last of the five that the paper's section 4.1 names. */
const MLP_HIDDEN = 4;
const CONV_FILTERS = [8, 16] as const;

/**
 * The actor and critic of a policy:
 *     shared  one small network for every candidate, so that their order does not matter; the critic runs one over candidate
 *             and action, takes the mean over the candidates and goes through two more layers
 *     mlp     five fully connected layers over the whole window
 *     conv    two convolutions over (candidates, features), a pooling layer and three fully connected ones
 * The last two are the paper's (sections 4.1 and 2.2); sizes of layers are not published.
 */
export function policyNetworks(policy: PolicyName, size: WindowSize, hidden: number): ActorCritic {
  if (policy === 'mlp') {
    const widths = Array.from({ length: MLP_HIDDEN }, () => hidden);
    const { candidates, features } = size;
    return denseActorCritic({ stateSize: candidates * features, actionSize: candidates, hidden: widths });
  }
  return policy === 'conv' ? convPolicy(size, hidden) : sharedPolicy(size, hidden);
}

function sharedPolicy({ candidates, features }: WindowSize, hidden: number): ActorCritic {
  const perCandidate = [
    ...denseParameters('dense1', features + 1, hidden),
    ...denseParameters('dense2', hidden, hidden),
  ];
  const over = layersOf(hidden, [hidden], 1);
  return {
    stateSize: candidates * features,
    actionSize: candidates,
    actor: {
      parameters: layersOf(features, [hidden, hidden], 1),
      forward: (tf, weights, states) =>
        tf.reshape(throughLayers(tf, weights, tf.reshape(states, [-1, features])), [-1, candidates]),
    },
    critic: {
      parameters: [...perCandidate, ...over],
      forward(tf, weights, states, actions) {
        const rows: Tensor2D = tf.reshape(states, [-1, features]);
        let value: Tensor2D = tf.concat([rows, tf.reshape(actions, [-1, 1])], 1);
        value = relu(tf, dense(tf, value, weights[0], weights[1]));
        value = relu(tf, dense(tf, value, weights[2], weights[3]));
        const pooled: Tensor2D = tf.mean(tf.reshape(value, [-1, candidates, hidden]), 1);
        return squeezed(tf, throughLayers(tf, weights.slice(perCandidate.length), pooled));
      },
    },
  };
}

/** Both networks have the same structure; the critic's fully connected layers see the actions too. */
function convPolicy(size: WindowSize, hidden: number): ActorCritic {
  const { candidates, features } = size;
  const [first, second] = CONV_FILTERS;
  const convolutions: Parameter[] = [
    { name: 'conv1/weight', shape: [3, 3, 1, first], fanIn: 9 },
    { name: 'conv1/bias', shape: [first], fanIn: 0 },
    { name: 'conv2/weight', shape: [3, 3, first, second], fanIn: 9 * first },
    { name: 'conv2/bias', shape: [second], fanIn: 0 },
  ];
  // the features are many: each convolution halves them, and the pooling both axes
  const flat = Math.ceil(candidates / 2) * Math.ceil(Math.ceil(Math.ceil(features / 2) / 2) / 2) * second;
  const connected = (inputs: number, outputs: number): Parameter[] => [
    ...denseParameters('dense1', inputs, hidden),
    ...denseParameters('dense2', hidden, hidden),
    ...outputParameters(hidden, outputs),
  ];
  return {
    stateSize: candidates * features,
    actionSize: candidates,
    actor: {
      parameters: [...convolutions, ...connected(flat, candidates)],
      forward: (tf, weights, states) =>
        throughLayers(tf, weights.slice(convolutions.length), convolved(tf, weights, states, size, flat)),
    },
    critic: {
      parameters: [...convolutions, ...connected(flat + candidates, 1)],
      forward(tf, weights, states, actions) {
        const seen = tf.concat([convolved(tf, weights, states, size, flat), actions], 1);
        return squeezed(tf, throughLayers(tf, weights.slice(convolutions.length), seen));
      },
    },
  };
}

function convolved(
  tf: Tf,
  weights: readonly tfTypes.Tensor[],
  states: Tensor2D,
  { candidates, features }: WindowSize,
  flat: number,
): Tensor2D {
  let plane: Tensor4D = tf.reshape(states, [-1, candidates, features, 1]);
  for (const layer of [0, 2]) {
    const filtered = tf.conv2d(plane, weights[layer] as Tensor4D, [1, 2], 'same');
    plane = relu(tf, tf.add(filtered, weights[layer + 1] as Tensor1D));
  }
  return tf.reshape(tf.maxPool(plane, 2, 2, 'same'), [-1, flat]);
}
