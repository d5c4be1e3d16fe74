import { deriveSeed } from '../../reference/philox.js';
import type { QueryContext } from '../../strategies/strategy.js';
import { STREAM_RANKING } from '../seeds.js';
import { CandidateFeatures } from './candidate-features.js';
import type { SralOptions } from './options.js';
import { rankCandidates } from './ranking.js';

/** Candidates that are decided about together. */
export interface Window {
  /** Pool indices, at most n. */
  readonly indices: Uint32Array;
  /** [n, d]; rows beyond the candidates are zero. */
  readonly state: Float32Array;
  /** d. */
  readonly features: number;
}

/** The ranked pool of a round, window by window. No candidate comes twice, unless {@link forget} says so. */
export class Windows {
  readonly #context: QueryContext;
  readonly #options: SralOptions;
  readonly #signal: AbortSignal | undefined;
  readonly #passed: Set<number>;
  #view: CandidateFeatures | undefined;
  #position = 0;
  #rankings = 0;
  #isStale = false;

  /** @param discarded Pool indices that are not looked at. */
  constructor(
    context: QueryContext,
    options: SralOptions,
    discarded: Iterable<number>,
    signal: AbortSignal | undefined,
  ) {
    this.#context = context;
    this.#options = options;
    this.#passed = new Set(discarded);
    this.#signal = signal;
  }

  /**
   * @param spent Share of the budget that is spent, a feature of every candidate.
   * @returns Undefined when the pool is through.
   */
  async next(spent: number): Promise<Window | undefined> {
    if (this.#isStale) await this.#lookAgain();
    if (this.#view === undefined || this.#position >= this.#view.ranked.length) {
      const rest = this.#context.unlabeled.filter((index) => !this.#passed.has(index));
      this.#look(await this.#rank(rest));
    }
    const view = this.#view as CandidateFeatures;
    const from = this.#position;
    const to = Math.min(view.ranked.length, from + this.#options.window);
    if (from === to) return undefined;
    const { data, rows, cols } = await view.rows(from, to);
    const state = new Float32Array(this.#options.window * cols);
    state.set(data);
    if (this.#options.features === 'all') {
      for (let row = 0; row < rows; row++) state[(row + 1) * cols - 1] = spent;
    }
    const indices = view.ranked.slice(from, to);
    for (const index of indices) this.#passed.add(index);
    this.#position = to;
    return { indices, state, features: cols };
  }

  /** The classifier was trained: predictions and embeddings are others now, and the order may be. */
  modelChanged(): void {
    this.#isStale = true;
  }

  async #lookAgain(): Promise<void> {
    this.#isStale = false;
    if (this.#view === undefined) return;
    const rest = this.#view.ranked.subarray(this.#position);
    const { rerank, ranking, shortlist } = this.#options;
    if (rerank === 'round' || ranking === 'random') return this.#look(rest);
    const best = await this.#rank(rest.slice(0, shortlist));
    const order = new Uint32Array(rest.length);
    order.set(best);
    order.set(rest.subarray(best.length), best.length);
    this.#look(order);
  }

  /** Candidates that have gone by may come again. */
  forget(): void {
    this.#passed.clear();
    this.#view = undefined;
  }

  #look(order: Uint32Array): void {
    this.#view = new CandidateFeatures(this.#context, order, this.#options.features);
    this.#position = 0;
  }

  #rank(candidates: Uint32Array): Promise<Uint32Array> {
    const seed = deriveSeed(this.#context.seed, STREAM_RANKING, this.#rankings);
    this.#rankings += 1;
    const { ranking } = this.#options;
    return rankCandidates(this.#context, candidates, ranking, seed, this.#signal);
  }
}
