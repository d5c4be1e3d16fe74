import { badgeWith, type Selection } from '../contract/selection-call.js';
import type { BadgeOptions } from '../contract/selection-plan.js';
import type { MatrixLike } from '../contract/tensor-like.js';
import { referenceEngine as engine } from './engine.js';

/** `badge` in plain TypeScript, on the calling thread: the same draws. The event loop gets its turns. */
export async function badge(
  probs: MatrixLike,
  embeddings: MatrixLike,
  k: number,
  options?: BadgeOptions,
): Promise<Selection> {
  return badgeWith(engine, 'badge', probs, embeddings, k, options);
}
