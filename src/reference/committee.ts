import {
  type CommitteeAsyncOptions,
  committeeAsyncWith,
  type CommitteeInput,
  committeeWith,
} from '../contract/passes-call.js';
import type { CommitteeOptions } from '../contract/passes-plan.js';
import { referenceEngine as engine } from './engine.js';

/** `committee` in plain TypeScript: definitions in passes.ts. */
export function committee(votesOrProbs: CommitteeInput, options: CommitteeOptions): Float32Array {
  return committeeWith(engine, 'committee', votesOrProbs, options);
}

/** `committeeAsync` on the calling thread. */
export async function committeeAsync(
  votesOrProbs: CommitteeInput,
  options: CommitteeAsyncOptions,
): Promise<Float32Array> {
  return committeeAsyncWith(engine, 'committeeAsync', votesOrProbs, options);
}
