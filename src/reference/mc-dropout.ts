import { type McAccumulatorOptions, PassCollector } from '../contract/accumulator.js';
import type { McMeasure } from '../contract/codes.js';
import {
  type McDropoutAsyncOptions,
  mcDropoutAsyncWith,
  type McDropoutResult,
  mcDropoutWith,
} from '../contract/passes-call.js';
import type { McDropoutOptions, SamplesLike } from '../contract/passes-plan.js';
import { referenceEngine as engine } from './engine.js';

/** `mcDropout` in plain TypeScript: definitions in passes.ts, computed in f64 and rounded once. */
export function mcDropout<M extends McMeasure = 'bald'>(
  samples: SamplesLike,
  options: McDropoutOptions & { readonly measures?: readonly M[] | undefined },
): McDropoutResult<M> {
  return mcDropoutWith(engine, 'mcDropout', samples, options);
}

/** `mcDropoutAsync` on the calling thread. */
export async function mcDropoutAsync<M extends McMeasure = 'bald'>(
  samples: SamplesLike,
  options: McDropoutAsyncOptions & { readonly measures?: readonly M[] | undefined },
): Promise<McDropoutResult<M>> {
  return mcDropoutAsyncWith(engine, 'mcDropoutAsync', samples, options);
}

/** `McDropoutAccumulator` in plain TypeScript. */
export class McDropoutAccumulator<M extends McMeasure = 'bald'> extends PassCollector<M> {
  constructor(
    rows: number,
    cols: number,
    options?: McAccumulatorOptions & { readonly measures?: readonly M[] | undefined },
  ) {
    super(engine, rows, cols, options);
  }
}
