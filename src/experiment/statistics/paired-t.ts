import { deviationOf, meanOf } from './estimate.js';
import { noncentralTUpperTail, tQuantile, tUpperTail } from './student-t.js';

/** Student's paired t test. */
export interface PairedT {
  readonly t: number;
  readonly df: number;
  /** Two-sided. */
  readonly p: number;
}

/**
 * Is the mean of paired differences zero? Exact where they are normal. Differences that are all 0 give p = 1; differences that
 * are all the same otherwise give an infinite t and p = 0, as in SciPy: mind that with few values.
 *
 * @param differences At least two.
 */
export function pairedT(differences: readonly number[]): PairedT {
  const df = differences.length - 1;
  const mean = meanOf(differences);
  if (differences.every((value) => value === 0)) return { t: 0, df, p: 1 };
  const t = mean / (deviationOf(differences) / Math.sqrt(differences.length));
  return { t, df, p: Math.min(1, 2 * tUpperTail(Math.abs(t), df)) };
}

/** What a difference is found with: two-sided 0.05, in four of five experiments. */
const LEVEL = 0.05;
const POWER = 0.8;

/**
 * The smallest true mean difference that a two-sided paired t test at 0.05 finds with 80 % power, for normal differences
 * with this standard deviation: by the noncentral t distribution.
 *
 * @param n At least two.
 */
export function detectableDifference(n: number, deviation: number): number {
  const df = n - 1;
  const critical = tQuantile(1 - LEVEL / 2, df);
  const power = (shift: number): number =>
    noncentralTUpperTail(critical, df, shift) + noncentralTUpperTail(critical, df, -shift);
  let high = 1;
  while (power(high) < POWER) high *= 2;
  let low = 0;
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (power(middle) < POWER) low = middle;
    else high = middle;
  }
  return (((low + high) / 2) * deviation) / Math.sqrt(n);
}
