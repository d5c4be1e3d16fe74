import { mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { Random } from '../../src/index.js';
import { Adam } from '../../src/models/adam.js';
import { type ActorCritic, denseActorCritic } from '../../src/rl/ddpg/actor-critic.js';
import { Ddpg } from '../../src/rl/ddpg/ddpg.js';
import { createNoise, NOISES } from '../../src/rl/ddpg/noise.js';
import { practise } from '../../src/rl/ddpg/practice.js';
import { ddpgUpdate, easeToward } from '../../src/rl/ddpg/update.js';
import type { Environment } from '../../src/rl/environments/environment.js';
import { loadTensorflow } from '../../src/tensorflow/load.js';

const small = denseActorCritic({ stateSize: 3, actionSize: 2, hidden: [8] });
const UPDATE = { gamma: 0.99, tau: 0.01, actorRate: 0.001, criticRate: 0.001, saturationPenalty: 0 };

/** Networks that are one number each: Q = bias, whatever state and action are. */
const constant: ActorCritic = {
  stateSize: 1,
  actionSize: 1,
  actor: {
    parameters: [{ name: 'bias', shape: [1], fanIn: 0 }],
    forward: (tf, [bias], states) => tf.add(tf.mul(states, 0), bias!),
  },
  critic: {
    parameters: [{ name: 'bias', shape: [1], fanIn: 0 }],
    forward: (tf, [bias], _, actions) => tf.reshape(tf.add(tf.mul(actions, 0), bias!), [-1]),
  },
};

const adams = (actor: number, critic: number) => ({
  actor: new Adam(actor, undefined),
  critic: new Adam(critic, undefined),
});

function transitions(rows: number, stateSize: number, actionSize: number, seed = 1) {
  const random = new Random(seed, 70);
  const normals = (count: number) => Float32Array.from({ length: count }, () => random.normal());
  return {
    rows,
    state: normals(rows * stateSize),
    action: normals(rows * actionSize).map(Math.tanh),
    reward: normals(rows),
    nextState: normals(rows * stateSize),
    done: Float32Array.from({ length: rows }, () => Number(random.below(4) === 0)),
  };
}

function weightsOf(nets: ActorCritic, seed: number) {
  const random = new Random(seed, 71);
  const draw = (parameters: ActorCritic['actor']['parameters']) =>
    Float32Array.from(
      { length: parameters.reduce((n, { shape }) => n + shape.reduce((a, b) => a * b, 1), 0) },
      () => 0.5 * random.normal(),
    );
  const [actor, critic] = [draw(nets.actor.parameters), draw(nets.critic.parameters)];
  return { actor, critic, targetActor: draw(nets.actor.parameters), targetCritic: draw(nets.critic.parameters) };
}

test('the target of r = 0.02 and Q′ = 0.5 is 0.515, and of a last step the reward alone', async (t) => {
  const { tf } = await loadTensorflow();
  const weights = {
    actor: Float32Array.of(0),
    critic: Float32Array.of(0),
    targetActor: Float32Array.of(0),
    targetCritic: Float32Array.of(0.5),
  };
  const one = (value: number) => Float32Array.of(value, value);
  const batch = {
    rows: 2,
    state: one(0),
    action: one(0),
    reward: one(0.02),
    nextState: one(0),
    done: Float32Array.of(0, 1),
  };
  const { errors, criticLoss } = ddpgUpdate(tf, constant, weights, adams(1, 1), batch, UPDATE);
  t.true(Math.abs(errors[0]! - 0.515) < 1e-6);
  t.true(Math.abs(errors[1]! - 0.02) < 1e-6);
  t.true(Math.abs(criticLoss - (0.515 ** 2 + 0.02 ** 2) / 2) < 1e-6);
});

test('a target weight of 1 eases toward 3 by 0.01 to 1.02', (t) => {
  const slow = Float32Array.of(1, 0);
  easeToward(slow, Float32Array.of(3, 0), 0.01);
  t.true(Math.abs(slow[0]! - 1.02) < 1e-6);
  t.is(slow[1], 0);
});

test('the critic moves against its own gradient only, the actor along that of the value only', async (t) => {
  const { tf } = await loadTensorflow();
  const batch = transitions(16, 3, 2);
  const before = weightsOf(small, 3);
  const still = { ...UPDATE, tau: 1e-9 };
  const moved = (rates: object) => {
    const weights = Object.fromEntries(
      Object.entries(before).map(([name, values]) => [name, values.slice()]),
    ) as typeof before;
    ddpgUpdate(tf, small, weights, adams(before.actor.length, before.critic.length), batch, { ...still, ...rates });
    return Object.keys(before).filter((name) => {
      const key = name as keyof typeof before;
      return weights[key].some((value, at) => Math.abs(value - before[key][at]!) > 1e-5);
    });
  };
  t.deepEqual(moved({ actorRate: 1e-12 }), ['critic']);
  t.deepEqual(moved({ criticRate: 1e-12 }), ['actor']);
});

test('both gradients are those of central differences', async (t) => {
  const { tf } = await loadTensorflow();
  const batch = { ...transitions(12, 3, 2), weights: Float32Array.from({ length: 12 }, (_, i) => 0.5 + i / 24) };
  const options = { ...UPDATE, saturationPenalty: 0.05 };
  const start = weightsOf(small, 5);
  const lossesAt = (change: 'actor' | 'critic', at: number, by: number) => {
    const weights = Object.fromEntries(
      Object.entries(start).map(([name, values]) => [name, values.slice()]),
    ) as typeof start;
    weights[change][at]! += by;
    // a rate of almost nothing: the losses are those of the weights as they are
    return ddpgUpdate(tf, small, weights, adams(start.actor.length, start.critic.length), batch, {
      ...options,
      actorRate: 1e-12,
      criticRate: 1e-12,
    });
  };
  for (const [name, loss] of [
    ['critic', 'criticLoss'],
    ['actor', 'actorLoss'],
  ] as const) {
    const gradients: number[] = [];
    class Spy extends Adam {
      override update(_: Float32Array, gradient: Float32Array): void {
        gradients.push(...gradient);
      }
    }
    const optimizers = {
      ...adams(start.actor.length, start.critic.length),
      [name]: new Spy(start[name].length, undefined),
    };
    const weights = Object.fromEntries(
      Object.entries(start).map(([key, values]) => [key, values.slice()]),
    ) as typeof start;
    ddpgUpdate(tf, small, weights, optimizers, batch, { ...options, actorRate: 1e-12, criticRate: 1e-12 });
    for (let at = 0; at < gradients.length; at += 7) {
      const step = 2e-3;
      const slope = (lossesAt(name, at, step)[loss] - lossesAt(name, at, -step)[loss]) / (2 * step);
      t.true(
        Math.abs(slope - gradients[at]!) < 2e-3 + 0.02 * Math.abs(slope),
        `${name} ${at}: ${slope}, ${gradients[at]}`,
      );
    }
  }
});

const agentOf = (options: object = {}, seed = 4): Ddpg =>
  Ddpg.create(small, { learnAfter: 8, replayBatch: 8, ...options }, seed);

async function live(agent: Ddpg, steps: number, from = 0): Promise<void> {
  for (let step = from; step < from + steps; step++) {
    const { state, action, reward, nextState } = transitions(1, 3, 2, step);
    agent.remember({ state, action, reward: reward[0]!, nextState, done: step % 5 === 4 });
    await agent.learn();
  }
}

test('1000 updates leave no tensor behind', async (t) => {
  const { tf } = await loadTensorflow();
  const agent = agentOf();
  await live(agent, 20);
  const { numTensors } = tf.memory();
  await live(agent, 1000, 20);
  await agent.act(new Float32Array(6));
  t.is(tf.memory().numTensors, numTensors);
  t.is(agent.updates, 1020 - 8);
});

for (const options of [{}, { prioritized: true }]) {
  test(`an agent that was saved goes on exactly as one that was not ${JSON.stringify(options)}`, async (t) => {
    const dir = await mkdtemp(join(tmpdir(), 'querent-ddpg-'));
    const agent = agentOf(options);
    await live(agent, 30);
    await agent.save(dir, { note: 'mine' });
    let companion: unknown;
    const other = await Ddpg.load(dir, (found) => {
      companion = found;
      return small;
    });
    t.deepEqual(companion, { note: 'mine' });
    await live(agent, 30, 30);
    await live(other, 30, 30);
    const probe = transitions(5, 3, 2, 99).state;
    t.deepEqual(await other.act(probe), await agent.act(probe));
    t.is(other.updates, agent.updates);
    await other.save(dir);
    t.is((await readdir(dir)).filter((name) => name.startsWith('replay')).length, 1);
  });
}

test('agents differ by seed, and are the same for one', async (t) => {
  const acts = async (seed: number) => {
    const agent = agentOf({}, seed);
    await live(agent, 20);
    return agent.act(transitions(3, 3, 2).state);
  };
  t.deepEqual(await acts(1), await acts(1));
  t.notDeepEqual(await acts(1), await acts(2));
});

test('nothing is learned before enough is stored', async (t) => {
  const agent = agentOf({ learnAfter: 12 });
  await live(agent, 12);
  t.is(agent.updates, 0);
  await live(agent, 1, 12);
  t.is(agent.updates, 1);
});

test('options, states and files that cannot be are refused in words', async (t) => {
  t.throws(() => agentOf({ gamma: 1.5 }), { code: 'ERR_QUERENT_ARGUMENT', message: /gamma/ });
  t.throws(() => agentOf({ colour: 1 }), { code: 'ERR_QUERENT_ARGUMENT', message: /unknown option 'colour'/ });
  await t.throwsAsync(agentOf().act(new Float32Array(4)), {
    code: 'ERR_QUERENT_SHAPE',
    message: /states of 3 numbers/,
  });
  const dir = await mkdtemp(join(tmpdir(), 'querent-ddpg-'));
  await t.throwsAsync(
    Ddpg.load(dir, () => small),
    { code: 'ERR_QUERENT_STORAGE' },
  );
  const agent = agentOf();
  await live(agent, 3);
  await agent.save(dir);
  const other = denseActorCritic({ stateSize: 4, actionSize: 2, hidden: [8] });
  await t.throwsAsync(
    Ddpg.load(dir, () => other),
    { code: 'ERR_QUERENT_FORMAT', message: /states of 4 .* got 3/ },
  );
  const [replay] = (await readdir(dir)).filter((name) => name.startsWith('replay'));
  await writeFile(join(dir, replay!), 'x');
  await t.throwsAsync(
    Ddpg.load(dir, () => small),
    { code: 'ERR_QUERENT_FORMAT' },
  );
});

test('a loss that is not finite is an error that names it', async (t) => {
  const agent = agentOf({ learnAfter: 0 });
  const { state, action, nextState } = transitions(1, 3, 2);
  agent.remember({ state, action, reward: Infinity, nextState, done: true });
  await t.throwsAsync(agent.learn(), { code: 'ERR_QUERENT_VALUE', message: /loss of the critic became/ });
});

test('both kinds of noise have mean 0 and deviation 1; one of them holds on to its direction', (t) => {
  for (const kind of NOISES) {
    const noise = createNoise(kind, { random: new Random(3, 1) });
    const values = Array.from({ length: 20_000 }, () => noise.sample(1)[0]!);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    const lag =
      values.slice(1).reduce((sum, value, at) => sum + (value - mean) * (values[at]! - mean), 0) / values.length;
    t.true(Math.abs(mean) < 0.1, `${kind}: mean ${mean}`);
    t.true(Math.abs(variance - 1) < 0.12, `${kind}: variance ${variance}`);
    t.true(Math.abs(lag / variance - (kind === 'gaussian' ? 0 : 0.85)) < 0.05, `${kind}: ${lag / variance}`);
  }
});

test('noise goes on from its state', (t) => {
  for (const kind of NOISES) {
    const noise = createNoise(kind, { random: new Random(3, 1) });
    noise.sample(3);
    const copy = createNoise(kind, JSON.parse(JSON.stringify(noise.state())));
    t.deepEqual(copy.sample(3), noise.sample(3));
    noise.reset();
    copy.reset();
    t.deepEqual(copy.sample(2), noise.sample(2));
  }
});

test('a time limit ends an episode, and its last step is stored as one that goes on', async (t) => {
  const stored: boolean[] = [];
  const agent = agentOf({ learnAfter: 1000 });
  const remember = agent.remember.bind(agent);
  agent.remember = (transition) => {
    stored.push(transition.done);
    remember(transition);
  };
  let step = 0;
  let episodes = 0;
  const environment: Environment = {
    stateSize: 3,
    actionSize: 2,
    actionLimit: 2,
    reset() {
      episodes += 1;
      return new Float32Array(3);
    },
    step(action) {
      t.true(Array.from(action).every((value) => Math.abs(value) <= 2));
      step += 1;
      return { state: new Float32Array(3), reward: 1, terminated: step === 6, truncated: step % 3 === 0 };
    },
  };
  const returns: number[] = [];
  await practise(agent, environment, {
    steps: 9,
    warmup: 4,
    noise: 0.1,
    seed: 1,
    onEpisode: ({ return: earned }) => returns.push(earned),
  });
  t.deepEqual(stored, [false, false, false, false, false, true, false, false, false]);
  t.deepEqual(returns, [3, 3, 3]);
  t.is(episodes, 4);
});

test('practice stops at an abort', async (t) => {
  const abort = new AbortController();
  const environment: Environment = {
    stateSize: 3,
    actionSize: 2,
    actionLimit: 1,
    reset: () => new Float32Array(3),
    step() {
      abort.abort(new Error('enough'));
      return { state: new Float32Array(3), reward: 0, terminated: false, truncated: false };
    },
  };
  const run = practise(agentOf(), environment, { steps: 1e6, warmup: 0, noise: 1, seed: 1, signal: abort.signal });
  await t.throwsAsync(run, { message: 'enough' });
});
