import { z } from 'zod';
import type { Method, TieBreak } from '../contract/codes.js';
import { scoreTopKAsync } from '../kernels/index.js';
import type { QueryContext, QueryOptions, QueryResult } from './strategy.js';
import { type StrategyType, strategyType } from './types.js';

/** Options of the strategies that rank by one score. */
const uncertaintyOptions = z.strictObject({
  /** Equal scores: the lowest index first, or an order drawn from the round's seed. */
  tieBreak: z.enum(['index', 'random']).default('index'),
});

/** A strategy that asks for the samples whose predictions score highest under `method`. */
export function uncertaintyType(method: Method, description: string): StrategyType {
  return strategyType({
    name: method,
    description,
    needs: ['probabilities'],
    options: uncertaintyOptions,
    create: ({ tieBreak }) => ({ query: (context, n, options) => rank(method, tieBreak, context, n, options) }),
  });
}

async function rank(
  method: Method,
  tieBreak: TieBreak,
  { unlabeled, seed, predict }: QueryContext,
  n: number,
  { signal }: QueryOptions = {},
): Promise<QueryResult> {
  const probabilities = await predict(unlabeled);
  const count = Math.min(n, unlabeled.length);
  const { indices, scores } = await scoreTopKAsync(probabilities, count, { method, tieBreak, seed, signal });
  return { indices: indices.map((row) => unlabeled[row] as number), scores };
}
