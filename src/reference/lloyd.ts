/**
 * Lloyd's algorithm in f64, every sum in row order: the same bits as the addon.
 *
 * @see Lloyd: Least squares quantization in PCM. IEEE Transactions on Information Theory 28, 1982.
 */
import { type Control, reportDone } from '../contract/background.js';
import { EUCLIDEAN } from '../contract/codes.js';
import type { KMeansOutcome } from '../contract/engine.js';
import { type MatrixView, widenRow } from '../matrix.js';
import { sq } from './distance.js';
import { Pace } from './pace.js';
import { lowestUnusable } from './points.js';

export interface KMeansTask {
  readonly points: MatrixView;
  /** The first centroids [k, cols]. */
  readonly initial: Float64Array;
  readonly k: number;
  readonly maxIterations: number;
  readonly tolerance: number;
  readonly control: Control;
}

export async function kMeansRows(task: KMeansTask): Promise<KMeansOutcome> {
  const { points, maxIterations, tolerance, control } = task;
  const pace = new Pace(control);
  const badRow = await lowestUnusable(points, EUCLIDEAN, pace);
  const state = new Lloyd(task, pace);
  if (badRow >= 0) return state.outcome(badRow);
  const still = tolerance > 0 ? tolerance * meanVariance(points) : 0;
  let before: Uint32Array | null = null;
  let isNearest = false; // whether the assignments are those of the centroids as they are
  while (state.iterations < maxIterations) {
    if (!(await state.assign())) return state.outcome(badRow);
    isNearest = !state.fillEmpty();
    if (before?.every((centroid, row) => centroid === state.assignments[row])) break;
    before = state.assignments.slice();
    const moved = state.moveCentroids();
    isNearest = false;
    reportDone(control, state.iterations);
    if (moved <= still) break;
  }
  if (!isNearest) await state.assign();
  await state.findNearestRows();
  return state.outcome(badRow);
}

class Lloyd {
  readonly assignments: Uint32Array;
  iterations = 0;
  readonly #points: MatrixView;
  readonly #k: number;
  readonly #pace: Pace;
  readonly #centroids: Float64Array[];
  readonly #distances: Float64Array;
  readonly #row: Float64Array;
  #counts: Uint32Array;
  #nearest: number[] = [];

  constructor({ points, initial, k }: KMeansTask, pace: Pace) {
    this.#points = points;
    this.#k = k;
    this.#pace = pace;
    this.#centroids = Array.from({ length: k }, (_, j) => initial.slice(j * points.cols, (j + 1) * points.cols));
    this.assignments = new Uint32Array(points.rows);
    this.#distances = new Float64Array(points.rows);
    this.#row = new Float64Array(points.cols);
    this.#counts = new Uint32Array(k);
  }

  /** Every row to its nearest centroid, the lowest among equals. False when stopped. */
  async assign(): Promise<boolean> {
    const { rows, cols } = this.#points;
    return this.#pace.visitRows(rows, cols * this.#k, (i) => {
      widenRow(this.#points, i, this.#row);
      let least = Infinity;
      this.#centroids.forEach((centroid, j) => {
        const distance = sq(this.#row, centroid);
        if (distance >= least) return;
        least = distance;
        this.assignments[i] = j;
      });
      this.#distances[i] = least;
    });
  }

  /**
   * Every centroid without rows gets the row that lies farthest from its own, the lowest among equals, unless that is the
   * last row of its centroid. True when there was one.
   */
  fillEmpty(): boolean {
    const counts = new Uint32Array(this.#k);
    for (const centroid of this.assignments) counts[centroid] = (counts[centroid] as number) + 1;
    let moved = false;
    for (let empty = 0; empty < this.#k; empty++) {
      if ((counts[empty] as number) > 0) continue;
      let farthest = 0;
      let most = -1;
      this.#distances.forEach((distance, i) => {
        if (distance <= most || (counts[this.assignments[i] as number] as number) < 2) return;
        most = distance;
        farthest = i;
      });
      const from = this.assignments[farthest] as number;
      counts[from] = (counts[from] as number) - 1;
      counts[empty] = 1;
      this.assignments[farthest] = empty;
      this.#distances[farthest] = 0;
      moved = true;
    }
    this.#counts = counts;
    return moved;
  }

  /** Centroids become the means of their rows; the sum of their squared movements. */
  moveCentroids(): number {
    const { rows, cols } = this.#points;
    const sums = this.#centroids.map(() => new Float64Array(cols));
    for (let i = 0; i < rows; i++) {
      widenRow(this.#points, i, this.#row);
      const sum = sums[this.assignments[i] as number] as Float64Array;
      for (let c = 0; c < cols; c++) sum[c] = (sum[c] as number) + (this.#row[c] as number);
    }
    let moved = 0;
    sums.forEach((sum, j) => {
      const mean = sum.map((total) => total / (this.#counts[j] as number));
      moved += sq(mean, this.#centroids[j] as Float64Array);
      this.#centroids[j] = mean;
    });
    this.iterations += 1;
    return moved;
  }

  /** Centroids take their nearest row in turn, the lowest among equals; a row that is gone is passed over. */
  async findNearestRows(): Promise<void> {
    const { rows, cols } = this.#points;
    const taken = new Uint8Array(rows);
    for (const centroid of this.#centroids) {
      let least = Infinity;
      let nearest = 0;
      const isComplete = await this.#pace.visitRows(rows, cols, (i) => {
        if (taken[i] === 1) return;
        const distance = sq(widenRow(this.#points, i, this.#row), centroid);
        if (distance >= least) return;
        least = distance;
        nearest = i;
      });
      if (!isComplete) return;
      taken[nearest] = 1;
      this.#nearest.push(nearest);
    }
  }

  outcome(badRow: number): KMeansOutcome {
    const centroids = new Float64Array(this.#k * this.#points.cols);
    this.#centroids.forEach((centroid, j) => centroids.set(centroid, j * centroid.length));
    return {
      centroids,
      assignments: this.assignments,
      nearest: Uint32Array.from(this.#nearest),
      inertia: this.#distances.reduce((sum, distance) => sum + distance, 0),
      iterations: this.iterations,
      badRow,
    };
  }
}

/** Mean over columns of their variance. */
function meanVariance(points: MatrixView): number {
  const { rows, cols } = points;
  const row = new Float64Array(cols);
  const mean = new Float64Array(cols);
  const variance = new Float64Array(cols);
  for (let i = 0; i < rows; i++) {
    widenRow(points, i, row);
    for (let c = 0; c < cols; c++) mean[c] = (mean[c] as number) + (row[c] as number);
  }
  for (let c = 0; c < cols; c++) mean[c] = (mean[c] as number) / rows;
  for (let i = 0; i < rows; i++) {
    widenRow(points, i, row);
    for (let c = 0; c < cols; c++) {
      const off = (row[c] as number) - (mean[c] as number);
      variance[c] = (variance[c] as number) + off * off;
    }
  }
  return variance.reduce((sum, v) => sum + v / rows, 0) / cols;
}
