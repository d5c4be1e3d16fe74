/** One sample for every cluster. */
import { kMeans } from '../../kernels/index.js';
import type { FloatRows } from '../../models/model.js';
import { weightedKMeans } from './weighted-k-means.js';

export interface ClusterOptions {
  readonly seed: number;
  readonly maxIterations: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * k-means into k clusters, and the row nearest to each centroid: those of the heaviest clusters first.
 *
 * @param points On shared memory, at least k rows.
 * @param weights How much each row counts; undefined, or all zero: all the same.
 */
export async function representatives(
  points: FloatRows,
  weights: Float64Array | undefined,
  k: number,
  options: ClusterOptions,
): Promise<number[]> {
  const isWeighted = weights !== undefined && weights.some((weight) => weight > 0);
  const { assignments, nearest } = isWeighted
    ? await weightedKMeans(points, weights, k, options)
    : await kMeans(points, k, options);
  const mass = new Float64Array(k);
  assignments.forEach((cluster, row) => {
    mass[cluster] = (mass[cluster] as number) + (isWeighted ? (weights[row] as number) : 1);
  });
  const order = Array.from(nearest, (_, cluster) => cluster).sort((p, q) => (mass[q] as number) - (mass[p] as number));
  return order.map((cluster) => nearest[cluster] as number);
}
