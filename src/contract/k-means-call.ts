/** What `kMeans` does once an engine is chosen. */
import { ShapeError } from '../errors.js';
import { dtypeCode, matrix, type MatrixView, widenRow } from '../matrix.js';
import { inBackground } from './background.js';
import { ASYNC_KEYS, checkAsync } from './blocks.js';
import { checkCount, checkEnough, checkOptions, checkSeed, checkThreads } from './check.js';
import type { Engine } from './engine.js';
import { embeddingFault, invalidEmbedding } from './rows.js';
import { type SelectionOptions, sharedMatrix } from './selection-plan.js';
import { type MatrixLike, readMatrixAsync } from './tensor-like.js';
import { expected } from './text.js';

/** Options of `kMeans`. */
export interface KMeansOptions extends SelectionOptions {
  /** Draws the first centroids: a safe integer or a bigint below 2^64; default 0. */
  readonly seed?: number | bigint | undefined;
  /** Moves of the centroids at most; default 100. */
  readonly maxIterations?: number | undefined;
  /**
   * The end is reached when the squared movements of all centroids together are at most this share of the mean variance of
   * a column; default 1e-4. 0: only when no row changes its centroid.
   */
  readonly tolerance?: number | undefined;
  /** The first centroids: drawn by {@link kMeansPlusPlus} (default), or k rows of numbers. */
  readonly init?: 'k-means++' | MatrixLike | undefined;
}

/** What `kMeans` found. */
export interface KMeansClusters {
  /** [k, d], f64 for f64 input, else f32 (computed in f64 and rounded once). */
  readonly centroids: MatrixView;
  /** Number of the nearest centroid of every row, the lowest among equals. */
  readonly assignments: Uint32Array;
  /** Sum over rows of the squared distance to the nearest centroid. */
  readonly inertia: number;
  /** How often the centroids were moved. */
  readonly iterations: number;
  /** The row nearest to each centroid; no row twice. */
  readonly nearest: Uint32Array;
}

interface KMeansPlan {
  readonly k: number;
  readonly seed: bigint;
  readonly maxIterations: number;
  readonly tolerance: number;
  readonly threads: number;
}

export async function kMeansWith(
  engine: Engine,
  where: string,
  embeddings: MatrixLike,
  k: number,
  options: KMeansOptions | undefined,
): Promise<KMeansClusters> {
  checkAsync(where, options);
  const view = await readMatrixAsync(where, 'embeddings', embeddings);
  const plan = planKMeans(where, view, k, options ?? {});
  const init = options?.init ?? 'k-means++';
  const given = init === 'k-means++' ? null : await givenCentroids(where, init, plan.k, view.cols);
  if (plan.k === 0) return noClusters(view);
  const points = await sharedMatrix(where, 'embeddings', view, options?.signal);
  const initial = given ?? (await drawnCentroids(engine, where, points, plan, options));
  const found = await inBackground(plan.maxIterations, options, (control) =>
    engine.kMeans(
      points.data,
      dtypeCode(points.dtype),
      points.rows,
      points.cols,
      points.stride,
      initial,
      plan.k,
      plan.maxIterations,
      plan.tolerance,
      plan.threads,
      control,
    ),
  );
  if (found.badRow >= 0) throw badPoint(where, points, found.badRow);
  const { assignments, inertia, iterations, nearest } = found;
  const centroids = points.dtype === 'f64' ? found.centroids : Float32Array.from(found.centroids);
  return { centroids: matrix(centroids, plan.k, points.cols), assignments, inertia, iterations, nearest };
}

function planKMeans(where: string, points: MatrixView, k: unknown, options: KMeansOptions): KMeansPlan {
  checkOptions(where, options, ['seed', 'maxIterations', 'tolerance', 'init', 'threads', ...ASYNC_KEYS]);
  const { rows, cols } = points;
  if (rows > 0 && cols < 1) throw new ShapeError(`${where}: expected at least 1 column for embeddings, got ${cols}`);
  const count = checkCount(where, 'k', k);
  checkEnough(where, count, rows, `${rows} rows`);
  return {
    k: count,
    seed: checkSeed(where, options.seed),
    maxIterations: checkCount(where, 'maxIterations', options.maxIterations ?? 100, 0, 1e6),
    tolerance: checkTolerance(where, options.tolerance ?? 1e-4),
    threads: checkThreads(where, options.threads),
  };
}

function checkTolerance(where: string, value: unknown): number {
  if (typeof value === 'number' && value >= 0 && value < Infinity) return value;
  throw expected(where, 'a finite number >= 0', 'tolerance', value);
}

function noClusters({ dtype, cols }: MatrixView): KMeansClusters {
  const none = new Uint32Array(0);
  const centroids = dtype === 'f64' ? new Float64Array(0) : new Float32Array(0);
  return { centroids: matrix(centroids, 0, cols), assignments: none, inertia: 0, iterations: 0, nearest: none };
}

async function givenCentroids(where: string, init: unknown, k: number, cols: number): Promise<Float64Array> {
  if (typeof init === 'string') throw expected(where, "'k-means++' or a matrix", 'init', init);
  const view = await readMatrixAsync(where, 'init', init);
  if (view.rows !== k || view.cols !== cols) {
    throw new ShapeError(`${where}: expected ${k} rows of ${cols} numbers for init, got ${view.rows} of ${view.cols}`);
  }
  for (let row = 0; row < k; row++) {
    const values = widenRow(view, row, new Float64Array(cols));
    if (embeddingFault(values, false) !== null) throw invalidEmbedding(where, `row ${row} of init`, values, false);
  }
  return rowsOf(
    view,
    Array.from({ length: k }, (_, row) => row),
  );
}

async function drawnCentroids(
  engine: Engine,
  where: string,
  points: MatrixView,
  plan: KMeansPlan,
  options: KMeansOptions | undefined,
): Promise<Float64Array> {
  const { indices, badRow } = await inBackground(plan.k, { signal: options?.signal }, (control) =>
    engine.kMeansPlusPlus(
      points.data,
      dtypeCode(points.dtype),
      points.rows,
      points.cols,
      points.stride,
      null,
      plan.k,
      plan.seed,
      plan.threads,
      control,
    ),
  );
  if (badRow >= 0) throw badPoint(where, points, badRow);
  return rowsOf(points, indices);
}

/** The named rows, one after another. */
function rowsOf(view: MatrixView, rows: ArrayLike<number>): Float64Array {
  const { cols } = view;
  const out = new Float64Array(rows.length * cols);
  for (let i = 0; i < rows.length; i++) widenRow(view, rows[i] as number, out.subarray(i * cols, (i + 1) * cols));
  return out;
}

function badPoint(where: string, points: MatrixView, badRow: number): Error {
  const row = widenRow(points, badRow, new Float64Array(points.cols));
  return invalidEmbedding(where, `row ${badRow} of embeddings`, row, false);
}
