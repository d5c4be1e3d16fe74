/** A small network that tells two kinds of rows apart. */
import type { FloatRows } from '../../models/model.js';
import { Random } from '../../reference/philox.js';
import { STREAM_ORDER, STREAM_WEIGHTS } from '../seeds.js';
import { Breather } from './breather.js';

export interface DiscriminatorOptions {
  /** Units of each hidden layer. */
  readonly hidden: readonly number[];
  readonly learningRate: number;
  /** Training ends when the mean of both kinds' accuracies reaches this. */
  readonly stopAccuracy: number;
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
}

/** Weights [outputs, inputs] and biases of one layer, with Adam's moments. */
interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  /** Weights, then biases. */
  readonly values: Float64Array;
  /** Of the last row that went through. */
  readonly output: Float64Array;
  readonly gradient: Float64Array;
  readonly mean: Float64Array;
  readonly square: Float64Array;
}

const BATCH = 64;
const [BETA_1, BETA_2, EPSILON] = [0.9, 0.999, 1e-8];

/**
 * A network with ReLU layers and one logit, trained by Adam on the log-loss. Both kinds weigh the same in it, however many
 * rows they have. f64 and seeded by Philox: the same answer on every machine with the same Math.exp.
 */
export class Discriminator {
  readonly #options: DiscriminatorOptions;
  readonly #layers: readonly Layer[];
  readonly #order: Random;
  #steps = 0;

  constructor(inputs: number, options: DiscriminatorOptions) {
    this.#options = options;
    this.#order = new Random(options.seed, STREAM_ORDER);
    const random = new Random(options.seed, STREAM_WEIGHTS);
    const widths = [inputs, ...options.hidden, 1];
    this.#layers = widths.slice(1).map((outputs, i) => newLayer(widths[i] as number, outputs, random));
  }

  /**
   * Go on training on these rows, over which it passes at most `epochs` times.
   *
   * @param kinds 0 or 1 for each of `which`; both occur.
   */
  async train(rows: FloatRows, which: Uint32Array, kinds: Uint8Array, epochs: number): Promise<void> {
    const { stopAccuracy, signal } = this.#options;
    const breather = new Breather(signal);
    const ones = kinds.reduce((sum, kind) => sum + kind, 0);
    const weight = [kinds.length / (2 * (kinds.length - ones)), kinds.length / (2 * ones)] as const;
    const order = Uint32Array.from(which.keys());
    for (let epoch = 0; epoch < epochs; epoch++) {
      this.#order.shuffle(order);
      for (let from = 0; from < order.length; from += BATCH) {
        await breather.breathe();
        const batch = order.subarray(from, from + BATCH);
        for (const at of batch) {
          const kind = kinds[at] as 0 | 1;
          this.#backward(rows, which[at] as number, kind, weight[kind] / batch.length);
        }
        this.#update();
      }
      if ((await this.#accuracy(rows, which, kinds)) >= stopAccuracy) return;
    }
  }

  /** Log-odds of kind 1 for chosen rows. */
  async logits(rows: FloatRows, which: ArrayLike<number>): Promise<Float64Array> {
    const breather = new Breather(this.#options.signal);
    const logits = new Float64Array(which.length);
    for (let i = 0; i < which.length; i++) {
      if (i % 64 === 0) await breather.breathe();
      logits[i] = this.#forward(rows, which[i] as number);
    }
    return logits;
  }

  async #accuracy(rows: FloatRows, which: Uint32Array, kinds: Uint8Array): Promise<number> {
    const logits = await this.logits(rows, which);
    const right = [0, 0];
    const total = [0, 0];
    kinds.forEach((kind, i) => {
      total[kind] = (total[kind] as number) + 1;
      if (Number((logits[i] as number) > 0) === kind) right[kind] = (right[kind] as number) + 1;
    });
    return ((right[0] as number) / (total[0] as number) + (right[1] as number) / (total[1] as number)) / 2;
  }

  /** The logit of one row; leaves the outputs of every layer behind. */
  #forward({ data, cols }: FloatRows, row: number): number {
    let input: Float32Array | Float64Array = data.subarray(row * cols, (row + 1) * cols);
    for (const layer of this.#layers) {
      const { inputs, outputs, values, output } = layer;
      const isLast = layer === this.#layers.at(-1);
      for (let o = 0; o < outputs; o++) {
        let sum = values[inputs * outputs + o] as number;
        for (let i = 0; i < inputs; i++) sum += (values[o * inputs + i] as number) * (input[i] as number);
        output[o] = isLast ? sum : Math.max(0, sum);
      }
      input = output;
    }
    return input[0] as number;
  }

  /** Add weight · ∂(log-loss)/∂(values) of one row to the gradients. */
  #backward(rows: FloatRows, row: number, kind: 0 | 1, weight: number): void {
    const { data, cols } = rows;
    const logit = this.#forward(rows, row);
    let errors = Float64Array.of(weight * (1 / (1 + Math.exp(-logit)) - kind));
    for (let depth = this.#layers.length - 1; depth >= 0; depth--) {
      const { inputs, outputs, values, gradient } = this.#layers[depth] as Layer;
      const input = this.#layers[depth - 1]?.output ?? data.subarray(row * cols, (row + 1) * cols);
      const below = new Float64Array(inputs);
      for (let o = 0; o < outputs; o++) {
        const error = errors[o] as number;
        if (error === 0) continue;
        gradient[inputs * outputs + o] = (gradient[inputs * outputs + o] as number) + error;
        for (let i = 0; i < inputs; i++) {
          const at = o * inputs + i;
          gradient[at] = (gradient[at] as number) + error * (input[i] as number);
          // what a unit that is off would pass on is lost
          if (depth > 0 && (input[i] as number) > 0) below[i] = (below[i] as number) + error * (values[at] as number);
        }
      }
      errors = below;
    }
  }

  /** One step of Adam; the gradients are zero afterwards. */
  #update(): void {
    this.#steps += 1;
    const correction = Math.sqrt(1 - BETA_2 ** this.#steps) / (1 - BETA_1 ** this.#steps);
    const rate = this.#options.learningRate * correction;
    for (const { values, gradient, mean, square } of this.#layers) {
      for (let at = 0; at < values.length; at++) {
        const slope = gradient[at] as number;
        const m = (mean[at] = BETA_1 * (mean[at] as number) + (1 - BETA_1) * slope);
        const v = (square[at] = BETA_2 * (square[at] as number) + (1 - BETA_2) * slope * slope);
        values[at] = (values[at] as number) - (rate * m) / (Math.sqrt(v) + EPSILON);
      }
      gradient.fill(0);
    }
  }
}

/** He's normal weights, no biases. */
function newLayer(inputs: number, outputs: number, random: Random): Layer {
  const size = outputs * (inputs + 1);
  const values = new Float64Array(size);
  const deviation = Math.sqrt(2 / inputs);
  for (let at = 0; at < inputs * outputs; at++) values[at] = deviation * random.normal();
  return {
    inputs,
    outputs,
    values,
    output: new Float64Array(outputs),
    gradient: new Float64Array(size),
    mean: new Float64Array(size),
    square: new Float64Array(size),
  };
}
