import { tQuantile } from './student-t.js';

/** A mean over seeds with its 95 % confidence interval (Student's t). */
export interface Estimate {
  readonly mean: number;
  /** Half the width of the interval; null for a single value. */
  readonly interval: number | null;
  readonly n: number;
}

/** @param values At least one. */
export function estimate(values: readonly number[]): Estimate {
  const n = values.length;
  const mean = meanOf(values);
  if (n < 2) return { mean, interval: null, n };
  return { mean, interval: (tQuantile(0.975, n - 1) * deviationOf(values)) / Math.sqrt(n), n };
}

/** @param values At least one. */
export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Sample standard deviation, with n - 1. @param values At least two. */
export function deviationOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}
