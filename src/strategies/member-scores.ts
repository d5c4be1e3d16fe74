import { z } from 'zod';
import { topKAsync } from '../kernels/index.js';
import type { MemberPredictions } from '../models/model.js';
import type { QueryContext, QueryOptions, QueryResult } from './strategy.js';
import { type StrategyType, strategyType } from './types.js';
import { tieBreakOption } from './uncertainty.js';

/** Members or dropout passes to ask for; a committee answers with as many as it has. */
export const passesOption = z.int().min(2).default(20);

const memberOptions = z.strictObject({ passes: passesOption, tieBreak: tieBreakOption });

/** One score [n] of the predictions [T, n, C] of several members. */
export type MemberScore = (members: MemberPredictions, signal: AbortSignal | undefined) => Promise<Float32Array>;

/** A strategy that asks for the samples about which members disagree most, by a score of each sample alone. */
export function memberScoreType(name: string, description: string, score: MemberScore): StrategyType {
  return strategyType({
    name,
    description,
    needs: ['members'],
    options: memberOptions,
    create: ({ passes, tieBreak }) => ({
      async query(context, n, { signal } = {}) {
        const { unlabeled, seed } = context;
        const scores = await scoreMembers(context, unlabeled, passes, score, { signal });
        return best(unlabeled, scores, n, { tieBreak, seed, signal });
      },
    }),
  });
}

/** Numbers of predictions [T, n, C] held at a time, 64 MiB of them. */
const BLOCK_NUMBERS = 2 ** 24;
const MOST_BLOCK_ROWS = 2 ** 14;

/**
 * Score samples by what members say, a block of samples at a time: a member is the same in every block, and all predictions
 * of a large pool may not fit into memory.
 *
 * @returns [indices.length].
 */
export async function scoreMembers(
  context: QueryContext,
  indices: Uint32Array,
  passes: number,
  score: MemberScore,
  { signal }: QueryOptions,
): Promise<Float32Array> {
  const rows = Math.max(1, Math.min(MOST_BLOCK_ROWS, Math.floor(BLOCK_NUMBERS / (passes * context.classes))));
  const scores = new Float32Array(indices.length);
  for (let from = 0; from < indices.length; from += rows) {
    signal?.throwIfAborted();
    const members = await context.members(indices.subarray(from, from + rows), passes);
    scores.set(await score(members, signal), from);
  }
  return scores;
}

/** The n candidates of highest score. */
export async function best(
  candidates: Uint32Array,
  scores: Float32Array | Float64Array,
  n: number,
  options: { tieBreak?: 'index' | 'random'; seed?: number; signal?: AbortSignal | undefined } = {},
): Promise<QueryResult> {
  const top = await topKAsync(scores, Math.min(n, candidates.length), options);
  return { indices: top.indices.map((row) => candidates[row] as number), scores: top.scores };
}
