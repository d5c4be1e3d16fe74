import type { FloatRows } from '../../models/model.js';
import { distanceBlocks } from './nearest.js';
import { gather, range, slice } from './rows.js';

export interface BallCover {
  /** Rows in the order in which they were picked. */
  readonly picks: number[];
  /** Rows that each pick was the first to cover; never growing, at least 1. */
  readonly covered: number[];
}

/**
 * Greedy maximum coverage by open balls: each pick covers the most rows that no labelled row or earlier pick covers, the
 * lowest among equals. A row covers those at a distance below `radius`, and itself. Ends early when all rows are covered.
 *
 * Only counts are kept: how many uncovered rows each one would cover. When rows get covered, their distances are computed
 * again and the counts of all around them fall; every row is covered once, so this costs what the first count did.
 *
 * @param points On shared memory; the first `known` rows are labelled: they cover and are not picked.
 * @param n Picks at most.
 */
export async function ballCover(
  points: FloatRows,
  known: number,
  radius: number,
  n: number,
  signal: AbortSignal | undefined,
): Promise<BallCover> {
  const free = slice(points, known, points.rows);
  const isCovered = await coveredBy(free, slice(points, 0, known), radius, signal);
  const open = range(free.rows).filter((row) => isCovered[row] === 0);
  const counts = new Float64Array(free.rows);
  await countAround(free, open, radius, counts, 1, signal);
  const picks: number[] = [];
  const covered: number[] = [];
  while (picks.length < n) {
    const best = highest(counts);
    if ((counts[best] as number) <= 0) break;
    const reached = await coveredBy(free, gather(free, [best]), radius, signal);
    const fresh = range(free.rows).filter((row) => isCovered[row] === 0 && (row === best || reached[row] === 1));
    for (const row of fresh) isCovered[row] = 1;
    await countAround(free, fresh, radius, counts, -1, signal);
    picks.push(best + known);
    covered.push(fresh.length);
  }
  return { picks, covered };
}

function highest(counts: Float64Array): number {
  let best = 0;
  for (let row = 1; row < counts.length; row++) if ((counts[row] as number) > (counts[best] as number)) best = row;
  return best;
}

/** 1 for every row that lies within reach of one of the centres. */
async function coveredBy(
  rows: FloatRows,
  centres: FloatRows,
  radius: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const covered = new Uint8Array(rows.rows);
  for await (const { count, distances } of distanceBlocks(centres, rows, { signal })) {
    for (let i = 0; i < count; i++) {
      for (let row = 0; row < rows.rows; row++)
        if ((distances[i * rows.rows + row] as number) < radius) covered[row] = 1;
    }
  }
  return covered;
}

/** Add `change` to the count of every row that covers one of `targets`, once for each of them. */
async function countAround(
  rows: FloatRows,
  targets: Uint32Array,
  radius: number,
  counts: Float64Array,
  change: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  for await (const { from, count, distances } of distanceBlocks(gather(rows, targets), rows, { signal })) {
    for (let i = 0; i < count; i++) {
      const self = targets[from + i] as number;
      for (let row = 0; row < rows.rows; row++) {
        if (row === self || (distances[i * rows.rows + row] as number) < radius)
          counts[row] = (counts[row] as number) + change;
      }
    }
  }
}
