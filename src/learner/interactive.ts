import { ArgumentError, QuerentError } from '../errors.js';
import type { FitResult } from '../models/model.js';
import { type Interactive, type QueryStrategy, SKIPPED } from '../strategies/strategy.js';
import { fits, type Limits } from './batch.js';
import type { LabelBook } from './label-book.js';
import { checkIndices } from './lists.js';
import type { Metrics } from './metrics.js';

/** How a training within a query is to be done. */
export interface FitRequest {
  readonly warmStart?: boolean | undefined;
  readonly epochs?: number | undefined;
}

/** What buying labels within a query goes through. */
export interface PurchaseParts {
  readonly book: LabelBook;
  /** Labels that the query may buy. */
  readonly most: number;
  readonly limits: Limits;
  /** Ask about these, write the answers down, and say what was newly labelled or refused. */
  readonly buy: (indices: Uint32Array) => Promise<void>;
  /** Write down labels that are known already. */
  readonly recall: (indices: Uint32Array, labels: Uint32Array) => void;
  /** Take labels back. */
  readonly release: (indices: Uint32Array) => void;
  readonly fit: (step: number, options: FitRequest) => Promise<FitResult>;
  /** Of the model, where it has one. */
  readonly checkpoint: (() => () => void) | undefined;
  readonly evaluate: () => Promise<Metrics>;
}

/** Buys labels for one query of an interactive strategy, and remembers what was asked. */
export class Purchases implements Interactive {
  readonly #parts: PurchaseParts;
  readonly #boughtBefore: number;
  readonly #asked = new Set<number>();
  readonly checkpoint?: () => () => void;
  #steps = 0;

  constructor(parts: PurchaseParts) {
    this.#parts = parts;
    this.#boughtBefore = parts.book.bought;
    if (parts.checkpoint !== undefined) this.checkpoint = parts.checkpoint;
  }

  get remaining(): number {
    const { book, most } = this.#parts;
    return Math.max(0, most - (book.bought - this.#boughtBefore));
  }

  async label(indices: Uint32Array): Promise<Int32Array> {
    const { book, limits, buy, recall } = this.#parts;
    const where = 'interactive.label';
    const asked = checkIndices(where, 'indices', indices, book.size);
    const closed = asked.find((index) => !book.isOffered(index));
    if (closed !== undefined) throw new ArgumentError(`${where}: expected unlabelled samples, got ${closed}`);
    const fresh = asked.filter((index) => !book.isPaid(index));
    if (fresh.length > this.remaining) {
      throw new ArgumentError(`${where}: expected at most ${this.remaining} labels to buy, got ${fresh.length}`);
    }
    const known = asked.filter((index) => book.known(index) !== undefined);
    recall(
      known,
      known.map((index) => book.known(index) as number),
    );
    // one that no longer fits into the budget is left out, as everywhere
    const tally = { labels: book.bought, cost: book.cost };
    const affordable = asked.filter((index) => {
      if (book.has(index) || !fits(book, index, limits, tally)) return false;
      if (!book.isPaid(index)) {
        tally.labels += 1;
        tally.cost += book.price(index);
      }
      return true;
    });
    if (affordable.length > 0) await buy(affordable);
    for (const index of asked) this.#asked.add(index);
    return Int32Array.from(asked, (index) => book.labelOf(index) ?? SKIPPED);
  }

  release(indices: Uint32Array): void {
    this.#parts.release(indices);
  }

  fit(options: FitRequest = {}): Promise<FitResult> {
    this.#steps += 1;
    return this.#parts.fit(this.#steps, options);
  }

  evaluate(split: 'validation'): Promise<Metrics> {
    if (split !== 'validation') {
      return Promise.reject(new ArgumentError(`interactive.evaluate: expected 'validation', got ${String(split)}`));
    }
    return this.#parts.evaluate();
  }

  /** @throws {QuerentError} The strategy names samples that it did not label in this query. */
  check({ name }: QueryStrategy, indices: Uint32Array): void {
    const { book } = this.#parts;
    const legal = new Set(indices).size === indices.length && indices.every((i) => this.#asked.has(i) && book.has(i));
    if (!legal) {
      throw new QuerentError(
        'ERR_QUERENT_STRATEGY',
        `strategy ${name}: expected distinct samples that it labelled in this query, got others among ${indices.length}`,
      );
    }
  }
}
