import type { CommitteeMeasure } from '../contract/codes.js';
import { committeeAsync } from '../kernels/index.js';
import { memberScoreType } from './member-scores.js';
import type { StrategyType } from './types.js';

function committeeType(measure: CommitteeMeasure, description: string): StrategyType {
  return memberScoreType(measure, description, ({ data, passes, rows, cols }, signal) =>
    committeeAsync(data, { members: passes, rows, cols, measure, signal }),
  );
}

/**
 * Query by committee, hard votes: −Σ (v/L) ln(v/L) over the classes' votes v of L members.
 *
 * @see Dagan, Engelson: Committee-Based Sampling for Training Probabilistic Classifiers. ICML 1995.
 */
export const voteEntropy = committeeType('vote-entropy', 'members vote for most different classes');

/**
 * Query by committee, soft votes: the entropy of the members' mean prediction.
 *
 * @see Settles: Active Learning Literature Survey. University of Wisconsin-Madison, 2009, section 3.2.
 */
export const consensusEntropy = committeeType('consensus-entropy', 'widest mean prediction of the members');

/**
 * Query by committee: the mean over members of KL(member || mean prediction), which is the mutual information that `bald`
 * computes.
 *
 * @see McCallum, Nigam: Employing EM and Pool-Based Active Learning for Text Classification. ICML 1998.
 */
export const kl = committeeType('kl', 'members farthest from their mean prediction');

/** As {@link kl}, with the largest divergence of a member instead of the mean. */
export const maxKl = committeeType('max-kl', 'one member far from the mean prediction');
