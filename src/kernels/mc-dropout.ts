import { type McAccumulatorOptions, PassCollector } from '../contract/accumulator.js';
import type { McMeasure } from '../contract/codes.js';
import {
  type McDropoutAsyncOptions,
  mcDropoutAsyncWith,
  type McDropoutResult,
  mcDropoutWith,
} from '../contract/passes-call.js';
import type { McDropoutOptions, SamplesLike } from '../contract/passes-plan.js';
import { engine } from '../native.js';

/**
 * Uncertainty from T stochastic predictions of every row (Monte Carlo dropout, ensembles), in nats.
 *     bald                  mean over passes of KL(pass || mean): mutual information of label and weights, never negative
 *     predictive-entropy    entropy of the mean prediction
 *     expected-entropy      mean of the entropies of the passes
 *     mean-std              population standard deviation over passes, mean over classes
 *     variation-ratio       1 - (votes for the modal class) / T
 *     mean-variation-ratio  1 - max of the mean prediction (what modAL calls variation ratio)
 *
 * @param samples [T, N, C] packed numbers with `passes`, `rows` and `cols`, or a tensor of that shape.
 * @returns One array [N] per measure; default `measures: ['bald']`.
 * @throws {ValueError} A row that is unusable in some pass; it names the first row and pass.
 * @throws {ShapeError} Sizes that do not fit.
 * @see Gal, Islam, Ghahramani: Deep Bayesian Active Learning with Image Data. ICML 2017, arXiv:1703.02910.
 */
export function mcDropout<M extends McMeasure = 'bald'>(
  samples: SamplesLike,
  options: McDropoutOptions & { readonly measures?: readonly M[] | undefined },
): McDropoutResult<M> {
  return mcDropoutWith(engine(), 'mcDropout', samples, options);
}

/** As {@link mcDropout}, on worker threads; see `scoreAsync` for memory, abort and progress. */
export async function mcDropoutAsync<M extends McMeasure = 'bald'>(
  samples: SamplesLike,
  options: McDropoutAsyncOptions & { readonly measures?: readonly M[] | undefined },
): Promise<McDropoutResult<M>> {
  return mcDropoutAsyncWith(engine(), 'mcDropoutAsync', samples, options);
}

/** {@link mcDropout} one pass at a time, for more passes than memory holds. */
export class McDropoutAccumulator<M extends McMeasure = 'bald'> extends PassCollector<M> {
  /**
   * @param rows N.
   * @param cols C.
   */
  constructor(
    rows: number,
    cols: number,
    options?: McAccumulatorOptions & { readonly measures?: readonly M[] | undefined },
  ) {
    super(engine(), rows, cols, options);
  }
}
