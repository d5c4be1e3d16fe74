/** k-means of rows that count differently much: the assignments by the native kernel, the weighted means here. */
import { kMeans, pairwiseDistancesAsync } from '../../kernels/index.js';
import type { FloatRows } from '../../models/model.js';
import { Random } from '../../reference/philox.js';
import { STREAM_CENTRES } from '../seeds.js';
import { slice } from './rows.js';

export interface WeightedClusters {
  /** [k · d], row by row. */
  readonly centroids: Float64Array;
  /** Cluster of every row. */
  readonly assignments: Uint32Array;
  /** The row nearest to each centroid; no row twice. */
  readonly nearest: Uint32Array;
  readonly iterations: number;
}

export interface WeightedOptions {
  readonly seed: number;
  /** Moves of the centroids at most. */
  readonly maxIterations: number;
  readonly signal?: AbortSignal | undefined;
}

/** As `tolerance` of the kernel: the end is reached when all centroids together move less than this share of the variance. */
const TOLERANCE = 1e-4;

/**
 * Lloyd's algorithm with centroids at the weighted means of their rows. A centroid whose rows weigh nothing stays where
 * it is.
 *
 * @param points On shared memory; at least k rows.
 * @param weights [points.rows], not negative, some positive.
 */
export async function weightedKMeans(
  points: FloatRows,
  weights: Float64Array,
  k: number,
  options: WeightedOptions,
): Promise<WeightedClusters> {
  const first = await weightedSeeds(points, weights, k, options);
  const { data, cols } = points;
  const centroids = new Float64Array(k * cols);
  first.forEach((row, cluster) => centroids.set(data.subarray(row * cols, (row + 1) * cols), cluster * cols));
  return weightedLloyd(points, weights, centroids, options);
}

/** As {@link weightedKMeans} from given centroids [k · d]. */
export async function weightedLloyd(
  points: FloatRows,
  weights: Float64Array,
  start: Float64Array,
  { maxIterations, signal }: Omit<WeightedOptions, 'seed'>,
): Promise<WeightedClusters> {
  const { cols } = points;
  const k = start.length / cols;
  const enough = TOLERANCE * meanVariance(points, weights);
  let centroids = start;
  for (let iterations = 0; ; iterations++) {
    const init = { data: centroids, rows: k, cols };
    const { assignments, nearest } = await kMeans(points, k, { init, maxIterations: 0, signal });
    const moved = weightedMeans(points, weights, assignments, centroids);
    const shift = centroids.reduce((sum, value, at) => sum + ((moved[at] as number) - value) ** 2, 0);
    if (iterations === maxIterations || shift <= enough) return { centroids, assignments, nearest, iterations };
    centroids = moved;
  }
}

function weightedMeans(
  { data, rows, cols }: FloatRows,
  weights: Float64Array,
  assignments: Uint32Array,
  centroids: Float64Array,
): Float64Array {
  const sums = new Float64Array(centroids.length);
  const totals = new Float64Array(centroids.length / cols);
  for (let row = 0; row < rows; row++) {
    const weight = weights[row] as number;
    const cluster = assignments[row] as number;
    totals[cluster] = (totals[cluster] as number) + weight;
    for (let c = 0; c < cols; c++) {
      const at = cluster * cols + c;
      sums[at] = (sums[at] as number) + weight * (data[row * cols + c] as number);
    }
  }
  return sums.map((sum, at) => {
    const total = totals[Math.floor(at / cols)] as number;
    return total > 0 ? sum / total : (centroids[at] as number);
  });
}

/** Mean over columns of the weighted variance. */
function meanVariance({ data, rows, cols }: FloatRows, weights: Float64Array): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const means = new Float64Array(cols);
  for (let row = 0; row < rows; row++) {
    const share = (weights[row] as number) / total;
    for (let c = 0; c < cols; c++) means[c] = (means[c] as number) + share * (data[row * cols + c] as number);
  }
  let variance = 0;
  for (let row = 0; row < rows; row++) {
    const share = (weights[row] as number) / total;
    for (let c = 0; c < cols; c++) variance += share * ((data[row * cols + c] as number) - (means[c] as number)) ** 2;
  }
  return variance / cols;
}

/** k different rows, each drawn in proportion to weight · squared distance to the nearest earlier one. */
async function weightedSeeds(
  points: FloatRows,
  weights: Float64Array,
  k: number,
  { seed, signal }: WeightedOptions,
): Promise<number[]> {
  const random = new Random(seed, STREAM_CENTRES);
  const nearest = new Float64Array(points.rows).fill(1);
  const chosen = new Set<number>();
  while (chosen.size < k) {
    const row = drawRow(random, weights, nearest) ?? lowestFree(chosen);
    chosen.add(row);
    if (chosen.size === k) break;
    const distances = await pairwiseDistancesAsync(slice(points, row, row + 1), points, { squared: true, signal });
    for (let i = 0; i < nearest.length; i++) {
      nearest[i] =
        chosen.size === 1 ? (distances[i] as number) : Math.min(nearest[i] as number, distances[i] as number);
    }
  }
  return [...chosen];
}

/** A row with probability proportional to weight · distance; undefined where all of these are zero. */
function drawRow(random: Random, weights: Float64Array, distances: Float64Array): number | undefined {
  let total = 0;
  for (let i = 0; i < weights.length; i++) total += (weights[i] as number) * (distances[i] as number);
  if (total === 0) return undefined;
  const target = random.float() * total;
  let sum = 0;
  let last: number | undefined;
  for (let i = 0; i < weights.length; i++) {
    const mass = (weights[i] as number) * (distances[i] as number);
    if (mass === 0) continue;
    sum += mass;
    last = i;
    if (sum > target) break;
  }
  return last;
}

function lowestFree(chosen: ReadonlySet<number>): number {
  let row = 0;
  while (chosen.has(row)) row += 1;
  return row;
}
