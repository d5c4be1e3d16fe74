/**
 * Facility location, lazily greedy: the bounds of earlier rounds stay bounds, because a gain never grows.
 *
 * With m_i the distance of row i to its nearest pick, and before any the largest distance of all pairs, the gain of row j
 * is Σ max(0, m_i - d_ij): the similarities (largest distance minus distance) are never formed. Sums are f64, row i in lane
 * i mod 64, the lanes folded by halves, as in the addon.
 *
 * @see Minoux: Accelerated greedy algorithms for maximizing submodular set functions. 1978.
 */
import { type Control, reportDone } from '../contract/background.js';
import { COSINE } from '../contract/codes.js';
import type { FacilityOutcome } from '../contract/engine.js';
import type { MatrixView } from '../matrix.js';
import { RowPairs } from './distance.js';
import { Pace } from './pace.js';
import { lowestUnusable } from './points.js';

export interface FacilityTask {
  readonly points: MatrixView;
  /** A code of contract/codes.ts. */
  readonly metric: number;
  /** 0: all similarities count; else those of the nearest columns of each row. */
  readonly neighbours: number;
  readonly k: number;
  readonly control: Control;
}

/** The rows that a pick can serve, ascending, and their distances to it. */
interface Column {
  readonly rows: ArrayLike<number>;
  readonly distances: ArrayLike<number>;
}

const LANES = 64;
const nothing = (badRow: number): FacilityOutcome => ({
  indices: new Uint32Array(0),
  gains: new Float64Array(0),
  badRow,
});

export async function facilityLocationRows(task: FacilityTask): Promise<FacilityOutcome> {
  const { points, metric, k, control } = task;
  const pace = new Pace(control);
  const badRow = await lowestUnusable(points, metric, pace);
  if (badRow >= 0 || k === 0) return nothing(badRow);
  const table = await distanceColumns(task, pace);
  if (table === null) return nothing(-1);
  const { columns, largest } = table;
  const nearest = new Float64Array(points.rows).fill(largest);
  const bounds = new Float64Array(points.rows).fill(Infinity);
  const indices: number[] = [];
  const gains: number[] = [];
  while (indices.length < k) {
    if (!(await pace.goOn())) break;
    const fresh = new Set<number>();
    let best = highest(bounds);
    while (!fresh.has(best)) {
      bounds[best] = gainOf(columns[best] as Column, nearest);
      fresh.add(best);
      best = highest(bounds);
    }
    indices.push(best);
    gains.push(bounds[best] as number);
    bounds[best] = -1;
    const { rows, distances } = columns[best] as Column;
    for (let e = 0; e < rows.length; e++) {
      const row = rows[e] as number;
      nearest[row] = Math.min(nearest[row] as number, distances[e] as number);
    }
    reportDone(control, indices.length);
  }
  return { indices: Uint32Array.from(indices), gains: Float64Array.from(gains), badRow };
}

/** The lowest row with the highest bound. */
function highest(bounds: Float64Array): number {
  let best = 0;
  for (let row = 1; row < bounds.length; row++) {
    if ((bounds[row] as number) > (bounds[best] as number)) best = row;
  }
  return best;
}

function gainOf({ rows, distances }: Column, nearest: Float64Array): number {
  const lanes = new Float64Array(LANES);
  for (let e = 0; e < rows.length; e++) {
    const row = rows[e] as number;
    const gain = (nearest[row] as number) - (distances[e] as number);
    if (gain > 0) lanes[row % LANES] = (lanes[row % LANES] as number) + gain;
  }
  for (let half = LANES / 2; half >= 1; half /= 2) {
    for (let j = 0; j < half; j++) lanes[j] = (lanes[j] as number) + (lanes[j + half] as number);
  }
  return lanes[0] as number;
}

/** Every column, and the largest distance of all pairs (2 under cosine). Null when stopped. */
async function distanceColumns(task: FacilityTask, pace: Pace): Promise<{ columns: Column[]; largest: number } | null> {
  const { points, metric, neighbours } = task;
  const count = points.rows;
  const distance = metric === COSINE ? cosineDistance(points) : squaredDistance(points);
  const all = Uint32Array.from({ length: count }, (_, row) => row);
  const isSparse = neighbours > 0 && neighbours < count;
  const columns: { rows: number[]; distances: number[] }[] = [];
  const dense: Column[] = [];
  if (isSparse) for (let j = 0; j < count; j++) columns.push({ rows: [], distances: [] });
  let largest = metric === COSINE ? 2 : 0;
  const line = new Float64Array(count);
  const isComplete = await pace.visitRows(count, count * points.cols, (i) => {
    for (let j = 0; j < count; j++) line[j] = distance(j, i);
    if (metric !== COSINE) largest = line.reduce((most, d) => Math.max(most, d), largest);
    if (!isSparse) {
      dense.push({ rows: all, distances: line.slice() }); // d_ij = d_ji
      return;
    }
    const order = all.slice().sort((a, b) => (line[a] as number) - (line[b] as number) || a - b);
    for (const j of order.subarray(0, neighbours)) {
      columns[j]?.rows.push(i);
      columns[j]?.distances.push(line[j] as number);
    }
  });
  return isComplete ? { columns: isSparse ? columns : dense, largest } : null;
}

function squaredDistance(points: MatrixView): (i: number, j: number) => number {
  const pairs = new RowPairs(points);
  return (i, j) => pairs.sq(i, j);
}

/** 1 - cos, held to [0, 2]; exactly 0 from a row to itself. */
function cosineDistance(points: MatrixView): (i: number, j: number) => number {
  const pairs = new RowPairs(points);
  const length = Float64Array.from({ length: points.rows }, (_, i) => Math.sqrt(pairs.dot(i, i)));
  return (i, j) => {
    if (i === j) return 0;
    const cosine = pairs.dot(i, j) / ((length[i] as number) * (length[j] as number));
    return Math.min(2, Math.max(0, 1 - cosine));
  };
}
