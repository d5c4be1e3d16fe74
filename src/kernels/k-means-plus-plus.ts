import { kMeansPlusPlusWith, type Selection } from '../contract/selection-call.js';
import type { KMeansPlusPlusOptions } from '../contract/selection-plan.js';
import type { MatrixLike } from '../contract/tensor-like.js';
import { engine } from '../native.js';

/**
 * k-means++ seeding: k different rows, each drawn with probability proportional to its squared Euclidean distance to the
 * nearest labelled row or earlier pick. The first is drawn uniformly where nothing is labelled. The same seed draws the same
 * rows on every machine. Runs on worker threads; memory as for `kCenterGreedy`.
 *
 * @param embeddings [N, d], f32, f64, f16, bf16 or u8.
 * @param k How many rows to draw; 0 gives an empty array.
 * @returns Rows in draw order. Once every row coincides with a centre, the lowest rows follow.
 * @throws {ShapeError} k is larger than the rows that are not labelled; sizes that do not fit.
 * @throws {ValueError} A row with NaN, an infinity or a number beyond 1e100; it names the first.
 * @throws {ArgumentError} An unknown option or value.
 * @throws {DetachedError} The buffer was transferred away, before or during the call.
 * @throws `signal.reason` as soon as the signal is aborted.
 * @see Arthur, Vassilvitskii: k-means++: The Advantages of Careful Seeding. SODA 2007.
 */
export async function kMeansPlusPlus(
  embeddings: MatrixLike,
  k: number,
  options?: KMeansPlusPlusOptions,
): Promise<Selection> {
  return kMeansPlusPlusWith(engine(), 'kMeansPlusPlus', embeddings, k, options);
}
