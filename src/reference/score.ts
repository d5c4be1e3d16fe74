import type { ScoreArray } from '../contract/engine.js';
import {
  type ScoreAsyncOptions,
  scoreAsyncWith,
  type ScoreOptions,
  type ScoreTopKAsyncOptions,
  scoreTopKAsyncWith,
  type ScoreTopKOptions,
  scoreTopKWith,
  scoreWith,
} from '../contract/score-call.js';
import type { MatrixLike } from '../contract/tensor-like.js';
import type { TopK } from '../contract/top-k-plan.js';
import { referenceEngine as engine } from './engine.js';

/** `score` in plain TypeScript: the same arguments, errors and definitions (see score-rows.ts), computed in f64. */
export function score(probs: MatrixLike, options: ScoreOptions & { readonly out: Float64Array }): Float64Array;
export function score(
  probs: MatrixLike,
  options: ScoreOptions & { readonly out?: Float32Array | undefined },
): Float32Array;
export function score(probs: MatrixLike, options: ScoreOptions): ScoreArray;
export function score(probs: MatrixLike, options: ScoreOptions): ScoreArray {
  return scoreWith(engine, 'score', probs, options);
}

/** `scoreAsync` on the calling thread: the event loop gets a turn after every block. */
export function scoreAsync(
  probs: MatrixLike,
  options: ScoreAsyncOptions & { readonly out: Float64Array },
): Promise<Float64Array>;
export function scoreAsync(
  probs: MatrixLike,
  options: ScoreAsyncOptions & { readonly out?: Float32Array | undefined },
): Promise<Float32Array>;
export function scoreAsync(probs: MatrixLike, options: ScoreAsyncOptions): Promise<ScoreArray>;
export async function scoreAsync(probs: MatrixLike, options: ScoreAsyncOptions): Promise<ScoreArray> {
  return scoreAsyncWith(engine, 'scoreAsync', probs, options);
}

/** `scoreTopK` in plain TypeScript. */
export function scoreTopK(probs: MatrixLike, k: number, options: ScoreTopKOptions): TopK {
  return scoreTopKWith(engine, 'scoreTopK', probs, k, options);
}

/** `scoreTopKAsync` on the calling thread. */
export async function scoreTopKAsync(probs: MatrixLike, k: number, options: ScoreTopKAsyncOptions): Promise<TopK> {
  return scoreTopKAsyncWith(engine, 'scoreTopKAsync', probs, k, options);
}
