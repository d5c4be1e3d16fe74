import { readFileSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import { createStrategy, type MemberPredictions, Random } from '../../src/index.js';
import { epigScores, prepareTargets } from '../../src/strategies/epig-score.js';
import { arrayContext } from '../helpers/array-context.js';
import { firstDifference } from '../helpers/values.js';

/** Three members' predictions of three samples, worked by hand. */
const COMMITTEE = [
  [
    [0.7, 0.2, 0.1],
    [0.4, 0.35, 0.25],
    [0.98, 0.01, 0.01],
  ],
  [
    [0.2, 0.6, 0.2],
    [0.3, 0.4, 0.3],
    [0.97, 0.02, 0.01],
  ],
  [
    [0.6, 0.3, 0.1],
    [0.34, 0.33, 0.33],
    [0.99, 0.005, 0.005],
  ],
];

const WORKED: Record<string, number[]> = {
  'consensus-entropy': [0.9831047663, 1.0948075889, 0.1116229786],
  'mc-entropy': [0.9831047663, 1.0948075889, 0.1116229786],
  'vote-entropy': [0.6365141683, 0.6365141683, 0],
  'variation-ratio': [1 / 3, 1 / 3, 0],
  kl: [0.0997598274, 0.0054941826, 0.0020654265],
  bald: [0.0997598274, 0.0054941826, 0.0020654265],
  'mean-std': [0.1443774864, 0.0345112042, 0.005586028],
};
for (const [name, wanted] of Object.entries(WORKED)) {
  test(`${name} gives the worked scores of three samples`, async (t) => {
    const { indices, scores } = await createStrategy(name).query(arrayContext({ committee: COMMITTEE }), 3);
    // f32 inputs: 0.7 and its like are off by up to 3e-8
    const found = [0, 1, 2].map((index) => scores![indices.indexOf(index)]!);
    t.is(firstDifference(found, wanted, 2e-6, 1e-7), '');
    const order = [0, 1, 2].sort((a, b) => wanted[b]! - wanted[a]! || a - b);
    t.deepEqual([...indices], order);
  });
}

test('max-kl is the largest divergence of a member from the mean', async (t) => {
  const { indices, scores } = await createStrategy('max-kl').query(arrayContext({ committee: COMMITTEE }), 3);
  for (const [at, index] of indices.entries()) {
    const rows = COMMITTEE.map((member) => member[index]!);
    const mean = [0, 1, 2].map((c) => (rows[0]![c]! + rows[1]![c]! + rows[2]![c]!) / 3);
    const divergences = rows.map((row) => row.reduce((sum, p, c) => sum + p * Math.log(p / mean[c]!), 0));
    t.true(Math.abs(scores![at]! - Math.max(...divergences)) < 1e-6);
  }
});

test('members that are sure of one class have no score that is no number, and are not asked about first', async (t) => {
  // p ln p of an exact zero is NaN in libact, DeepAL and DISTIL, and their argmax then takes the surest sample.
  const sure = [1, 0, 0];
  const committee = [
    [sure, [0.4, 0.3, 0.3]],
    [sure, [0.3, 0.4, 0.3]],
  ];
  for (const name of [...Object.keys(WORKED), 'max-kl', 'epig', 'power-bald', 'batch-bald']) {
    const { indices, scores } = await createStrategy(name).query(arrayContext({ committee }), 2);
    t.is(indices[0], 1, name);
    t.false(Array.from(scores!).some(Number.isNaN), name);
  }
});

test('entropy of dropout passes is that of their mean, not the mean of their entropies', async (t) => {
  // modAL's "max entropy" averages over passes first and calls sure members that contradict each other certain.
  const committee = [[[1, 0], [0.8, 0.2]], [[0, 1], [0.8, 0.2]]]; // prettier-ignore
  const { indices, scores } = await createStrategy('mc-entropy').query(arrayContext({ committee }), 2);
  t.deepEqual([...indices], [0, 1]);
  t.true(Math.abs(scores![0]! - Math.LN2) < 1e-6);
});

test('the largest scores come first whatever the batch, so a batch begins with the smaller one', async (t) => {
  // Baal sorts BatchBALD's joint scores after the fact, and returns the last picks first.
  const random = new Random(3);
  const committee = Array.from({ length: 6 }, () => Array.from({ length: 30 }, () => softmax(random, 4)));
  for (const name of ['bald', 'batch-bald', 'epig', 'power-bald', 'vote-entropy']) {
    const long = await createStrategy(name).query(arrayContext({ committee }), 12);
    const short = await createStrategy(name).query(arrayContext({ committee }), 5);
    t.deepEqual([...long.indices.slice(0, 5)], [...short.indices], name);
  }
});

test('batch-bald does not ask twice for copies of one sample that bald takes whole', async (t) => {
  const doubtful = [[0.95, 0.05], [0.05, 0.95], [0.9, 0.1], [0.1, 0.9]]; // prettier-ignore
  const other = [[0.9, 0.1], [0.85, 0.15], [0.15, 0.85], [0.2, 0.8]]; // prettier-ignore
  const committee = doubtful.map((row, member) => [row, row, row, other[member]!]);
  const single = await createStrategy('bald').query(arrayContext({ committee }), 2);
  const joint = await createStrategy('batch-bald').query(arrayContext({ committee }), 2);
  t.deepEqual([...single.indices], [0, 1]);
  t.deepEqual([...joint.indices], [0, 3]);
});

test('batch-bald looks at the samples of highest bald only, but at enough of them', async (t) => {
  const random = new Random(5);
  const committee = Array.from({ length: 5 }, () => Array.from({ length: 40 }, () => softmax(random, 3)));
  const top = await createStrategy('bald').query(arrayContext({ committee }), 6);
  const { indices } = await createStrategy('batch-bald', { candidates: 6 }).query(arrayContext({ committee }), 5);
  t.true(indices.every((index) => top.indices.includes(index)));
  const all = await createStrategy('batch-bald', { candidates: 1, numSamples: 50 }).query(
    arrayContext({ committee }),
    40,
  );
  t.is(new Set(all.indices).size, 40);
});

function softmax(random: Random, classes: number, spread = 3): number[] {
  const weights = Array.from({ length: classes }, () => Math.exp(spread * random.float()));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

const golden = JSON.parse(readFileSync(new URL('../golden/strategies.json', import.meta.url), 'utf8')) as {
  epig: {
    passes: number;
    rows: number;
    targets: number;
    cols: number;
    pool: number[];
    far: number[];
    scores: number[];
  }[];
};
const shares = (counts: number[]): Float32Array => Float32Array.from(counts, (count) => count / 4096);

test('EPIG agrees with whole joint tables summed by NumPy', async (t) => {
  for (const { passes, rows, targets, cols, pool, far, scores } of golden.epig) {
    const found = await epigScores(
      { data: shares(pool), passes, rows, cols },
      prepareTargets({ data: shares(far), passes, rows: targets, cols }),
    );
    t.is(firstDifference(found, scores, 1e-10, 1e-14), '');
  }
});

/** Mean over targets of Σ p(y, y*) ln p(y, y*) / (p(y) p(y*)), as it stands in the paper. */
function plainEpig(members: MemberPredictions, targets: MemberPredictions, row: number): number {
  const at = (set: MemberPredictions, t: number, i: number, c: number) => set.data[(t * set.rows + i) * set.cols + c]!;
  const mean = (value: (t: number) => number): number => {
    let sum = 0;
    for (let t = 0; t < members.passes; t++) sum += value(t);
    return sum / members.passes;
  };
  let total = 0;
  for (let j = 0; j < targets.rows; j++) {
    for (let c = 0; c < members.cols; c++) {
      for (let d = 0; d < members.cols; d++) {
        const joint = mean((t) => at(members, t, row, c) * at(targets, t, j, d));
        const apart = mean((t) => at(members, t, row, c)) * mean((t) => at(targets, t, j, d));
        if (joint > 0) total += joint * Math.log(joint / apart);
      }
    }
  }
  return total / targets.rows;
}

test('EPIG is the plain double loop, never negative, and at most BALD', async (t) => {
  const sizes = fc.record({
    passes: fc.integer({ min: 1, max: 6 }),
    rows: fc.integer({ min: 1, max: 8 }),
    targets: fc.integer({ min: 1, max: 6 }),
    cols: fc.integer({ min: 2, max: 5 }),
    seed: fc.nat(),
    spread: fc.constantFrom(0, 1, 6, 40),
  });
  await t.notThrowsAsync(() =>
    fc.assert(
      fc.asyncProperty(sizes, async ({ passes, rows, targets, cols, seed, spread }) => {
        const random = new Random(seed);
        const draw = (count: number): MemberPredictions => ({
          data: Float32Array.from(Array.from({ length: passes * count }, () => softmax(random, cols, spread)).flat()),
          passes,
          rows: count,
          cols,
        });
        const [members, far] = [draw(rows), draw(targets)];
        const scores = await epigScores(members, prepareTargets(far));
        return scores.every((score, row) => {
          const entropyOfMean = (values: number[]): number =>
            -values.reduce((s, p) => s + (p > 0 ? p * Math.log(p) : 0), 0);
          const byPass = Array.from({ length: passes }, (_, pass) =>
            Array.from(members.data.subarray((pass * rows + row) * cols, (pass * rows + row + 1) * cols)),
          );
          const mean = byPass[0]!.map((_, c) => byPass.reduce((sum, p) => sum + p[c]!, 0) / passes);
          const bald = entropyOfMean(mean) - byPass.reduce((sum, p) => sum + entropyOfMean(p), 0) / passes;
          return (
            Math.abs(score - Math.max(0, plainEpig(members, far, row))) < 1e-9 && score >= 0 && score <= bald + 1e-6
          );
        });
      }),
      { numRuns: 100 },
    ),
  );
});

test('the strategy epig finds the best samples although it leaves out those that BALD rules out', async (t) => {
  const random = new Random(8);
  const committee = Array.from({ length: 6 }, () =>
    Array.from({ length: 300 }, (_, row) => softmax(random, 3, row % 3 === 0 ? 5 : 0.4)),
  );
  const context = arrayContext({ committee });
  // All samples are targets, so their order does not matter and the plain scores are known.
  const everything = await context.members(context.unlabeled, 6);
  const scores = await epigScores(everything, prepareTargets(everything));
  const wanted = Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]! || a - b);
  const { indices } = await createStrategy('epig', { targets: 300 }).query(context, 10);
  t.deepEqual([...indices], wanted.slice(0, 10));
  const few = await createStrategy('epig', { targets: 5, candidates: 20 }).query(context, 10);
  t.is(new Set(few.indices).size, 10);
});

test('epig prefers what says something about the pool to what is unknown alone', async (t) => {
  // Sample 0 is as unknown as sample 1, but only sample 1 goes along with the many others.
  const lonely = [0.9, 0.1, 0.9, 0.1];
  const shared = [0.9, 0.9, 0.1, 0.1];
  const committee = [0, 1, 2, 3].map((member) =>
    [lonely, ...Array.from({ length: 12 }, () => shared)].map((row) => [row[member]!, 1 - row[member]!]),
  );
  const bald = await createStrategy('bald').query(arrayContext({ committee }), 1);
  const epig = await createStrategy('epig').query(arrayContext({ committee }), 1);
  t.deepEqual([bald.indices[0], epig.indices[0]], [0, 1]);
});

test('power-bald draws in proportion to the score, softmax and rank in proportion to theirs', async (t) => {
  // Members with one probability p and 1 - p each: scores of two samples in a known ratio.
  const committee = [[[0.9, 0.1], [0.6, 0.4]], [[0.1, 0.9], [0.4, 0.6]]]; // prettier-ignore
  const { indices, scores } = await createStrategy('bald').query(arrayContext({ committee }), 2);
  t.deepEqual([...indices], [0, 1]);
  const [high, low] = [scores![0]!, scores![1]!];
  const chances = {
    power: high / (high + low),
    softmax: Math.exp(high) / (Math.exp(high) + Math.exp(low)),
    rank: 1 / (1 + 1 / 2),
  };
  const draws = 4000;
  for (const [mode, chance] of Object.entries(chances)) {
    let first = 0;
    for (let seed = 0; seed < draws; seed++) {
      const pick = await createStrategy('power-bald', { mode }).query(arrayContext({ committee, seed }), 1);
      if (pick.indices[0] === 0) first += 1;
    }
    const deviation = Math.sqrt((chance * (1 - chance)) / draws);
    t.true(Math.abs(first / draws - chance) < 4 * deviation, `${mode}: ${first / draws}, expected ${chance}`);
  }
  const sure = await createStrategy('power-bald', { beta: 1e6 }).query(arrayContext({ committee, seed: 9 }), 2);
  t.deepEqual([...sure.indices], [0, 1]);
});

test('committee-std is the deviation of numbers of any size, without cancellation', async (t) => {
  const committee = [[[-3], [1e6], [4]], [[5], [1e6 + 1], [4]], [[4], [1e6 + 2], [4]]]; // prettier-ignore
  const { indices, scores } = await createStrategy('committee-std').query(arrayContext({ committee }), 3);
  t.deepEqual([...indices], [0, 1, 2]);
  t.is(firstDifference(Array.from(scores!), [Math.sqrt(38 / 3), Math.sqrt(2 / 3), 0], 1e-6, 1e-9), '');
});

test('gsx begins in the middle and then goes where nothing is known', async (t) => {
  const features = [[0, 0], [4, 0], [0, 4], [4, 4], [2, 2.1]]; // prettier-ignore
  const cold = await createStrategy('gsx').query(arrayContext({ features }), 2);
  t.is(cold.indices[0], 4);
  const world = { features, unlabeled: Uint32Array.from([1, 2, 3, 4]), labeled: Uint32Array.from([0]) };
  const warm = await createStrategy('gsx').query(arrayContext(world), 2);
  t.deepEqual([...warm.indices], [3, 1]);
  t.is(firstDifference(Array.from(warm.scores!), [Math.sqrt(32), 4], 1e-6), '');
});

test('a pool that does not fit into one block of members is scored in blocks, to the same end', async (t) => {
  const rows = 40_000;
  const random = new Random(2);
  const table = Array.from({ length: 2 }, () => Float32Array.from({ length: rows }, () => random.float()));
  const sizes: number[] = [];
  const context = arrayContext({ classes: 2, unlabeled: Uint32Array.from({ length: rows }, (_, i) => i) });
  const { indices, scores } = await createStrategy('mean-std').query(
    {
      ...context,
      async members(wanted) {
        sizes.push(wanted.length);
        const data = Float32Array.from(table.flatMap((p) => Array.from(wanted).flatMap((i) => [p[i]!, 1 - p[i]!])));
        return { data, passes: 2, rows: wanted.length, cols: 2 };
      },
    },
    3,
  );
  const spread = Array.from({ length: rows }, (_, i) => Math.abs(table[0]![i]! - table[1]![i]!) / 2);
  const wanted = Array.from(spread.keys()).sort((a, b) => spread[b]! - spread[a]!);
  t.deepEqual([...indices], wanted.slice(0, 3));
  t.true(Math.abs(scores![0]! - spread[wanted[0]!]!) < 1e-6);
  t.true(sizes.length > 1 && Math.max(...sizes) <= 16_384);
});

test('a signal that is aborted stops strategies that ask members', async (t) => {
  const random = new Random(2);
  const committee = Array.from({ length: 3 }, () => Array.from({ length: 20 }, () => softmax(random, 3)));
  const signal = AbortSignal.abort(new Error('enough'));
  for (const name of ['bald', 'epig', 'batch-bald', 'vote-entropy', 'power-bald']) {
    await t.throwsAsync(
      createStrategy(name).query(arrayContext({ committee }), 2, { signal }),
      { message: 'enough' },
      name,
    );
  }
});
