import { z } from 'zod';
import { ArgumentError } from '../errors.js';
import {
  aroundOthers,
  changeContext,
  type CombinatorType,
  createInner,
  innerSeed,
  scoreAll,
  strategyOption,
} from './inner.js';
import { best } from './member-scores.js';
import { strategyType } from './types.js';

/** Options of strategies that add up the opinions of others. */
export const opinionOptions = {
  /** Strategies to ask, by name or { name, ...options }. */
  of: z.array(strategyOption).min(1).default(['entropy', 'information-density']),
  /** Weight of each; default 1. */
  weights: z.array(z.number()).optional(),
};

/** @throws {ArgumentError} Not one weight per strategy. */
export function weightsOf(name: string, count: number, weights: readonly number[] | undefined): readonly number[] {
  if (weights === undefined) return new Array<number>(count).fill(1);
  if (weights.length === count) return weights;
  throw new ArgumentError(
    `strategy ${name}: expected one weight for each of the ${count} strategies, got ${weights.length}`,
  );
}

/**
 * The samples with the largest weighted sum of the scores of several strategies, Σ w s. Scores are brought to one scale over
 * the candidates first: 'min-max' (s − min) / (max − min), 'z-score' (s − mean) / deviation, 'none' as they are; scores that
 * are all equal count as 0. Infinite scores count as the largest, or smallest, finite one.
 */
export const weighted: CombinatorType = (create) =>
  strategyType({
    name: 'weighted',
    description: 'largest weighted sum of the scores of several strategies',
    needs: ['probabilities', 'embeddings'],
    options: z.strictObject({
      ...opinionOptions,
      normalize: z.enum(['min-max', 'z-score', 'none']).default('min-max'),
    }),
    create({ of, weights: given, normalize }) {
      const inner = of.map((each) => createInner('weighted', create, each));
      const weights = weightsOf('weighted', inner.length, given);
      return {
        ...aroundOthers(inner),
        async query(context, n, { signal } = {}) {
          const { unlabeled, seed } = context;
          const sums = new Float64Array(unlabeled.length);
          for (const [place, strategy] of inner.entries()) {
            const own = changeContext(context, { seed: innerSeed(seed, place) });
            const scores = onOneScale(await scoreAll('weighted', strategy, own, { signal }), normalize);
            scores.forEach((score, at) => (sums[at]! += (weights[place] as number) * score));
          }
          return best(unlabeled, sums, n, { signal });
        },
      };
    },
  });

function onOneScale(scores: Float64Array, normalize: 'min-max' | 'z-score' | 'none'): Float64Array {
  const finite = scores.filter(Number.isFinite);
  const low = finite.reduce((least, score) => Math.min(least, score), Infinity);
  const high = finite.reduce((most, score) => Math.max(most, score), -Infinity);
  const bounded = finite.length === 0 ? scores.map(() => 0) : scores.map((s) => Math.min(high, Math.max(low, s)));
  if (normalize === 'none') return bounded;
  if (!(high > low)) return bounded.fill(0);
  if (normalize === 'min-max') return bounded.map((score) => (score - low) / (high - low));
  const mean = bounded.reduce((sum, score) => sum + score, 0) / bounded.length;
  const deviation = Math.sqrt(bounded.reduce((sum, score) => sum + (score - mean) ** 2, 0) / bounded.length);
  return bounded.map((score) => (score - mean) / deviation);
}
