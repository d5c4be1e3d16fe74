import type { FloatRows } from '../models/model.js';

/** How well predictions fit known classes. */
export interface Metrics {
  /** Share of samples whose likeliest class (lowest on ties) is right. */
  readonly accuracy: number;
  /** Mean over classes of 2 TP / (2 TP + FP + FN); a class that neither occurs nor is predicted is left out. */
  readonly macroF1: number;
  /** Mean of -ln p(right class), in nats; p is kept at 1e-15 or above. */
  readonly logLoss: number;
}

const SMALLEST_PROBABILITY = 1e-15;

/**
 * @param probabilities [N, C], N >= 1.
 * @param labels [N], values 0 to C - 1.
 */
export function measure({ data, rows, cols }: FloatRows, labels: ArrayLike<number>): Metrics {
  const truePositives = new Uint32Array(cols);
  const occurrences = new Uint32Array(cols);
  const predictions = new Uint32Array(cols);
  let logLoss = 0;
  for (let row = 0; row < rows; row++) {
    const label = labels[row] as number;
    const predicted = likeliest(data, row * cols, cols);
    occurrences[label]! += 1;
    predictions[predicted]! += 1;
    if (predicted === label) truePositives[label]! += 1;
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
  };
}

function likeliest(data: Float32Array, start: number, cols: number): number {
  let best = 0;
  for (let c = 1; c < cols; c++) if ((data[start + c] as number) > (data[start + best] as number)) best = c;
  return best;
}
