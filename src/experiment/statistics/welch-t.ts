import { deviationOf, meanOf } from './estimate.js';
import { tUpperTail } from './student-t.js';

/** Welch's t test. */
export interface WelchT {
  readonly t: number;
  /** Any positive number. */
  readonly df: number;
  /** Two-sided. */
  readonly p: number;
}

/**
 * Welch's t test of two samples that are not paired and may spread differently, two-sided:
 *     t = (mean a − mean b) / √(u + v),   u = var a / n,   v = var b / m
 *     df = (u + v)² / (u² / (n − 1) + v² / (m − 1))
 * Without any spread, means that are the same give p = 1, others an infinite t and p = 0, with df = 1, as
 * in SciPy: mind that with few values.
 *
 * @param a At least two values, as `b`.
 * @see B. L. Welch: The Generalization of "Student's" Problem when Several Different Population Variances are Involved.
 *   Biometrika 34, 1947.
 */
export function welchT(a: readonly number[], b: readonly number[]): WelchT {
  const [u, v] = [deviationOf(a) ** 2 / a.length, deviationOf(b) ** 2 / b.length];
  const difference = meanOf(a) - meanOf(b);
  if (u + v === 0) return difference === 0 ? { t: 0, df: 1, p: 1 } : { t: difference * Infinity, df: 1, p: 0 };
  const t = difference / Math.sqrt(u + v);
  const df = (u + v) ** 2 / (u ** 2 / (a.length - 1) + v ** 2 / (b.length - 1));
  return { t, df, p: Math.min(1, 2 * tUpperTail(Math.abs(t), df)) };
}
