import { allocWith } from '../contract/alloc.js';
import { SCORE_DEFINITIONS } from '../contract/codes.js';
import { expected } from '../contract/text.js';
import { UnavailableError } from '../errors.js';
import type { DType, MatrixView } from '../matrix.js';
import { VERSION } from '../contract/version.js';

/** `allocMatrix` without an addon: shared memory where the platform has it, on ordinary pages. */
export function allocMatrix(rows: number, cols: number, dtype: DType = 'f32'): MatrixView {
  return allocWith(rows, cols, dtype, () => 0);
}

/** What computes under querent/reference: always TypeScript, on the calling thread. */
export function runtimeInfo() {
  return {
    version: VERSION,
    definitions: SCORE_DEFINITIONS,
    node: typeof process === 'object' ? process.version : '',
    addon: null,
    level: 'reference' as const,
    levels: ['reference'] as const,
    threads: 1,
    cuda: { available: false, why: 'querent/reference computes in TypeScript' },
    tensorflow: null,
  };
}

/** There is one level here; any other is an error. */
export function setLevel(level: 'auto' | 'reference' | (string & {})): void {
  if (level === 'auto' || level === 'reference') return;
  if (typeof level !== 'string') throw expected('setLevel', "'auto' or 'reference'", 'level', level);
  throw new UnavailableError(`expected 'auto' or 'reference' for level under querent/reference, got '${level}'`);
}
