import { z } from 'zod';
import { averageLinkage, clusterMargin as roundRobin, kMeans, scoreAsync, topKAsync } from '../kernels/index.js';
import type { FloatRows } from '../models/model.js';
import { STREAM_CLUSTERED } from './seeds.js';
import { candidatesOf, candidatesOption, subsample } from './support/candidates.js';
import { nearestRows } from './support/nearest.js';
import { comparable, gather, range } from './support/rows.js';
import { strategyType } from './types.js';

/**
 * Cluster-Margin: the `factor` · n samples of smallest margin, and of these a few of every cluster of the embeddings:
 * one of each in turn, from the smallest cluster to the largest. Clusters are those of average linkage, n of them unless
 * `clusters` or `distanceThreshold` says otherwise. The tree takes 8 R² bytes and O(R²) time: of a larger pool a uniform
 * draw of R = `treeRows` samples is clustered, and another sample belongs where its nearest clustered one does; clusters
 * beyond R are cut off there. With `linkage` 'k-means' there is no tree and no such limit.
 *
 * @see Citovsky, DeSalvo, Gentile, Karydas, Rajagopalan, Rostamizadeh, Kumar: Batch Active Learning at Scale. NeurIPS 2021,
 *   arXiv:2107.14263, algorithm 1.
 */
export const clusterMargin = strategyType({
  name: 'cluster-margin',
  description: 'smallest margins, taken from every cluster in turn; for large batches',
  needs: ['probabilities', 'embeddings'],
  options: z
    .strictObject({
      /** Samples of smallest margin per pick. */
      factor: z.number().min(1).default(10),
      linkage: z.enum(['average', 'k-means']).default('average'),
      /** How many clusters. */
      clusters: z.int().min(1).optional(),
      /** Clusters are merged up to this mean distance instead. */
      distanceThreshold: z.number().min(0).optional(),
      metric: z.enum(['euclidean', 'cosine']).default('euclidean'),
      /** Samples that are clustered by average linkage at most. */
      treeRows: z.int().min(2).default(4000),
      /** Consider a uniform draw of so many samples instead of all. */
      candidates: candidatesOption.optional(),
    })
    .refine(({ clusters, distanceThreshold }) => clusters === undefined || distanceThreshold === undefined, {
      message: 'only one of clusters and distanceThreshold',
    })
    .refine(({ linkage, distanceThreshold }) => linkage === 'average' || distanceThreshold === undefined, {
      message: 'distanceThreshold only with linkage average',
    }),
  create: (options) => ({
    async query(context, n, { signal } = {}) {
      const candidates = candidatesOf(context, options.candidates, n);
      const k = Math.min(n, candidates.length);
      const margins = await scoreAsync(await context.predict(candidates), { method: 'margin', signal });
      const count = Math.min(candidates.length, Math.max(k, Math.ceil(options.factor * k)));
      const { indices: uncertain } = await topKAsync(margins, count, { signal });
      const rows = comparable(await context.embed(candidates), options.metric);
      const assignments = await clustersOf(rows, uncertain, k, context.seed, options, signal);
      const picks = await roundRobin(margins, assignments, k, { candidates: count, seed: context.seed, signal });
      return { indices: picks.indices.map((row) => candidates[row] as number) };
    },
  }),
});

interface ClusterOptions {
  readonly linkage: 'average' | 'k-means';
  readonly clusters?: number | undefined;
  readonly distanceThreshold?: number | undefined;
  readonly metric: 'euclidean' | 'cosine';
  readonly treeRows: number;
}

/** The cluster of every row; of rows that were not clustered themselves, only those of `wanted` are filled in. */
async function clustersOf(
  points: FloatRows,
  wanted: Uint32Array,
  k: number,
  seed: number,
  { linkage, clusters, distanceThreshold, metric, treeRows }: ClusterOptions,
  signal: AbortSignal | undefined,
): Promise<Uint32Array> {
  if (linkage === 'k-means') {
    return (await kMeans(points, Math.min(clusters ?? k, points.rows), { seed, signal })).assignments;
  }
  const members = subsample(range(points.rows), treeRows, seed, STREAM_CLUSTERED);
  const cut =
    distanceThreshold === undefined ? { clusters: Math.min(clusters ?? k, members.length) } : { distanceThreshold };
  const clustered = gather(points, members);
  const tree = await averageLinkage(clustered, { ...cut, metric, signal });
  const assignments = new Uint32Array(points.rows);
  members.forEach((row, at) => (assignments[row] = tree.assignments[at] as number));
  const isMember = new Set(members);
  const others = wanted.filter((row) => !isMember.has(row));
  const nearest = await nearestRows(gather(points, others), clustered, 1, { metric, signal });
  others.forEach((row, i) => (assignments[row] = tree.assignments[nearest.rows[i] as number] as number));
  return assignments;
}
