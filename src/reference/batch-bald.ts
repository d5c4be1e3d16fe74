import { type BatchBaldOptions, type BatchBaldResult, batchBaldWith } from '../contract/batch-bald-call.js';
import type { SamplesLike } from '../contract/passes-plan.js';
import { referenceEngine as engine } from './engine.js';

/** `batchBald` in plain TypeScript: the definition, evaluated for every row and pick (joint-entropy.ts). */
export async function batchBald(samples: SamplesLike, k: number, options: BatchBaldOptions): Promise<BatchBaldResult> {
  return batchBaldWith(engine, 'batchBald', samples, k, options);
}
