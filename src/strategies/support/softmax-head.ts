/** A last layer of its own for strategies that ask what training on one more label would do. */
import type { FloatRows } from '../../models/model.js';
import type { Breather } from './breather.js';

/** Samples for a head: columns centred and scaled together, and a last column of ones for the bias. */
export interface HeadSamples {
  /** [rows, cols]. */
  readonly data: Float64Array;
  readonly rows: number;
  readonly cols: number;
}

/** Weights [classes, cols] of a head. */
export type HeadWeights = Float64Array;

export interface HeadOptions {
  readonly classes: number;
  /** λ of λ/2 |W|² beside the mean cross-entropy. */
  readonly decay: number;
  /** Full-batch steps at most. */
  readonly steps: number;
}

/** The end is reached when no weight's gradient is larger. */
const FLAT = 1e-6;
const POWER_STEPS = 12;

/** Rows minus the mean of all, divided by the root mean square of all numbers, and a one. */
export function headSamples({ data, rows, cols }: FloatRows): HeadSamples {
  const mean = new Float64Array(cols);
  for (let at = 0; at < data.length; at++) {
    mean[at % cols] = (mean[at % cols] as number) + (data[at] as number) / rows;
  }
  let squares = 0;
  for (let at = 0; at < data.length; at++) squares += ((data[at] as number) - (mean[at % cols] as number)) ** 2;
  const scale = squares > 0 ? Math.sqrt(data.length / squares) : 0;
  const wide = cols + 1;
  const out = new Float64Array(rows * wide).fill(1);
  for (let row = 0; row < rows; row++) {
    for (let c = 0; c < cols; c++) {
      out[row * wide + c] = ((data[row * cols + c] as number) - (mean[c] as number)) * scale;
    }
  }
  return { data: out, rows, cols: wide };
}

/** Class probabilities [which.length, classes] of some samples. */
export function headPredictions(
  weights: HeadWeights,
  { data, cols }: HeadSamples,
  which: ArrayLike<number>,
  classes: number,
): Float64Array {
  const out = new Float64Array(which.length * classes);
  for (let i = 0; i < which.length; i++) {
    const start = (which[i] as number) * cols;
    let top = -Infinity;
    for (let y = 0; y < classes; y++) {
      let logit = 0;
      for (let c = 0; c < cols; c++) logit += (weights[y * cols + c] as number) * (data[start + c] as number);
      out[i * classes + y] = logit;
      if (logit > top) top = logit;
    }
    let sum = 0;
    for (let y = 0; y < classes; y++) sum += out[i * classes + y] = Math.exp((out[i * classes + y] as number) - top);
    for (let y = 0; y < classes; y++) out[i * classes + y] = (out[i * classes + y] as number) / sum;
  }
  return out;
}

/**
 * Multinomial logistic regression by accelerated full-batch gradient steps from `start`:
 *     mean over the samples of −log p_label + λ/2 |W|²
 * Convex, no randomness: the same weights for the same samples.
 *
 * @param which Rows of the samples, not empty, with `labels`.
 * @param curvature See {@link largestCurvature}.
 * @see Nesterov: A method for solving the convex programming problem with convergence rate O(1/k²). 1983.
 */
export async function trainHead(
  start: HeadWeights,
  samples: HeadSamples,
  which: ArrayLike<number>,
  labels: ArrayLike<number>,
  curvature: number,
  { classes, decay, steps }: HeadOptions,
  breather: Breather,
): Promise<HeadWeights> {
  const root = Math.sqrt(decay / (curvature + decay));
  const momentum = (1 - root) / (1 + root);
  let weights = start;
  let ahead = start;
  for (let step = 0; step < steps; step++) {
    await breather.breathe();
    const gradient = headGradient(ahead, samples, which, labels, classes, decay);
    if (gradient.every((value) => Math.abs(value) <= FLAT)) return ahead;
    const next = ahead.map((weight, at) => weight - (gradient[at] as number) / (curvature + decay));
    ahead = next.map((weight, at) => weight + momentum * (weight - (weights[at] as number)));
    weights = next;
  }
  return weights;
}

function headGradient(
  weights: HeadWeights,
  samples: HeadSamples,
  which: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
  decay: number,
): Float64Array {
  const { data, cols } = samples;
  const gradient = weights.map((weight) => decay * weight);
  const errors = headPredictions(weights, samples, which, classes);
  for (let i = 0; i < which.length; i++) {
    const start = (which[i] as number) * cols;
    for (let y = 0; y < classes; y++) {
      const error = ((errors[i * classes + y] as number) - Number(labels[i] === y)) / which.length;
      for (let c = 0; c < cols; c++) {
        const at = y * cols + c;
        gradient[at] = (gradient[at] as number) + error * (data[start + c] as number);
      }
    }
  }
  return gradient;
}

/**
 * A bound of the mean cross-entropy's curvature: half the largest eigenvalue of XᵀX / rows, by power iteration and rounded
 * up by a tenth. (The Hessian of log-softmax has no eigenvalue above a half.)
 *
 * @see Böhning: Multinomial logistic regression algorithm. Annals of the Institute of Statistical Mathematics 44, 1992.
 */
export function largestCurvature({ data, cols }: HeadSamples, which: ArrayLike<number>): number {
  let direction = new Float64Array(cols).fill(1 / Math.sqrt(cols));
  let largest = 0;
  for (let step = 0; step < POWER_STEPS; step++) {
    const image = new Float64Array(cols);
    for (let i = 0; i < which.length; i++) {
      const start = (which[i] as number) * cols;
      let product = 0;
      for (let c = 0; c < cols; c++) product += (data[start + c] as number) * (direction[c] as number);
      for (let c = 0; c < cols; c++) {
        image[c] = (image[c] as number) + (product * (data[start + c] as number)) / which.length;
      }
    }
    largest = Math.sqrt(image.reduce((sum, value) => sum + value * value, 0));
    if (largest === 0) return 0;
    direction = image.map((value) => value / largest);
  }
  return 0.55 * largest;
}
