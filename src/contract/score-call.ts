/** What `score` and `scoreTopK` do once an engine is chosen; src/kernels and src/reference only differ in the engine. */
import { type FloatMatrixView, widenRow } from '../matrix.js';
import {
  ASYNC_KEYS,
  type AsyncOptions,
  blockRun,
  type BlockRun,
  checkAsync,
  isShared,
  runBlocks,
  stillAttached,
} from './blocks.js';
import { checkOut } from './check.js';
import type { Engine, NativeTopKState, ScoreArray } from './engine.js';
import { invalidRow } from './rows.js';
import { planScore, type ScorePlan, type ScoringOptions } from './score-plan.js';
import { type MatrixLike, readMatrix, readMatrixAsync } from './tensor-like.js';
import {
  checkOutcome,
  PICK_KEYS,
  type PickOptions,
  type PickPlan,
  planPick,
  roomFor,
  rowsBetween,
  sortedRows,
  type TopK,
} from './top-k-plan.js';

export interface ScoreOptions extends ScoringOptions {
  /** Where to put the scores: one per row, apart from the input. Default a new Float32Array. */
  readonly out?: Float32Array | Float64Array | undefined;
}

export interface ScoreAsyncOptions extends ScoreOptions, AsyncOptions {}
export interface ScoreTopKOptions extends ScoringOptions, PickOptions {}
export interface ScoreTopKAsyncOptions extends ScoreTopKOptions, AsyncOptions {}

const ELEMENT_BYTES = { f32: 4, f64: 8, f16: 2, bf16: 2 } as const;

/** Blocks in flight of a call: its own thread limit, or two per thread of the machine. */
export function inFlight(engine: Engine, threads: number): number {
  return threads > 0 ? threads : 2 * engine.hardwareThreads();
}

/** The error for row `row` of a matrix of predictions. */
export function invalidMatrixRow(plan: ScorePlan, row: number): Error {
  const { view } = plan;
  const isReadable = (row + 1) * view.cols <= view.data.length;
  const values = isReadable ? widenRow(view, row, new Float64Array(view.cols)) : null;
  return invalidRow(plan.where, `row ${row}`, values, plan);
}

/** Rows [begin, end) as a view of their own. */
export function sliceRows(view: FloatMatrixView, begin: number, end: number): FloatMatrixView['data'] {
  return view.data.subarray(begin * view.stride, (end - 1) * view.stride + view.cols);
}

/** The run of blocks over the rows of a matrix. */
export function rowRun(
  engine: Engine,
  plan: { where: string; view: FloatMatrixView; threads: number },
  options: AsyncOptions,
): BlockRun {
  const { where, view, threads } = plan;
  const rowBytes = view.stride * ELEMENT_BYTES[view.dtype];
  return blockRun(where, 'probs', view.data, view.rows, rowBytes, inFlight(engine, threads), options);
}

export function scoreWith(engine: Engine, where: string, probs: MatrixLike, options: ScoreOptions): ScoreArray {
  const plan = planScore(where, readMatrix(where, 'probs', probs), options, ['out']);
  const { view } = plan;
  const out = outFor(plan, options);
  if (view.rows === 0) return out;
  const invalid = engine.score(
    view.data,
    plan.dtype,
    view.rows,
    view.cols,
    view.stride,
    plan.method,
    plan.from,
    plan.kind,
    plan.normalize,
    plan.tolerance,
    plan.threads,
    out,
  );
  if (invalid >= 0 && plan.throwsOnInvalid) throw invalidMatrixRow(plan, invalid);
  return out;
}

export async function scoreAsyncWith(
  engine: Engine,
  where: string,
  probs: MatrixLike,
  options: ScoreAsyncOptions,
): Promise<ScoreArray> {
  checkAsync(where, options);
  const plan = planScore(where, await readMatrixAsync(where, 'probs', probs), options, ['out', ...ASYNC_KEYS]);
  const { view } = plan;
  const out = outFor(plan, options);
  const shared = isShared(view.data);
  const run = rowRun(engine, plan, options);
  const checkRoom = stillAttached(where, 'out', out);
  let lowest = Infinity;
  await runBlocks(run, async (begin, end) => {
    const block = await engine.scoreAsync(
      sliceRows(view, begin, end),
      shared,
      plan.dtype,
      end - begin,
      view.cols,
      view.stride,
      plan.method,
      plan.from,
      plan.kind,
      plan.normalize,
      plan.tolerance,
    );
    checkRoom();
    if (!run.stopped) out.set(block.scores, begin);
    if (block.invalidRow >= 0) lowest = Math.min(lowest, begin + block.invalidRow);
    return block.invalidRow < 0 || !plan.throwsOnInvalid;
  });
  if (lowest < Infinity && plan.throwsOnInvalid) throw invalidMatrixRow(plan, lowest);
  return out;
}

function outFor(plan: ScorePlan, options: ScoreOptions): ScoreArray {
  const { rows, data } = plan.view;
  return options.out === undefined ? new Float32Array(rows) : checkOut(plan.where, options.out, rows, data);
}

export function scoreTopKWith(
  engine: Engine,
  where: string,
  probs: MatrixLike,
  k: number,
  options: ScoreTopKOptions,
): TopK {
  const plan = planScore(where, readMatrix(where, 'probs', probs), options, PICK_KEYS);
  const { view } = plan;
  const pick = planPick(where, k, options, view.rows);
  const { indices, scores } = picksFor(plan, pick);
  if (view.rows === 0) {
    checkOutcome(pick, 0, { eligible: 0 });
    return { indices, scores };
  }
  const outcome = engine.scoreTopK(
    view.data,
    plan.dtype,
    view.rows,
    view.cols,
    view.stride,
    plan.method,
    plan.from,
    plan.kind,
    plan.normalize,
    plan.tolerance,
    indices.length,
    pick.tieBreak,
    pick.seed,
    pick.exclude,
    plan.threads,
    indices,
    scores,
  );
  if (outcome.invalidRow >= 0 && plan.throwsOnInvalid) throw invalidMatrixRow(plan, outcome.invalidRow);
  checkOutcome(pick, view.rows, outcome);
  return { indices, scores };
}

export async function scoreTopKAsyncWith(
  engine: Engine,
  where: string,
  probs: MatrixLike,
  k: number,
  options: ScoreTopKAsyncOptions,
): Promise<TopK> {
  checkAsync(where, options);
  const matrix = await readMatrixAsync(where, 'probs', probs);
  const plan = planScore(where, matrix, options, [...PICK_KEYS, ...ASYNC_KEYS]);
  const { view } = plan;
  const pick = planPick(where, k, options, view.rows);
  const { indices, scores } = picksFor(plan, pick);
  const state = new engine.TopKState(indices.length, pick.tieBreak, pick.seed);
  await addRows(engine, state, plan, options, 0, sortedRows(pick.exclude));
  checkOutcome(pick, view.rows, { eligible: state.eligible() });
  state.result(indices, scores);
  return { indices, scores };
}

/**
 * Score the rows of a plan block by block on worker threads and offer them to `state`; row r counts as offset + r.
 *
 * @param excluded Absolute row numbers, ascending.
 * @throws {ValueError} A row is invalid and the plan throws on it.
 */
export async function addRows(
  engine: Engine,
  state: NativeTopKState,
  plan: ScorePlan,
  options: AsyncOptions,
  offset: number,
  excluded: Uint32Array | null,
): Promise<void> {
  const { view } = plan;
  const shared = isShared(view.data);
  let lowest = Infinity;
  await runBlocks(rowRun(engine, plan, options), async (begin, end) => {
    const { invalidRow: invalid } = await state.addRowsAsync(
      sliceRows(view, begin, end),
      shared,
      plan.dtype,
      end - begin,
      view.cols,
      view.stride,
      plan.method,
      plan.from,
      plan.kind,
      plan.normalize,
      plan.tolerance,
      offset + begin,
      rowsBetween(excluded, offset + begin, offset + end),
    );
    if (invalid >= 0) lowest = Math.min(lowest, begin + invalid);
    return invalid < 0 || !plan.throwsOnInvalid;
  });
  if (lowest < Infinity && plan.throwsOnInvalid) throw invalidMatrixRow(plan, lowest);
}

/** Room for the picks. Scores have the precision that they were computed in, so that they order as they read. */
function picksFor(plan: ScorePlan, pick: PickPlan): { indices: Uint32Array; scores: ScoreArray } {
  const room = roomFor(pick.k, plan.view.rows);
  const scores = plan.view.dtype === 'f64' ? new Float64Array(room) : new Float32Array(room);
  return { indices: new Uint32Array(room), scores };
}
