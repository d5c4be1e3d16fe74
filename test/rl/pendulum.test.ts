import { readFileSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import { Pendulum } from '../../src/rl/environments/pendulum.js';
import { firstDifference } from '../helpers/values.js';

interface Trajectory {
  readonly start: readonly [number, number];
  readonly actions: readonly number[];
  readonly thetas: readonly number[];
  readonly omegas: readonly number[];
  readonly rewards: readonly number[];
  readonly observation: readonly number[];
  readonly truncated: boolean;
}

const golden = JSON.parse(readFileSync(new URL('../golden/pendulum.json', import.meta.url), 'utf8')) as {
  trajectories: readonly Trajectory[];
};

/** Sines differ by an ulp between libraries, and an upright pendulum multiplies that; single steps agree to 1e-14. */
const TOLERANCE = 1e-9;

test('trajectories are those of Gymnasium', (t) => {
  for (const { start, actions, thetas, omegas, rewards, observation, truncated } of golden.trajectories) {
    const pendulum = new Pendulum();
    pendulum.start(...start);
    const steps = actions.map((action) => ({
      ...pendulum.step([action]),
      theta: pendulum.theta,
      omega: pendulum.omega,
    }));
    const compare = (own: readonly number[], wanted: readonly number[]): void => {
      t.is(firstDifference(own, wanted, 0, TOLERANCE), '');
    };
    compare(
      steps.map(({ theta }) => theta),
      thetas,
    );
    compare(
      steps.map(({ omega }) => omega),
      omegas,
    );
    compare(
      steps.map(({ reward }) => reward),
      rewards,
    );
    t.is(firstDifference(steps.at(-1)!.state, observation, 0, 1e-6), '');
    t.is(steps.at(-1)!.truncated, truncated);
  }
});

test('every single step is that of Gymnasium', (t) => {
  for (const { start, actions, thetas, omegas, rewards } of golden.trajectories) {
    let [theta, omega] = start;
    actions.forEach((action, i) => {
      const pendulum = new Pendulum();
      pendulum.start(theta, omega);
      const { reward } = pendulum.step([action]);
      const own = [pendulum.theta, pendulum.omega, reward];
      t.is(firstDifference(own, [thetas[i]!, omegas[i]!, rewards[i]!], 1e-14, 1e-14), '');
      [theta, omega] = [thetas[i]!, omegas[i]!];
    });
  }
});

test('a step by hand', (t) => {
  const pendulum = new Pendulum();
  t.deepEqual([...pendulum.start(Math.PI / 2, 1)], [...Float32Array.of(Math.cos(Math.PI / 2), 1, 1)]);
  const { reward } = pendulum.step([5]);
  // (15 · 1 + 3 · 2) · 0.05 = 1.05
  t.true(Math.abs(pendulum.omega - 2.05) < 1e-12);
  t.true(Math.abs(pendulum.theta - (Math.PI / 2 + 0.1025)) < 1e-12);
  t.true(Math.abs(reward + (Math.PI / 2) ** 2 + 0.1 + 0.004) < 1e-12);
});

test('the time limit cuts an episode after 200 steps and ends no task', (t) => {
  const pendulum = new Pendulum();
  pendulum.reset(3);
  for (let step = 1; step <= 200; step++) {
    const { terminated, truncated } = pendulum.step([0]);
    t.false(terminated);
    t.is(truncated, step === 200);
  }
  t.throws(() => pendulum.step([0]), { code: 'ERR_QUERENT_ARGUMENT', message: /within an episode/ });
  pendulum.reset(4);
  t.false(pendulum.step([0]).truncated);
});

test('a seed decides the start, anywhere in the ranges', (t) => {
  const pendulum = new Pendulum();
  const starts = Array.from({ length: 500 }, (_, seed) => {
    pendulum.reset(seed);
    return [pendulum.theta, pendulum.omega] as const;
  });
  pendulum.reset(7);
  t.deepEqual([pendulum.theta, pendulum.omega], [...starts[7]!]);
  const [thetas, omegas] = [starts.map(([theta]) => theta), starts.map(([, omega]) => omega)];
  for (const [values, limit] of [[thetas, Math.PI] as const, [omegas, 1] as const]) {
    t.true(values.every((value) => Math.abs(value) <= limit));
    t.true(Math.max(...values) > 0.95 * limit && Math.min(...values) < -0.95 * limit);
  }
});

test('speed, reward and state stay in their ranges', (t) => {
  const property = fc.property(fc.nat(), fc.array(fc.double({ min: -9, max: 9, noNaN: true })), (seed, torques) => {
    const pendulum = new Pendulum();
    pendulum.reset(seed);
    return torques.every((torque) => {
      const { state, reward } = pendulum.step([torque]);
      const isOnCircle = Math.abs(state[0]! ** 2 + state[1]! ** 2 - 1) < 1e-6;
      return isOnCircle && Math.abs(state[2]!) <= 8 && reward <= 0 && reward >= -(Math.PI ** 2 + 6.4 + 0.004);
    });
  });
  t.notThrows(() => fc.assert(property));
});

test('bad actions and starts are refused', (t) => {
  const pendulum = new Pendulum();
  t.throws(() => pendulum.step([0]), { code: 'ERR_QUERENT_ARGUMENT', message: /within an episode/ });
  pendulum.reset(1);
  for (const action of [[], [1, 2], [NaN]]) t.throws(() => pendulum.step(action), { code: 'ERR_QUERENT_ARGUMENT' });
  t.throws(() => pendulum.start(NaN, 0), { code: 'ERR_QUERENT_ARGUMENT' });
  t.notThrows(() => pendulum.step([Infinity]));
});
