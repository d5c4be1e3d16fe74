import test from 'ava';
import fc from 'fast-check';
import { createStrategy, queryFrom, type QueryStrategy, Random, strategies } from '../../src/index.js';

const ROWS = 30;
const CLASSES = 3;
const random = new Random(3);
const draw = (count: number): Float32Array => Float32Array.from({ length: count }, () => random.float());
const probabilities = { data: rowsToOne(draw(ROWS * CLASSES), CLASSES), rows: ROWS, cols: CLASSES };
const embeddings = { data: draw(ROWS * 4), rows: ROWS, cols: 4 };
const members = { data: rowsToOne(draw(2 * ROWS * CLASSES), CLASSES), passes: 2, rows: ROWS, cols: CLASSES };

function rowsToOne(data: Float32Array, cols: number): Float32Array {
  for (let start = 0; start < data.length; start += cols) {
    const row = data.subarray(start, start + cols);
    const sum = row.reduce((total, value) => total + value, 0);
    row.forEach((value, c) => (row[c] = value / sum));
  }
  return data;
}

const watchedHistory = {
  moments: 2,
  rows: ROWS,
  classes: Uint32Array.from({ length: 2 * ROWS }, (_, i) => i % CLASSES),
};

/** A strategy of a test: picks the first that are offered. */
function first(
  needs: QueryStrategy['needs'],
  look?: (...args: Parameters<QueryStrategy['query']>) => void,
): QueryStrategy {
  return {
    name: 'first',
    needs,
    async query(context, n, options) {
      look?.(context, n, options);
      return { indices: context.unlabeled.slice(0, n) };
    },
  };
}

test('margin picks from probabilities alone what its definition says', async (t) => {
  const rows = [
    [0.9, 0.1],
    [0.6, 0.4],
    [0.52, 0.48],
    [0.8, 0.2],
  ];
  const { indices, scores, picks } = await queryFrom('margin', 2, { probabilities: rows });
  t.deepEqual([...indices], [2, 1]);
  t.true(Math.abs(scores![0]! - 0.96) < 1e-6);
  t.deepEqual(
    picks.map(({ index, rank, predicted }) => [index, rank, predicted]),
    [
      [2, 1, 0],
      [1, 2, 0],
    ],
  );
  t.true(Math.abs(picks[0]!.confidence! - 0.52) < 1e-6);
  t.is(picks[0]!.nearestLabeled, undefined);
});

test('every strategy keeps the laws on arrays: distinct rows that are offered, the same for the same seed', async (t) => {
  const sources = fc.record({
    n: fc.integer({ min: 0, max: 35 }),
    labeled: fc.uniqueArray(fc.integer({ min: 0, max: ROWS - 1 }), { minLength: 3, maxLength: 10 }),
    exclude: fc.array(fc.integer({ min: 0, max: ROWS - 1 }), { maxLength: 10 }),
    seed: fc.integer({ min: 0, max: 100 }),
  });
  const everything = { probabilities, embeddings, members, samples: embeddings, history: watchedHistory };
  for (const [name, { needs }] of strategies) {
    if (needs.includes('oracle')) continue;
    const holds = async ({
      n,
      labeled,
      exclude,
      seed,
    }: {
      n: number;
      labeled: number[];
      exclude: number[];
      seed: number;
    }) => {
      const arrays = { ...everything, labeled, labels: labeled.map((i) => i % CLASSES), exclude, seed, round: 1 };
      const { indices, picks } = await queryFrom(name, n, arrays);
      const again = await queryFrom(name, n, arrays);
      const gone = new Set([...labeled, ...exclude]);
      return (
        indices.length === Math.min(n, ROWS - gone.size) &&
        new Set(indices).size === indices.length &&
        indices.every((index) => !gone.has(index)) &&
        indices.join() === again.indices.join() &&
        picks.every(({ index, rank }, at) => index === indices[at] && rank === at + 1)
      );
    };
    await t.notThrowsAsync(() => fc.assert(fc.asyncProperty(sources, holds), { numRuns: 12 }), name);
  }
});

test('the nearest labelled sample is the one of the full table, lowest index on ties', async (t) => {
  const points = [[0, 0], [3, 4], [0, 2], [0, -2], [10, 0]]; // prettier-ignore
  const { picks } = await queryFrom(first([]), 2, { embeddings: points, labeled: [4, 3, 2], labels: [0, 1, 1] });
  t.deepEqual(picks, [
    { index: 0, rank: 1, nearestLabeled: 2, nearestDistance: 2 },
    { index: 1, rank: 2, nearestLabeled: 2, nearestDistance: Math.fround(Math.sqrt(13)) },
  ]);
  const bySamples = await queryFrom(first([]), 1, { samples: points, labeled: [4], labels: [0] });
  t.is(bySamples.picks[0]!.nearestDistance, 10);
  const plain = await queryFrom(first([]), 1, { samples: points, labeled: [4], labels: [0] }, { explain: false });
  t.deepEqual(plain.picks, [{ index: 0, rank: 1 }]);
});

test('a strategy sees exactly the arrays that were given', async (t) => {
  t.plan(7);
  const strategy: QueryStrategy = {
    name: 'look',
    needs: ['probabilities', 'embeddings', 'members', 'labels'],
    watch: 2,
    async query(context, n) {
      const rows = Uint32Array.of(5, 2);
      t.deepEqual((await context.predict(rows)).data, pick(probabilities.data, CLASSES, rows));
      t.deepEqual((await context.embed(rows)).data, pick(embeddings.data, 4, rows));
      const seen = await context.members(rows, 20);
      t.deepEqual([seen.passes, seen.rows, seen.cols], [2, 2, CLASSES]);
      t.deepEqual(seen.data.slice(6), pick(members.data.slice(ROWS * CLASSES), CLASSES, rows));
      t.deepEqual([...(await context.history!(rows)).classes], [5 % 3, 2, (ROWS + 5) % 3, (ROWS + 2) % 3]);
      t.deepEqual([context.round, context.classes, [...context.labels]], [4, CLASSES, [2]]);
      t.is(context.costs![7], 8);
      return { indices: context.unlabeled.slice(0, n) };
    },
  };
  const costs = (index: number) => index + 1;
  const arrays = {
    probabilities,
    embeddings,
    members,
    labeled: [1],
    labels: [2],
    history: watchedHistory,
    costs,
    round: 4,
  };
  await queryFrom(strategy, 2, arrays);
});

function pick(data: Float32Array, cols: number, rows: Uint32Array): Float32Array {
  return Float32Array.from([...rows].flatMap((row) => [...data.subarray(row * cols, (row + 1) * cols)]));
}

test('members come as a tensor, packed, or one matrix each', async (t) => {
  const seen: Float32Array[] = [];
  const strategy: QueryStrategy = {
    name: 'look',
    needs: ['members'],
    async query({ unlabeled, members }, n) {
      seen.push((await members(unlabeled, 2)).data);
      return { indices: unlabeled.slice(0, n) };
    },
  };
  const half = (at: number) => ({ ...probabilities, data: members.data.slice(at * 90, (at + 1) * 90) });
  await queryFrom(strategy, 1, { members });
  await queryFrom(strategy, 1, { members: { dims: [2, ROWS, CLASSES], type: 'float32', data: members.data } });
  await queryFrom(strategy, 1, { members: [half(0), half(1)] });
  t.deepEqual(seen, [members.data, members.data, members.data]);
});

test('what is missing or does not fit is named', async (t) => {
  await t.throwsAsync(queryFrom('margin', 1, { embeddings }), {
    code: 'ERR_QUERENT_UNAVAILABLE',
    message: 'queryFrom: strategy margin needs probabilities; pass probabilities',
  });
  await t.throwsAsync(queryFrom(first(['members', 'labels']), 1, { embeddings }), {
    code: 'ERR_QUERENT_UNAVAILABLE',
    message: /needs members and labeled and labels/,
  });
  await t.throwsAsync(queryFrom(first(['oracle']), 1, { embeddings }), { message: /run it in an ActiveLearner/ });
  await t.throwsAsync(queryFrom({ ...first([]), watch: 3 }, 1, { embeddings }), { message: /needs history/ });
  await t.throwsAsync(queryFrom('random', 1, {}), { code: 'ERR_QUERENT_ARGUMENT', message: /at least one of/ });
  await t.throwsAsync(queryFrom('random', 1, undefined as never), { code: 'ERR_QUERENT_ARGUMENT' });
  await t.throwsAsync(queryFrom('random', -1, { embeddings }), { code: 'ERR_QUERENT_ARGUMENT' });
  await t.throwsAsync(queryFrom('random', 1, { embeddings, probabilities: [[1, 0]] }), {
    code: 'ERR_QUERENT_SHAPE',
    message: /one row per sample \(1, as in probabilities\) for embeddings, got 30/,
  });
  await t.throwsAsync(queryFrom('random', 1, { embeddings: [[NaN]] }), {
    code: 'ERR_QUERENT_VALUE',
    message: /finite numbers in embeddings, got NaN in row 0/,
  });
  await t.throwsAsync(queryFrom('random', 1, { embeddings, labeled: [30], labels: [0] }), {
    code: 'ERR_QUERENT_ARGUMENT',
    message: /labeled from 0 to 29, got 30/,
  });
  await t.throwsAsync(queryFrom('random', 1, { embeddings, labeled: [3] }), {
    message: /expected labels beside labeled/,
  });
  await t.throwsAsync(queryFrom('random', 1, { probabilities, labeled: [3], labels: [3] }), {
    code: 'ERR_QUERENT_VALUE',
    message: /labels from 0 to 2/,
  });
  await t.throwsAsync(queryFrom('random', 1, { probabilities, costs: () => 0 }), { code: 'ERR_QUERENT_VALUE' });
  await t.throwsAsync(queryFrom('random', 1, { members: { ...members, passes: 0 } }), { code: 'ERR_QUERENT_ARGUMENT' });
  const signal = AbortSignal.abort(new Error('enough'));
  await t.throwsAsync(queryFrom('random', 1, { embeddings }, { signal }), { message: 'enough' });
});

test('a strategy that takes what it did not declare or breaks the law, is caught', async (t) => {
  const takes: QueryStrategy = {
    ...first([]),
    query: async ({ predict, unlabeled }) => ({ indices: (await predict(unlabeled), unlabeled) }),
  };
  await t.throwsAsync(queryFrom(takes, 1, { embeddings }), { message: /must declare its needs/ });
  const rogue: QueryStrategy = { ...first([]), query: async () => ({ indices: Uint32Array.of(1, 1) }) };
  await t.throwsAsync(queryFrom(rogue, 2, { embeddings }), { code: 'ERR_QUERENT_STRATEGY' });
});

test('inputs are not written to', async (t) => {
  const before = probabilities.data.slice();
  await queryFrom(createStrategy('entropy'), 10, { probabilities });
  t.deepEqual(probabilities.data, before);
});
