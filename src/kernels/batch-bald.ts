import { type BatchBaldOptions, type BatchBaldResult, batchBaldWith } from '../contract/batch-bald-call.js';
import type { SamplesLike } from '../contract/passes-plan.js';
import { engine } from '../native.js';

/**
 * Pick k rows whose labels together say most about the model: greedily, by the joint mutual information
 *     a(B) = H(y_B) - sum over B of mean_t H(y_i | t),    p(y_B) = mean_t of the product of p_t(y_i)
 * of T stochastic predictions. Two copies of one uncertain row are not picked for being uncertain twice, as single scores
 * (`mcDropout`) would have it. Joint entropies are exact while the C^b configurations of the b rows picked so far are at most
 * `numSamples`, then a mean over that many sampled ones; the same seed gives the same picks on every machine. Gains within
 * 1e-11 nats count as equal, and the lowest row wins.
 *
 * Memory beside the samples (which are copied unless they lie on shared memory): 40 bytes per row, and about 8 T bytes for
 * each of up to `numSamples` configurations.
 *
 * @param samples [T, N, C] packed numbers with `passes`, `rows` and `cols`, or a tensor of that shape.
 * @param k How many rows to pick.
 * @returns Rows in the order they were picked, [k] joint scores up to each pick and [k] what each pick added, in nats.
 * @throws {ValueError} A row that is unusable in some pass; it names the first row and pass.
 * @throws {ShapeError} Sizes that do not fit, or k above the rows that are not excluded.
 * @see Kirsch, van Amersfoort, Gal: BatchBALD: Efficient and Diverse Batch Acquisition for Deep Bayesian Active Learning.
 *   NeurIPS 2019, arXiv:1906.08158.
 */
export async function batchBald(samples: SamplesLike, k: number, options: BatchBaldOptions): Promise<BatchBaldResult> {
  return batchBaldWith(engine(), 'batchBald', samples, k, options);
}
