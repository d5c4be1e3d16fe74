/** What `pairwiseDistances` does once an engine is chosen. */
import { ArgumentError, ShapeError } from '../errors.js';
import { dtypeCode, type MatrixView, widenRow } from '../matrix.js';
import { inBackground } from './background.js';
import { ASYNC_KEYS, type AsyncOptions, checkAsync, isShared, stillAttached } from './blocks.js';
import { checkChoice, checkOptions, checkOut, checkThreads } from './check.js';
import { COSINE, type Metric, METRICS } from './codes.js';
import type { Engine, PairwiseOutcome, ScoreArray } from './engine.js';
import { invalidEmbedding } from './rows.js';
import { sharedMatrix } from './selection-plan.js';
import { type MatrixLike, readMatrix, readMatrixAsync } from './tensor-like.js';
import { expected } from './text.js';

/** Options of `pairwiseDistances`. */
export interface PairwiseOptions {
  /** Default 'euclidean'. */
  readonly metric?: Metric | undefined;
  /** Squared Euclidean distances; default false. */
  readonly squared?: boolean | undefined;
  /** At most this many threads; default all of the machine. The result does not depend on it. */
  readonly threads?: number | undefined;
  /** Where to put the distances: one per pair, apart from the inputs. Default a new Float32Array. */
  readonly out?: ScoreArray | undefined;
}

/** Options of `pairwiseDistancesAsync`. */
export interface PairwiseAsyncOptions extends PairwiseOptions, AsyncOptions {}

interface PairwisePlan {
  readonly where: string;
  readonly a: MatrixView;
  /** Null: a against itself. */
  readonly b: MatrixView | null;
  readonly metric: number;
  readonly squared: boolean;
  readonly threads: number;
  readonly out: ScoreArray;
}

const KEYS = ['metric', 'squared', 'threads', 'out'];

export function pairwiseDistancesWith(
  engine: Engine,
  where: string,
  a: MatrixLike,
  b: MatrixLike | undefined,
  options: PairwiseOptions | undefined,
): ScoreArray {
  const second = b === undefined ? null : readMatrix(where, 'b', b);
  const plan = planPairwise(where, readMatrix(where, 'a', a), second, options ?? {}, KEYS);
  if (plan.out.length > 0) refuseBadRow(plan, engine.pairwiseDistances(...positional(plan, plan.out)));
  return plan.out;
}

export async function pairwiseDistancesAsyncWith(
  engine: Engine,
  where: string,
  a: MatrixLike,
  b: MatrixLike | undefined,
  options: PairwiseAsyncOptions | undefined,
): Promise<ScoreArray> {
  checkAsync(where, options);
  const [first, second] = await Promise.all([
    readMatrixAsync(where, 'a', a),
    b === undefined ? null : readMatrixAsync(where, 'b', b),
  ]);
  const plan = planPairwise(where, first, second, options ?? {}, [...KEYS, ...ASYNC_KEYS]);
  if (plan.out.length === 0) return plan.out;
  const shared = {
    ...plan,
    a: await sharedMatrix(where, 'a', plan.a, options?.signal),
    b: plan.b && (await sharedMatrix(where, 'b', plan.b, options?.signal)),
  };
  // the call writes to memory that nobody else can transfer away meanwhile
  const isOwn = options?.out === undefined || isShared(plan.out);
  const checkRoom = stillAttached(where, 'out', plan.out);
  const room = isOwn ? plan.out : sameRoom(plan.out);
  const outcome = await inBackground(plan.a.rows, options, (control) =>
    engine.pairwiseDistancesAsync(...positional(shared, room), control),
  );
  refuseBadRow(shared, outcome);
  if (!isOwn) {
    checkRoom();
    plan.out.set(room);
  }
  return plan.out;
}

function positional({ a, b, metric, squared, threads }: PairwisePlan, out: ScoreArray) {
  return [
    a.data,
    dtypeCode(a.dtype),
    a.rows,
    a.cols,
    a.stride,
    b && b.data,
    b === null ? 0 : dtypeCode(b.dtype),
    b === null ? 0 : b.rows,
    b === null ? 0 : b.stride,
    metric,
    squared,
    threads,
    out,
  ] as const satisfies Parameters<Engine['pairwiseDistances']>;
}

function refuseBadRow(plan: PairwisePlan, { badRow, inSecond }: PairwiseOutcome): void {
  if (badRow < 0) return;
  const points = inSecond && plan.b !== null ? plan.b : plan.a;
  const row = widenRow(points, badRow, new Float64Array(points.cols));
  const place = `row ${badRow} of ${inSecond ? 'b' : 'a'}`;
  throw invalidEmbedding(plan.where, place, row, plan.metric === COSINE);
}

function planPairwise(
  where: string,
  a: MatrixView,
  b: MatrixView | null,
  options: PairwiseOptions,
  keys: readonly string[],
): PairwisePlan {
  checkOptions(where, options, keys);
  const metric = checkChoice(where, 'metric', options.metric ?? 'euclidean', METRICS);
  const squared: unknown = options.squared ?? false;
  if (typeof squared !== 'boolean') throw expected(where, 'true or false', 'squared', squared);
  if (squared && metric === COSINE) {
    throw new ArgumentError(`${where}: expected squared with metric 'euclidean' only, got it with 'cosine'`);
  }
  const threads = checkThreads(where, options.threads);
  if (b !== null && a.cols !== b.cols) {
    throw new ShapeError(`${where}: expected as many columns of b as of a (${a.cols}), got ${b.cols}`);
  }
  const pairs = a.rows * (b ?? a).rows;
  if (pairs > 0 && a.cols < 1) throw new ShapeError(`${where}: expected at least 1 column for a, got ${a.cols}`);
  const { out } = options;
  if (out === undefined) return { where, a, b, metric, squared, threads, out: room(where, a.rows, (b ?? a).rows) };
  checkOut(where, out, pairs, a.data, 'pair');
  if (b !== null) checkOut(where, out, pairs, b.data, 'pair');
  return { where, a, b, metric, squared, threads, out };
}

function room(where: string, rows: number, cols: number): Float32Array {
  try {
    return new Float32Array(rows * cols);
  } catch (error) {
    throw new ShapeError(
      `${where}: expected a result that fits into memory, got ${rows} x ${cols} distances; take b in parts`,
      { cause: error },
    );
  }
}

function sameRoom(out: ScoreArray): ScoreArray {
  return out instanceof Float64Array ? new Float64Array(out.length) : new Float32Array(out.length);
}
