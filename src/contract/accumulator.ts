/** The state and rules behind a McDropoutAccumulator. */
import { ShapeError, ValueError } from '../errors.js';
import { dtypeCode, widenRow } from '../matrix.js';
import { finishMeasure, type PassState } from '../reference/accumulate.js';
import { checkCount, checkOptions, checkThreads, MAX_COLS } from './check.js';
import type { McMeasure } from './codes.js';
import type { Engine } from './engine.js';
import type { McDropoutResult } from './passes-call.js';
import { ACCUMULATOR_KEYS, checkMeasures, type PassOptions } from './passes-plan.js';
import { invalidRow } from './rows.js';
import { checkFloats, planPasses } from './score-plan.js';
import { type MatrixLike, readMatrix } from './tensor-like.js';

/** Options of {@link McDropoutAccumulator}. */
export interface McAccumulatorOptions extends PassOptions {
  /** What to compute; default ['bald']. */
  readonly measures?: readonly McMeasure[] | undefined;
  /** At most this many threads; default all of the machine. The result does not depend on it. */
  readonly threads?: number | undefined;
}

/**
 * `mcDropout` one pass at a time: O(N·C) memory for any number of passes, in f64, equal to mcDropout within 2e-6. The
 * divergence is kept in the form S <- S + t·KL(m_old || m_new) + KL(p || m_new), which cannot go negative.
 */
export class PassCollector<M extends McMeasure> {
  readonly #engine: Engine;
  readonly #rows: number;
  readonly #cols: number;
  readonly #options: McAccumulatorOptions;
  readonly #measures: readonly McMeasure[];
  readonly #threads: number;
  readonly #from: number;
  readonly #state: PassState;
  #passes = 0;
  /** Kept so that results are not read past an error that was thrown. */
  #fault: ValueError | null = null;

  constructor(engine: Engine, rows: number, cols: number, options: McAccumulatorOptions = {}) {
    const where = 'McDropoutAccumulator';
    checkOptions(where, options, ACCUMULATOR_KEYS);
    this.#engine = engine;
    this.#rows = checkCount(where, 'rows', rows);
    this.#cols = checkCount(where, 'cols', cols, 1, MAX_COLS);
    this.#options = { ...options };
    this.#measures = checkMeasures(where, options.measures);
    this.#threads = checkThreads(where, options.threads);
    this.#from = planPasses(where, options, 'f64').from;
    const cells = rows * cols;
    if (!Number.isSafeInteger(cells))
      throw new ShapeError(`${where}: expected rows x cols below 2^53, got ${rows} x ${cols}`);
    const wants = (measure: McMeasure): boolean => this.#measures.includes(measure);
    this.#state = {
      mean: new Float64Array(cells),
      kl: wants('bald') ? new Float64Array(rows) : null,
      entropy: wants('expected-entropy') ? new Float64Array(rows) : null,
      m2: wants('mean-std') ? new Float64Array(cells) : null,
      votes: wants('variation-ratio') ? new Uint32Array(cells) : null,
    };
  }

  /** Passes added so far. */
  get passes(): number {
    return this.#passes;
  }

  /**
   * Add the predictions [N, C] of one pass.
   *
   * @throws {ValueError} An unusable row; the accumulator then stays unusable, unless `onInvalid: 'exclude'`.
   */
  add(probs: MatrixLike): void {
    const where = 'McDropoutAccumulator.add';
    if (this.#fault) throw this.#fault;
    const view = checkFloats(where, 'probs', readMatrix(where, 'probs', probs));
    if (view.rows !== this.#rows || view.cols !== this.#cols) {
      throw new ShapeError(
        `${where}: expected ${this.#rows} x ${this.#cols} for probs, got ${view.rows} x ${view.cols}`,
      );
    }
    const rule = planPasses(where, this.#options, view.dtype);
    const { mean, kl, entropy, m2, votes } = this.#state;
    const invalid = this.#engine.mcAccumulate(
      view.data,
      dtypeCode(view.dtype),
      view.rows,
      view.cols,
      view.stride,
      rule.from,
      rule.normalize,
      rule.tolerance,
      this.#passes,
      this.#threads,
      mean,
      kl,
      entropy,
      m2,
      votes,
    );
    const pass = this.#passes;
    this.#passes += 1;
    if (invalid >= 0 && rule.throwsOnInvalid) {
      const values = widenRow(view, invalid, new Float64Array(view.cols));
      this.#fault = invalidRow(where, `row ${invalid} of pass ${pass}`, values, rule);
      throw this.#fault;
    }
  }

  /** The measures over all passes so far; more passes may be added afterwards. */
  result(): McDropoutResult<M> {
    if (this.#fault) throw this.#fault;
    if (this.#passes === 0) {
      throw new ShapeError('McDropoutAccumulator.result: expected at least one pass to be added, got none');
    }
    const entries = this.#measures.map((measure) => [
      measure,
      finishMeasure(measure, this.#state, this.#passes, this.#rows, this.#cols, this.#from),
    ]);
    return Object.fromEntries(entries) as McDropoutResult<M>;
  }
}
