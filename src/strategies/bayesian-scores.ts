import type { McMeasure } from '../contract/codes.js';
import { mcDropoutAsync } from '../kernels/index.js';
import { memberScoreType, type MemberScore } from './member-scores.js';
import type { StrategyType } from './types.js';

/** One measure of Monte Carlo passes, by the kernel. */
export function passScore(measure: McMeasure): MemberScore {
  return async ({ data, passes, rows, cols }, signal) => {
    const result = await mcDropoutAsync(data, { passes, rows, cols, measures: [measure], signal });
    return result[measure];
  };
}

function passType(name: string, measure: McMeasure, description: string): StrategyType {
  return memberScoreType(name, description, passScore(measure));
}

/**
 * BALD: the mutual information of label and model, H(mean) − mean H(pass): samples about which sure members contradict
 * each other. Never negative.
 *
 * @see Houlsby, Huszár, Ghahramani, Lengyel: Bayesian Active Learning for Classification and Preference Learning.
 *   arXiv:1112.5745. Gal, Islam, Ghahramani: Deep Bayesian Active Learning with Image Data. ICML 2017, arXiv:1703.02910.
 */
export const bald = passType('bald', 'bald', 'label that says most about the model');

/** Mean standard deviation of the class probabilities over the passes. @see Gal et al. 2017, section 4. */
export const meanStd = passType('mean-std', 'mean-std', 'probabilities that scatter most over the members');

/** Entropy of the mean of the passes: `entropy` of a Bayesian model. @see Gal et al. 2017, section 4. */
export const mcEntropy = passType('mc-entropy', 'predictive-entropy', 'widest mean prediction of dropout passes');

/**
 * Share of members that do not vote for the winner, 1 − mode / T. @see Freeman: Elementary Applied Statistics. Wiley, 1965;
 * Gal et al. 2017, section 4; Beluch et al.: The Power of Ensembles for Active Learning. CVPR 2018.
 */
export const variationRatio = passType(
  'variation-ratio',
  'variation-ratio',
  'fewest members vote for the winning class',
);
