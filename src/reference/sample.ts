import { type SampleOptions, sampleWith } from '../contract/sample-call.js';
import { referenceEngine as engine } from './engine.js';

/** `sampleWithoutReplacement` in plain TypeScript: the same draws. */
export function sampleWithoutReplacement(n: number, k: number, options?: SampleOptions): Uint32Array {
  return sampleWith(engine, n, k, options);
}
