/** Distances between many rows in blocks of bounded memory, and the nearest of them. */
import type { Metric } from '../../contract/codes.js';
import { pairwiseDistancesAsync } from '../../kernels/index.js';
import type { FloatRows } from '../../models/model.js';
import { sharedRows, slice } from './rows.js';

/** Distances that are in memory at once (16 MiB), unless one row alone has more. */
const BLOCK_PAIRS = 2 ** 22;

export interface DistanceOptions {
  /** Default 'euclidean'. */
  readonly metric?: Metric | undefined;
  /** Squared Euclidean distances; default false. */
  readonly squared?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Distances in memory at once; for tests. */
  readonly blockPairs?: number | undefined;
}

/** Distances of rows `from` to `from + count` of a to all rows of b: [count, b.rows], valid until the next block. */
export interface DistanceBlock {
  readonly from: number;
  readonly count: number;
  readonly distances: Float32Array;
}

/**
 * All distances of `a` to `b`, some rows of a at a time.
 *
 * @param a Under cosine without rows of zeros, see `comparable`. Best on shared memory, as b: other memory is copied, b in
 *   every block.
 */
export async function* distanceBlocks(
  a: FloatRows,
  b: FloatRows,
  { metric = 'euclidean', squared, signal, blockPairs = BLOCK_PAIRS }: DistanceOptions = {},
): AsyncGenerator<DistanceBlock> {
  if (a.rows === 0 || b.rows === 0) return;
  const height = Math.min(a.rows, Math.max(1, Math.floor(blockPairs / b.rows)));
  const room = sharedRows(height, b.rows).data;
  for (let from = 0; from < a.rows; from += height) {
    const count = Math.min(height, a.rows - from);
    const out = room.subarray(0, count * b.rows);
    const distances = await pairwiseDistancesAsync(slice(a, from, from + count), b, { metric, squared, signal, out });
    yield { from, count, distances };
  }
}

/** The nearest rows of every query row, the nearest first, the lowest among equals: both [queries, k]. */
export interface Nearest {
  readonly k: number;
  readonly rows: Uint32Array;
  readonly distances: Float32Array;
}

/**
 * Find for every row of `queries` the k rows of `references` that are nearest to it. Exact, by comparing all; memory is
 * that of the result and one block of distances.
 *
 * @param k As many as there are at most.
 * @param options `isSelf`: the references are the queries, and no row counts as its own neighbour (a copy of it does).
 */
export async function nearestRows(
  queries: FloatRows,
  references: FloatRows,
  k: number,
  options: DistanceOptions & { readonly isSelf?: boolean | undefined } = {},
): Promise<Nearest> {
  const { isSelf = false } = options;
  const kept = Math.max(0, Math.min(k, references.rows - (isSelf ? 1 : 0)));
  const rows = new Uint32Array(queries.rows * kept);
  const distances = new Float32Array(queries.rows * kept);
  if (kept === 0) return { k: kept, rows, distances };
  for await (const block of distanceBlocks(queries, references, options)) {
    for (let i = 0; i < block.count; i++) {
      const row = block.from + i;
      const own = block.distances.subarray(i * references.rows, (i + 1) * references.rows);
      keepNearest(own, isSelf ? row : -1, rows, distances, row * kept, kept);
    }
  }
  return { k: kept, rows, distances };
}

/** Write the `k` least of `found`, without position `skip`, to `rows` and `distances` from `at` on, in order. */
function keepNearest(
  found: Float32Array,
  skip: number,
  rows: Uint32Array,
  distances: Float32Array,
  at: number,
  k: number,
): void {
  let size = 0;
  for (let j = 0; j < found.length; j++) {
    const distance = found[j] as number;
    if (j === skip || (size === k && distance >= (distances[at + k - 1] as number))) continue;
    let place = size < k ? size++ : k - 1;
    while (place > 0 && (distances[at + place - 1] as number) > distance) {
      distances[at + place] = distances[at + place - 1] as number;
      rows[at + place] = rows[at + place - 1] as number;
      place -= 1;
    }
    distances[at + place] = distance;
    rows[at + place] = j;
  }
}
