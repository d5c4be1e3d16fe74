import {
  type CommitteeAsyncOptions,
  committeeAsyncWith,
  type CommitteeInput,
  committeeWith,
} from '../contract/passes-call.js';
import type { CommitteeOptions } from '../contract/passes-plan.js';
import { engine } from '../native.js';

/**
 * Disagreement of a committee about every row, in nats (not divided by ln L); higher = ask first.
 *     vote-entropy       -Σ (v/L) ln(v/L), v = votes per class
 *     consensus-entropy  entropy of the mean prediction
 *     kl                 mean over members of KL(member || mean prediction)
 *     max-kl             the largest of them
 *
 * @param votesOrProbs Integer array: votes [L, N], for vote-entropy only. Floating array or tensor: probabilities
 *   [L, N, C]; then a member votes for its lowest-index argmax. A Uint16Array holds votes unless `dtype` is given.
 * @returns [N].
 * @throws {ValueError} A vote outside 0..C-1, or a row of probabilities that is unusable.
 * @throws {ShapeError} Sizes that do not fit.
 * @see Dagan, Engelson: Committee-Based Sampling. ICML 1995. McCallum, Nigam: Employing EM and Pool-Based Active
 *   Learning for Text Classification. ICML 1998.
 */
export function committee(votesOrProbs: CommitteeInput, options: CommitteeOptions): Float32Array {
  return committeeWith(engine(), 'committee', votesOrProbs, options);
}

/** As {@link committee}, on worker threads; see `scoreAsync` for memory, abort and progress. */
export async function committeeAsync(
  votesOrProbs: CommitteeInput,
  options: CommitteeAsyncOptions,
): Promise<Float32Array> {
  return committeeAsyncWith(engine(), 'committeeAsync', votesOrProbs, options);
}
