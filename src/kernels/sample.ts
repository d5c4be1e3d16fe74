import { type SampleOptions, sampleWith } from '../contract/sample-call.js';
import { engine } from '../native.js';

/**
 * Draw k different numbers out of 0..n-1, in draw order; the same seed gives the same draw on every machine.
 *
 * @param options `weights` [n] make each next draw proportional to the weights that are left.
 * @returns [k] row numbers.
 * @throws {ShapeError} k is larger than n, or than the number of positive weights.
 * @throws {ValueError} A weight that is negative, NaN or infinite.
 */
export function sampleWithoutReplacement(n: number, k: number, options?: SampleOptions): Uint32Array {
  return sampleWith(engine(), n, k, options);
}
