import { readFileSync } from 'node:fs';
import test from 'ava';
import { agreement, type Rating } from '../../src/campaign/agreement.js';
import { wilsonInterval } from '../../src/campaign/quality.js';

const golden = JSON.parse(readFileSync(new URL('../golden/agreement.json', import.meta.url), 'utf8')) as {
  cohen: { first: number[]; second: number[]; kappa: number }[];
  fleiss: { subjects: number[][]; kappa: number };
};

const near = (value: number, wanted: number): boolean => Math.abs(value - wanted) < 1e-12;

test("Cohen's kappa is scikit-learn's", (t) => {
  for (const { first, second, kappa } of golden.cohen) {
    const items = first.map((label, at): Rating[] => [
      ['anna', String(label)],
      ['ben', String(second[at])],
    ]);
    const found = agreement([...items, [['anna', '1']], []])!; // an item with one label does not count
    t.like(found, { measure: 'cohen', items: first.length, annotators: 2 });
    t.true(near(found.kappa, kappa), `${found.kappa} ${kappa}`);
  }
});

test("Fleiss' kappa of the usual example is 0.21", (t) => {
  const { subjects, kappa } = golden.fleiss;
  const found = agreement(subjects.map((row) => row.map((label, rater): Rating => [`r${rater}`, String(label)])))!;
  t.is(found.measure, 'fleiss');
  t.true(near(found.kappa, kappa));
  t.is(found.kappa.toFixed(3), '0.210');
});

test('agreement at its ends', (t) => {
  t.is(agreement([]), undefined);
  t.is(agreement([[['a', 'x']], [['b', 'x']]]), undefined);
  const both = (label: string): Rating[] => [
    ['a', label],
    ['b', label],
  ];
  t.is(agreement([both('x'), both('y')])!.kappa, 1);
  t.is(agreement([both('x'), both('x')])!.kappa, NaN);
});

test("Wilson's interval as in the literature", (t) => {
  // Newcombe 1998, Statistics in Medicine 17, table I, method 3: 81 of 263, 15 of 148, 0 of 20, 1 of 29
  const cases = [
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ] as const;
  for (const [right, count, low, high] of cases) {
    const interval = wilsonInterval(right, count);
    t.is(interval.low.toFixed(4), low.toFixed(4));
    t.is(interval.high.toFixed(4), high.toFixed(4));
  }
});
