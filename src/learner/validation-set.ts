import type { LabeledSamples } from '../data/dataset.js';
import { ShapeError } from '../errors.js';
import type { MatrixView } from '../matrix.js';
import { takeRows } from '../models/samples.js';
import { SKIPPED } from '../strategies/strategy.js';
import type { LabelBook } from './label-book.js';
import type { Setup } from './learner-options.js';
import { askOracle, type Oracle } from './oracles/oracle.js';

/** Answers about the samples that are held for validation. */
export interface HeldAnswers {
  /** Of each held sample: its class, or SKIPPED. */
  readonly labels: readonly number[];
  /** Labels that were bought: one for all samples with the same id. */
  readonly bought: number;
  readonly cost: number;
}

/** The validation samples of a learner: given, or held back from the pool and labelled by the oracle when first needed. */
export class ValidationSet {
  readonly #held: Uint32Array | undefined;
  /** Answers so far, while the oracle is being asked. */
  readonly #found = new Map<number, number>();
  #spent = 0;
  #answers: HeldAnswers | undefined;
  #samples: LabeledSamples | undefined;

  constructor(given: Setup['validation']) {
    if (given !== undefined && 'held' in given) this.#held = given.held;
    else this.#samples = given;
  }

  /** Undefined without validation, or before {@link prepare}. */
  get samples(): LabeledSamples | undefined {
    return this.#samples;
  }

  /** Pool indices, ascending. */
  get held(): Uint32Array {
    return this.#held ?? new Uint32Array(0);
  }

  /** Labels bought for it. */
  get labels(): number {
    return this.#answers?.bought ?? 0;
  }

  /** Paid for it. */
  get cost(): number {
    return this.#answers?.cost ?? 0;
  }

  get answers(): HeldAnswers | undefined {
    return this.#answers;
  }

  /** True where the oracle has yet to be asked. */
  get isOpen(): boolean {
    return this.#held !== undefined && this.#answers === undefined;
  }

  /**
   * Ask about the held samples. Answers that come with an abort are kept for the next time; what is not answered
   * otherwise counts as refused.
   *
   * @throws {ShapeError} The oracle answered about none.
   */
  async prepare(oracle: Oracle, pool: MatrixView, book: LabelBook, signal: AbortSignal | undefined): Promise<void> {
    const things = this.held.filter((index) => book.units.first(index) === index);
    const open = things.filter((index) => !this.#found.has(index));
    const { indices, labels, costs } = await askOracle(oracle, open, { signal, round: 0 }, book.classes);
    indices.forEach((index, at) => {
      const label = labels[at] as number;
      this.#found.set(index, label);
      this.#spent += costs?.[at] ?? (label === SKIPPED ? 0 : book.price(index));
    });
    signal?.throwIfAborted();
    const bought = things.filter((index) => (this.#found.get(index) ?? SKIPPED) !== SKIPPED).length;
    const all = Array.from(this.held, (index) => this.#found.get(book.units.first(index)) ?? SKIPPED);
    this.restore({ labels: all, bought, cost: this.#spent }, pool);
  }

  restore(answers: HeldAnswers, pool: MatrixView): void {
    const known = this.held.filter((_, at) => answers.labels[at] !== SKIPPED);
    if (known.length === 0) throw new ShapeError('validation: expected an answer about some sample, got none');
    const labels = Uint32Array.from(answers.labels.filter((label) => label !== SKIPPED));
    this.#answers = answers;
    this.#samples = { samples: takeRows(pool, known), labels };
  }
}
