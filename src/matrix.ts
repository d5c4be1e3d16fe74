import { ArgumentError, ShapeError } from './errors.js';
import { checkAttached, MAX_COLS, MAX_ROWS } from './contract/check.js';
import { choices, expected, show } from './contract/text.js';

/** Element types. `u8` is for images and embeddings only, never for probabilities. */
export type DType = 'f32' | 'f64' | 'f16' | 'bf16' | 'u8';
/** Numbers that predictions may have. */
export type FloatDType = Exclude<DType, 'u8'>;

/** Node's own Float16Array (Node >= 24), by its shape: older type libraries do not know it. */
export interface Float16View extends ArrayBufferView {
  readonly [Symbol.toStringTag]: 'Float16Array';
  readonly BYTES_PER_ELEMENT: number;
  readonly length: number;
}

export type FloatData = Float32Array | Float64Array | Uint16Array;
/** Memory that a matrix can lie on. */
export type MatrixData = FloatData | Uint8Array | Uint8ClampedArray | Float16View;

/**
 * Row-major numbers: element (r, c) is `data[r * stride + c]`. `stride` counts elements and is at least `cols`
 * (the default). 16-bit floats are carried as their bits in a Uint16Array, and then `dtype` must say which kind.
 */
export interface Matrix {
  readonly data: MatrixData;
  readonly rows: number;
  readonly cols: number;
  readonly stride?: number | undefined;
  readonly dtype?: DType | undefined;
}

/** How numbers lie in memory. */
export interface MatrixOptions {
  /** Elements from one row to the next; default `cols`. */
  readonly stride?: number | undefined;
  /** Default: what the typed array says. Required for a Uint16Array. */
  readonly dtype?: DType | undefined;
}

/** A checked matrix: what kernels, readers and models work on. */
export interface MatrixView {
  readonly data: FloatData | Uint8Array;
  readonly dtype: DType;
  readonly rows: number;
  readonly cols: number;
  readonly stride: number;
}

/** A checked matrix of floating-point numbers. */
export interface FloatMatrixView extends MatrixView {
  readonly data: FloatData;
  readonly dtype: FloatDType;
}

export const DTYPES: readonly DType[] = ['f32', 'f64', 'f16', 'bf16', 'u8'];

/** The addon's number of a dtype. */
export function dtypeCode(dtype: DType): number {
  return DTYPES.indexOf(dtype);
}

/**
 * Wrap numbers as a matrix without copying them.
 *
 * @param data Row-major elements, at least `(rows - 1) * stride + cols` of them.
 * @throws {ArgumentError} A Uint16Array without `dtype`, or a `dtype` that the array cannot hold.
 * @throws {ShapeError} Sizes that are not whole numbers, or a buffer that is too short for them.
 * @throws {DetachedError} The buffer was transferred away.
 */
export function matrix(data: MatrixData, rows: number, cols: number, options: MatrixOptions = {}): MatrixView {
  return checkMatrix('matrix', 'data', { data, rows, cols, ...options });
}

/** Check a {@link Matrix}; `where` and `name` begin the error sentence. */
export function checkMatrix(where: string, name: string, value: Matrix): MatrixView {
  const { data, dtype } = checkElements(where, name, value.data, value.dtype);
  const { rows, cols } = value;
  const stride = value.stride ?? cols;
  checkSize(where, `${name}.rows`, rows, MAX_ROWS);
  checkSize(where, `${name}.cols`, cols, MAX_COLS);
  checkSize(where, `${name}.stride`, stride, Number.MAX_SAFE_INTEGER);
  if (stride < cols) {
    throw new ShapeError(`${where}: expected at least cols (${cols}) for ${name}.stride, got ${stride}`);
  }
  checkLength(where, name, data.length, rows, cols, stride);
  return { data, dtype, rows, cols, stride };
}

function checkSize(where: string, name: string, size: unknown, most: number): void {
  if (!Number.isSafeInteger(size) || (size as number) < 0 || (size as number) > most) {
    throw new ShapeError(`${where}: expected a whole number from 0 to ${most} for ${name}, got ${show(size)}`);
  }
}

/** Check that a typed array can hold elements of `dtype`, and give it in the form that kernels take. */
export function checkElements(
  where: string,
  name: string,
  data: unknown,
  dtype: unknown,
): { data: FloatData | Uint8Array; dtype: DType } {
  if (dtype !== undefined && !DTYPES.includes(dtype as DType))
    throw expected(where, choices(DTYPES), `${name}.dtype`, dtype);
  const held = naturalDtype(data);
  if (held === null) {
    throw expected(where, 'a Float32Array, Float64Array, Uint16Array (with dtype) or Uint8Array', name, data);
  }
  checkAttached(where, name, held.data);
  if (held.dtype === undefined) {
    if (dtype !== 'f16' && dtype !== 'bf16') {
      throw new ArgumentError(
        `${where}: expected dtype 'f16' or 'bf16' beside a Uint16Array for ${name}, got ${show(dtype)}`,
      );
    }
    return { data: held.data, dtype };
  }
  if (dtype !== undefined && dtype !== held.dtype) {
    throw new ArgumentError(
      `${where}: expected dtype '${held.dtype}' for ${name} in a ${arrayKind(data)}, got ${show(dtype)}`,
    );
  }
  return { data: held.data, dtype: held.dtype };
}

function naturalDtype(data: unknown): { data: FloatData | Uint8Array; dtype: DType | undefined } | null {
  if (data instanceof Float32Array) return { data, dtype: 'f32' };
  if (data instanceof Float64Array) return { data, dtype: 'f64' };
  if (data instanceof Uint16Array) return { data, dtype: undefined };
  if (data instanceof Uint8Array) return { data, dtype: 'u8' };
  if (data instanceof Uint8ClampedArray) {
    return { data: new Uint8Array(data.buffer, data.byteOffset, data.length), dtype: 'u8' };
  }
  if (ArrayBuffer.isView(data) && arrayKind(data) === 'Float16Array') {
    checkAttached('matrix', 'data', data);
    return { data: new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2), dtype: 'f16' };
  }
  return null;
}

function arrayKind(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

/** `(rows - 1) * stride + cols <= length`, asked by division so that no product can overflow. */
export function checkLength(
  where: string,
  name: string,
  length: number,
  rows: number,
  cols: number,
  stride: number,
): void {
  if (rows === 0 || cols === 0) return;
  const fits = cols <= length && rows - 1 <= Math.floor((length - cols) / stride);
  if (!fits) {
    const need = (BigInt(rows) - 1n) * BigInt(stride) + BigInt(cols);
    throw new ShapeError(
      `${where}: expected at least ${need} elements for ${name} (${rows} rows of ${cols}, stride ${stride}), got ${length}`,
    );
  }
}

/** The value of IEEE 754 binary16 bits; exact. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const bfloatBits = new Uint32Array(1);
const bfloatValue = new Float32Array(bfloatBits.buffer);

/** The value of bfloat16 bits, which are the upper half of a binary32; exact. */
export function bfloat16ToNumber(bits: number): number {
  bfloatBits[0] = bits << 16;
  return bfloatValue[0] as number;
}

/** How an element of `data` becomes a number. */
export function elementReader(data: FloatData | Uint8Array, dtype: DType): (index: number) => number {
  if (dtype === 'f16') return (index) => halfToNumber(data[index] as number);
  if (dtype === 'bf16') return (index) => bfloat16ToNumber(data[index] as number);
  return (index) => data[index] as number;
}

/** Copy row `row`, widened to f64, into `out` [cols]. */
export function widenRow(view: MatrixView, row: number, out: Float64Array): Float64Array {
  const { data, dtype, cols } = view;
  const start = row * view.stride;
  for (let c = 0; c < cols; c++) {
    const raw = data[start + c] as number;
    out[c] = dtype === 'f16' ? halfToNumber(raw) : dtype === 'bf16' ? bfloat16ToNumber(raw) : raw;
  }
  return out;
}
