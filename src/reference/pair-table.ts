/** Distances of every row of one matrix to every row of another, pair by pair. */
import { COSINE } from '../contract/codes.js';
import type { PairwiseOutcome, ScoreArray } from '../contract/engine.js';
import { embeddingFault } from '../contract/rows.js';
import { type MatrixView, widenRow } from '../matrix.js';
import { dot, sq } from './distance.js';

export interface PairTask {
  readonly a: MatrixView;
  /** Null: a against itself. */
  readonly b: MatrixView | null;
  /** A code of contract/codes.ts. */
  readonly metric: number;
  readonly squared: boolean;
  readonly out: ScoreArray;
}

/** Below this cosine distance 1 - cos has lost too many digits. */
const NEARLY_PARALLEL = 2 ** -20;

/** The lowest unusable row of a, or else of b. */
export function badPairRow({ a, b, metric }: PairTask): PairwiseOutcome {
  const first = lowestUnusable(a, metric);
  if (first >= 0 || b === null) return { badRow: first, inSecond: false };
  const second = lowestUnusable(b, metric);
  return { badRow: second, inSecond: second >= 0 };
}

function lowestUnusable(view: MatrixView, metric: number): number {
  const row = new Float64Array(view.cols);
  for (let i = 0; i < view.rows; i++) {
    if (embeddingFault(widenRow(view, i, row), metric === COSINE) !== null) return i;
  }
  return -1;
}

/** Writes row i of the table, i = 0, 1, …; made once for a table. */
export function pairRowWriter({ a, b, metric, squared, out }: PairTask): (i: number) => void {
  const others = b ?? a;
  const x = new Float64Array(a.cols);
  const y = new Float64Array(a.cols);
  const distance =
    metric === COSINE ? cosineDistance : squared ? sq : (p: typeof x, q: typeof y) => Math.sqrt(sq(p, q));
  return (i) => {
    widenRow(a, i, x);
    for (let j = 0; j < others.rows; j++) {
      widenRow(others, j, y);
      out[i * others.rows + j] = b === null && i === j ? 0 : distance(x, y);
    }
  };
}

/** 1 - cos; between nearly parallel rows half the squared distance of the unit vectors, which does not cancel. */
function cosineDistance(x: Float64Array, y: Float64Array): number {
  const length = Math.sqrt(dot(x, x));
  const other = Math.sqrt(dot(y, y));
  const distance = Math.min(2, Math.max(0, 1 - dot(x, y) / (length * other)));
  if (distance >= NEARLY_PARALLEL) return distance;
  const unit = x.map((value) => value / length);
  return (
    sq(
      unit,
      y.map((value) => value / other),
    ) / 2
  );
}
