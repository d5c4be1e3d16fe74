import { kMeans, sampleWithoutReplacement } from '../../kernels/index.js';
import type { FloatRows } from '../../models/model.js';
import { distanceBlocks } from './nearest.js';
import { gather } from './rows.js';

/** Balls that the radius is estimated on at most. */
const PROBES = 4096;

/**
 * The largest radius at which at least `purity` of the balls around rows hold rows of one cluster only, clusters being
 * those of k-means. The ball around a row is pure up to the distance r of the nearest row of another cluster, so that the
 * radius is a quantile of r; no radius has to be tried. Infinity where there is one cluster only.
 *
 * @param points On shared memory; at most 4096 of the rows, drawn by the seed, are centres of balls.
 */
export async function pureRadius(
  points: FloatRows,
  clusters: number,
  purity: number,
  seed: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  const { assignments } = await kMeans(points, Math.min(clusters, points.rows), { seed, signal });
  const probes = sampleWithoutReplacement(points.rows, Math.min(PROBES, points.rows), { seed }).sort();
  const reach = new Float64Array(probes.length).fill(Infinity);
  for await (const { from, count, distances } of distanceBlocks(gather(points, probes), points, { signal })) {
    for (let i = 0; i < count; i++) {
      const own = assignments[probes[from + i] as number];
      let least = Infinity;
      for (let j = 0; j < points.rows; j++) {
        const distance = distances[i * points.rows + j] as number;
        if (distance < least && assignments[j] !== own) least = distance;
      }
      reach[from + i] = least;
    }
  }
  return quantileOf(reach.sort(), purity);
}

/** The largest r such that at least `share` of the ascending values are r or more. */
function quantileOf(ascending: Float64Array, share: number): number {
  const below = Math.floor((1 - share) * ascending.length + 1e-9);
  return ascending[Math.min(below, ascending.length - 1)] as number;
}
