import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type MatrixLike, readMatrix } from '../../src/contract/tensor-like.js';
import type { FitOptions, FitResult, FloatRows, Model, PredictOptions } from '../../src/index.js';
import { widenRow } from '../../src/matrix.js';

/** A model without TensorFlow: a softmax over negative squared distances to the class means. */
export class CentroidModel implements Model {
  readonly name: string = 'centroid';
  readonly classes: number;
  #means: Float64Array[] = [];
  /** Seeds that fit was called with. */
  readonly fits: { seed: unknown; count: number; warmStart: boolean | undefined }[] = [];

  constructor(classes: number) {
    this.classes = classes;
  }

  async fit(samples: MatrixLike, labels: ArrayLike<number>, options: FitOptions = {}): Promise<FitResult> {
    await new Promise((resolve) => setImmediate(resolve));
    options.signal?.throwIfAborted();
    const view = readMatrix('centroid', 'samples', samples);
    this.fits.push({ seed: options.seed, count: view.rows, warmStart: options.warmStart });
    const sums = Array.from({ length: this.classes }, () => new Float64Array(view.cols));
    const counts = new Float64Array(this.classes);
    const row = new Float64Array(view.cols);
    for (let i = 0; i < view.rows; i++) {
      const label = labels[i]!;
      counts[label]! += 1;
      widenRow(view, i, row).forEach((value, c) => (sums[label]![c]! += value));
    }
    this.#means = sums.map((sum, c) => (counts[c] === 0 ? sum.fill(1e3) : sum.map((value) => value / counts[c]!)));
    return { epochs: 1, loss: 0 };
  }

  async predictProba(samples: MatrixLike, { signal }: PredictOptions = {}): Promise<FloatRows> {
    signal?.throwIfAborted();
    const view = readMatrix('centroid', 'samples', samples);
    const data = new Float32Array(view.rows * this.classes);
    const row = new Float64Array(view.cols);
    for (let i = 0; i < view.rows; i++) {
      widenRow(view, i, row);
      const logits = this.#means.map((mean) => -mean.reduce((sum, value, c) => sum + (value - row[c]!) ** 2, 0));
      const top = Math.max(...logits);
      const weights = logits.map((logit) => Math.exp(logit - top));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      weights.forEach((weight, c) => (data[i * this.classes + c] = weight / total));
    }
    return { data, rows: view.rows, cols: this.classes };
  }

  async save(dir: string): Promise<void> {
    await mkdir(dir, { recursive: true });
    const means = this.#means.map((mean) => [...mean]);
    await writeFile(join(dir, 'centroid.json'), JSON.stringify({ classes: this.classes, means }));
  }

  static async load(dir: string): Promise<CentroidModel> {
    const { classes, means } = JSON.parse(await readFile(join(dir, 'centroid.json'), 'utf8')) as {
      classes: number;
      means: number[][];
    };
    const model = new CentroidModel(classes);
    model.#means = means.map((mean) => Float64Array.from(mean));
    return model;
  }
}
