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
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n < 2) return { mean, interval: null, n };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  return { mean, interval: tQuantile(0.975, n - 1) * Math.sqrt(variance / n), n };
}

/**
 * Area under a learning curve by trapezoids, divided by its width: the mean height. A curve of one point is its height.
 *
 * @param points Ascending in x, at least one.
 */
export function meanHeight(points: readonly { readonly x: number; readonly y: number }[]): number {
  let area = 0;
  for (let i = 1; i < points.length; i++) {
    const [a, b] = [points[i - 1], points[i]] as [{ x: number; y: number }, { x: number; y: number }];
    area += ((a.y + b.y) / 2) * (b.x - a.x);
  }
  const width = (points.at(-1)?.x ?? 0) - (points[0]?.x ?? 0);
  return width > 0 ? area / width : (points[0]?.y ?? NaN);
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

/** P(T > t), t >= 0: half the regularised incomplete beta function I_x(df/2, 1/2) at x = df / (df + t²). */
function tUpperTail(t: number, df: number): number {
  return incompleteBeta(df / (df + t * t), df / 2, 0.5) / 2;
}

/** Regularised incomplete beta function by its continued fraction (DLMF 8.17.22), evaluated backwards. */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  let fraction = 0;
  for (let m = 200; m >= 1; m--) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    fraction = even / (1 + odd / (1 + fraction));
  }
  const first = (-(a + b) * x) / (a + 1);
  const front = Math.exp(a * Math.log(x) + b * Math.log1p(-x) - logBeta(a, b)) / a;
  return front / (1 + first / (1 + fraction));
}

function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}

/** ln Γ(z), z > 0, by Stirling's series after shifting z above 10; error below 1e-13. */
function logGamma(z: number): number {
  let shift = 0;
  while (z < 10) {
    shift += Math.log(z);
    z += 1;
  }
  const inverse = 1 / (z * z);
  const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse * (1 / 1680 - inverse / 1188)))) / z;
  return (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + series - shift;
}
