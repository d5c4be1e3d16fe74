/** What `averageLinkage` and `clusterMargin` do once an engine is chosen. */
import { ArgumentError, ShapeError } from '../errors.js';
import { dtypeCode, type MatrixView, widenRow } from '../matrix.js';
import { averageLinkageMerges, cutTree } from '../reference/linkage.js';
import { Random, STREAM_CLUSTERS } from '../reference/philox.js';
import { inBackground } from './background.js';
import { ASYNC_KEYS, checkAsync } from './blocks.js';
import { checkAttached, checkChoice, checkCount, checkOptions, checkSeed, checkThreads } from './check.js';
import { COSINE, type Metric, METRICS, type Normalize, type Source } from './codes.js';
import type { Engine, ScoreArray } from './engine.js';
import { invalidEmbedding } from './rows.js';
import { scoreAsyncWith } from './score-call.js';
import type { Selection } from './selection-call.js';
import { type SelectionOptions, sharedMatrix } from './selection-plan.js';
import { type MatrixLike, readMatrixAsync } from './tensor-like.js';
import { expected, show } from './text.js';
import { topKWith } from './top-k-call.js';
import { checkOutcome, checkScores, planPick } from './top-k-plan.js';

/** Where the tree is cut: at a number of clusters, or at a distance. */
export interface TreeOptions extends SelectionOptions {
  /** How many clusters. */
  readonly clusters?: number | undefined;
  /** Clusters are merged up to this mean distance between their rows. */
  readonly distanceThreshold?: number | undefined;
  /** Default 'euclidean'. */
  readonly metric?: Metric | undefined;
  /** Bytes that the distances may take (8 a pair); default a quarter of the machine's memory. */
  readonly memoryLimit?: number | undefined;
}

export interface ClusterMarginOptions extends TreeOptions {
  /** How many rows of the highest scores are considered; default ten times k, or all there are. */
  readonly candidates?: number | undefined;
  /** Row numbers that must not be picked; duplicates are fine. */
  readonly exclude?: Uint32Array | readonly number[] | undefined;
  /** Which candidate of a cluster comes first: a safe integer or a bigint below 2^64; default 0. */
  readonly seed?: number | bigint | undefined;
  /** Of predictions; default 'probabilities'. */
  readonly from?: Source | undefined;
  /** Of predictions; default 'check'. */
  readonly normalize?: Normalize | undefined;
}

/** Which cluster each row belongs to; clusters are numbered by their lowest row. */
export interface Tree {
  readonly assignments: Uint32Array;
  readonly clusters: number;
}

/** What the place gives where a call runs. */
export interface TreeHost {
  readonly memoryLimit: number;
}

const TREE_KEYS = ['clusters', 'distanceThreshold', 'metric', 'memoryLimit', 'threads', ...ASYNC_KEYS];
const PAIR_BYTES = 8;
const CANDIDATES_PER_PICK = 10;

export async function averageLinkageWith(
  engine: Engine,
  where: string,
  embeddings: MatrixLike,
  options: TreeOptions | undefined,
  host: TreeHost,
): Promise<Tree> {
  checkAsync(where, options);
  checkOptions(where, options, TREE_KEYS);
  const view = await readMatrixAsync(where, 'embeddings', embeddings);
  return clusterRows(engine, where, view, options ?? {}, undefined, host);
}

export async function clusterMarginWith(
  engine: Engine,
  where: string,
  scores: ScoreArray | MatrixLike,
  embeddings: MatrixLike | Uint32Array,
  k: number,
  options: ClusterMarginOptions = {},
  host: TreeHost,
): Promise<Selection> {
  checkAsync(where, options);
  checkOptions(where, options, ['candidates', 'exclude', 'seed', 'from', 'normalize', ...TREE_KEYS]);
  const { from, normalize, threads, signal, exclude } = options;
  const margins = isScores(scores)
    ? checkScores(where, scores)
    : await scoreAsyncWith(engine, where, scores, { method: 'margin', from, normalize, threads, signal });
  const rows = margins.length;
  const pick = planPick(where, k, { exclude }, rows);
  const seed = checkSeed(where, options.seed);
  const eligible = countEligible(margins, pick.exclude);
  checkOutcome(pick, rows, { eligible });
  const asked = options.candidates;
  const candidates =
    asked === undefined ? CANDIDATES_PER_PICK * pick.k : checkCount(where, 'candidates', asked, pick.k);
  const best = topKWith(engine, where, margins, Math.min(candidates, eligible), { exclude, threads }).indices;
  const assignments =
    embeddings instanceof Uint32Array
      ? checkAssignments(where, embeddings, rows, options)
      : await assignmentsOf(engine, where, embeddings, rows, options, pick.k, host);
  return { indices: roundRobin(best, assignments, pick.k, seed) };
}

function countEligible(scores: ScoreArray, exclude: Uint32Array | null): number {
  const excluded = new Set(exclude);
  let count = 0;
  for (let row = 0; row < scores.length; row++) {
    if (!Number.isNaN(scores[row]) && !excluded.has(row)) count += 1;
  }
  return count;
}

function isScores(value: unknown): value is ScoreArray {
  return value instanceof Float32Array || value instanceof Float64Array;
}

function checkAssignments(where: string, value: Uint32Array, rows: number, options: TreeOptions): Uint32Array {
  checkAttached(where, 'embeddings', value);
  if (value.length !== rows) {
    throw new ShapeError(`${where}: expected one cluster number per row (${rows}), got ${show(value)}`);
  }
  if (options.clusters !== undefined || options.distanceThreshold !== undefined) {
    throw new ArgumentError(
      `${where}: expected clusters or distanceThreshold only with embeddings, got cluster numbers`,
    );
  }
  return value;
}

async function assignmentsOf(
  engine: Engine,
  where: string,
  embeddings: MatrixLike,
  rows: number,
  options: TreeOptions,
  k: number,
  host: TreeHost,
): Promise<Uint32Array> {
  const view = await readMatrixAsync(where, 'embeddings', embeddings);
  if (view.rows !== rows) {
    throw new ShapeError(`${where}: expected as many rows of embeddings as scores (${rows}), got ${view.rows}`);
  }
  if (k === 0) return new Uint32Array(rows);
  return (await clusterRows(engine, where, view, options, k, host)).assignments;
}

/** Group the candidates by cluster and take one of each in turn, from the smallest group to the largest, until k are taken. */
function roundRobin(candidates: Uint32Array, assignments: Uint32Array, k: number, seed: bigint): Uint32Array {
  const groups = new Map<number, number[]>();
  for (const row of candidates.slice().sort()) {
    const cluster = assignments[row] as number;
    const group = groups.get(cluster);
    if (group === undefined) groups.set(cluster, [row]);
    else group.push(row);
  }
  const random = new Random(seed, STREAM_CLUSTERS);
  const bySize = [...groups].sort(([p], [q]) => p - q).map(([, group]) => random.shuffle(group));
  bySize.sort((p, q) => p.length - q.length);
  const picks: number[] = [];
  for (let turn = 0; picks.length < k; turn++) {
    for (const group of bySize) {
      const row = group[turn];
      if (row !== undefined && picks.length < k) picks.push(row);
    }
  }
  return Uint32Array.from(picks);
}

async function clusterRows(
  engine: Engine,
  where: string,
  view: MatrixView,
  options: TreeOptions,
  fallback: number | undefined,
  host: TreeHost,
): Promise<Tree> {
  const { rows, cols } = view;
  const metric = checkChoice(where, 'metric', options.metric ?? 'euclidean', METRICS);
  const threads = checkThreads(where, options.threads);
  const cut = checkCut(where, options, fallback, rows);
  if (rows > 0 && cols < 1) throw new ShapeError(`${where}: expected at least 1 column for embeddings, got ${cols}`);
  checkMemory(where, rows, options.memoryLimit ?? host.memoryLimit);
  if (rows === 0) return { assignments: new Uint32Array(0), clusters: 0 };
  const points = await sharedMatrix(where, 'embeddings', view, options.signal);
  const distances = room(where, rows);
  const { badRow } = await inBackground(rows, { signal: options.signal }, (control) =>
    engine.pairwiseDistancesAsync(
      points.data,
      dtypeCode(points.dtype),
      rows,
      cols,
      points.stride,
      null,
      0,
      0,
      0,
      metric,
      false,
      threads,
      distances,
      control,
    ),
  );
  if (badRow >= 0) {
    const row = widenRow(points, badRow, new Float64Array(cols));
    throw invalidEmbedding(where, `row ${badRow} of embeddings`, row, metric === COSINE);
  }
  const merges = await inBackground(rows - 1, options, (control) => averageLinkageMerges(distances, rows, control));
  const { clusters, distanceThreshold } = cut;
  return cutTree(merges ?? [], rows, ({ distance }, position) =>
    clusters === undefined ? distance <= distanceThreshold : position < rows - clusters,
  );
}

function room(where: string, rows: number): Float64Array {
  try {
    return new Float64Array(rows * rows);
  } catch (error) {
    throw new ShapeError(`${where}: expected distances that fit into memory, got those of ${rows} rows`, {
      cause: error,
    });
  }
}

type Cut = { clusters: number; distanceThreshold?: undefined } | { clusters?: undefined; distanceThreshold: number };

function checkCut(where: string, options: TreeOptions, fallback: number | undefined, rows: number): Cut {
  const { clusters, distanceThreshold } = options;
  if (clusters !== undefined && distanceThreshold !== undefined) {
    throw new ArgumentError(`${where}: expected either clusters or distanceThreshold, got both`);
  }
  if (distanceThreshold !== undefined) {
    if (typeof distanceThreshold === 'number' && distanceThreshold >= 0) return { distanceThreshold };
    throw expected(where, 'a number >= 0', 'distanceThreshold', distanceThreshold);
  }
  const count = clusters ?? fallback;
  if (count === undefined) throw new ArgumentError(`${where}: expected clusters or distanceThreshold, got neither`);
  return { clusters: checkCount(where, 'clusters', count, Math.min(1, rows), rows) };
}

function checkMemory(where: string, rows: number, limit: unknown): void {
  if (typeof limit !== 'number' || !(limit >= 0)) throw expected(where, 'a number of bytes >= 0', 'memoryLimit', limit);
  const bytes = rows * rows * PAIR_BYTES;
  if (bytes <= limit) return;
  throw new ShapeError(
    `${where}: distances of ${rows} rows need ${(bytes / 1e9).toFixed(1)} GB, above the limit of ` +
      `${(limit / 1e9).toFixed(1)} GB; cluster fewer rows, pass cluster numbers of another method (kMeans), or raise memoryLimit`,
  );
}
