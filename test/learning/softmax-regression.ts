import type { FitOptions, FitResult, FloatRows, Matrix, MatrixLike, Model } from '../../src/index.js';

/** Steps of gradient descent from scratch, and their size. */
const STEPS = 150;
const RATE = 0.5;

/**
 * Softmax regression by gradient descent over all samples at once, in f64 and plain TypeScript: a classifier whose training
 * takes milliseconds. `epochs` are steps. Its embedding is the sample itself.
 */
export class SoftmaxRegression implements Model {
  readonly name = 'softmax-regression';
  readonly classes: number;
  readonly #features: number;
  /** [features + 1, classes], biases last. */
  #weights: Float64Array;

  constructor(features: number, classes: number) {
    this.#features = features;
    this.classes = classes;
    this.#weights = new Float64Array((features + 1) * classes);
  }

  async fit(samples: MatrixLike, labels: ArrayLike<number>, options: FitOptions = {}): Promise<FitResult> {
    const { epochs = STEPS, warmStart = false } = options;
    const { rows } = samples as Matrix;
    const data = (samples as Matrix).data as Float32Array;
    const { classes } = this;
    const features = this.#features;
    const weights = warmStart ? this.#weights.slice() : new Float64Array((features + 1) * classes);
    let loss = NaN;
    for (let step = 0; step < epochs; step++) {
      const p = softmaxRows(weights, data, rows, features, classes);
      loss = 0;
      for (let row = 0; row < rows; row++) {
        const at = row * classes + (labels[row] as number);
        loss -= Math.log(Math.max(p[at] as number, 1e-15)) / rows;
        p[at]! -= 1;
      }
      for (let row = 0; row < rows; row++) {
        for (let f = 0; f <= features; f++) {
          const x = f < features ? (data[row * features + f] as number) : 1;
          if (x === 0) continue;
          for (let c = 0; c < classes; c++) {
            weights[f * classes + c]! -= ((RATE * x) / rows) * (p[row * classes + c] as number);
          }
        }
      }
    }
    this.#weights = weights;
    return { epochs, loss };
  }

  async predictProba(samples: MatrixLike): Promise<FloatRows> {
    const { data, rows } = samples as Matrix;
    const p = softmaxRows(this.#weights, data as Float32Array, rows, this.#features, this.classes);
    return { data: Float32Array.from(p), rows, cols: this.classes };
  }

  async embed(samples: MatrixLike): Promise<FloatRows> {
    const { data, rows, cols } = samples as Matrix;
    return { data: Float32Array.from(data as Float32Array), rows, cols };
  }

  checkpoint(): () => void {
    const weights = this.#weights;
    return () => {
      this.#weights = weights;
    };
  }

  async save(): Promise<void> {
    throw new Error('a classifier of the checks is not saved');
  }
}

function softmaxRows(
  weights: Float64Array,
  data: Float32Array,
  rows: number,
  features: number,
  classes: number,
): Float64Array {
  const out = new Float64Array(rows * classes);
  for (let row = 0; row < rows; row++) {
    const p = out.subarray(row * classes, (row + 1) * classes);
    p.set(weights.subarray(features * classes));
    for (let f = 0; f < features; f++) {
      const x = data[row * features + f] as number;
      if (x === 0) continue;
      for (let c = 0; c < classes; c++) p[c]! += x * (weights[f * classes + c] as number);
    }
    const most = Math.max(...p);
    let sum = 0;
    for (let c = 0; c < classes; c++) {
      p[c] = Math.exp((p[c] as number) - most);
      sum += p[c] as number;
    }
    for (let c = 0; c < classes; c++) p[c]! /= sum;
  }
  return out;
}
