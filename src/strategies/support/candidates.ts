/** The part of a pool that a strategy considers, and what it does before there are labels. */
import { z } from 'zod';
import { kMeansPlusPlus, sampleWithoutReplacement } from '../../kernels/index.js';
import type { FloatRows } from '../../models/model.js';
import { deriveSeed } from '../../reference/philox.js';
import { STREAM_CANDIDATES } from '../seeds.js';
import type { QueryContext, QueryOptions, QueryResult } from '../strategy.js';
import { comparable, concat } from './rows.js';

/** A limit on candidates as an option. */
export const candidatesOption = z.int().min(1);

/** `count` of `indices`, drawn uniformly by the seed and put back into their order; all of them where there are no more. */
export function subsample(indices: Uint32Array, count: number, seed: number, stream: number): Uint32Array {
  if (indices.length <= count) return indices;
  const drawn = sampleWithoutReplacement(indices.length, count, { seed: deriveSeed(seed, stream, 0) }).sort();
  return drawn.map((at) => indices[at] as number);
}

/** The unlabelled samples that a strategy considers: all, or a uniform draw of `limit` of them, and never fewer than n. */
export function candidatesOf({ unlabeled, seed }: QueryContext, limit: number | undefined, n: number): Uint32Array {
  return limit === undefined ? unlabeled : subsample(unlabeled, Math.max(limit, n), seed, STREAM_CANDIDATES);
}

/** Embeddings of the labelled samples, the first rows, and of the candidates, the rest. */
export async function embedWithLabeled(
  { labeled, embed }: QueryContext,
  candidates: Uint32Array,
): Promise<{ rows: FloatRows; known: number }> {
  return { rows: await embed(concat(labeled, candidates)), known: labeled.length };
}

/**
 * What strategies that compare with labelled samples ask before there are any: rows spread over the pool by k-means++ on
 * the embeddings.
 */
export async function spreadOut(context: QueryContext, n: number, { signal }: QueryOptions): Promise<QueryResult> {
  const { unlabeled, seed, embed } = context;
  return spreadOver(unlabeled, await embed(unlabeled), n, seed, signal);
}

/** n of `candidates`, drawn by k-means++ on their rows. */
export async function spreadOver(
  candidates: Uint32Array,
  rows: FloatRows,
  n: number,
  seed: number,
  signal: AbortSignal | undefined,
): Promise<QueryResult> {
  const k = Math.min(n, candidates.length);
  const { indices } = await kMeansPlusPlus(comparable(rows, 'euclidean'), k, { seed, signal });
  return { indices: indices.map((row) => candidates[row] as number) };
}
