/** Embeddings for tests, the same bits on every machine. */
import fc from 'fast-check';
import { matrix, type MatrixView, Random } from '../../src/index.js';
import type { DType } from '../../src/matrix.js';
import { encode } from './values.js';

export const POINT_DTYPES: readonly DType[] = ['f32', 'f64', 'f16', 'bf16', 'u8'];

export interface PointsWish {
  readonly rows: number;
  readonly cols: number;
  readonly dtype?: DType;
  readonly seed?: number;
  /** Added to every number (not for u8). */
  readonly offset?: number;
  /** Rows are copies of so many different ones; default all different. */
  readonly distinct?: number;
  /** Numbers are multiples of 1/4, so that equal distances are common. */
  readonly isCoarse?: boolean;
  /** Elements between rows, which hold NaN. */
  readonly gap?: number;
}

/** Rows around a few centres. */
export function points(wish: PointsWish): MatrixView {
  const { rows, cols, dtype = 'f32', seed = 1, offset = 0, distinct = rows, isCoarse = false, gap = 0 } = wish;
  const random = new Random(seed, 21);
  const centres = Array.from({ length: 4 }, () => Float64Array.from({ length: cols }, () => 4 * random.float() - 2));
  const different = Array.from({ length: Math.max(1, distinct) }, (_, r) =>
    (centres[r % 4] as Float64Array).map((centre) => {
      const value = centre + 2 * random.float() - 1;
      return (isCoarse ? Math.round(value * 4) / 4 : value) + offset;
    }),
  );
  const stride = cols + gap;
  const length = rows === 0 ? 0 : (rows - 1) * stride + cols;
  const values = new Float64Array(length).fill(dtype === 'u8' ? 255 : NaN);
  for (let r = 0; r < rows; r++) {
    const row = different[r < distinct ? r : random.below(distinct)] as Float64Array;
    values.set(dtype === 'u8' ? row.map((value) => Math.round(40 * (value + 3))) : row, r * stride);
  }
  const data = dtype === 'u8' ? Uint8Array.from(values) : encode(values, dtype);
  return matrix(data, rows, cols, { stride, dtype });
}

/** Rows for calls that are to take a while: made quickly, all different. */
export function manyRows(rows: number, cols: number): MatrixView {
  return matrix(
    Float32Array.from({ length: rows * cols }, (_, i) => ((i * 7919) % 10_007) / 10_007),
    rows,
    cols,
  );
}

/** Any such rows: odd sizes, copies, ties, offsets, every type. */
export function anyPoints(most: { rows: number; cols: number }): fc.Arbitrary<MatrixView> {
  return fc
    .record({
      rows: fc.integer({ min: 1, max: most.rows }),
      cols: fc.integer({ min: 1, max: most.cols }),
      dtype: fc.constantFrom(...POINT_DTYPES),
      seed: fc.nat(1000),
      offset: fc.constantFrom(0, 0, 100, 1e4),
      copies: fc.constantFrom(1, 1, 3, 40),
      isCoarse: fc.boolean(),
      gap: fc.constantFrom(0, 3),
    })
    .map(({ copies, rows, dtype, offset, ...rest }) => {
      // f16 and bf16 cannot hold an offset and a difference
      const isWide = dtype === 'f32' || dtype === 'f64';
      return points({ ...rest, rows, dtype, offset: isWide ? offset : 0, distinct: Math.ceil(rows / copies) });
    });
}
