import { z } from 'zod';
import { passScore } from './bayesian-scores.js';
import { best, passesOption, scoreMembers } from './member-scores.js';
import { gumbelScores, stochasticOptions } from './stochastic-score.js';
import { strategyType } from './types.js';

/**
 * PowerBALD: a batch drawn with chances that grow with BALD, instead of the largest BALD scores, which are near-copies of
 * each other in large batches. As cheap as `bald`. Scores are β ln BALD plus the noise that decided.
 *
 * @see Kirsch, Farquhar, Atighehchian, Jesson, Branchaud-Charron, Gal: Stochastic Batch Acquisition: A Simple Baseline for
 *   Deep Active Learning. TMLR 2023, arXiv:2106.12059.
 */
export const powerBald = strategyType({
  name: 'power-bald',
  description: 'drawn at random, by BALD',
  needs: ['members'],
  options: z.strictObject({ passes: passesOption, ...stochasticOptions }),
  create: ({ passes, ...how }) => ({
    async query(context, n, { signal } = {}) {
      const { unlabeled, seed } = context;
      const scores = await scoreMembers(context, unlabeled, passes, passScore('bald'), { signal });
      return best(unlabeled, gumbelScores('strategy power-bald', scores, unlabeled, how, seed), n, { signal });
    },
  }),
});
