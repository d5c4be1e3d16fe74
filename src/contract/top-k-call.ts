/** What `topK` and `TopKAccumulator` do once an engine is chosen. */
import { ArgumentError, ShapeError } from '../errors.js';
import { ASYNC_KEYS, type AsyncOptions, blockRun, checkAsync, isShared, runBlocks } from './blocks.js';
import { checkCount, checkOptions, MAX_ROWS } from './check.js';
import type { Engine, NativeTopKState, ScoreArray } from './engine.js';
import { addRows, inFlight } from './score-call.js';
import { planScore, type ScoringOptions } from './score-plan.js';
import { type MatrixLike, readMatrixAsync } from './tensor-like.js';
import {
  checkOutcome,
  checkScores,
  PICK_KEYS,
  type PickOptions,
  type PickPlan,
  planPick,
  planTopK,
  roomFor,
  rowsBetween,
  sameKind,
  sortedRows,
  type TopK,
  type TopKOptions,
} from './top-k-plan.js';

export interface TopKAsyncOptions extends TopKOptions, AsyncOptions {}

export function topKWith<S extends ScoreArray>(
  engine: Engine,
  where: string,
  scores: S,
  k: number,
  options: TopKOptions | undefined,
): TopK<S> {
  const plan = planTopK(where, scores, k, options);
  const room = roomFor(plan.k, plan.scores.length);
  const indices = new Uint32Array(room);
  const best = sameKind(plan.scores, room);
  const outcome = engine.topK(plan.scores, room, plan.tieBreak, plan.seed, plan.exclude, plan.threads, indices, best);
  checkOutcome(plan, plan.scores.length, outcome);
  return { indices, scores: best as S };
}

export async function topKAsyncWith<S extends ScoreArray>(
  engine: Engine,
  where: string,
  scores: S,
  k: number,
  options: TopKAsyncOptions | undefined,
): Promise<TopK<S>> {
  checkAsync(where, options);
  const plan = planTopK(where, scores, k, options, ASYNC_KEYS);
  const rows = plan.scores.length;
  const room = roomFor(plan.k, rows);
  const state = new engine.TopKState(room, plan.tieBreak, plan.seed);
  const shared = isShared(plan.scores);
  const width = inFlight(engine, plan.threads);
  const excluded = sortedRows(plan.exclude);
  const run = blockRun(where, 'scores', plan.scores, rows, plan.scores.BYTES_PER_ELEMENT, width, options);
  await runBlocks(run, async (begin, end) => {
    await state.addAsync(plan.scores.subarray(begin, end), shared, begin, rowsBetween(excluded, begin, end));
    return true;
  });
  checkOutcome(plan, rows, { eligible: state.eligible() });
  const indices = new Uint32Array(room);
  const best = sameKind(plan.scores, room);
  state.result(indices, best);
  return { indices, scores: best as S };
}

/**
 * The best k of a pool that comes in batches. The answer does not depend on how the pool was cut, nor on the order of
 * the batches. Memory is O(k).
 */
export class TopKCollector {
  readonly #engine: Engine;
  readonly #plan: PickPlan;
  readonly #state: NativeTopKState;
  readonly #excludedEnd: number;
  #rows = 0;
  #end = 0;
  #isDouble = false;

  constructor(engine: Engine, k: number, options: PickOptions | undefined) {
    const where = 'TopKAccumulator';
    checkOptions(where, options, PICK_KEYS);
    this.#engine = engine;
    const plan = planPick(where, k, options ?? {}, MAX_ROWS);
    this.#plan = { ...plan, exclude: sortedRows(plan.exclude) };
    this.#excludedEnd = (this.#plan.exclude?.at(-1) ?? -1) + 1;
    this.#state = new engine.TopKState(this.#plan.k, this.#plan.tieBreak, this.#plan.seed);
  }

  /** How many rows {@link result} would have: min(k, rows added that are neither excluded nor NaN). */
  get eligible(): number {
    return this.#state.eligible();
  }

  /**
   * Offer the scores of one batch.
   *
   * @param offset Row number in the pool of the batch's first row.
   */
  add(scores: ScoreArray, offset: number): void {
    const where = 'TopKAccumulator.add';
    const checked = checkScores(where, scores);
    this.#grow(where, offset, checked.length, checked instanceof Float64Array);
    if (checked.length === 0) return;
    this.#state.add(checked, offset, rowsBetween(this.#plan.exclude, offset, offset + checked.length), 0);
  }

  /** Score one batch on worker threads and offer it, without holding its scores. */
  async addRows(probs: MatrixLike, offset: number, options: ScoringOptions & AsyncOptions): Promise<void> {
    const where = 'TopKAccumulator.addRows';
    checkAsync(where, options);
    const plan = planScore(where, await readMatrixAsync(where, 'probs', probs), options, ASYNC_KEYS);
    const { view } = plan;
    this.#grow(where, offset, view.rows, view.dtype === 'f64');
    await addRows(this.#engine, this.#state, plan, options, offset, this.#plan.exclude);
  }

  /**
   * The best k so far, best first; more may be added afterwards.
   *
   * @throws {ShapeError} Fewer than k rows are {@link eligible}.
   * @throws {ArgumentError} An excluded row number lies beyond all rows added.
   */
  result(): TopK {
    if (this.#excludedEnd > this.#end) {
      throw new ArgumentError(
        `TopKAccumulator.result: expected row numbers below ${this.#end} (the rows added) for exclude, ` +
          `got ${this.#excludedEnd - 1}`,
      );
    }
    checkOutcome(this.#plan, this.#rows, { eligible: this.eligible });
    const { k } = this.#plan;
    const indices = new Uint32Array(k);
    const scores = this.#isDouble ? new Float64Array(k) : new Float32Array(k);
    this.#state.result(indices, scores);
    return { indices, scores };
  }

  #grow(where: string, offset: number, length: number, isDouble: boolean): void {
    checkCount(where, 'offset', offset);
    if (offset + length > MAX_ROWS) {
      throw new ShapeError(`${where}: expected rows below ${MAX_ROWS}, got rows up to ${offset + length - 1}`);
    }
    this.#rows += length;
    this.#end = Math.max(this.#end, offset + length);
    this.#isDouble ||= isDouble;
  }
}
