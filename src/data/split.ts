import { z } from 'zod';
import { ArgumentError } from '../errors.js';
import { seedSchema } from '../options.js';
import { Random } from '../reference/philox.js';

const STREAM_POOL = 32;
const STREAM_TEST = 33;
const STREAM_SPLIT = 34;

/** Options of data sets that may be too large for the machine or the patience at hand. */
export const sizeOptions = {
  /** Take only so many samples of the pool, drawn by `seed`, in their order. */
  poolSize: z.int().min(1).optional(),
  /** Take only so many samples of the test set, drawn by `seed`, in their order. */
  testSize: z.int().min(1).optional(),
  /** Decides what is drawn. */
  seed: seedSchema.default(0),
};

export interface SizeOptions {
  readonly poolSize?: number | undefined;
  readonly testSize?: number | undefined;
  readonly seed: number;
}

/** Options of data sets that come without a test set. */
export const splitOptions = {
  ...sizeOptions,
  /** Share of every class (or of the groups) that becomes the test set, drawn by `seed`. */
  testShare: z.number().gt(0).lt(1).default(0.2),
};

/** Rows of the pool and of the test set, each in rising order. */
export interface Split {
  readonly pool: readonly number[];
  readonly test: readonly number[];
}

/**
 * Draw a test set: of every class its share, at least one sample where it has two; or, with groups, whole groups until
 * the share of all samples is reached, so that no group is on both sides.
 *
 * @throws {ArgumentError} Nothing is left for one of the two.
 */
export function splitRows(
  name: string,
  labels: ArrayLike<number>,
  { testShare, seed }: { readonly testShare: number; readonly seed: number },
  groups?: readonly (string | number)[],
): Split {
  const random = new Random(seed, STREAM_SPLIT);
  const test = new Set<number>();
  const buckets = new Map<string | number, number[]>();
  for (let row = 0; row < labels.length; row++) {
    const key = groups === undefined ? (labels[row] as number) : (groups[row] as string | number);
    const bucket = buckets.get(key);
    if (bucket === undefined) buckets.set(key, [row]);
    else bucket.push(row);
  }
  if (groups === undefined) {
    for (const [, rows] of [...buckets].sort(([a], [b]) => Number(a) - Number(b))) {
      const share = Math.min(rows.length - 1, Math.max(1, Math.round(rows.length * testShare)));
      for (const row of random.shuffle(rows).slice(0, share)) test.add(row);
    }
  } else {
    const wanted = Math.round(labels.length * testShare);
    for (const rows of random.shuffle([...buckets.values()])) {
      if (test.size >= wanted) break;
      for (const row of rows) test.add(row);
    }
  }
  if (test.size === 0 || test.size === labels.length) {
    const [units, found] = groups === undefined ? ['samples of one class', labels.length] : ['groups', buckets.size];
    throw new ArgumentError(
      `data set ${name}: expected at least two ${units} to split into pool and test set, got ${found}`,
    );
  }
  const rows = Array.from({ length: labels.length }, (_, row) => row);
  return { pool: rows.filter((row) => !test.has(row)), test: rows.filter((row) => test.has(row)) };
}

/**
 * The part of the rows that `poolSize` and `testSize` leave.
 *
 * @throws {ArgumentError} More are asked for than there are.
 */
export function limitRows(name: string, split: Split, { poolSize, testSize, seed }: SizeOptions): Split {
  return {
    pool: draw(`data set ${name}`, 'poolSize', split.pool, poolSize, seed, STREAM_POOL),
    test: draw(`data set ${name}`, 'testSize', split.test, testSize, seed, STREAM_TEST),
  };
}

function draw(
  where: string,
  option: string,
  rows: readonly number[],
  size: number | undefined,
  seed: number,
  stream: number,
): readonly number[] {
  if (size === undefined || size === rows.length) return rows;
  if (size > rows.length) {
    throw new ArgumentError(`${where}: expected at most ${rows.length} for ${option}, got ${size}`);
  }
  const drawn = new Random(seed, stream).shuffle([...rows]).slice(0, size);
  return drawn.sort((a, b) => a - b);
}

/** Row numbers 0 to n - 1. */
export function allRows(n: number): number[] {
  return Array.from({ length: n }, (_, row) => row);
}
