/** What kernels that pick diverse rows take, checked. */
import { ArgumentError, ShapeError } from '../errors.js';
import { checkLength, type FloatMatrixView, type MatrixView } from '../matrix.js';
import { sharedElements } from './background.js';
import { ASYNC_KEYS, type AsyncOptions } from './blocks.js';
import {
  checkAttached,
  checkChoice,
  checkCount,
  checkEnough,
  checkExclude,
  checkOptions,
  checkSeed,
  checkThreads,
} from './check.js';
import { METRICS, type Metric, MULTICLASS, NORMALIZE, type Normalize, type Source, SOURCES } from './codes.js';
import { type RowRule, sumTolerance } from './rows.js';
import { checkFloats } from './score-plan.js';
import { show } from './text.js';

/** What every kernel that runs as one piece takes. */
export interface SelectionOptions extends AsyncOptions {
  /** At most this many threads; default all of the machine. The result does not depend on it. */
  readonly threads?: number | undefined;
}

/** Options of `kCenterGreedy`. */
export interface KCenterOptions extends SelectionOptions {
  /** Rows that are centres already: they count as picked and are not returned. Duplicates are fine. */
  readonly labeled?: Uint32Array | readonly number[] | undefined;
  /** The row that is returned as pick 0 where nothing is labelled; default 0. */
  readonly first?: number | undefined;
  /** Default 'euclidean'. */
  readonly metric?: Metric | undefined;
}

/** Options of `kMeansPlusPlus`. */
export interface KMeansPlusPlusOptions extends SelectionOptions {
  /** Rows that are centres already: they count as picked and are not returned. Duplicates are fine. */
  readonly labeled?: Uint32Array | readonly number[] | undefined;
  /** A safe integer or a bigint below 2^64; default 0. */
  readonly seed?: number | bigint | undefined;
}

/** Options of `badge`. */
export interface BadgeOptions extends SelectionOptions {
  /** What the predictions are; default 'probabilities'. Logits keep the digits of confident rows. */
  readonly from?: Source | undefined;
  /** What to do about rows that do not sum to one: refuse them (default), divide by the sum, or take them as they are. */
  readonly normalize?: Normalize | undefined;
  /** Row numbers that must not be picked, labelled ones say; they are no centres either. Duplicates are fine. */
  readonly exclude?: Uint32Array | readonly number[] | undefined;
  /** A safe integer or a bigint below 2^64; default 0. */
  readonly seed?: number | bigint | undefined;
}

/** What all of these kernels need. */
export interface SelectionPlan {
  readonly where: string;
  readonly points: MatrixView;
  readonly k: number;
  /** Row numbers that are not picked, on memory of our own; null: none. */
  readonly listed: Uint32Array | null;
  readonly threads: number;
}

export interface KCenterPlan extends SelectionPlan {
  readonly metric: number;
  readonly first: number;
}

export interface SeededPlan extends SelectionPlan {
  readonly seed: bigint;
}

export interface BadgePlan extends SeededPlan {
  readonly probs: FloatMatrixView;
  readonly rule: RowRule;
}

export function planKCenter(where: string, points: MatrixView, k: unknown, options: KCenterOptions = {}): KCenterPlan {
  checkOptions(where, options, ['labeled', 'first', 'metric', 'threads', ...ASYNC_KEYS]);
  const { labeled, first, metric } = options;
  const plan = planSelection(where, points, k, options, 'labeled', labeled);
  if (first !== undefined && plan.listed !== null) {
    throw new ArgumentError(
      `${where}: expected either labeled or first, got both; the first pick is the row farthest from the labelled ones`,
    );
  }
  return {
    ...plan,
    metric: checkChoice(where, 'metric', metric ?? 'euclidean', METRICS),
    first: first === undefined ? 0 : checkFirst(where, first, points.rows),
  };
}

export function planKMeansPlusPlus(
  where: string,
  points: MatrixView,
  k: unknown,
  options: KMeansPlusPlusOptions = {},
): SeededPlan {
  checkOptions(where, options, ['labeled', 'seed', 'threads', ...ASYNC_KEYS]);
  return {
    ...planSelection(where, points, k, options, 'labeled', options.labeled),
    seed: checkSeed(where, options.seed),
  };
}

export function planBadge(
  where: string,
  predictions: MatrixView,
  points: MatrixView,
  k: unknown,
  options: BadgeOptions = {},
): BadgePlan {
  checkOptions(where, options, ['from', 'normalize', 'exclude', 'seed', 'threads', ...ASYNC_KEYS]);
  const probs = checkFloats(where, 'probs', predictions);
  if (probs.rows !== points.rows) {
    throw new ShapeError(
      `${where}: expected as many rows of probs as of embeddings, got ${probs.rows} and ${points.rows}`,
    );
  }
  if (probs.rows > 0 && probs.cols < 2) {
    throw new ShapeError(`${where}: expected at least 2 columns for probs, one per class, got ${probs.cols}`);
  }
  return {
    ...planSelection(where, points, k, options, 'exclude', options.exclude),
    probs,
    rule: {
      kind: MULTICLASS,
      from: checkChoice(where, 'from', options.from ?? 'probabilities', SOURCES),
      normalize: checkChoice(where, 'normalize', options.normalize ?? 'check', NORMALIZE),
      tolerance: sumTolerance(probs.dtype),
    },
    seed: checkSeed(where, options.seed),
  };
}

function planSelection(
  where: string,
  points: MatrixView,
  k: unknown,
  options: SelectionOptions,
  name: 'labeled' | 'exclude',
  list: unknown,
): SelectionPlan {
  const { rows, cols } = points;
  if (rows > 0 && cols < 1) throw new ShapeError(`${where}: expected at least 1 column for embeddings, got ${cols}`);
  const threads = checkThreads(where, options.threads);
  const count = checkCount(where, 'k', k);
  // a copy: the caller's own list may change while the call runs
  const listed = checkExclude(where, list, rows, name)?.slice() ?? null;
  const distinct = new Set(listed).size;
  checkEnough(
    where,
    count,
    rows - distinct,
    `${rows} rows, ${distinct} ${name === 'labeled' ? 'labelled' : 'excluded'}`,
  );
  return { where, points, k: count, listed, threads };
}

function checkFirst(where: string, first: unknown, rows: number): number {
  if (typeof first === 'number' && Number.isInteger(first) && first >= 0 && first < rows) return first;
  throw new ArgumentError(`${where}: expected a row number below ${rows} for first, got ${show(first)}`);
}

/**
 * The matrix on memory that stays for the whole call: in place where that is shared, else a copy of what its rows span.
 *
 * @throws {DetachedError} The buffer was transferred since the matrix was checked.
 */
export async function sharedMatrix<View extends MatrixView>(
  where: string,
  name: string,
  view: View,
  signal: AbortSignal | undefined,
): Promise<View> {
  checkAttached(where, name, view.data);
  checkLength(where, name, view.data.length, view.rows, view.cols, view.stride);
  const length = view.rows === 0 ? 0 : (view.rows - 1) * view.stride + view.cols;
  const data = await sharedElements(where, name, view.data.subarray(0, length), signal);
  return { ...view, data };
}
