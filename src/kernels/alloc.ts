import { allocWith, HUGE_PAGE } from '../contract/alloc.js';
import type { DType, MatrixView } from '../matrix.js';
import { activeAddon } from '../native.js';

/**
 * Zeroed memory for a matrix that asynchronous calls read in place, without copying: it lies on a SharedArrayBuffer, its
 * first row on a cache line. Large ones start on a huge page where the system grants them (memory-bound kernels gain up to
 * a third).
 *
 * @returns A matrix whose `data` [rows · cols] is yours to fill.
 * @throws {ShapeError} The size does not fit into memory.
 */
export function allocMatrix(rows: number, cols: number, dtype: DType = 'f32'): MatrixView {
  return allocWith(rows, cols, dtype, (memory, boundary) => {
    const addon = activeAddon();
    if (!addon) return 0;
    const skip = addon.bytesToBoundary(memory, boundary);
    if (memory.length >= HUGE_PAGE) addon.adviseHugePages(memory.subarray(skip));
    return skip;
  });
}
