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
    const view = await this.#current();
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

  /** The shortlist as it stands; of the whole rest of the pool where it no longer fills a window. */
  async #current(): Promise<CandidateFeatures> {
    const { rerank, ranking, window } = this.#options;
    const left = this.#view?.ranked.slice(this.#position) ?? new Uint32Array(0);
    const wasStale = this.#isStale;
    this.#isStale = false;
    if (left.length < window) {
      const rest = this.#context.unlabeled.filter((index) => !this.#passed.has(index));
      if (this.#view === undefined || rest.length > left.length) return this.#look(await this.#rank(rest));
    }
    if (!wasStale) return this.#view as CandidateFeatures;
    return this.#look(rerank === 'round' || ranking === 'random' ? left : await this.#rank(left));
  }

  /** Candidates that have gone by may come again. */
  forget(): void {
    this.#passed.clear();
    this.#view = undefined;
  }

  #look(order: Uint32Array): CandidateFeatures {
    this.#view = new CandidateFeatures(this.#context, order, this.#options.features);
    this.#position = 0;
    return this.#view;
  }

  #rank(candidates: Uint32Array): Promise<Uint32Array> {
    const seed = deriveSeed(this.#context.seed, STREAM_RANKING, this.#rankings);
    this.#rankings += 1;
    const { ranking, shortlist, window } = this.#options;
    return rankCandidates(this.#context, candidates, ranking, Math.max(shortlist, window), seed, this.#signal);
  }
}
