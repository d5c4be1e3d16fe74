import { ArgumentError, DetachedError, ShapeError } from '../errors.js';
import { choices, expected, show } from './text.js';

/** Row numbers are 32-bit, and one of them is kept free: a pool holds at most this many rows. */
export const MAX_ROWS = 0xffff_fffe;
/** Columns of a matrix. */
export const MAX_COLS = 2 ** 24;

/** Options must be an object (or be left out) that holds known keys only: a misspelt option is an error, not a default. */
export function checkOptions(where: string, options: unknown, known: readonly string[]): void {
  if (options === undefined) return;
  if (typeof options !== 'object' || options === null) throw expected(where, 'an object', 'options', options);
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) {
      throw new ArgumentError(`${where}: expected only the options ${known.join(', ')}, got ${show(key)}`);
    }
  }
}

/** The position of `value` among `names`, which is also its code in the addon. */
export function checkChoice(where: string, name: string, value: unknown, names: readonly string[]): number {
  const code = typeof value === 'string' ? names.indexOf(value) : -1;
  if (code < 0) throw expected(where, choices(names), name, value);
  return code;
}

/** A whole number in [least, most]. */
export function checkCount(where: string, name: string, value: unknown, least = 0, most = MAX_ROWS): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
    throw expected(where, `a whole number from ${least} to ${most}`, name, value);
  }
  return value;
}

/** Worker threads of a call: 0 (left out) means as many as the machine has. */
export function checkThreads(where: string, value: unknown): number {
  return value === undefined ? 0 : checkCount(where, 'threads', value, 1, 1024);
}

/** A seed as 64 unsigned bits. Negative whole numbers are taken modulo 2^64. */
export function checkSeed(where: string, value: unknown): bigint {
  if (value === undefined) return 0n;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt.asUintN(64, BigInt(value));
  if (typeof value === 'bigint' && value >= 0n && value < 1n << 64n) return value;
  throw expected(where, 'a safe integer or a bigint from 0 to 2^64 - 1', 'seed', value);
}

/** Row numbers, excluded ones mostly, as the kernels take them. Duplicates are fine; a number outside the pool is not. */
export function checkExclude(where: string, value: unknown, rows: number, name = 'exclude'): Uint32Array | null {
  if (value === undefined || value === null) return null;
  const isList = Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
  if (!isList) throw expected(where, 'a Uint32Array of row numbers', name, value);
  const list = value as ArrayLike<unknown>;
  if (value instanceof Uint32Array) checkAttached(where, name, value);
  const rowsOut = value instanceof Uint32Array ? value : new Uint32Array(list.length);
  for (let i = 0; i < list.length; i++) {
    const row = list[i];
    if (typeof row !== 'number' || !Number.isInteger(row) || row < 0 || row >= rows) {
      throw expected(where, `row numbers below ${rows}`, `${name}[${i}]`, row);
    }
    rowsOut[i] = row;
  }
  return rowsOut.length === 0 ? null : rowsOut;
}

/** True when the view's buffer was transferred away. Only an empty-looking view needs the costly question. */
export function isDetached(view: ArrayBufferView): boolean {
  if (view.byteLength > 0) return false;
  try {
    new Uint8Array(view.buffer);
    return false;
  } catch {
    return true;
  }
}

export function checkAttached(where: string, name: string, view: ArrayBufferView): void {
  if (isDetached(view)) {
    throw new DetachedError(
      `${where}: the buffer of ${name} was detached (transferred); pass a view that still owns memory`,
    );
  }
}

/** A place for results: f32 or f64, exactly `length` long, and not on top of the input. */
export function checkOut(
  where: string,
  value: unknown,
  length: number,
  input: ArrayBufferView,
  unit = 'row',
): Float32Array | Float64Array {
  if (!(value instanceof Float32Array || value instanceof Float64Array)) {
    throw expected(where, 'a Float32Array or Float64Array', 'out', value);
  }
  checkAttached(where, 'out', value);
  if (value.length !== length) {
    throw new ShapeError(`${where}: expected one value per ${unit} (${length}) for out, got ${show(value)}`);
  }
  const overlaps =
    value.buffer === input.buffer &&
    value.byteOffset < input.byteOffset + input.byteLength &&
    input.byteOffset < value.byteOffset + value.byteLength;
  if (overlaps)
    throw new ArgumentError(`${where}: expected memory apart from the input for out, got an overlapping view`);
  return value;
}

/** `k` of selection kernels against what can be picked. */
export function checkEnough(where: string, k: number, eligible: number, detail: string): void {
  if (eligible < k) {
    throw new ShapeError(`${where}: expected at most the ${eligible} eligible rows for k, got ${k} (${detail})`);
  }
}
