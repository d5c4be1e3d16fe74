import { z } from 'zod';
import { ValueError } from '../errors.js';
import { aroundOthers, type CombinatorType, createInner, scoreAll, strategyOption } from './inner.js';
import { best } from './member-scores.js';
import { strategyType } from './types.js';

/**
 * The largest score per price, score / cost^exponent. Where labels have no prices each costs 1, and nothing changes.
 *
 * @see Settles, Craven, Friedland: Active Learning with Real Annotation Costs. NIPS Workshop on Cost-Sensitive Learning, 2008.
 */
export const costAware: CombinatorType = (create) =>
  strategyType({
    name: 'cost-aware',
    description: "another strategy's score per price of the label",
    needs: ['probabilities'],
    options: z.strictObject({
      of: strategyOption.default('entropy'),
      /** 0 ignores prices, 1 is the score per unit of price, more avoids dear labels more. */
      exponent: z.number().min(0).default(1),
    }),
    create({ of, exponent }) {
      const inner = createInner('cost-aware', create, of);
      return {
        ...aroundOthers([inner]),
        async query(context, n, { signal } = {}) {
          const { unlabeled, costs } = context;
          const scores = await scoreAll('cost-aware', inner, context, { signal });
          const worth = scores.map((score, at) => {
            const index = unlabeled[at] as number;
            if (score < 0) {
              throw new ValueError(
                `strategy cost-aware: expected scores of at least 0, got ${score} by ${inner.name} for sample ${index}`,
              );
            }
            return score / priceOf(costs, index) ** exponent;
          });
          return best(unlabeled, worth, n, { signal });
        },
      };
    },
  });

function priceOf(costs: ArrayLike<number> | undefined, index: number): number {
  if (costs === undefined) return 1;
  const price = costs[index] as number;
  if (price > 0 && price < Infinity) return price;
  throw new ValueError(`strategy cost-aware: expected a positive price for sample ${index}, got ${price}`);
}
