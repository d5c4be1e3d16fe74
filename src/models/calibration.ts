import { ShapeError, ValueError } from '../errors.js';
import type { FloatRows } from './model.js';
import { checkLabels } from './samples.js';

/** A probability of zero would make every loss infinite; what a log-loss keeps probabilities at. */
const SMALLEST_PROBABILITY = 1e-15;
/** Temperatures that a fit can end at. */
const COLDEST = 0.01;
const HOTTEST = 100;
const NEWTON_STEPS = 100;
/** Rows of probabilities must sum to one within this, as for the scoring kernels. */
const SUM_TOLERANCE = 1e-3;

/**
 * Temperature scaling: the T that makes predictions of held-out samples fit their classes best.
 *     p_T(c) ∝ p(c)^(1/T),    T = argmin of mean −ln p_T(y)
 * T > 1: the model is too sure of itself; T < 1: not sure enough. It changes how sure predictions are and never which class
 * is likeliest. The loss is convex in 1/T, so there is one minimum.
 *
 * @param probabilities [N, C], N >= 1, of samples that the model was not trained on.
 * @param labels [N], values 0 to C - 1.
 * @returns T from 0.01 to 100; 1 where no temperature changes the loss. An end of the range: the predictions are all right
 *   (0.01), or worse than none (100).
 * @throws {ShapeError} No rows, or not one label per row.
 * @throws {ValueError} A label that is no class, or a row that is no distribution.
 * @see Guo, Pleiss, Sun, Weinberger: On Calibration of Modern Neural Networks. ICML 2017, section 4.2.
 */
export function fitTemperature(probabilities: FloatRows, labels: ArrayLike<number>): number {
  const where = 'fitTemperature';
  const { rows, cols } = probabilities;
  if (rows === 0) throw new ShapeError(`${where}: expected at least one row of probabilities, got none`);
  const classes = checkLabels(where, labels, rows, cols);
  const logits = Float64Array.from(logitsOf(where, probabilities, 'multiclass'), (z) =>
    Math.max(z, Math.log(SMALLEST_PROBABILITY)),
  );
  let [low, high] = [1 / HOTTEST, 1 / COLDEST];
  const atLow = lossSlope(logits, cols, classes, low).slope;
  const atHigh = lossSlope(logits, cols, classes, high).slope;
  if (atLow === 0 && atHigh === 0) return 1;
  if (atLow >= 0) return HOTTEST;
  if (atHigh <= 0) return COLDEST;
  let inverse = 1;
  for (let step = 0; step < NEWTON_STEPS; step++) {
    const { slope, curvature } = lossSlope(logits, cols, classes, inverse);
    if (slope > 0) high = inverse;
    else low = inverse;
    const newton = inverse - slope / curvature;
    const next = newton > low && newton < high ? newton : Math.sqrt(low * high);
    if (Math.abs(next - inverse) <= 1e-12 * inverse) break;
    inverse = next;
  }
  return 1 / inverse;
}

/** First and second derivative of the mean log-loss by 1/T. */
function lossSlope(
  logits: Float64Array,
  cols: number,
  labels: Uint32Array,
  inverse: number,
): { slope: number; curvature: number } {
  let slope = 0;
  let curvature = 0;
  for (let row = 0; row < labels.length; row++) {
    const z = logits.subarray(row * cols, (row + 1) * cols);
    const top = z.reduce((most, value) => Math.max(most, value), -Infinity);
    let [total, first, second] = [0, 0, 0];
    for (const value of z) {
      const gap = value - top;
      const weight = Math.exp(inverse * gap);
      total += weight;
      first += weight * gap;
      second += weight * gap * gap;
    }
    const mean = first / total;
    slope += mean - ((z[labels[row] as number] as number) - top);
    curvature += second / total - mean * mean;
  }
  return { slope: slope / labels.length, curvature: curvature / labels.length };
}

/**
 * Predictions at another temperature: p^(1/T), scaled to sum to one.
 *
 * @param probabilities [N, C].
 * @param temperature Above 0; 1 changes nothing.
 * @throws {ValueError} A row that is no distribution, or a temperature that is not a positive number.
 */
export function temper(probabilities: FloatRows, temperature: number): FloatRows {
  const { rows, cols } = probabilities;
  const logits = temperedLogits('temper', probabilities, temperature, 'multiclass');
  const data = new Float32Array(rows * cols);
  for (let row = 0; row < rows; row++) {
    const z = logits.subarray(row * cols, (row + 1) * cols);
    const top = z.reduce((most, value) => Math.max(most, value), -Infinity);
    const weights = z.map((value) => Math.exp(value - top));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    data.set(
      weights.map((weight) => weight / total),
      row * cols,
    );
  }
  return { data, rows, cols };
}

/**
 * ln p / T of every class, or ln(p / (1 − p)) / T of every label: what scoring kernels take as logits.
 *
 * @param kind 'multilabel': every column is a yes or no of its own.
 * @throws {ValueError} As {@link temper}.
 */
export function temperedLogits(
  where: string,
  probabilities: FloatRows,
  temperature: number,
  kind: 'multiclass' | 'multilabel',
): Float32Array {
  if (!(temperature > 0 && temperature < Infinity)) {
    throw new ValueError(`${where}: expected a positive number for temperature, got ${temperature}`);
  }
  return Float32Array.from(logitsOf(where, probabilities, kind), (z) => z / temperature);
}

/** Largest size of a label's logit: f32 knows no chance closer to 1 than e^-17, and the kernels take no infinite ones. */
const LARGEST_LOGIT = 100;

function logitsOf(where: string, { data, rows, cols }: FloatRows, kind: 'multiclass' | 'multilabel'): Float64Array {
  const logits = new Float64Array(rows * cols);
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let at = row * cols; at < (row + 1) * cols; at++) {
      const p = data[at] as number;
      if (!(p >= 0) || (kind === 'multilabel' && p > 1)) {
        throw new ValueError(`${where}: expected probabilities, got ${p} in row ${row}, column ${at - row * cols}`);
      }
      sum += p;
      logits[at] =
        kind === 'multiclass'
          ? Math.log(p)
          : Math.max(-LARGEST_LOGIT, Math.min(LARGEST_LOGIT, Math.log(p) - Math.log1p(-p)));
    }
    if (kind === 'multiclass' && !(Math.abs(sum - 1) <= SUM_TOLERANCE)) {
      throw new ValueError(`${where}: expected probabilities that sum to 1, got ${sum} in row ${row}`);
    }
  }
  return logits;
}
