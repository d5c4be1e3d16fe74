import test from 'ava';
import { initialWeights, parameterCount } from '../../src/models/network.js';
import type { ActorCritic } from '../../src/rl/ddpg/actor-critic.js';
import { tensors } from '../../src/rl/ddpg/update.js';
import { POLICIES, policyNetworks } from '../../src/rl/sral/policies.js';
import { loadTensorflow } from '../../src/tensorflow/load.js';
import { Random } from '../../src/index.js';

const SIZE = { candidates: 5, features: 11 };

/** Actions [A] and value of one state. */
async function look(nets: ActorCritic, state: Float32Array, action: Float32Array) {
  const { tf } = await loadTensorflow();
  return tf.tidy(() => {
    const weights = (part: ActorCritic['actor'] | ActorCritic['critic'], seed: number) =>
      tensors(tf, part.parameters, initialWeights(part, seed));
    const states = tf.tensor2d(state, [1, nets.stateSize]);
    const actions = nets.actor.forward(tf, weights(nets.actor, 1), states);
    const value = nets.critic.forward(tf, weights(nets.critic, 2), states, tf.tensor2d(action, [1, nets.actionSize]));
    return { actions: [...actions.dataSync()], value: [...value.dataSync()], shapes: [actions.shape, value.shape] };
  });
}

const random = new Random(1, 1);
const state = Float32Array.from({ length: 55 }, () => random.normal());
const action = Float32Array.from({ length: 5 }, () => 2 * random.float() - 1);

for (const policy of POLICIES) {
  test(`${policy}: an action for every candidate and one value`, async (t) => {
    const { shapes } = await look(policyNetworks(policy, SIZE, 16), state, action);
    t.deepEqual(shapes, [[1, 5], [1]]);
  });

  test(`${policy}: windows of one candidate with one feature`, async (t) => {
    const nets = policyNetworks(policy, { candidates: 1, features: 1 }, 4);
    const { shapes } = await look(nets, Float32Array.of(1), Float32Array.of(0.5));
    t.deepEqual(shapes, [[1, 1], [1]]);
  });
}

test('shared: the order of the candidates does not matter', async (t) => {
  const nets = policyNetworks('shared', SIZE, 16);
  const order = [3, 0, 4, 1, 2];
  const turned = Float32Array.from(order.flatMap((row) => [...state.slice(row * 11, (row + 1) * 11)]));
  const before = await look(nets, state, action);
  const after = await look(
    nets,
    turned,
    Float32Array.from(order, (row) => action[row]!),
  );
  order.forEach((row, at) => t.true(Math.abs(after.actions[at]! - before.actions[row]!) < 1e-6));
  t.true(Math.abs(after.value[0]! - before.value[0]!) < 1e-6);
});

test('the critic sees the actions', async (t) => {
  for (const policy of POLICIES) {
    const nets = policyNetworks(policy, SIZE, 16);
    const [one, other] = [
      await look(nets, state, action),
      await look(
        nets,
        state,
        action.map((a) => -a),
      ),
    ];
    t.not(one.value[0], other.value[0], policy);
    t.deepEqual(one.actions, other.actions);
  }
});

test('the five layers of mlp and the convolutions of conv have the sizes that were described', (t) => {
  const mlp = policyNetworks('mlp', SIZE, 16);
  t.is(parameterCount(mlp.actor), 56 * 16 + 3 * 17 * 16 + 17 * 5);
  t.is(parameterCount(mlp.critic), 61 * 16 + 3 * 17 * 16 + 17);
  const conv = policyNetworks('conv', SIZE, 16);
  // (5, 11) → (5, 6) → (5, 3) → pooled (3, 2), 16 filters
  const flat = 3 * 2 * 16;
  t.is(parameterCount(conv.actor), 10 * 8 + (72 + 1) * 16 + (flat + 1) * 16 + 17 * 16 + 17 * 5);
  t.is(parameterCount(conv.critic), 10 * 8 + (72 + 1) * 16 + (flat + 5 + 1) * 16 + 17 * 16 + 17);
});
