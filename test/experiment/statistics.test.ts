import { readFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { firstReach, meanHeight } from '../../src/experiment/statistics/curve.js';
import { estimate } from '../../src/experiment/statistics/estimate.js';
import { holm } from '../../src/experiment/statistics/holm.js';
import { detectableDifference, pairedT } from '../../src/experiment/statistics/paired-t.js';
import { signFlip } from '../../src/experiment/statistics/sign-flip.js';
import { normalUpperTail } from '../../src/experiment/statistics/special.js';
import { noncentralTUpperTail, tQuantile, tUpperTail } from '../../src/experiment/statistics/student-t.js';
import { welchT } from '../../src/experiment/statistics/welch-t.js';
import { signedRank } from '../../src/experiment/statistics/wilcoxon.js';

/** Two-sided 95 % points of Student's t from printed tables. */
const TABLE: [number, number][] = [
  [1, 12.7062],
  [2, 4.30265],
  [3, 3.18245],
  [4, 2.77645],
  [9, 2.26216],
  [29, 2.04523],
  [100, 1.98397],
  [1000, 1.96234],
];
for (const [df, value] of TABLE) {
  test(`the 95 % t interval with ${df} degrees of freedom is ${value} standard errors`, (t) => {
    t.true(Math.abs(tQuantile(0.975, df) - value) < 1e-4 * value, String(tQuantile(0.975, df)));
  });
}

test('other quantiles of t are those of the tables too', (t) => {
  t.true(Math.abs(tQuantile(0.95, 5) - 2.01505) < 1e-4);
  t.true(Math.abs(tQuantile(0.995, 10) - 3.16927) < 1e-4);
});

test('an estimate is the mean with its t interval', (t) => {
  const { mean, interval, n } = estimate([1, 2, 3]);
  t.is(mean, 2);
  t.is(n, 3);
  t.true(Math.abs(interval! - 4.30265 / Math.sqrt(3)) < 1e-4);
  t.deepEqual(estimate([5]), { mean: 5, interval: null, n: 1 });
  t.is(estimate([4, 4, 4]).interval, 0);
});

test('the mean height of a curve is its area by trapezoids over its width', (t) => {
  t.is(
    meanHeight([
      { x: 0, y: 0 },
      { x: 2, y: 1 },
      { x: 3, y: 1 },
    ]),
    2 / 3,
  );
  t.is(meanHeight([{ x: 20, y: 0.7 }]), 0.7);
});

interface Golden {
  cases: {
    what: string;
    differences: number[];
    paired: { t: number | null; p: number | null };
    wilcoxon: { statistic: number; p: number; n: number };
    signFlip: number | null;
  }[];
  detectable: { n: number; difference: number }[];
  holm: { values: number[]; adjusted: number[] };
  tails: { z: number; normal: number; t: Record<string, number> }[];
  noncentral: { t: number; df: number; shift: number; p: number }[];
  welch: { what: string; a: number[]; b: number[]; t: number | null; df: number; p: number | null }[];
}

const golden = JSON.parse(readFileSync(new URL('../golden/statistics.json', import.meta.url), 'utf8')) as Golden;

/** Within 1e-9, and of small values within a 1e-9th part too. */
const close = (t: ExecutionContext, found: number, expected: number, what: string): void => {
  const limit = 1e-9 * Math.min(1, Math.abs(expected)) + 1e-15;
  t.true(Math.abs(found - expected) <= limit, `${what}: ${found}, expected ${expected}`);
};

for (const { what, differences, paired, wilcoxon, signFlip: flip } of golden.cases) {
  test(`tests of paired differences agree with SciPy: ${what}`, (t) => {
    const found = pairedT(differences);
    if (paired.t !== null) close(t, found.t, paired.t, 't');
    // SciPy says nan where nothing differs, and this package 1
    if (paired.p !== null) close(t, found.p, paired.p, 'p of t');
    else t.is(found.p, 1);
    const ranked = signedRank(differences);
    t.deepEqual([ranked.statistic, ranked.n], [wilcoxon.statistic, wilcoxon.n]);
    close(t, ranked.p, wilcoxon.p, 'p of Wilcoxon');
    if (flip !== null) close(t, signFlip(differences), flip, 'p of sign flips');
  });
}

for (const { what, a, b, t: statistic, df, p } of golden.welch) {
  test(`Welch's test agrees with SciPy: ${what}`, (t) => {
    const found = welchT(a, b);
    if (statistic !== null) close(t, found.t, statistic, 't');
    close(t, found.df, df, 'df');
    close(t, found.p, p ?? 1, 'p'); // SciPy says nan where nothing differs
    const mirrored = welchT(b, a);
    t.is(Math.abs(mirrored.t), Math.abs(found.t));
    close(t, mirrored.p, found.p, 'p of the mirrored test');
  });
}

test('a difference that this many seeds detect agrees with the noncentral t of SciPy', (t) => {
  for (const { n, difference } of golden.detectable) close(t, detectableDifference(n, 1), difference, `n = ${n}`);
  t.is(detectableDifference(5, 3), 3 * detectableDifference(5, 1));
  t.is(detectableDifference(5, 0), 0);
});

test('tails of the normal, of t and of noncentral t agree with SciPy', (t) => {
  for (const { z, normal, t: tails } of golden.tails) {
    close(t, normalUpperTail(z), normal, `normal ${z}`);
    t.true(Math.abs(normalUpperTail(-z) - (1 - normal)) < 1e-15);
    for (const [df, p] of Object.entries(tails)) close(t, tUpperTail(z, Number(df)), p, `t ${z}, ${df}`);
  }
  for (const { t: value, df, shift, p } of golden.noncentral) {
    t.true(Math.abs(noncentralTUpperTail(value, df, shift) - p) < 1e-9, `${value}, ${df}, ${shift}`);
  }
});

test("Holm's correction is its textbook form, and leaves out what was not tested", (t) => {
  const { values, adjusted } = golden.holm;
  holm(values).forEach((p, at) => close(t, p!, adjusted[at]!, String(at)));
  t.deepEqual(holm([null, 0.01, null, 0.04]), [null, 0.02, null, 0.04]);
  t.deepEqual(holm([]), []);
});

test('beyond 20 differences signs are drawn, the same for the same seed and near the exact share', (t) => {
  const { differences, signFlip: exact } = golden.cases.find(({ what }) => what === '16 differences')!;
  const longer = [...differences, 0, 0, 0, 0, 0]; // a zero has no sign: the exact share stays
  const drawn = signFlip(longer, 5);
  t.is(drawn, signFlip(longer, 5));
  t.not(drawn, signFlip(longer, 6));
  t.true(Math.abs(drawn - exact!) < 5 * Math.sqrt((exact! * (1 - exact!)) / 100_000), `${drawn}, ${exact}`);
});

test('properties of the exact tests: symmetry, scale, and no p below what n signs allow', (t) => {
  const differences = fc.array(fc.integer({ min: -6, max: 9 }), { minLength: 2, maxLength: 10 });
  fc.assert(
    fc.property(differences, (values) => {
      for (const p of [(x: number[]) => signedRank(x).p, (x: number[]) => signFlip(x), (x: number[]) => pairedT(x).p]) {
        const found = p(values);
        t.true(found >= 0 && found <= 1);
        t.is(p(values.map((value) => -value)), found);
        t.is(p(values.map((value) => 4 * value)), found);
      }
      t.true(signFlip(values) >= 2 / 2 ** values.length || values.every((value) => value === 0));
      t.is(signFlip(values), signFlip([...values].reverse()));
    }),
  );
});

test('where a curve first reaches a height is on the line between its points', (t) => {
  const points = [
    { x: 20, y: 0.5 },
    { x: 40, y: 0.7 },
    { x: 60, y: 0.6 },
    { x: 80, y: 0.9 },
  ];
  t.is(firstReach(points, 0.6), 30);
  t.is(firstReach(points, 0.7), 40);
  t.true(Math.abs(firstReach(points, 0.8)! - (60 + 20 * (2 / 3))) < 1e-9);
  t.is(firstReach(points, 0.4), 20);
  t.is(firstReach(points, 0.91), null);
  t.is(firstReach([], 0.5), null);
});
