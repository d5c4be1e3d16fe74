import type { MatrixLike } from '../contract/tensor-like.js';
import { type TsneLayout, type TsneOptions, tsneWith } from '../contract/tsne-call.js';
import { referenceEngine as engine } from './engine.js';

/**
 * `tsne` in plain TypeScript, on the calling thread, by the exact method whatever `theta` is: with `theta: 0` the same
 * layout. The event loop gets its turns.
 */
export async function tsne(points: MatrixLike, options?: TsneOptions): Promise<TsneLayout> {
  return tsneWith(engine, 'tsne', points, options);
}
