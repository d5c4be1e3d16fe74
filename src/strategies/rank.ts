import { z } from 'zod';
import { aroundOthers, changeContext, type CombinatorType, createInner, innerSeed, rankAll } from './inner.js';
import { best } from './member-scores.js';
import { strategyType } from './types.js';
import { opinionOptions, weightsOf } from './weighted.js';

/**
 * Borda count: every strategy gives a sample as many points as there are candidates that it would ask for later, ties half a
 * point each; the samples with the largest weighted sum win. Needs no scores, so any strategy can vote, also `random`; greedy
 * ones put the whole pool in order, which takes them as long as a batch of that size.
 *
 * @see Borda: Mémoire sur les élections au scrutin. Académie royale des sciences, 1781.
 */
export const rank: CombinatorType = (create) =>
  strategyType({
    name: 'rank',
    description: 'largest sum of ranks by several strategies (Borda)',
    needs: ['probabilities', 'embeddings'],
    options: z.strictObject(opinionOptions),
    create({ of, weights: given }) {
      const inner = of.map((each) => createInner('rank', create, each));
      const weights = weightsOf('rank', inner.length, given);
      return {
        ...aroundOthers(inner),
        async query(context, n, { signal } = {}) {
          const { unlabeled, seed } = context;
          const points = new Float64Array(unlabeled.length);
          for (const [place, strategy] of inner.entries()) {
            const own = changeContext(context, { seed: innerSeed(seed, place) });
            const ranks = await rankAll(strategy, own, { signal });
            ranks.forEach((r, at) => (points[at]! += (weights[place] as number) * (unlabeled.length - 1 - r)));
          }
          return best(unlabeled, points, n, { signal });
        },
      };
    },
  });
