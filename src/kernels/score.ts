import { type ScoreArray } from '../contract/engine.js';
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
import { type MatrixLike } from '../contract/tensor-like.js';
import { type TopK } from '../contract/top-k-plan.js';
import { engine } from '../native.js';

/**
 * Acquisition score of every row; higher = ask first.
 *     entropy           -Σ p ln p, in nats        (Shannon 1948; Settles, Active Learning Literature Survey, 2009)
 *     margin            1 - (p1 - p2)             (Scheffer, Decomain, Wrobel, IDA 2001)
 *     least-confidence  1 - p1                    (Lewis, Gale, SIGIR 1994)
 * From logits the softmax is never formed, so that confident rows keep all their digits. A logit of -Infinity masks its
 * class. `kind: 'multilabel'` takes every column as a yes/no of its own and gives the mean of the binary scores.
 *
 * @param probs [N, C], f32, f64, f16 or bf16; f64 is computed in f64.
 * @returns [N], no NaN unless `onInvalid: 'exclude'`; `out` itself where it is given.
 * @throws {ValueError} A row with NaN, a negative probability or a wrong sum (see `normalize`); it names the first.
 *   `out` then holds what was computed, with NaN in the invalid rows.
 * @throws {ArgumentError} An unknown option or value; margin or least-confidence of a single class.
 * @throws {ShapeError} Sizes that do not fit the buffer.
 * @throws {DetachedError} The buffer was transferred away.
 */
export function score(probs: MatrixLike, options: ScoreOptions & { readonly out: Float64Array }): Float64Array;
export function score(
  probs: MatrixLike,
  options: ScoreOptions & { readonly out?: Float32Array | undefined },
): Float32Array;
export function score(probs: MatrixLike, options: ScoreOptions): ScoreArray;
export function score(probs: MatrixLike, options: ScoreOptions): ScoreArray {
  return scoreWith(engine(), 'score', probs, options);
}

/**
 * As {@link score}, on worker threads while the event loop stays free. Memory that is not shared (see `allocMatrix`) is
 * copied block by block while the call runs: do not write to it, or transfer it, before the promise settles.
 *
 * @throws {DetachedError} Also when the buffer is transferred during the call.
 * @throws `signal.reason` as soon as the signal is aborted.
 */
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
  return scoreAsyncWith(engine(), 'scoreAsync', probs, options);
}

/**
 * The k rows of highest {@link score}, best first, without ever holding all scores.
 *
 * @param k How many; 0 gives empty arrays.
 * @returns Row numbers and their scores (f64 for f64 input, else f32); the lowest row wins ties unless `tieBreak` says
 *   otherwise.
 * @throws {ShapeError} k is larger than the rows that are neither excluded nor invalid.
 * @throws Otherwise as {@link score}.
 */
export function scoreTopK(probs: MatrixLike, k: number, options: ScoreTopKOptions): TopK {
  return scoreTopKWith(engine(), 'scoreTopK', probs, k, options);
}

/** As {@link scoreTopK}, on worker threads; see {@link scoreAsync} for memory, abort and progress. */
export async function scoreTopKAsync(probs: MatrixLike, k: number, options: ScoreTopKAsyncOptions): Promise<TopK> {
  return scoreTopKAsyncWith(engine(), 'scoreTopKAsync', probs, k, options);
}
