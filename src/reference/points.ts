import { COSINE } from '../contract/codes.js';
import { embeddingFault } from '../contract/rows.js';
import { type MatrixView, widenRow } from '../matrix.js';
import type { Pace } from './pace.js';

/** The lowest row of embeddings that has no distance to others, or -1. */
export async function lowestUnusable(points: MatrixView, metric: number, pace: Pace): Promise<number> {
  const values = new Float64Array(points.cols);
  let lowest = -1;
  await pace.visitRows(points.rows, points.cols, (row) => {
    if (lowest >= 0) return;
    if (embeddingFault(widenRow(points, row, values), metric === COSINE) !== null) lowest = row;
  });
  return lowest;
}
