/**
 * Greedy k-center, the plain loop: the row farthest from everything picked so far is picked next.
 *
 * @see Gonzalez: Clustering to minimize the maximum intercluster distance. Theoretical Computer Science 38, 1985.
 */
import { type Control, reportDone } from '../contract/background.js';
import { COSINE } from '../contract/codes.js';
import type { KCenterOutcome } from '../contract/engine.js';
import type { MatrixView } from '../matrix.js';
import { RowPairs } from './distance.js';
import { Pace } from './pace.js';
import { lowestUnusable } from './points.js';

export interface FarthestFirst {
  readonly points: MatrixView;
  /** A code of contract/codes.ts. */
  readonly metric: number;
  /** Centres to begin with; null: none. */
  readonly labeled: Uint32Array | null;
  /** Pick 0 where nothing is labelled. */
  readonly first: number;
  readonly k: number;
  readonly control: Control;
}

export async function farthestFirst(task: FarthestFirst): Promise<KCenterOutcome> {
  const { points, metric, labeled, first, k, control } = task;
  const pace = new Pace(control);
  const badRow = await lowestUnusable(points, metric, pace);
  if (badRow >= 0) {
    return { indices: new Uint32Array(0), distances: new Float64Array(0), coveringRadius: NaN, badRow };
  }
  const distance = metric === COSINE ? cosineDistance(points) : squaredDistance(points);
  const inUnits = metric === COSINE ? (m: number): number => m : Math.sqrt;
  const nearest = new Float64Array(points.rows).fill(Infinity);
  const isCentre = new Uint8Array(points.rows);

  const addCentre = async (centre: number): Promise<boolean> => {
    isCentre[centre] = 1;
    const isComplete = await pace.visitRows(points.rows, points.cols, (i) => {
      nearest[i] = Math.min(nearest[i] as number, distance(i, centre));
    });
    nearest[centre] = 0;
    return isComplete;
  };

  const indices: number[] = [];
  const distances: number[] = [];
  let isGoing = true;
  for (const row of new Set(labeled)) isGoing &&= await addCentre(row);
  while (isGoing && indices.length < k) {
    const pick = indices.length === 0 && labeled === null ? first : farthestRow(nearest, isCentre);
    distances.push(inUnits(nearest[pick] as number));
    indices.push(pick);
    isGoing = await addCentre(pick);
    reportDone(control, indices.length);
  }
  return {
    indices: Uint32Array.from(indices),
    distances: Float64Array.from(distances),
    coveringRadius: inUnits(nearest.reduce((most, m) => Math.max(most, m), 0)),
    badRow,
  };
}

/** The lowest of the rows that are farthest away; centres are left out. */
function farthestRow(nearest: Float64Array, isCentre: Uint8Array): number {
  let farthest = -1;
  for (let i = 0; i < nearest.length; i++) {
    if (isCentre[i] === 1) continue;
    if (farthest < 0 || (nearest[i] as number) > (nearest[farthest] as number)) farthest = i;
  }
  return farthest;
}

function squaredDistance(points: MatrixView): (i: number, j: number) => number {
  const pairs = new RowPairs(points);
  return (i, j) => pairs.sq(i, j);
}

function cosineDistance(points: MatrixView): (i: number, j: number) => number {
  const pairs = new RowPairs(points);
  const length = Float64Array.from({ length: points.rows }, (_, i) => Math.sqrt(pairs.dot(i, i)));
  return (i, j) => Math.max(0, 1 - pairs.dot(i, j) / ((length[i] as number) * (length[j] as number)));
}
