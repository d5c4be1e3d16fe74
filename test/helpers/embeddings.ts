/** Embeddings for tests, in the arrangements that greedy selection trips over, and the plain loops over them. */
import { matrix, type MatrixView, Random } from '../../src/index.js';
import { type DType, type MatrixData, widenRow } from '../../src/matrix.js';
import { encode } from './values.js';

export const EMBEDDING_DTYPES: readonly DType[] = ['f32', 'f64', 'f16', 'bf16', 'u8'];

/**
 *     cloud        independent normal numbers
 *     far          the same, 100 away from the origin in every column
 *     very far     the same, 10^4 away
 *     grid         small whole numbers: equal distances everywhere
 *     copies       each of a few rows forty times
 *     equal        all rows alike
 *     line         points on one line, evenly spaced
 *     near ties    rows that differ in last places only
 */
export const ARRANGEMENTS = ['cloud', 'far', 'very far', 'grid', 'copies', 'equal', 'line', 'near ties'] as const;
export type Arrangement = (typeof ARRANGEMENTS)[number];

export interface EmbeddingsWish {
  readonly rows: number;
  readonly cols: number;
  readonly dtype?: DType;
  readonly arrangement?: Arrangement;
  /** Elements between rows beyond `cols`; they hold NaN where the type can, so that reading one shows. */
  readonly gap?: number;
  readonly skip?: number;
  readonly seed?: number;
}

/** No row is all zeros, so that every one has a direction. */
export function embeddings(wish: EmbeddingsWish): MatrixView {
  const { rows, cols, dtype = 'f32', arrangement = 'cloud', gap = 0, skip = 0, seed = 1 } = wish;
  const random = new Random(seed, 21);
  const stride = cols + gap;
  const values = new Float64Array(rows === 0 ? 0 : (rows - 1) * stride + cols).fill(NaN);
  const kinds = Array.from({ length: Math.ceil(rows / 40) }, () => cloud(random, cols));
  for (let r = 0; r < rows; r++) {
    const row = arrange(arrangement, random, r, cols, kinds);
    const stored = dtype === 'u8' ? row.map((x) => Math.min(255, Math.max(0, Math.round(20 * x) + 100))) : row;
    if (stored.every((x) => x === 0)) stored[0] = 1;
    values.set(stored, r * stride);
  }
  const data: MatrixData = dtype === 'u8' ? bytes(values, skip) : encode(values, dtype, skip);
  return matrix(data, rows, cols, { stride, dtype });
}

function bytes(values: Float64Array, skip: number): Uint8Array {
  const array = new Uint8Array(values.length + skip).subarray(skip);
  array.set(values);
  return array;
}

function cloud(random: Random, cols: number): Float64Array {
  return new Float64Array(cols).map(() => random.normal());
}

function arrange(
  arrangement: Arrangement,
  random: Random,
  r: number,
  cols: number,
  kinds: readonly Float64Array[],
): Float64Array {
  if (arrangement === 'grid') return new Float64Array(cols).map(() => random.below(3));
  if (arrangement === 'copies') return Float64Array.from(kinds[random.below(kinds.length)] as Float64Array);
  if (arrangement === 'equal') return new Float64Array(cols).fill(0.75);
  if (arrangement === 'line') return new Float64Array(cols).map((_, c) => (c % 3) + r * 0.125);
  if (arrangement === 'near ties') return new Float64Array(cols).map(() => 1 + random.below(3) * 2 ** -23);
  const offset = { cloud: 0, far: 100, 'very far': 1e4 }[arrangement];
  return cloud(random, cols).map((x) => x + offset);
}

/** The rows of a matrix as plain arrays. */
export function plainRows(view: MatrixView): number[][] {
  return Array.from({ length: view.rows }, (_, r) => [...widenRow(view, r, new Float64Array(view.cols))]);
}

export type Distance = (x: readonly number[], y: readonly number[]) => number;

export const squared: Distance = (x, y) => x.reduce((sum, value, c) => sum + (value - (y[c] as number)) ** 2, 0);

export const euclidean: Distance = (x, y) => Math.sqrt(squared(x, y));

export const cosine: Distance = (x, y) => {
  const product: Distance = (a, b) => a.reduce((sum, value, c) => sum + value * (b[c] as number), 0);
  return Math.max(0, 1 - product(x, y) / Math.sqrt(product(x, x) * product(y, y)));
};

/** The distance of every row to the nearest of `centres`; those are at 0. */
export function nearestTo(rows: readonly number[][], centres: readonly number[], distance: Distance): number[] {
  return rows.map((row, i) =>
    centres.includes(i)
      ? 0
      : centres.reduce((least, centre) => Math.min(least, distance(row, rows[centre] as number[])), Infinity),
  );
}

/** Greedy k-center as it stands in a textbook: all distances again for every pick. */
export function textbookKCenter(
  rows: readonly number[][],
  k: number,
  { distance = euclidean, labeled = [] as readonly number[], first = 0 } = {},
): { indices: number[]; distances: number[]; coveringRadius: number } {
  const indices: number[] = [];
  const distances: number[] = [];
  while (indices.length < k) {
    const centres = [...labeled, ...indices];
    const nearest = nearestTo(rows, centres, distance);
    let pick = -1;
    nearest.forEach((d, i) => {
      if (!centres.includes(i) && (pick < 0 || d > (nearest[pick] as number))) pick = i;
    });
    if (centres.length === 0) pick = first;
    indices.push(pick);
    distances.push(nearest[pick] as number);
  }
  const coveringRadius = Math.max(0, ...nearestTo(rows, [...labeled, ...indices], distance));
  return { indices, distances, coveringRadius };
}
