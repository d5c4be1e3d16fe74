/** Memory for matrices that asynchronous calls read in place. */
import { ShapeError } from '../errors.js';
import { checkMatrix, DTYPES, type DType, type FloatData, type MatrixView } from '../matrix.js';
import { checkChoice, checkCount, MAX_COLS } from './check.js';

const CACHE_LINE = 64;
/** The size of a huge page, and the multiple of addresses at which one can start. */
export const HUGE_PAGE = 2 * 1024 * 1024;
const BYTES: Readonly<Record<DType, number>> = { f32: 4, f64: 8, f16: 2, bf16: 2, u8: 1 };

/** A place for the matrix inside fresh memory: how far to skip so that rows start on a good boundary. */
export type Placement = (memory: Uint8Array, boundary: number) => number;

/**
 * Shared memory (plain memory where the platform has no SharedArrayBuffer) for rows x cols elements, all zero and not
 * touched yet.
 *
 * @param place Says how many bytes to skip; the memory is one boundary longer than the matrix needs.
 */
export function allocWith(rows: number, cols: number, dtype: DType, place: Placement): MatrixView {
  const where = 'allocMatrix';
  checkCount(where, 'rows', rows);
  checkCount(where, 'cols', cols, 0, MAX_COLS);
  checkChoice(where, 'dtype', dtype, DTYPES);
  const length = rows * cols;
  const bytes = length * BYTES[dtype];
  const boundary = bytes >= HUGE_PAGE ? HUGE_PAGE : CACHE_LINE;
  const buffer = allocate(where, bytes + boundary, rows, cols);
  const skip = place(new Uint8Array(buffer), boundary);
  return checkMatrix(where, 'data', { data: viewOf(buffer, skip, length, dtype), rows, cols, dtype });
}

function allocate(where: string, bytes: number, rows: number, cols: number): ArrayBuffer | SharedArrayBuffer {
  try {
    return typeof SharedArrayBuffer === 'undefined' ? new ArrayBuffer(bytes) : new SharedArrayBuffer(bytes);
  } catch (error) {
    throw new ShapeError(`${where}: expected a size that fits into memory, got ${rows} x ${cols} (${bytes} bytes)`, {
      cause: error,
    });
  }
}

function viewOf(
  buffer: ArrayBuffer | SharedArrayBuffer,
  skip: number,
  length: number,
  dtype: DType,
): FloatData | Uint8Array {
  if (dtype === 'f32') return new Float32Array(buffer, skip, length);
  if (dtype === 'f64') return new Float64Array(buffer, skip, length);
  if (dtype === 'u8') return new Uint8Array(buffer, skip, length);
  return new Uint16Array(buffer, skip, length);
}
