import test from 'ava';
import { testsByLabels } from '../../src/experiment/label-tests.js';
import { holm } from '../../src/experiment/statistics/holm.js';
import { pairedT } from '../../src/experiment/statistics/paired-t.js';
import { welchT } from '../../src/experiment/statistics/welch-t.js';
import type { RoundRecord } from '../../src/index.js';

const run = (strategy: string, seed: number, accuracies: readonly number[]): RoundRecord[] =>
  accuracies.map((accuracy, round) => ({
    strategy,
    seed,
    round,
    labels: 20 * (round + 1),
    accuracy,
    macroF1: 0,
    logLoss: 0,
    epochs: 1,
    loss: 0,
    seconds: { train: 0, score: 0, select: 0, evaluate: 0 },
  }));

const OWN = [
  [0.5, 0.62, 0.71],
  [0.52, 0.66, 0.74],
  [0.47, 0.61, 0.77],
];
const OTHER = [
  [0.5, 0.6, 0.7],
  [0.52, 0.63, 0.7],
  [0.47, 0.62, 0.71],
];
const ROUNDS = [
  ...OWN.flatMap((curve, seed) => run('a', seed, curve)),
  ...OTHER.flatMap((curve, seed) => run('b', seed, curve)),
  ...OTHER.flatMap((curve, seed) => run('c', seed, [curve[0]!, curve[1]! - 0.2, curve[2]! - 0.1 * seed])),
];
const column = (curves: readonly (readonly number[])[], at: number): number[] => curves.map((curve) => curve[at]!);

test('at every number of labels both tests are those of the accuracies, corrected over the whole list', (t) => {
  const tests = testsByLabels(ROUNDS, 'a');
  t.deepEqual(
    tests.map(({ other, labels, seeds }) => [other, labels, seeds]),
    ['b', 'c'].flatMap((other) => [20, 40, 60].map((labels) => [other, labels, 3])),
  );
  const [, , last] = tests;
  const [mine, theirs] = [column(OWN, 2), column(OTHER, 2)];
  const differences = mine.map((value, at) => value - theirs[at]!);
  t.true(Math.abs(last!.paired! - pairedT(differences).p) < 1e-9);
  t.is(last!.welch, welchT(mine, theirs).p);
  t.true(Math.abs(last!.difference.mean - (0.01 + 0.04 + 0.06) / 3) < 1e-12);
  t.deepEqual(
    tests.map(({ pairedHolm }) => pairedHolm),
    holm(tests.map(({ paired }) => paired)),
  );
  t.deepEqual(
    tests.map(({ welchHolm }) => welchHolm),
    holm(tests.map(({ welch }) => welch)),
  );
});

test('what both begin with is not tested, and does not count in the correction', (t) => {
  const [first, second] = testsByLabels(ROUNDS, 'a');
  t.deepEqual([first!.paired, first!.pairedHolm, first!.welch, first!.welchHolm], [null, null, null, null]);
  t.is(first!.difference.mean, 0);
  t.true(second!.pairedHolm! <= 4 * second!.paired!);
  const later = ROUNDS.map((record) => ({ ...record, accuracy: record.labels === 40 ? 0.6 : record.accuracy }));
  t.is(testsByLabels(later, 'a')[1]!.paired, 1); // a later tie is a finding, not the start
  t.is(testsByLabels(later, 'a')[1]!.welch, null); // but nothing spreads
});

test('only seeds and labels that both have are compared; one seed is no test', (t) => {
  const some = ROUNDS.filter(({ strategy, seed, labels }) => (strategy === 'b' ? seed === 2 && labels > 20 : true));
  const tests = testsByLabels(some, 'a').filter(({ other }) => other === 'b');
  t.deepEqual(
    tests.map(({ labels, seeds, paired, welch }) => [labels, seeds, paired, welch]),
    [
      [40, 1, null, null],
      [60, 1, null, null],
    ],
  );
  t.is(tests[0]!.difference.interval, null);
  t.deepEqual(testsByLabels(ROUNDS, 'nobody'), []);
  t.deepEqual(testsByLabels([], 'a'), []);
});
