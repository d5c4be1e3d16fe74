import { SKIPPED } from '../strategies/strategy.js';
import type { PickExplanation } from './explanations.js';
import type { Entry, LabelBook } from './label-book.js';
import type { PseudoLabels } from './trainer.js';

/** What came since the last training. */
export interface Unfinished {
  /** The model does not know all labels, or knows one that was taken back. */
  readonly isStale: boolean;
  /** Newly labelled. */
  readonly indices: readonly number[];
  readonly refused: readonly number[];
  /** Why the indices were picked, as far as it is known. */
  readonly picks: readonly PickExplanation[];
}

const FINISHED: Unfinished = { isStale: false, indices: [], refused: [], picks: [] };

/** {@link Progress} as it is written down. */
export interface ProgressState {
  readonly rounds: number;
  readonly isFitted: boolean;
  readonly unfinished: Unfinished;
  readonly pseudo: PseudoLabels | undefined;
}

/** How far a learner is: rounds begun, and what has come since the model was last trained. */
export class Progress {
  #rounds = 0;
  #isFitted = false;
  #unfinished = FINISHED;
  /** Classes that the next training takes for granted. */
  pseudo: PseudoLabels | undefined;

  /** Batches of labels so far. */
  get rounds(): number {
    return this.#rounds;
  }

  /** True where the model is not trained on the labels as they are. */
  get isStale(): boolean {
    return this.#unfinished.isStale || !this.#isFitted;
  }

  /** True where labels have come, or gone, since the last training. */
  get isUnfinished(): boolean {
    return this.#unfinished.isStale;
  }

  /**
   * Answers were written into the book.
   *
   * @param labels Classes, or SKIPPED.
   * @param picks Explanations of what was asked.
   * @param round The round that the answers belong to; it has begun with them at the latest.
   */
  wrote(entry: Entry, labels: ArrayLike<number>, picks: readonly PickExplanation[], round: number): void {
    if (entry.fresh.length > 0) this.#rounds = round + 1;
    const came = new Set(entry.fresh);
    const { isStale, indices, refused, picks: before } = this.#unfinished;
    this.#unfinished = {
      isStale: isStale || Array.from(labels).some((label) => label !== SKIPPED),
      indices: [...indices, ...entry.fresh],
      refused: [...refused, ...entry.refused],
      picks: [...before, ...picks.filter(({ index }) => came.has(index))],
    };
  }

  /** Why the newly labelled samples were picked, where that is known only afterwards. */
  explain(picks: readonly PickExplanation[]): void {
    this.#unfinished = { ...this.#unfinished, picks };
  }

  /** Labels were taken back: the model has to unlearn them. */
  forget(things: Uint32Array): void {
    const gone = new Set(things);
    const { indices, refused, picks } = this.#unfinished;
    this.#unfinished = {
      isStale: true,
      indices: indices.filter((index) => !gone.has(index)),
      refused,
      picks: picks.filter(({ index }) => !gone.has(index)),
    };
  }

  /** Pseudo-labels of samples that have not got a real one meanwhile. */
  openPseudoLabels(book: LabelBook): PseudoLabels | undefined {
    if (this.pseudo === undefined) return undefined;
    const { indices, labels } = this.pseudo;
    const isOpen = Array.from(indices, (index) => book.isOffered(index));
    return { indices: indices.filter((_, at) => isOpen[at]), labels: labels.filter((_, at) => isOpen[at]) };
  }

  /** The model was trained on all that came. */
  finish(): Unfinished {
    const done = this.#unfinished;
    this.#unfinished = FINISHED;
    this.#isFitted = true;
    this.pseudo = undefined;
    return done;
  }

  state(): ProgressState {
    return { rounds: this.#rounds, isFitted: this.#isFitted, unfinished: this.#unfinished, pseudo: this.pseudo };
  }

  restore({ rounds, isFitted, unfinished, pseudo }: ProgressState): void {
    this.#rounds = rounds;
    this.#isFitted = isFitted;
    this.#unfinished = unfinished;
    this.pseudo = pseudo;
  }
}
