/** Numbers for tests, made by Philox and plain arithmetic only, so that they are the same bits on every machine. */
import { createHash } from 'node:crypto';
import { matrix, type MatrixView, Random } from '../../src/index.js';
import type { FloatData, FloatDType } from '../../src/matrix.js';

export const DTYPES: readonly FloatDType[] = ['f32', 'f64', 'f16', 'bf16'];

const word = new Uint32Array(1);
const single = new Float32Array(word.buffer);

/** binary32 to bfloat16 bits, to nearest, ties to even. */
export function toBfloat16(value: number): number {
  single[0] = value;
  const bits = word[0] as number;
  if (Number.isNaN(value)) return 0x7fc0;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

/** Any number to binary16 bits, to nearest, ties to even. */
export function toHalf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (size >= 65520) return sign | 0x7c00;
  const exponent = size < 2 ** -14 ? -14 : Math.floor(Math.log2(size));
  const step = 2 ** (exponent - 10);
  const units = size / step;
  const floor = Math.floor(units);
  const rest = units - floor;
  const rounded = rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
  if (exponent === -14 && rounded < 1024) return sign | rounded;
  return sign | ((exponent + 15 - 1) * 1024 + rounded);
}

/** An array of `dtype` holding `values` from element `skip` of its buffer on: a view that is not aligned to anything. */
export function encode(values: ArrayLike<number>, dtype: FloatDType, skip = 0): FloatData {
  const { length } = values;
  if (dtype === 'f32') return fill(new Float32Array(length + skip).subarray(skip), values, (v) => v);
  if (dtype === 'f64') return fill(new Float64Array(length + skip).subarray(skip), values, (v) => v);
  return fill(new Uint16Array(length + skip).subarray(skip), values, dtype === 'f16' ? toHalf : toBfloat16);
}

function fill<A extends FloatData>(array: A, values: ArrayLike<number>, change: (value: number) => number): A {
  for (let i = 0; i < values.length; i++) array[i] = change(values[i] as number);
  return array;
}

/** What a row holds: probabilities that sum to one, counts that do not, logits, or independent chances. */
export type RowKind = 'probabilities' | 'counts' | 'logits' | 'chances';

export interface MatrixWish {
  readonly rows: number;
  readonly cols: number;
  readonly dtype?: FloatDType;
  readonly kind?: RowKind;
  /** Elements between rows beyond `cols`; they hold NaN, so that reading one shows. */
  readonly gap?: number;
  /** Elements before the first row. */
  readonly skip?: number;
  readonly seed?: number;
}

/** A matrix of plausible predictions: flat rows, confident rows, exact zeros and ones, ties. */
export function predictions(wish: MatrixWish): MatrixView {
  const { rows, cols, dtype = 'f32', kind = 'probabilities', gap = 0, skip = 0, seed = 1 } = wish;
  const random = new Random(seed, 20);
  const stride = cols + gap;
  const length = rows === 0 ? 0 : (rows - 1) * stride + cols;
  const values = new Float64Array(length).fill(NaN);
  for (let r = 0; r < rows; r++) {
    values.set(oneRow(random, cols, kind), r * stride);
  }
  return matrix(encode(values, dtype, skip), rows, cols, { stride, dtype });
}

function oneRow(random: Random, cols: number, kind: RowKind): Float64Array {
  const row = new Float64Array(cols);
  const sharpness = [1, 2, 8, 30][random.below(4)] as number;
  for (let c = 0; c < cols; c++) {
    const u = random.float();
    row[c] = kind === 'logits' ? (u - 0.5) * sharpness * 4 : powered(u, sharpness);
  }
  if (random.below(8) === 0) row[random.below(cols)] = kind === 'logits' ? -Infinity : 0;
  if (random.below(8) === 0) row.fill(row[0] as number);
  if (kind === 'logits' && row.every((x) => x === -Infinity)) row.fill(0);
  if (kind === 'logits' || kind === 'chances') return row;
  let sum = 0;
  for (const value of row) sum += value;
  if (!(sum > 1e-12)) {
    row.fill(0);
    row[random.below(cols)] = 1;
    sum = 1;
  }
  const scale = kind === 'counts' ? 7 : 1 / sum;
  return row.map((value) => value * scale);
}

/** u^n by multiplication alone. */
function powered(u: number, n: number): number {
  let power = u;
  for (let i = 1; i < n; i++) power *= u;
  return power;
}

/** The bits of results, so that equality means equality of bits (NaN and -0 included). */
export function bitsOf(array: Float32Array | Float64Array | Uint32Array): string {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString('hex');
}

export function sha256(...arrays: readonly (Float32Array | Float64Array | Uint32Array)[]): string {
  const hash = createHash('sha256');
  for (const array of arrays) hash.update(Buffer.from(array.buffer, array.byteOffset, array.byteLength));
  return hash.digest('hex');
}

/**
 * The first place where `actual` is further from `wanted` than relative · |wanted| + absolute, as a sentence; '' when
 * there is none. The default `absolute` is the smallest normal float.
 */
export function firstDifference(
  actual: ArrayLike<number>,
  wanted: ArrayLike<number>,
  relative = 2e-6,
  absolute = 1.2e-38,
): string {
  if (actual.length !== wanted.length) return `lengths ${actual.length} and ${wanted.length}`;
  for (let i = 0; i < actual.length; i++) {
    const a = actual[i] as number;
    const w = wanted[i] as number;
    const isClose = Number.isNaN(w) ? Number.isNaN(a) : Math.abs(a - w) <= relative * Math.abs(w) + absolute;
    if (!isClose) return `element ${i}: ${a}, wanted ${w} (relative ${Math.abs(a - w) / Math.abs(w)})`;
  }
  return '';
}
