import { z } from 'zod';
import { aroundOthers, type CombinatorType, createInner, scoreAll, strategyOption } from './inner.js';
import { best } from './member-scores.js';
import { gumbelScores, stochasticOptions } from './stochastic-score.js';
import { strategyType } from './types.js';

/**
 * Stochastic batches over any score: samples are drawn with chances that grow with the score of another strategy.
 *
 * @see Kirsch, Farquhar, Atighehchian, Jesson, Branchaud-Charron, Gal: Stochastic Batch Acquisition: A Simple Baseline for
 *   Deep Active Learning. TMLR 2023, arXiv:2106.12059.
 */
export const stochastic: CombinatorType = (create) =>
  strategyType({
    name: 'stochastic',
    description: 'drawn at random, by the scores of another strategy',
    needs: ['probabilities'],
    options: z.strictObject({ of: strategyOption.default('entropy'), ...stochasticOptions }),
    create({ of, ...how }) {
      const inner = createInner('stochastic', create, of);
      return {
        ...aroundOthers([inner]),
        async query(context, n, { signal } = {}) {
          const { unlabeled, seed } = context;
          const scores = await scoreAll('stochastic', inner, context, { signal });
          return best(unlabeled, gumbelScores('strategy stochastic', scores, unlabeled, how, seed), n, { signal });
        },
      };
    },
  });
