import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import {
  ActiveLearner,
  type ActiveLearnerOptions,
  type QueryContext,
  type QueryStrategy,
  refusingOracle,
  SKIPPED,
} from '../../src/index.js';
import { blobs } from '../helpers/blobs.js';
import { CentroidModel } from '../helpers/centroid-model.js';

const CLASSES = 3;
const SIZE = 100;
const pool = blobs(SIZE, CLASSES, 2, { spread: 1.2 });
const apart = blobs(30, CLASSES, 2, { seed: 9 });

function learnerWith(options: Partial<ActiveLearnerOptions> = {}): ActiveLearner {
  const model = new CentroidModel(CLASSES);
  return new ActiveLearner({ model, strategy: 'margin', pool: pool.samples, oracle: pool.labels, seed: 1, ...options });
}

/** Buys half of what it is asked for, and gives the labels back when the validation accuracy falls. */
function haggler(seen: (context: QueryContext) => void = () => undefined): QueryStrategy {
  return {
    name: 'haggler',
    needs: ['oracle'],
    async query(context, n) {
      const { interactive, seed } = context;
      const market = interactive!;
      const before = await market.evaluate('validation');
      const start = seed % context.unlabeled.length;
      const wish = [...context.unlabeled.subarray(start), ...context.unlabeled.subarray(0, start)].slice(
        0,
        Math.ceil(n / 2),
      );
      const half = Uint32Array.from(wish);
      const labels = await market.label(half);
      await market.fit();
      const after = await market.evaluate('validation');
      seen(context);
      const bought = half.filter((_, at) => labels[at] !== SKIPPED);
      if (after.accuracy >= before.accuracy) return { indices: bought };
      market.release(bought);
      return { indices: new Uint32Array(0) };
    },
  };
}

test('a share of the pool is held: never asked about, never trained on, counted apart', async (t) => {
  const asked: number[] = [];
  const oracle = (indices: Uint32Array) => {
    asked.push(...indices);
    return [...indices].map((index) => pool.labels[index]!);
  };
  const learner = learnerWith({ oracle, validation: 0.2 });
  t.is(learner.held.length, 20);
  const { rounds, labels, validationLabels, stop } = await learner.run({ budget: 100, batch: 30 });
  t.deepEqual([labels, validationLabels, stop, asked.length], [80, 20, 'pool', 100]);
  t.deepEqual(asked.slice(0, 20), [...learner.held]);
  t.false(learner.labeled.some((index) => learner.held.includes(index)));
  t.true(rounds.every(({ validation }) => validation!.labels === 20 && validation!.accuracy > 0.3));
  await t.throwsAsync(learner.teach([learner.held[0]!], [0]), { message: /held for validation/ });
  t.notDeepEqual(learnerWith({ validation: 0.2, seed: 2 }).held, learner.held);
});

test('the share respects groups and ids', async (t) => {
  const groups = Array.from({ length: SIZE }, (_, index) => index % 25);
  const learner = learnerWith({ groups, validation: 0.2 });
  const inside = new Set([...learner.held].map((index) => groups[index]));
  t.is(learner.held.length, 20);
  t.true(learner.unlabeled.every((index) => !inside.has(groups[index])));
  const twins = learnerWith({ ids: groups, validation: 0.2 });
  const { validationLabels } = await twins.run({ budget: 3, batch: 3 });
  t.deepEqual([twins.held.length, validationLabels], [20, 5]);
});

test('validation samples may be given, and refused ones are left out', async (t) => {
  const given = learnerWith({ validation: apart, oracle: undefined });
  const round = await given.teach([0, 1, 2], [0, 1, 2]);
  t.deepEqual([round.validation!.labels, given.held.length], [0, 0]);
  const some = learnerWith({
    validation: 0.2,
    oracle: refusingOracle(pool.labels, { refuse: (index) => index % 2 === 0 }),
  });
  const { validationLabels } = await some.run({ budget: 5, batch: 5 });
  t.is(validationLabels, [...some.held].filter((index) => index % 2 === 1).length);
  t.throws(() => learnerWith({ validation: 0.2, oracle: undefined }), {
    message: /an oracle that labels the validation/,
  });
  t.throws(() => learnerWith({ validation: 1 }), { code: 'ERR_QUERENT_ARGUMENT', message: /above 0 and below 1/ });
  t.throws(() => learnerWith({ validation: 0.001 }), { code: 'ERR_QUERENT_SHAPE', message: /both sides/ });
});

test('an interactive strategy buys at most its batch, and what it gives back stays paid', async (t) => {
  const learner = learnerWith({ strategy: haggler(), validation: 0.2 });
  const { rounds, labels } = await learner.run({ budget: 40, batch: 8, initial: 6 });
  t.true(labels <= 40);
  t.is(rounds[0]!.labels, 6);
  rounds.slice(1).forEach((round, at) => {
    t.true(round.labels - rounds[at]!.labels <= 8);
    t.true(round.cost >= rounds[at]!.cost);
  });
  t.is(rounds.at(-1)!.labels, learner.bought);
  t.true(learner.labeled.length < learner.bought); // some were given back
  t.true(rounds.some(({ seconds }) => seconds.train > 0));
});

test('released labels are free when picked again, and are not asked for again', async (t) => {
  const asked: number[] = [];
  const remaining: number[] = [];
  const strategy: QueryStrategy = {
    name: 'undecided',
    needs: ['oracle'],
    async query({ interactive, unlabeled }, n) {
      const market = interactive!;
      const some = unlabeled.slice(0, n);
      remaining.push(market.remaining);
      const first = await market.label(some);
      remaining.push(market.remaining);
      market.release(some);
      t.deepEqual(await market.label(some), first);
      remaining.push(market.remaining);
      await t.throwsAsync(market.label(unlabeled.slice(n, n + 1)), { message: /at most 0 labels to buy, got 1/ });
      await t.throwsAsync(market.label(some), { message: /unlabelled samples/ });
      return { indices: some };
    },
  };
  const oracle = (indices: Uint32Array) => {
    asked.push(...indices);
    return [...indices].map((index) => pool.labels[index]!);
  };
  const learner = learnerWith({ strategy, oracle, validation: apart });
  const { labels } = await learner.run({ budget: 9, batch: 3, initial: 3 });
  t.deepEqual([labels, asked.length], [9, 9]);
  t.deepEqual(remaining, [3, 0, 0, 3, 0, 0]);
});

test('the context of an interactive strategy is live', async (t) => {
  t.plan(2);
  const strategy: QueryStrategy = {
    name: 'watchful',
    needs: ['oracle'],
    async query(context, n) {
      const before = context.unlabeled.length;
      const some = context.unlabeled.slice(0, n);
      const labels = await context.interactive!.label(some);
      t.is(context.unlabeled.length, before - n);
      t.deepEqual([...context.labels.slice(-n)], [...labels]);
      return { indices: some };
    },
  };
  await learnerWith({ strategy, validation: apart }).run({ budget: 8, batch: 4, initial: 4 });
});

test('a strategy that buys nothing ends the run, one that names what it did not buy is caught', async (t) => {
  const idle: QueryStrategy = { name: 'idle', needs: ['oracle'], query: async () => ({ indices: new Uint32Array(0) }) };
  const { stop, reason } = await learnerWith({ strategy: idle, validation: apart }).run({ budget: 8, batch: 4 });
  t.deepEqual([stop, reason], ['strategy', 'strategy idle bought no label']);
  const rogue: QueryStrategy = { ...idle, query: async ({ unlabeled }) => ({ indices: unlabeled.slice(0, 1) }) };
  await t.throwsAsync(learnerWith({ strategy: rogue, validation: apart }).run({ budget: 8, batch: 4 }), {
    code: 'ERR_QUERENT_STRATEGY',
    message: /samples that it labelled in this query/,
  });
});

test('an interactive strategy needs an oracle and validation samples', (t) => {
  const strategy = haggler();
  t.throws(() => learnerWith({ strategy }), {
    code: 'ERR_QUERENT_UNAVAILABLE',
    message: /needs oracle.*pass validation$/,
  });
  t.throws(() => learnerWith({ strategy, oracle: undefined, validation: apart }), { message: /pass oracle$/ });
  const groups = new Array<number>(SIZE).fill(0);
  t.throws(() => learnerWith({ strategy, groups, validation: apart }), { message: /grouping 'apart'/ });
  t.notThrows(() => learnerWith({ strategy, groups, grouping: 'apart', validation: apart }));
});

test('an interactive run that was stopped after any round goes on as if it had not been', async (t) => {
  const options = { strategy: haggler(), validation: 0.2 };
  const whole = await learnerWith(options).run({ budget: 30, batch: 6, initial: 5 });
  for (let last = 0; last < whole.rounds.length - 1; last += 2) {
    const dir = await mkdtemp(join(tmpdir(), 'querent-interactive-'));
    const learner = learnerWith(options);
    const controller = new AbortController();
    const stopped = learner.run({
      budget: 30,
      batch: 6,
      initial: 5,
      signal: controller.signal,
      onRound: async ({ round }) => {
        await learner.snapshot(dir);
        if (round === whole.rounds[last]!.round) controller.abort(new Error('stop'));
      },
    });
    await t.throwsAsync(stopped, { message: 'stop' });
    const around = { model: CentroidModel, strategy: haggler(), oracle: pool.labels };
    const { rounds } = await (await ActiveLearner.restore(dir, around)).run({ budget: 30, batch: 6 });
    const plain = (list: typeof rounds) => list.map(({ seconds: _, ...round }) => round);
    t.deepEqual(plain(rounds), plain(whole.rounds.slice(last + 1)));
  }
});

test('a budget in cost units holds for interactive strategies too', async (t) => {
  const costs = (index: number) => 1 + (index % 4);
  const { cost, stop } = await learnerWith({ strategy: haggler(), validation: apart, costs }).run({
    budget: 33,
    batch: 6,
  });
  t.true(cost <= 33 && cost > 20);
  t.true(['budget', 'strategy'].includes(stop));
});
