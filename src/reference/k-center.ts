import { kCenterWith, type KCenterSelection } from '../contract/selection-call.js';
import type { KCenterOptions } from '../contract/selection-plan.js';
import type { MatrixLike } from '../contract/tensor-like.js';
import { referenceEngine as engine } from './engine.js';

/** `kCenterGreedy` in plain TypeScript, on the calling thread: the same picks. The event loop gets its turns. */
export async function kCenterGreedy(
  embeddings: MatrixLike,
  k: number,
  options?: KCenterOptions,
): Promise<KCenterSelection> {
  return kCenterWith(engine, 'kCenterGreedy', embeddings, k, options);
}
