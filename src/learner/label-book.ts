import { expected, show } from '../contract/text.js';
import { ArgumentError } from '../errors.js';
import { checkLabels } from '../models/samples.js';
import { isTypedList } from './lists.js';

/** Which samples of a pool have labels, and which. */
export class LabelBook {
  readonly size: number;
  readonly classes: number;
  /** Index to class, in the order in which labels came. */
  readonly #labels = new Map<number, number>();

  constructor(size: number, classes: number) {
    this.size = size;
    this.classes = classes;
  }

  /** Labels bought so far: distinct labelled samples. */
  get count(): number {
    return this.#labels.size;
  }

  has(index: number): boolean {
    return this.#labels.has(index);
  }

  /** In the order in which labels came. */
  labeled(): Uint32Array {
    return Uint32Array.from(this.#labels.keys());
  }

  /** Class of each of {@link labeled}. */
  labels(): Uint32Array {
    return Uint32Array.from(this.#labels.values());
  }

  /** Ascending. */
  unlabeled(): Uint32Array {
    const indices = new Uint32Array(this.size - this.count);
    for (let index = 0, at = 0; index < this.size; index++) if (!this.#labels.has(index)) indices[at++] = index;
    return indices;
  }

  /**
   * Write labels down; all of them or, when one is wrong, none. A sample that has one already is corrected.
   *
   * @returns The indices that were new.
   * @throws {ArgumentError} Indices outside the pool or named twice.
   * @throws {ValueError} A label that is no class.
   * @throws {ShapeError} As many labels as indices are needed.
   */
  teach(where: string, indices: ArrayLike<number>, labels: ArrayLike<number>): Uint32Array {
    this.checkIndices(where, indices);
    const classes = checkLabels(where, labels, indices.length, this.classes);
    const fresh = Uint32Array.from(indices).filter((index) => !this.#labels.has(index));
    for (let i = 0; i < indices.length; i++) this.#labels.set(indices[i] as number, classes[i] as number);
    return fresh;
  }

  /** @throws {ArgumentError} Indices outside the pool or named twice. */
  checkIndices(where: string, indices: ArrayLike<number>): void {
    if (!isTypedList(indices)) throw expected(where, 'a list of pool indices', 'indices', indices);
    const seen = new Set<number>();
    for (let i = 0; i < indices.length; i++) {
      const index = indices[i] as number;
      if (!Number.isInteger(index) || index < 0 || index >= this.size) {
        throw new ArgumentError(
          `${where}: expected indices from 0 to ${this.size - 1}, got ${show(index)} at position ${i}`,
        );
      }
      if (seen.has(index))
        throw new ArgumentError(`${where}: expected every index once, got ${index} again at position ${i}`);
      seen.add(index);
    }
  }
}
