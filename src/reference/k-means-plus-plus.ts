import { kMeansPlusPlusWith, type Selection } from '../contract/selection-call.js';
import type { KMeansPlusPlusOptions } from '../contract/selection-plan.js';
import type { MatrixLike } from '../contract/tensor-like.js';
import { referenceEngine as engine } from './engine.js';

/** `kMeansPlusPlus` in plain TypeScript, on the calling thread: the same draws. The event loop gets its turns. */
export async function kMeansPlusPlus(
  embeddings: MatrixLike,
  k: number,
  options?: KMeansPlusPlusOptions,
): Promise<Selection> {
  return kMeansPlusPlusWith(engine, 'kMeansPlusPlus', embeddings, k, options);
}
