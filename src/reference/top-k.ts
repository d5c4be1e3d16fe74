import { type TopKAsyncOptions, topKAsyncWith, TopKCollector, topKWith } from '../contract/top-k-call.js';
import type { PickOptions, TopK, TopKOptions } from '../contract/top-k-plan.js';
import { referenceEngine as engine } from './engine.js';

/** `topK` in plain TypeScript. */
export function topK(scores: Float32Array, k: number, options?: TopKOptions): TopK<Float32Array>;
export function topK(scores: Float64Array, k: number, options?: TopKOptions): TopK<Float64Array>;
export function topK(scores: Float32Array | Float64Array, k: number, options?: TopKOptions): TopK;
export function topK(scores: Float32Array | Float64Array, k: number, options?: TopKOptions): TopK {
  return topKWith(engine, 'topK', scores, k, options);
}

/** `topKAsync` on the calling thread. */
export function topKAsync(scores: Float32Array, k: number, options?: TopKAsyncOptions): Promise<TopK<Float32Array>>;
export function topKAsync(scores: Float64Array, k: number, options?: TopKAsyncOptions): Promise<TopK<Float64Array>>;
export function topKAsync(scores: Float32Array | Float64Array, k: number, options?: TopKAsyncOptions): Promise<TopK>;
export async function topKAsync(
  scores: Float32Array | Float64Array,
  k: number,
  options?: TopKAsyncOptions,
): Promise<TopK> {
  return topKAsyncWith(engine, 'topKAsync', scores, k, options);
}

/** `TopKAccumulator` in plain TypeScript. */
export class TopKAccumulator extends TopKCollector {
  constructor(k: number, options?: PickOptions) {
    super(engine, k, options);
  }
}
