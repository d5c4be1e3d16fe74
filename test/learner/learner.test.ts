import test from 'ava';
import fc from 'fast-check';
import {
  ActiveLearner,
  type ActiveLearnerOptions,
  createStrategy,
  type QueryStrategy,
  strategies,
} from '../../src/index.js';
import { blobs } from '../helpers/blobs.js';
import { CentroidModel } from '../helpers/centroid-model.js';

const CLASSES = 3;
const pool = blobs(120, CLASSES, 2);
const held = blobs(60, CLASSES, 2, { seed: 2 });

function learnerWith(options: Partial<ActiveLearnerOptions> = {}): ActiveLearner {
  return new ActiveLearner({
    model: new CentroidModel(CLASSES),
    strategy: 'margin',
    pool: pool.samples,
    oracle: pool.labels,
    test: held,
    seed: 1,
    ...options,
  });
}

test('a person can be in the loop: query, teach, query', async (t) => {
  const learner = learnerWith({ oracle: undefined });
  const first = await learner.query(10);
  t.is(first.indices.length, 10);
  const { round, labels, metrics } = await learner.teach(
    first.indices,
    [...first.indices].map((i) => pool.labels[i]!),
  );
  t.deepEqual([round, labels], [0, 10]);
  t.true(metrics!.accuracy > 0.5);
  const second = await learner.query(5);
  t.is(second.indices.length, 5);
  t.is(second.scores!.length, 5);
  t.true(second.indices.every((index) => !first.indices.includes(index)));
  t.deepEqual([...learner.labeled], [...first.indices]);
  t.is(learner.unlabeled.length, 110);
});

test('asking again before teaching gives the same answer, whatever the strategy', async (t) => {
  for (const [strategy, { needs }] of strategies) {
    if (needs.includes('oracle') || needs.includes('embeddings') || needs.includes('members')) continue;
    const learner = learnerWith({ strategy });
    t.deepEqual(await learner.query(8), await learner.query(8));
    await learner.run({ budget: 20, batch: 10 });
    const answer = await learner.query(8);
    t.deepEqual(await learner.query(8), answer, strategy);
    await learner.run({ budget: 30, batch: 10 });
    t.notDeepEqual(await learner.query(8), answer, strategy);
  }
});

test('the initial samples are the same for every strategy and differ by seed', async (t) => {
  const firsts = await Promise.all(
    ['random', 'margin', 'entropy'].map(async (strategy) => (await learnerWith({ strategy }).query(12)).indices),
  );
  t.deepEqual(firsts[1], firsts[0]);
  t.deepEqual(firsts[2], firsts[0]);
  t.notDeepEqual((await learnerWith({ seed: 2 }).query(12)).indices, firsts[0]);
});

test('a run never buys more than its budget and never twice, whatever the sizes', async (t) => {
  const sizes = fc.record({
    size: fc.integer({ min: 1, max: 40 }),
    initial: fc.integer({ min: 1, max: 50 }),
    batch: fc.integer({ min: 1, max: 50 }),
    budget: fc.integer({ min: 1, max: 60 }),
  });
  const holds = async ({
    size,
    initial,
    batch,
    budget,
  }: {
    size: number;
    initial: number;
    batch: number;
    budget: number;
  }) => {
    const bought: number[] = [];
    const learner = learnerWith({
      pool: { data: pool.samples.data.subarray(0, size * 2), rows: size, cols: 2 },
      oracle: (indices) => {
        bought.push(...indices);
        return [...indices].map((index) => pool.labels[index]!);
      },
    });
    const { rounds, stop } = await learner.run({ budget, batch, initial });
    const whole = Math.min(budget, size);
    return (
      bought.length === whole &&
      new Set(bought).size === whole &&
      learner.labeled.join() === bought.join() &&
      rounds.every(({ round }, at) => round === at) &&
      rounds[0]!.labels === Math.min(initial, whole) &&
      rounds.at(-1)!.labels === whole &&
      stop === (size >= budget ? 'budget' : 'pool')
    );
  };
  await t.notThrowsAsync(() => fc.assert(fc.asyncProperty(sizes, holds), { numRuns: 60 }));
});

test('the labels that were there before a run count for its budget', async (t) => {
  const learner = learnerWith();
  await learner.teach([0, 1, 2], [0, 1, 2]);
  const { rounds } = await learner.run({ budget: 10, batch: 4 });
  t.deepEqual(
    rounds.map(({ labels }) => labels),
    [7, 10],
  );
});

test('the same seed gives the same rounds', async (t) => {
  const rounds = async (seed: number) => {
    const result = await learnerWith({ seed }).run({ budget: 60, batch: 10, initial: 5 });
    return result.rounds.map(({ seconds: _, ...round }) => round);
  };
  t.deepEqual(await rounds(4), await rounds(4));
  t.notDeepEqual(await rounds(4), await rounds(5));
});

test('teaching a labelled sample corrects it and costs nothing', async (t) => {
  const learner = learnerWith();
  await learner.teach([3, 4, 5], [0, 1, 2]);
  const { round, labels, indices } = await learner.teach([4], [2]);
  t.deepEqual([round, labels, indices.length], [0, 3, 0]);
  t.deepEqual([...learner.labeled], [3, 4, 5]);
  t.deepEqual([...learner.labels], [0, 2, 2]);
});

test('wrong labels and indices are refused whole, and nothing of them is kept', async (t) => {
  const learner = learnerWith();
  await t.throwsAsync(learner.teach([1, 2], [0, 3]), {
    code: 'ERR_QUERENT_VALUE',
    message: /labels from 0 to 2, got 3 at position 1/,
  });
  await t.throwsAsync(learner.teach([1, 120], [0, 1]), {
    code: 'ERR_QUERENT_ARGUMENT',
    message: /indices from 0 to 119, got 120/,
  });
  await t.throwsAsync(learner.teach([1, 1], [0, 1]), {
    code: 'ERR_QUERENT_ARGUMENT',
    message: /every index once, got 1 again/,
  });
  await t.throwsAsync(learner.teach([1, 2], [0]), {
    code: 'ERR_QUERENT_SHAPE',
    message: /one label per sample \(2\), got 1/,
  });
  await t.throwsAsync(learner.teach([1], [NaN]), { code: 'ERR_QUERENT_VALUE' });
  await t.throwsAsync(learner.teach([], []), { code: 'ERR_QUERENT_SHAPE' });
  t.is(learner.labeled.length, 0);
});

test('pools, classes and names that cannot be are refused with the reason', (t) => {
  t.throws(() => learnerWith({ pool: { data: new Float32Array(0), rows: 0, cols: 2 } }), {
    code: 'ERR_QUERENT_SHAPE',
    message: /at least one sample/,
  });
  const data = pool.samples.data.slice();
  data[21] = NaN;
  t.throws(() => learnerWith({ pool: { ...pool.samples, data } }), {
    code: 'ERR_QUERENT_VALUE',
    message: /NaN in row 10, column 1/,
  });
  t.throws(() => learnerWith({ classes: 4 }), { code: 'ERR_QUERENT_ARGUMENT', message: /model's 3 classes, got 4/ });
  t.throws(() => learnerWith({ model: 'logistic' }), { code: 'ERR_QUERENT_ARGUMENT', message: /classes/ });
  t.throws(() => learnerWith({ strategy: 'marginn' }), { code: 'ERR_QUERENT_ARGUMENT', message: /expected 'random'/ });
  t.throws(() => learnerWith({ oracle: [1, 2] }), {
    code: 'ERR_QUERENT_ARGUMENT',
    message: /one label per pool sample \(120\) for oracle, got 2/,
  });
});

test('a strategy is refused when the model cannot serve it', (t) => {
  const strategy: QueryStrategy = {
    name: 'wish',
    needs: ['members'],
    query: async () => ({ indices: new Uint32Array(0) }),
  };
  t.throws(() => learnerWith({ strategy }), {
    code: 'ERR_QUERENT_UNAVAILABLE',
    message: /wish needs members.*centroid offers probabilities/,
  });
});

test('a strategy that breaks the law is caught', async (t) => {
  for (const picks of [[0, 0], [0], [0, 500], [7, 8]]) {
    const strategy: QueryStrategy = {
      name: 'rogue',
      needs: [],
      query: async () => ({ indices: Uint32Array.from(picks) }),
    };
    const learner = learnerWith({ strategy });
    await learner.teach([7], [1]);
    await t.throwsAsync(learner.query(2), {
      code: 'ERR_QUERENT_STRATEGY',
      message: /strategy rogue: expected 2 distinct unlabelled/,
    });
  }
});

test('query gives what is left and then nothing', async (t) => {
  const learner = learnerWith();
  await learner.run({ budget: 117, batch: 60 });
  t.is((await learner.query(10)).indices.length, 3);
  await learner.run({ budget: 200, batch: 60 });
  t.is((await learner.query(10)).indices.length, 0);
  t.is((await learner.query(0)).indices.length, 0);
  await t.throwsAsync(learner.query(-1), { code: 'ERR_QUERENT_ARGUMENT' });
  await t.throwsAsync(learner.query(1.5), { code: 'ERR_QUERENT_ARGUMENT' });
});

test('the oracle may take its time, and its answers are checked', async (t) => {
  const slow = learnerWith({
    oracle: async (indices) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return [...indices].map((index) => pool.labels[index]!);
    },
  });
  t.is((await slow.run({ budget: 20, batch: 10 })).rounds.length, 2);
  await t.throwsAsync(learnerWith({ oracle: () => [9] }).run({ budget: 1, batch: 1 }), { code: 'ERR_QUERENT_VALUE' });
  await t.throwsAsync(learnerWith({ oracle: () => [] }).run({ budget: 1, batch: 1 }), { code: 'ERR_QUERENT_SHAPE' });
  await t.throwsAsync(learnerWith({ oracle: undefined }).run({ budget: 1, batch: 1 }), {
    message: /expected an oracle/,
  });
});

test('an aborted run throws the reason, keeps its labels, and can be gone on with', async (t) => {
  const controller = new AbortController();
  const learner = learnerWith();
  const stopped = learner.run({
    budget: 60,
    batch: 10,
    signal: controller.signal,
    onRound: ({ round }) => {
      if (round === 2) controller.abort(new Error('lunch'));
    },
  });
  await t.throwsAsync(stopped, { message: 'lunch' });
  t.is(learner.labeled.length, 30);
  const { rounds } = await learner.run({ budget: 60, batch: 10 });
  const whole = await learnerWith().run({ budget: 60, batch: 10 });
  const picks = (list: typeof rounds) => list.map(({ indices }) => indices.join());
  t.deepEqual(picks(rounds), picks(whole.rounds.slice(3)));
});

test('an abort while the model trains keeps the labels that were paid for', async (t) => {
  const controller = new AbortController();
  const learner = learnerWith({
    oracle: (indices) => {
      if (learner.labeled.length >= 20) setImmediate(() => controller.abort(new Error('now')));
      return [...indices].map((index) => pool.labels[index]!);
    },
  });
  await t.throwsAsync(learner.run({ budget: 60, batch: 10, signal: controller.signal }), { message: 'now' });
  t.is(learner.labeled.length, 30);
  const { rounds } = await learner.run({ budget: 60, batch: 10 });
  t.deepEqual(
    rounds.map(({ round, labels }) => [round, labels]),
    [
      [2, 30],
      [3, 40],
      [4, 50],
      [5, 60],
    ],
  );
});

test('answers that arrive after the abort are kept too: a person has worked for them', async (t) => {
  const controller = new AbortController();
  const learner = learnerWith({
    oracle: async (indices) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      controller.abort(new Error('closing time'));
      return [...indices].map((index) => pool.labels[index]!);
    },
  });
  await t.throwsAsync(learner.run({ budget: 60, batch: 10, signal: controller.signal }), { message: 'closing time' });
  t.is(learner.labeled.length, 10);
});

test('a second call while one is under way is an error, and a round may still take a snapshot of itself', async (t) => {
  const learner = learnerWith();
  const run = learner.run({ budget: 20, batch: 10 });
  await t.throwsAsync(learner.query(1), { code: 'ERR_QUERENT_BUSY' });
  await run;
  t.is((await learner.query(1)).indices.length, 1);
});

test('every round trains from scratch with a seed of its own, or warm when asked', async (t) => {
  const model = new CentroidModel(CLASSES);
  await learnerWith({ model }).run({ budget: 30, batch: 10 });
  t.is(new Set(model.fits.map(({ seed }) => seed)).size, 3);
  t.deepEqual(
    model.fits.map(({ count, warmStart }) => [count, warmStart]),
    [
      [10, false],
      [20, false],
      [30, false],
    ],
  );
  const warm = new CentroidModel(CLASSES);
  await learnerWith({ model: warm, warmStart: true }).run({ budget: 20, batch: 10 });
  t.true(warm.fits.every(({ warmStart }) => warmStart === true));
});

test('the pool that was given is never written to', async (t) => {
  const before = pool.samples.data.slice();
  await learnerWith({ strategy: createStrategy('entropy') }).run({ budget: 40, batch: 10 });
  t.deepEqual(pool.samples.data, before);
});

test('a pool of many blocks is predicted as one', async (t) => {
  const large = blobs(40_000, CLASSES, 2, { seed: 3 });
  const model = new CentroidModel(CLASSES);
  const learner = learnerWith({ model, pool: large.samples, oracle: large.labels });
  await learner.teach([0, 1, 2, 3, 4, 5], large.labels.subarray(0, 6));
  const { indices } = await learner.query(5);
  const rest = { ...large.samples, data: large.samples.data.subarray(12), rows: 39_994 };
  const { data } = await model.predictProba(rest);
  const margins = Array.from({ length: rest.rows }, (_, row) => {
    const [first = 0, second = 0] = [...data.subarray(row * CLASSES, (row + 1) * CLASSES)].sort((a, b) => b - a);
    return { row, margin: first - second };
  });
  margins.sort((a, b) => a.margin - b.margin || a.row - b.row);
  t.deepEqual(
    [...indices].sort(),
    margins
      .slice(0, 5)
      .map(({ row }) => row + 6)
      .sort(),
  );
});

test('a model or strategy that lacks a method is refused by a sentence', (t) => {
  const pool = [[0], [1]];
  const give = (options: object) => () => new ActiveLearner({ pool, classes: 2, ...options } as never);
  const model = { fit: () => undefined, predictProba: () => undefined };
  t.throws(give({ model: {}, strategy: 'margin' }), { code: 'ERR_QUERENT_ARGUMENT', message: /fit is missing/ });
  t.throws(give({ model, strategy: { name: 'margin' } }), {
    code: 'ERR_QUERENT_ARGUMENT',
    message: /needs is missing/,
  });
});
