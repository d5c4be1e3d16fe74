import { z } from 'zod';
import { kMeans } from '../kernels/index.js';
import type { FloatRows } from '../models/model.js';
import { candidatesOf, candidatesOption, embedWithLabeled } from './support/candidates.js';
import { nearestRows } from './support/nearest.js';
import { gather, onSphere } from './support/rows.js';
import { strategyType } from './types.js';

/**
 * TypiClust: cluster labelled and unlabelled embeddings together into |L| + n clusters, go through those with the fewest
 * labels, the largest first, and ask in each for the most typical sample: the one with the smallest mean distance to its
 * nearest neighbours within the cluster. Made for small budgets, the very first one included. Where the round is longer
 * than the list of clusters, it starts over with what is left in them. The score of a pick is its typicality
 * 1 / (mean distance + 1e-5), to be compared within a cluster only. O(C k d) per iteration of k clusters over C
 * candidates, and O(m² d) for a cluster of m.
 *
 * Small clusters (below `minClusterSize`) serve only when the others have nothing left; the authors leave them out for
 * good, and have no clusters left in small pools.
 * Their code takes means of squared distances, their paper (and this) of distances.
 *
 * @see Hacohen, Dekel, Weinshall: Active Learning on a Budget: Opposite Strategies Suit High and Low Budgets. ICML 2022,
 *   arXiv:2202.02794, section 3.
 */
export const typiclust = strategyType({
  name: 'typiclust',
  description: 'the most typical sample of each cluster without labels; for small budgets',
  needs: ['embeddings'],
  options: z.strictObject({
    /** Neighbours that typicality looks at; in a cluster of m samples at most m / 2. */
    neighbours: z.int().min(1).default(20),
    /** Clusters at most. */
    maxClusters: z.int().min(1).default(500),
    /** Smaller clusters serve only when the others have nothing left. */
    minClusterSize: z.int().min(1).default(5),
    /** Under cosine rows are scaled to unit length first. */
    metric: z.enum(['euclidean', 'cosine']).default('euclidean'),
    /** Of a larger pool a uniform draw of so many samples is clustered. */
    candidates: candidatesOption.default(50_000),
  }),
  create: ({ neighbours, maxClusters, minClusterSize, metric, candidates: limit }) => ({
    async query(context, n, { signal } = {}) {
      const candidates = candidatesOf(context, limit, n);
      const { rows, known } = await embedWithLabeled(context, candidates);
      const points = onSphere(rows, metric);
      const wanted = Math.min(n, candidates.length);
      const k = Math.min(known + wanted, maxClusters, points.rows);
      const { assignments } = await kMeans(points, k, { seed: context.seed, signal });
      const clusters = inOrder(groupRows(assignments, known, k));
      const isLarge = ({ size }: Cluster) => size >= minClusterSize;
      const indices: number[] = [];
      const scores: number[] = [];
      for (const group of [clusters.filter(isLarge), clusters.filter((cluster) => !isLarge(cluster))]) {
        while (indices.length < wanted && group.some(({ free }) => free.length > 0)) {
          for (const { free } of group) {
            if (free.length === 0 || indices.length === wanted) continue;
            const { at, score } = await mostTypical(points, free, neighbours, signal);
            const [row] = free.splice(at, 1) as [number];
            indices.push(candidates[row - known] as number);
            scores.push(score);
          }
        }
      }
      return { indices: Uint32Array.from(indices), scores };
    },
  }),
});

interface Cluster {
  readonly size: number;
  readonly labels: number;
  /** Unlabelled rows that are not picked yet, ascending. */
  readonly free: number[];
}

/** Clusters of rows, of which the first `known` are labelled. */
function groupRows(assignments: Uint32Array, known: number, k: number): Cluster[] {
  const clusters = Array.from({ length: k }, () => ({ size: 0, labels: 0, free: [] as number[] }));
  assignments.forEach((number, row) => {
    const cluster = clusters[number] as { size: number; labels: number; free: number[] };
    cluster.size += 1;
    if (row < known) cluster.labels += 1;
    else cluster.free.push(row);
  });
  return clusters;
}

/** Those with fewer labels first, then the larger ones. */
function inOrder(clusters: readonly Cluster[]): Cluster[] {
  return [...clusters].sort((p, q) => p.labels - q.labels || q.size - p.size);
}

/** The position in `members` of the row that is nearest to its neighbours among them. */
async function mostTypical(
  points: FloatRows,
  members: readonly number[],
  neighbours: number,
  signal: AbortSignal | undefined,
): Promise<{ at: number; score: number }> {
  const own = gather(points, members);
  const looked = Math.max(1, Math.min(neighbours, Math.floor(members.length / 2)));
  const { k, distances } = await nearestRows(own, own, looked, { isSelf: true, signal });
  let best = { at: 0, score: -1 };
  for (let at = 0; at < members.length; at++) {
    let sum = 0;
    for (let j = 0; j < k; j++) sum += distances[at * k + j] as number;
    const score = k === 0 ? 0 : 1 / (sum / k + 1e-5);
    if (score > best.score) best = { at, score };
  }
  return best;
}
