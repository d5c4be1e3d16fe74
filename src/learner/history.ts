import { ShapeError, UnavailableError } from '../errors.js';
import type { MatrixView } from '../matrix.js';
import type { FloatRows, TrainingWatch } from '../models/model.js';
import type { TrainingHistory } from '../strategies/strategy.js';
import { likeliestClasses } from '../models/likeliest.js';

/** The classes that a training predicted for the pool at its moments. */
export class TrainingRecord {
  readonly #size: number;
  #moments: Uint32Array[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  /** [moments, N] in one piece, for snapshots. */
  get classes(): Uint32Array {
    const all = new Uint32Array(this.#moments.length * this.#size);
    this.#moments.forEach((classes, moment) => all.set(classes, moment * this.#size));
    return all;
  }

  get moments(): number {
    return this.#moments.length;
  }

  /** What makes a training report; the old record goes when the new one begins. */
  watch(samples: MatrixView, moments: number): TrainingWatch {
    this.#moments = [];
    return { samples, moments, onPredictions: (_, probabilities) => this.add(probabilities) };
  }

  /** @param probabilities Of the whole pool, [N, C]. */
  add(probabilities: FloatRows): void {
    if (probabilities.rows !== this.#size) {
      throw new ShapeError(
        `watch: expected predictions of the ${this.#size} samples of the pool, got ${probabilities.rows}`,
      );
    }
    this.#moments.push(likeliestClasses(probabilities));
  }

  restore(classes: ArrayLike<number>): void {
    const moments = Math.floor(classes.length / this.#size);
    const all = Uint32Array.from(classes);
    this.#moments = Array.from({ length: moments }, (_, at) => all.slice(at * this.#size, (at + 1) * this.#size));
  }

  /** @throws {UnavailableError} Nothing was trained yet. */
  of(indices: Uint32Array): TrainingHistory {
    if (this.#moments.length === 0) {
      throw new UnavailableError('history: expected a training that was watched; there was none yet');
    }
    const classes = new Uint32Array(this.#moments.length * indices.length);
    this.#moments.forEach((all, moment) => {
      indices.forEach((index, at) => (classes[moment * indices.length + at] = all[index] as number));
    });
    return { moments: this.#moments.length, rows: indices.length, classes };
  }
}
