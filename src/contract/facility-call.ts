/** What `facilityLocation` does once an engine is chosen. */
import { ShapeError } from '../errors.js';
import { dtypeCode, type MatrixView, widenRow } from '../matrix.js';
import { inBackground } from './background.js';
import { ASYNC_KEYS, checkAsync } from './blocks.js';
import { checkChoice, checkCount, checkEnough, checkOptions, checkThreads } from './check.js';
import { COSINE, type Metric, METRICS } from './codes.js';
import type { Engine } from './engine.js';
import { invalidEmbedding } from './rows.js';
import type { Selection } from './selection-call.js';
import { type SelectionOptions, sharedMatrix } from './selection-plan.js';
import { type MatrixLike, readMatrixAsync } from './tensor-like.js';
import { expected } from './text.js';

/** Options of `facilityLocation`. */
export interface FacilityLocationOptions extends SelectionOptions {
  /** Default 'euclidean'. */
  readonly metric?: Metric | undefined;
  /**
   * Only the similarities of each row to its so many most similar rows count (itself among them; the lowest at equal
   * similarity), the others are 0. Default: all of them while they fit into `memoryLimit`.
   */
  readonly neighbours?: number | undefined;
  /** Bytes that similarities may take; default a quarter of the machine's memory. */
  readonly memoryLimit?: number | undefined;
  /** Hears that all similarities would not fit and what is done instead; default a process warning. */
  readonly onNotice?: ((message: string) => void) | undefined;
}

export interface FacilityLocationSelection extends Selection {
  /** What each pick added to the sum of similarities. */
  readonly gains: Float64Array;
}

/** What differs between the addon and the reference, and between the places where they run. */
export interface FacilityHost {
  /** Memory that one pair of rows takes when all similarities count. */
  readonly pairBytes: number;
  readonly memoryLimit: number;
  notify(message: string): void;
}

/** Memory that one neighbour of a row takes while the lists are made. */
const NEIGHBOUR_BYTES = 24;
/** Neighbours when all similarities do not fit: more cost time, fewer leave most of the pool out of reach. */
const FALLBACK_NEIGHBOURS = 256;

interface FacilityPlan {
  readonly points: MatrixView;
  readonly k: number;
  readonly metric: number;
  /** 0: all similarities count. */
  readonly neighbours: number;
  readonly threads: number;
}

export async function facilityLocationWith(
  engine: Engine,
  where: string,
  embeddings: MatrixLike,
  k: number,
  options: FacilityLocationOptions | undefined,
  host: FacilityHost,
): Promise<FacilityLocationSelection> {
  checkAsync(where, options);
  const plan = planFacility(where, await readMatrixAsync(where, 'embeddings', embeddings), k, options ?? {}, host);
  const points = await sharedMatrix(where, 'embeddings', plan.points, options?.signal);
  const { indices, gains, badRow } = await inBackground(plan.k, options, (control) =>
    engine.facilityLocation(
      points.data,
      dtypeCode(points.dtype),
      points.rows,
      points.cols,
      points.stride,
      plan.metric,
      plan.neighbours,
      plan.k,
      plan.threads,
      control,
    ),
  );
  if (badRow >= 0) {
    const row = widenRow(points, badRow, new Float64Array(points.cols));
    throw invalidEmbedding(where, `row ${badRow} of embeddings`, row, plan.metric === COSINE);
  }
  return { indices, gains };
}

function planFacility(
  where: string,
  points: MatrixView,
  k: unknown,
  options: FacilityLocationOptions,
  host: FacilityHost,
): FacilityPlan {
  checkOptions(where, options, ['metric', 'neighbours', 'memoryLimit', 'onNotice', 'threads', ...ASYNC_KEYS]);
  const { rows, cols } = points;
  if (rows > 0 && cols < 1) throw new ShapeError(`${where}: expected at least 1 column for embeddings, got ${cols}`);
  const metric = checkChoice(where, 'metric', options.metric ?? 'euclidean', METRICS);
  const threads = checkThreads(where, options.threads);
  const count = checkCount(where, 'k', k);
  checkEnough(where, count, rows, `${rows} rows`);
  const limit = checkLimit(where, options.memoryLimit ?? host.memoryLimit);
  const { onNotice } = options;
  if (onNotice !== undefined && typeof onNotice !== 'function')
    throw expected(where, 'a function', 'onNotice', onNotice);
  const asked = options.neighbours;
  if (asked !== undefined) {
    const neighbours = Math.min(checkCount(where, 'neighbours', asked, 1), rows);
    const bytes = rows * neighbours * NEIGHBOUR_BYTES;
    if (bytes > limit) {
      throw new ShapeError(
        `${where}: ${neighbours} neighbours of ${rows} rows need ${amount(bytes)}, above the limit of ${amount(limit)}; ` +
          'ask for fewer neighbours or raise memoryLimit',
      );
    }
    return { points, k: count, metric, neighbours, threads };
  }
  const bytes = rows * rows * host.pairBytes;
  if (bytes <= limit || count === 0) return { points, k: count, metric, neighbours: 0, threads };
  const neighbours = Math.min(FALLBACK_NEIGHBOURS, rows, Math.floor(limit / (rows * NEIGHBOUR_BYTES)));
  const sentence = `${where}: dense similarities of ${rows} rows need ${amount(bytes)}, above the limit of ${amount(limit)}`;
  if (neighbours < 1) {
    throw new ShapeError(`${sentence}, and so do those of one neighbour of each row; raise memoryLimit`);
  }
  (onNotice ?? host.notify)(`${sentence}; using the ${neighbours} nearest neighbours of each row`);
  return { points, k: count, metric, neighbours, threads };
}

function checkLimit(where: string, value: unknown): number {
  if (typeof value === 'number' && value >= 0) return value;
  throw expected(where, 'a number of bytes >= 0', 'memoryLimit', value);
}

/** Bytes for people. */
function amount(bytes: number): string {
  return bytes >= 1e8 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
