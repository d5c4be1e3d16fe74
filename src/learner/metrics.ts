import { likeliest } from '../models/likeliest.js';
import type { FloatRows } from '../models/model.js';

/** How well predictions fit known classes. */
export interface Metrics {
  /** Share of samples whose likeliest class (lowest on ties) is right. */
  readonly accuracy: number;
  /** Mean over classes of 2 TP / (2 TP + FP + FN); a class that neither occurs nor is predicted is left out. */
  readonly macroF1: number;
  /** Mean of -ln p(right class), in nats; p is kept at 1e-15 or above. */
  readonly logLoss: number;
  /**
   * Expected calibration error: over 15 equal bins (l, u] of the largest probability, the mean of |share right - mean
   * confidence|, weighted by how many samples fall into each.
   *
   * @see Guo, Pleiss, Sun, Weinberger: On Calibration of Modern Neural Networks. ICML 2017, section 2.
   */
  readonly ece: number;
}

const SMALLEST_PROBABILITY = 1e-15;
const CALIBRATION_BINS = 15;

/**
 * How well predictions fit labels.
 *
 * @param probabilities [N, C], N >= 1.
 * @param labels [N], values 0 to C - 1.
 */
export function measure({ data, rows, cols }: FloatRows, labels: ArrayLike<number>): Metrics {
  const truePositives = new Uint32Array(cols);
  const occurrences = new Uint32Array(cols);
  const predictions = new Uint32Array(cols);
  const gaps = new Float64Array(CALIBRATION_BINS); // hits - confidences, per bin
  let logLoss = 0;
  for (let row = 0; row < rows; row++) {
    const label = labels[row] as number;
    const predicted = likeliest(data, row * cols, cols);
    occurrences[label]! += 1;
    predictions[predicted]! += 1;
    if (predicted === label) truePositives[label]! += 1;
    const confidence = data[row * cols + predicted] as number;
    gaps[calibrationBin(confidence)]! += (predicted === label ? 1 : 0) - confidence;
    logLoss -= Math.log(Math.max(data[row * cols + label] as number, SMALLEST_PROBABILITY));
  }
  const right = truePositives.reduce((sum, count) => sum + count, 0);
  const f1: number[] = [];
  for (let c = 0; c < cols; c++) {
    const whole = (occurrences[c] as number) + (predictions[c] as number); // 2 TP + FP + FN
    if (whole > 0) f1.push((2 * (truePositives[c] as number)) / whole);
  }
  return {
    accuracy: right / rows,
    macroF1: f1.reduce((sum, value) => sum + value, 0) / f1.length,
    logLoss: logLoss / rows,
    ece: gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / rows,
  };
}

function calibrationBin(confidence: number): number {
  return Math.min(Math.max(Math.ceil(confidence * CALIBRATION_BINS) - 1, 0), CALIBRATION_BINS - 1);
}

/** How many labels each class has, and how even that is. */
export interface LabelBalance {
  /** Labels of each class, [C]. */
  readonly balance: readonly number[];
  /** Entropy of the shares over ln C: 1 where all classes have as many, 0 where one has all; 0 without labels. */
  readonly balanceEntropy: number;
}

/**
 * How many labels each class has.
 *
 * @param labels Values 0 to `classes` - 1; `classes` >= 2.
 */
export function labelBalance(labels: ArrayLike<number>, classes: number): LabelBalance {
  const balance = new Array<number>(classes).fill(0);
  for (let i = 0; i < labels.length; i++) balance[labels[i] as number]! += 1;
  let entropy = 0;
  for (const count of balance) {
    const share = count / labels.length;
    if (count > 0) entropy -= share * Math.log(share);
  }
  return { balance, balanceEntropy: entropy / Math.log(classes) };
}
