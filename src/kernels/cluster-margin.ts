import { totalmem } from 'node:os';
import {
  averageLinkageWith,
  type ClusterMarginOptions,
  clusterMarginWith,
  type Tree,
  type TreeOptions,
} from '../contract/cluster-margin-call.js';
import type { ScoreArray } from '../contract/engine.js';
import type { Selection } from '../contract/selection-call.js';
import type { MatrixLike } from '../contract/tensor-like.js';
import { engine } from '../native.js';

const host = () => ({ memoryLimit: totalmem() / 4 });

/**
 * Hierarchical clustering by average linkage: the two clusters with the least mean distance between their rows become one,
 * again and again. Exact, O(N²) time; memory 8 bytes per pair of rows, refused above `memoryLimit`. The distances are
 * computed on worker threads, the tree on the calling one, with turns for the event loop.
 *
 * @param embeddings [N, d], f32, f64, f16, bf16 or u8.
 * @param options One of `clusters` and `distanceThreshold`.
 * @returns The cluster of every row, numbered by their lowest rows, and how many there are.
 * @throws {ShapeError} N is too large for `memoryLimit`; sizes that do not fit.
 * @throws {ValueError} A row with NaN, an infinity or a number beyond 1e100; a row of zeros under cosine.
 * @throws {ArgumentError} An unknown option or value; both or neither of `clusters` and `distanceThreshold`.
 * @throws `signal.reason` as soon as the signal is aborted.
 */
export async function averageLinkage(embeddings: MatrixLike, options: TreeOptions): Promise<Tree> {
  return averageLinkageWith(engine(), 'averageLinkage', embeddings, options, host());
}

/**
 * Cluster-Margin: of the most uncertain rows, some of every cluster. The `candidates` rows of highest score are grouped by
 * the cluster that their embeddings fall into; then the groups give one row each in turn, chosen at random, from the
 * smallest group to the largest and again from the smallest that has any left.
 *
 * @param scores Margin scores [N], higher = ask first, NaN never; or predictions [N, C], scored by 1 - (p1 - p2).
 * @param embeddings [N, d], clustered by {@link averageLinkage} into `clusters` (default k) or up to `distanceThreshold`; or
 *   the cluster number of every row, so that the tree is built once for many batches.
 * @param k How many rows to pick; 0 gives an empty array.
 * @throws {ShapeError} k is larger than the rows that are neither excluded nor NaN; sizes that do not fit; N is too large
 *   for `memoryLimit`.
 * @throws Otherwise as {@link averageLinkage} and `score`.
 * @see Citovsky, DeSalvo, Gentile, Karydas, Rajagopalan, Rostamizadeh, Kumar: Batch Active Learning at Scale. NeurIPS 2021,
 *   arXiv:2107.14263.
 */
export async function clusterMargin(
  scores: ScoreArray | MatrixLike,
  embeddings: MatrixLike | Uint32Array,
  k: number,
  options?: ClusterMarginOptions,
): Promise<Selection> {
  return clusterMarginWith(engine(), 'clusterMargin', scores, embeddings, k, options, host());
}
