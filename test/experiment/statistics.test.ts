import test from 'ava';
import { estimate, meanHeight, tQuantile } from '../../src/experiment/statistics.js';

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
