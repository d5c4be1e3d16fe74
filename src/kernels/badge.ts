import { badgeWith, type Selection } from '../contract/selection-call.js';
import type { BadgeOptions } from '../contract/selection-plan.js';
import type { MatrixLike } from '../contract/tensor-like.js';
import { engine } from '../native.js';

/**
 * BADGE: k-means++ on the gradients that the last layer would get if the predicted class were right,
 *     g = (p - onehot(argmax p)) ⊗ h,    |g - g'|² = |a|²|h|² + |a'|²|h'|² - 2 (a·a')(h·h')
 * so that picks are both uncertain (long gradients) and diverse. The outer products [N, C·d] are never formed. The first
 * pick is the longest gradient; each next one is drawn with probability proportional to its squared distance to the nearest
 * pick. The same seed draws the same rows on every machine. Runs on worker threads; memory: about 16 bytes per row and the
 * 4 C bytes of its a, beside the inputs, which are copied unless they lie on shared memory (`allocMatrix`).
 *
 * @param probs Predictions [N, C], C >= 2, f32, f64, f16 or bf16. From logits confident rows keep their digits. The
 *   predicted class is the lowest of the largest.
 * @param embeddings [N, d] inputs of the last layer, f32, f64, f16, bf16 or u8.
 * @param k How many rows to pick; 0 gives an empty array.
 * @returns Different rows in draw order. Once every gradient coincides with a pick's, the lowest rows follow.
 * @throws {ShapeError} k is larger than the rows that are not excluded; sizes that do not fit.
 * @throws {ValueError} A row of predictions that is unusable (see `score`), or a row of embeddings with NaN, an infinity
 *   or a number beyond 1e100; it names the first. Excluded rows have to be usable, too.
 * @throws {ArgumentError} An unknown option or value.
 * @throws {DetachedError} A buffer was transferred away, before or during the call.
 * @throws `signal.reason` as soon as the signal is aborted.
 * @see Ash, Zhang, Krishnamurthy, Langford, Agarwal: Deep Batch Active Learning by Diverse, Uncertain Gradient Lower
 *   Bounds. ICLR 2020, arXiv:1906.03671.
 */
export async function badge(
  probs: MatrixLike,
  embeddings: MatrixLike,
  k: number,
  options?: BadgeOptions,
): Promise<Selection> {
  return badgeWith(engine(), 'badge', probs, embeddings, k, options);
}
