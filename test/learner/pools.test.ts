import test from 'ava';
import fc from 'fast-check';
import {
  ActiveLearner,
  type ActiveLearnerOptions,
  costlyOracle,
  fixedPredictions,
  FixedPredictions,
  type Oracle,
  queryFrom,
  type QueryStrategy,
  refusingOracle,
  SKIPPED,
  splitByGroups,
} from '../../src/index.js';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blobs } from '../helpers/blobs.js';
import { CentroidModel } from '../helpers/centroid-model.js';

const CLASSES = 3;
const SIZE = 60;
const pool = blobs(SIZE, CLASSES, 2);

function learnerWith(options: Partial<ActiveLearnerOptions> = {}): ActiveLearner {
  const model = new CentroidModel(CLASSES);
  return new ActiveLearner({ model, strategy: 'margin', pool: pool.samples, oracle: pool.labels, seed: 1, ...options });
}

/** A strategy that picks in the order of a list. */
function ordered(order: readonly number[]): QueryStrategy {
  return {
    name: 'ordered',
    needs: [],
    async query({ unlabeled }, n) {
      const offered = new Set(unlabeled);
      const first = order.filter((index) => offered.has(index));
      const rest = [...unlabeled].filter((index) => !order.includes(index));
      return { indices: Uint32Array.from([...first, ...rest].slice(0, n)) };
    },
  };
}

// Prices

test('a budget in cost units is never exceeded, and picks that no longer fit are left out in order', async (t) => {
  const costs = (index: number) => (index === 4 ? 8 : 2);
  const strategy = ordered([3, 4, 5, 6]);
  const learner = learnerWith({ strategy, coldStart: strategy, costs });
  const { rounds, stop, reason, labels, cost } = await learner.run({ budget: 9, batch: 3 });
  t.deepEqual(
    rounds.map((round) => [[...round.indices], round.labels, round.cost]),
    [
      [[3, 5], 2, 4], // 4 would make it 10
      [[6, 0], 4, 8], // 4 is not even offered any more
    ],
  );
  t.deepEqual([stop, labels, cost], ['budget', 4, 8]);
  t.regex(reason, /no label fits into the rest of the budget: 4 labels are bought and 8 is paid of 9/);
});

test('whatever the prices, groups and refusals: never over budget, spending never falls, nothing asked twice', async (t) => {
  const settings = fc.record({
    prices: fc.array(fc.double({ min: 0.1, max: 5, noNaN: true }), { minLength: SIZE, maxLength: SIZE }),
    groups: fc.array(fc.integer({ min: 0, max: 20 }), { minLength: SIZE, maxLength: SIZE }),
    hasGroups: fc.boolean(),
    refused: fc.double({ min: 0, max: 0.6, noNaN: true }),
    skipCost: fc.double({ min: 0, max: 1, noNaN: true }),
    cost: fc.double({ min: 1, max: 60, noNaN: true }),
    labels: fc.integer({ min: 1, max: 40 }),
    batch: fc.integer({ min: 1, max: 12 }),
  });
  await fc.assert(
    fc.asyncProperty(settings, async ({ prices, groups, hasGroups, refused, skipCost, cost, labels, batch }) => {
      const asked: number[] = [];
      const inner = refusingOracle(pool.labels, { refuse: refused });
      const oracle: Oracle = (indices, options) => {
        asked.push(...indices);
        return inner(indices, options);
      };
      const learner = learnerWith({ oracle, costs: prices, skipCost, ...(hasGroups && { groups }) });
      const result = await learner.run({ budget: { cost, labels }, batch });
      t.true(result.cost <= cost && result.labels <= labels);
      t.is(new Set(asked).size, asked.length);
      result.rounds.forEach((round, at) => t.true(at === 0 || round.cost >= result.rounds[at - 1]!.cost));
      t.true(['budget', 'pool'].includes(result.stop));
      t.is(learner.labeled.length + learner.unlabeled.length + learner.refused.length, SIZE);
    }),
    { numRuns: 40 },
  );
});

test("an oracle's prices are the learner's, and what classes cost is set aside before asking", async (t) => {
  const oracle = costlyOracle(pool.labels, { price: { perClass: [1, 2, 4] } });
  const { cost, labels, rounds } = await learnerWith({ oracle }).run({ budget: 20, batch: 5 });
  t.true(cost <= 20 && cost > 16);
  t.is(rounds.at(-1)!.labels, labels);
  const expected = rounds
    .flatMap(({ indices }) => [...indices])
    .reduce((sum, i) => sum + [1, 2, 4][pool.labels[i]!]!, 0);
  t.is(cost, expected);
  const dear: Oracle = (indices) => ({ labels: [...indices].map(() => 0), costs: [...indices].map(() => 2) });
  await t.throwsAsync(learnerWith({ oracle: dear }).run({ budget: 5, batch: 1 }), {
    code: 'ERR_QUERENT_VALUE',
    message: /cost at most 1, got 2/,
  });
});

test('budgets and prices that cannot be are refused', async (t) => {
  const run = (budget: never) => learnerWith().run({ budget, batch: 1 });
  await t.throwsAsync(run({} as never), { code: 'ERR_QUERENT_ARGUMENT', message: /\{ labels, cost \} for budget/ });
  await t.throwsAsync(run({ cost: 0 } as never), { code: 'ERR_QUERENT_ARGUMENT', message: /budget.cost/ });
  await t.throwsAsync(run(NaN as never), { code: 'ERR_QUERENT_ARGUMENT' });
  t.throws(() => learnerWith({ costs: [1, 2] }), { code: 'ERR_QUERENT_SHAPE' });
  t.throws(() => learnerWith({ costs: () => -1 }), { code: 'ERR_QUERENT_VALUE', message: /positive price/ });
  t.throws(() => learnerWith({ skipCost: 2 }), { code: 'ERR_QUERENT_ARGUMENT' });
});

// Groups and ids

test('samples of a group are asked together, whole, in the order of the picks', async (t) => {
  const groups = Array.from({ length: SIZE }, (_, index) => `patient ${Math.floor(index / 4)}`);
  const strategy = ordered([9, 1, 20, 30, 40]);
  const learner = learnerWith({ strategy, coldStart: strategy, groups });
  t.deepEqual([...(await learner.query(9)).indices], [9, 8, 10, 11, 1, 0, 2, 3]); // a third group would make it 12
  const { rounds } = await learner.run({ budget: 24, batch: 9 });
  t.deepEqual(
    rounds.map(({ indices }) => indices.length),
    [8, 8, 8],
  );
});

test('a group larger than the batch is asked as far as it goes, and its rest comes first', async (t) => {
  const groups = Array.from({ length: SIZE }, (_, index) => (index < 7 ? 0 : index));
  const strategy = ordered([5, 30, 31, 32]);
  const { rounds } = await learnerWith({ strategy, coldStart: ordered([5]), groups }).run({
    budget: 9,
    batch: 3,
    initial: 1,
  });
  t.deepEqual(
    rounds.map(({ indices }) => [...indices]),
    [[5], [0, 1, 2], [3, 4, 6], [30, 31]],
  );
});

test('grouping apart asks sample by sample', async (t) => {
  const groups = new Array<number>(SIZE).fill(0);
  const apart = await learnerWith({ groups, grouping: 'apart' }).query(5);
  t.deepEqual(apart.indices, (await learnerWith().query(5)).indices);
});

test('samples with the same id are offered once, answered together, paid once, and never asked again', async (t) => {
  const ids = Array.from({ length: SIZE }, (_, index) => `item ${index % 20}`);
  const asked: number[] = [];
  const learner = learnerWith({
    ids,
    oracle: (indices) => {
      asked.push(...indices);
      return [...indices].map((index) => index % CLASSES);
    },
  });
  t.deepEqual(
    [...learner.unlabeled],
    Array.from({ length: 20 }, (_, index) => index),
  );
  const { labels, stop } = await learner.run({ budget: 50, batch: 7 });
  t.deepEqual([labels, stop, asked.length], [20, 'pool', 20]);
  t.true(asked.every((index) => index < 20));
  t.is(learner.labeled.length, SIZE);
  learner.labeled.forEach((index, at) => t.is(learner.labels[at], (index % 20) % CLASSES));
  await learner.teach([45], [2]); // a correction of one is one of all
  t.deepEqual([5, 25, 45].map((index) => learner.labels[learner.labeled.indexOf(index)]), [2, 2, 2]); // prettier-ignore
  t.is(learner.bought, 20);
});

test('groups and ids that cannot be are refused', (t) => {
  t.throws(() => learnerWith({ groups: ['a'] }), { code: 'ERR_QUERENT_SHAPE', message: /one key per sample \(60\)/ });
  const keys = Array.from({ length: SIZE }, (_, index) => index);
  t.throws(() => learnerWith({ ids: keys.map((key) => (key === 3 ? NaN : key)) }), { message: /got NaN for sample 3/ });
  t.throws(() => learnerWith({ ids: keys.map((key) => key % 30), groups: keys }), { message: /same id in one group/ });
  t.throws(() => learnerWith({ groups: keys, grouping: 'sideways' as never }), { code: 'ERR_QUERENT_ARGUMENT' });
});

test('a split by groups never cuts one, takes about its share, and is the same for the same seed', (t) => {
  const draws = fc.record({
    groups: fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 20, maxLength: 80 }),
    share: fc.double({ min: 0.2, max: 0.8, noNaN: true }),
    seed: fc.nat(),
  });
  fc.assert(
    fc.property(draws, ({ groups, share, seed }) => {
      let split;
      try {
        split = splitByGroups(groups, share, { seed });
      } catch (error) {
        return (error as { code?: string }).code === 'ERR_QUERENT_SHAPE';
      }
      const held = new Set([...split.held].map((index) => groups[index]));
      return (
        split.held.length + split.rest.length === groups.length &&
        split.held.length <= Math.round(share * groups.length) &&
        [...split.rest].every((index) => !held.has(groups[index])) &&
        splitByGroups(groups, share, { seed }).held.join() === split.held.join()
      );
    }),
  );
  t.throws(() => splitByGroups([1, 1, 1], 0.5), { code: 'ERR_QUERENT_SHAPE', message: /both sides/ });
  t.throws(() => splitByGroups([1, 2], 1), { code: 'ERR_QUERENT_ARGUMENT' });
});

// Removing and refusing

test('labels that are taken back stay paid, are offered again, and are free', async (t) => {
  const learner = learnerWith({ strategy: ordered([2]) });
  await learner.teach([1, 2, 3], [1, 2, 0]);
  learner.remove([2]);
  t.deepEqual([...learner.labeled], [1, 3]);
  t.deepEqual([learner.bought, learner.cost, learner.unlabeled.includes(2)], [3, 3, true]);
  const { rounds } = await learner.run({ budget: 4, batch: 2 });
  t.deepEqual(
    rounds.map(({ labels, cost, indices }) => [labels, cost, [...indices]]),
    [
      [3, 3, []], // without it
      [4, 4, [2, 0]], // 2 is free
    ],
  );
  t.throws(() => learner.remove([50]), { code: 'ERR_QUERENT_ARGUMENT', message: /labels, got 50/ });
});

test('refused samples leave the pool, cost their share, and may be labelled after all', async (t) => {
  const learner = learnerWith({ skipCost: 0.25 });
  const { refused, cost, labels } = await learner.teach([0, 1, 2, 3], [0, SKIPPED, 2, SKIPPED]);
  t.deepEqual([[...refused!], cost, labels], [[1, 3], 2.5, 2]);
  t.false(learner.unlabeled.includes(3));
  learner.skip([5]);
  t.deepEqual([...learner.refused], [1, 3, 5]);
  t.is(learner.cost, 2.75);
  t.throws(() => learner.skip([0]), { code: 'ERR_QUERENT_ARGUMENT', message: /remove its label first/ });
  await learner.teach([3], [0]);
  t.deepEqual([[...learner.refused], learner.cost, learner.bought], [[1, 5], 3.75, 3]);
});

test('an oracle that refuses everything ends the run with the pool, one that answers nothing at once', async (t) => {
  const refuses = await learnerWith({ oracle: (indices) => [...indices].map(() => SKIPPED) }).run({
    budget: 5,
    batch: 7,
  });
  t.deepEqual([refuses.stop, refuses.labels, refuses.rounds.length], ['pool', 0, 0]);
  const silent = await learnerWith({ oracle: () => ({ indices: [], labels: [] }) }).run({ budget: 5, batch: 7 });
  t.is(silent.stop, 'oracle');
  t.regex(silent.reason, /answered none of 5 questions/);
});

test('answers to some questions are enough for a round; the rest stays in the pool', async (t) => {
  const oracle: Oracle = (indices) => ({ indices: indices.slice(0, 2), labels: [0, 1] });
  const { rounds } = await learnerWith({ oracle }).run({ budget: 6, batch: 5 });
  t.deepEqual(
    rounds.map(({ labels, picks }) => [labels, picks!.map(({ rank }) => rank)]),
    [
      [2, [1, 2]],
      [4, [1, 2]],
      [6, [1, 2]],
    ],
  );
});

test('a bad answer is an error, and nothing of the finished rounds is lost', async (t) => {
  const bad: [Oracle, string, RegExp][] = [
    [(indices) => [...indices].slice(1).map(() => 0), 'ERR_QUERENT_SHAPE', /one answer per question \(5\), got 4/],
    [(indices) => [...indices].map(() => 3), 'ERR_QUERENT_VALUE', /a class from 0 to 2, or -1 to skip/],
    [(indices) => [...indices].map(() => NaN), 'ERR_QUERENT_VALUE', /got NaN/],
    [() => 'yes' as never, 'ERR_QUERENT_ARGUMENT', /one class per question/],
    [() => ({ indices: [59, 59], labels: [0, 0] }), 'ERR_QUERENT_ARGUMENT', /every index once|were asked/],
    [(indices) => ({ indices: [indices[0]! === 0 ? 1 : 0], labels: [0] }), 'ERR_QUERENT_ARGUMENT', /were asked/],
    [(indices) => ({ labels: [...indices].map(() => 0), costs: [1] }), 'ERR_QUERENT_SHAPE', /one cost per answer/],
    [
      (indices) => ({ labels: [...indices].map(() => 0), costs: [...indices].map(() => -1) }),
      'ERR_QUERENT_VALUE',
      /cost/,
    ],
  ];
  for (const [wrong, code, message] of bad) {
    let calls = 0;
    const learner = learnerWith({
      oracle: (indices, options) =>
        ++calls === 2 ? wrong(indices, options) : [...indices].map((i) => pool.labels[i]!),
    });
    await t.throwsAsync(learner.run({ budget: 10, batch: 5 }), { code, message });
    t.is(learner.labeled.length, 5);
    const { rounds } = await learner.run({ budget: 10, batch: 5 });
    t.deepEqual([rounds.length, rounds[0]!.round, rounds[0]!.labels], [1, 1, 10]);
  }
});

test('any sequence of calls keeps the books: labelled, offered and refused share the pool, spending never falls', async (t) => {
  const size = 12;
  const indices = fc.uniqueArray(fc.integer({ min: 0, max: size - 1 }), { maxLength: 4 });
  const step = fc.oneof(
    fc.record({ what: fc.constant('teach' as const), indices, label: fc.integer({ min: -1, max: 2 }) }),
    fc.record({ what: fc.constant('remove' as const), indices }),
    fc.record({ what: fc.constant('skip' as const), indices }),
    fc.record({ what: fc.constant('query' as const), n: fc.integer({ min: 0, max: 15 }) }),
    fc.record({ what: fc.constant('run' as const), budget: fc.integer({ min: 1, max: 14 }) }),
  );
  const samples = { ...pool.samples, data: pool.samples.data.subarray(0, size * 2), rows: size };
  const steps = fc.record({ list: fc.array(step, { maxLength: 14 }), twins: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(steps, async ({ list, twins }) => {
      const ids = Array.from({ length: size }, (_, index) => (twins ? index % 9 : index));
      const learner = learnerWith({ pool: samples, oracle: pool.labels.subarray(0, size), ids, skipCost: 0.5 });
      let cost = 0;
      for (const one of list) {
        const before = [learner.labeled.join(), learner.labels.join(), learner.refused.join(), learner.cost].join('|');
        try {
          if (one.what === 'teach')
            await learner.teach(
              one.indices,
              one.indices.map(() => one.label),
            );
          if (one.what === 'remove') learner.remove(one.indices);
          if (one.what === 'skip') learner.skip(one.indices);
          if (one.what === 'query') {
            const { indices } = await learner.query(one.n);
            t.is(indices.length, Math.min(one.n, learner.unlabeled.length));
            t.true(indices.every((index) => learner.unlabeled.includes(index)));
          }
          if (one.what === 'run') {
            const spent = learner.bought;
            const { labels } = await learner.run({ budget: one.budget, batch: 3 });
            t.true(labels <= Math.max(one.budget, spent));
          }
        } catch (error) {
          const { code, message } = error as { code?: string; message: string };
          t.regex(code ?? '', /^ERR_QUERENT_(ARGUMENT|SHAPE)$/, message);
          const isRefusal = /at least one label/.test(message);
          const after = [learner.labeled.join(), learner.labels.join(), learner.refused.join(), learner.cost].join('|');
          if (!isRefusal) t.is(after, before);
        }
        const things = new Set(ids).size;
        const labeled = new Set([...learner.labeled].map((index) => ids[index]));
        t.is(labeled.size + learner.unlabeled.length + learner.refused.length, things);
        t.is(
          new Set([...learner.labeled, ...learner.unlabeled, ...learner.refused]).size,
          learner.labeled.length + learner.unlabeled.length + learner.refused.length,
        );
        t.true(learner.cost >= cost && learner.bought >= labeled.size);
        cost = learner.cost;
      }
    }),
    { numRuns: 150 },
  );
});

// Beginnings

test('cold start: random by default, or a strategy that looks at the samples', async (t) => {
  const farthest: QueryStrategy = {
    name: 'farthest',
    needs: ['embeddings'],
    async query({ unlabeled, embed, labeled }, n) {
      t.is(labeled.length, 0);
      const { data, cols } = await embed(unlabeled);
      t.deepEqual([data.length, cols], [SIZE * 2, 2]);
      const norm = (row: number) => data[row * 2]! ** 2 + data[row * 2 + 1]! ** 2;
      return { indices: unlabeled.slice().sort((a, b) => norm(b) - norm(a)).slice(0, n) }; // prettier-ignore
    },
  };
  const far = (index: number) => Math.hypot(pool.samples.data[index * 2]!, pool.samples.data[index * 2 + 1]!);
  const { indices, picks } = await learnerWith({ coldStart: farthest }).query(3);
  t.is(far(indices[0]!), Math.max(...Array.from({ length: SIZE }, (_, index) => far(index))));
  t.deepEqual(
    picks,
    [...indices].map((index, at) => ({ index, rank: at + 1 })),
  );
  t.deepEqual((await learnerWith({ coldStart: 'random' }).query(9)).indices, (await learnerWith().query(9)).indices);
  t.throws(() => learnerWith({ coldStart: 'entropy' }), {
    code: 'ERR_QUERENT_UNAVAILABLE',
    message: /strategy entropy needs probabilities, which there is not before the first labels/,
  });
});

test('explanations name prediction, confidence and the nearest labelled sample; or not', async (t) => {
  const learner = learnerWith();
  await learner.teach([0, 1, 2], [0, 1, 2]);
  const { indices, scores, picks } = await learner.query(4);
  for (const [at, pick] of picks.entries()) {
    const [x = 0, y = 0] = pool.samples.data.subarray(pick.index * 2);
    const distances = [0, 1, 2].map((i) =>
      Math.hypot(pool.samples.data[i * 2]! - x, pool.samples.data[i * 2 + 1]! - y),
    );
    t.is(pick.index, indices[at]!);
    t.is(pick.score!, scores![at]!);
    t.is(pick.nearestLabeled, distances.indexOf(Math.min(...distances)));
    t.true(Math.abs(pick.nearestDistance! - Math.min(...distances)) < 1e-6);
    t.true(pick.predicted! < CLASSES && pick.confidence! > 1 / CLASSES);
  }
  const quiet = learnerWith({ explain: false });
  await quiet.teach([0, 1, 2], [0, 1, 2]);
  t.deepEqual(Object.keys((await quiet.query(1)).picks[0]!), ['index', 'rank', 'score']);
  const { rounds } = await learner.run({ budget: 8, batch: 5 });
  t.deepEqual(rounds[0]!.picks!.map(({ index }) => index), [...rounds[0]!.indices]); // prettier-ignore
});

test('callbacks hear what is asked and what was answered', async (t) => {
  const heard: string[] = [];
  await learnerWith({ oracle: refusingOracle(pool.labels, { refuse: (index) => index % 2 === 1 }) }).run({
    budget: 6,
    batch: 4,
    onQuery: ({ round, indices, picks }) => void heard.push(`ask ${round} ${indices.length} ${picks.length}`),
    onLabels: ({ round, indices, refused, bought }) =>
      void heard.push(`got ${round} ${indices.length + refused.length} ${bought}`),
    onRound: ({ round, balance }) => void heard.push(`done ${round} ${balance.reduce((a, b) => a + b)}`),
  });
  t.is(heard[0], 'ask 0 4 4');
  t.regex(heard[1]!, /^got 0 4/);
  t.regex(heard.at(-1)!, /^done \d 6$/);
});

// Predictions only

test('a pool of predictions: the same picks as from a model that predicts them, without any model', async (t) => {
  const trained = new CentroidModel(CLASSES);
  await trained.fit(pool.samples, pool.labels);
  const probabilities = await trained.predictProba(pool.samples);
  const model = await fixedPredictions({ probabilities, embeddings: pool.samples });
  const learner = new ActiveLearner({ model, pool: model.pool, strategy: 'margin', oracle: pool.labels });
  const { rounds } = await learner.run({ budget: 12, batch: 4 });
  t.is(rounds.length, 3);
  const { picks } = await learner.query(3);
  const { labeled, labels } = learner;
  const expected = await queryFrom('margin', 3, { probabilities, embeddings: pool.samples, labeled, labels });
  t.deepEqual(picks, expected.picks);
  const dir = await mkdtemp(join(tmpdir(), 'querent-fixed-'));
  await learner.snapshot(dir);
  const restored = await ActiveLearner.restore(dir, { model: FixedPredictions });
  t.deepEqual((await restored.query(3)).picks, picks);
  t.throws(() => new ActiveLearner({ model, pool: model.pool, strategy: { ...ordered([]), needs: ['samples'] } }), {
    code: 'ERR_QUERENT_UNAVAILABLE',
  });
  await t.throwsAsync(fixedPredictions({ embeddings: pool.samples }), { code: 'ERR_QUERENT_SHAPE' });
  await t.throwsAsync(model.predictProba([[60]]), { code: 'ERR_QUERENT_SHAPE', message: /row numbers below 60/ });
});
