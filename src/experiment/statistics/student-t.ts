import { incompleteBeta, logGamma, normalUpperTail } from './special.js';

/** P(T > t) of Student's t: half the regularised incomplete beta function I_x(df/2, 1/2) at x = df / (df + t²), for t >= 0. */
export function tUpperTail(t: number, df: number): number {
  if (t < 0) return 1 - tUpperTail(-t, df);
  return incompleteBeta(df / (df + t * t), df / 2, 0.5) / 2;
}

/** The value that a Student t variable with `df` degrees of freedom stays below with probability p in (0.5, 1). */
export function tQuantile(p: number, df: number): number {
  let high = 1;
  while (tUpperTail(high, df) > 1 - p) high *= 2;
  let low = 0;
  for (let step = 0; step < 100; step++) {
    const middle = (low + high) / 2;
    if (tUpperTail(middle, df) > 1 - p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * P(T > t) of the noncentral t, T = (Z + shift) / S with S² = χ²(df) / df:
 *     ∫ P(Z > t s − shift) f(s) ds,   f(s) = 2 (df/2)^(df/2) / Γ(df/2) · s^(df−1) exp(−df s²/2)
 * with s = e^u by the trapezoid rule, which converges exponentially here: the integrand is analytic and dies out on both sides.
 */
export function noncentralTUpperTail(t: number, df: number, shift: number): number {
  const width = 1 / Math.sqrt(2 * df);
  const step = Math.min(0.05, width / 2);
  const from = -45 / df - 9 * width;
  const to = 0.5 * Math.log(1 + 100 / df) + 9 * width;
  const constant = Math.LN2 + (df / 2) * Math.log(df / 2) - logGamma(df / 2);
  let sum = 0;
  for (let u = from; u <= to; u += step) {
    const s = Math.exp(u);
    sum += normalUpperTail(t * s - shift) * Math.exp(constant + df * u - (df * s * s) / 2);
  }
  return sum * step;
}
