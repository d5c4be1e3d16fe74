/** Rows of embeddings as the kernels of distances want them. */
import type { Metric } from '../../contract/codes.js';
import { allocMatrix } from '../../kernels/index.js';
import type { FloatRows } from '../../models/model.js';

/** Empty rows on memory that asynchronous kernels read in place, so that many calls on the same rows copy nothing. */
export function sharedRows(rows: number, cols: number): FloatRows {
  return { data: allocMatrix(rows, cols).data as Float32Array, rows, cols };
}

/** Chosen rows, in that order, on shared memory. */
export function gather({ data, cols }: FloatRows, which: ArrayLike<number>): FloatRows {
  const taken = sharedRows(which.length, cols);
  for (let i = 0; i < which.length; i++) {
    const from = (which[i] as number) * cols;
    taken.data.set(data.subarray(from, from + cols), i * cols);
  }
  return taken;
}

/** Rows `from` to `to` without copying. */
export function slice({ data, cols }: FloatRows, from: number, to: number): FloatRows {
  return { data: data.subarray(from * cols, to * cols), rows: to - from, cols };
}

/**
 * Rows that have a direction each, on shared memory. Under the cosine metric kernels refuse rows of zeros, which networks
 * with ReLU do make; these get a column of their own, so that they resemble each other (distance 0) and nothing else
 * (similarity 0, distance 1). Distances between the other rows stay as they are.
 */
export function comparable(rows: FloatRows, metric: Metric): FloatRows {
  const { data, rows: count, cols } = rows;
  const isZero = (row: number) => {
    for (let at = row * cols; at < (row + 1) * cols; at++) if (data[at] !== 0) return false;
    return true;
  };
  const zeros: number[] = [];
  if (metric === 'cosine') for (let row = 0; row < count; row++) if (isZero(row)) zeros.push(row);
  const wide = zeros.length > 0 ? cols + 1 : cols;
  const out = sharedRows(count, wide);
  if (wide === cols) out.data.set(data);
  else for (let row = 0; row < count; row++) out.data.set(data.subarray(row * cols, (row + 1) * cols), row * wide);
  for (const row of zeros) out.data[row * wide + cols] = 1;
  return out;
}

/** One list after the other. */
export function concat(first: Uint32Array, second: Uint32Array): Uint32Array {
  const joined = new Uint32Array(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
}

/** 0, 1, … n - 1, moved by `offset`. */
export function range(n: number, offset = 0): Uint32Array {
  return Uint32Array.from({ length: n }, (_, i) => i + offset);
}

/** Rows scaled to unit length (rows of zeros as in {@link comparable}) under cosine, as they are under Euclidean. */
export function onSphere(rows: FloatRows, metric: Metric): FloatRows {
  const out = comparable(rows, metric);
  if (metric !== 'cosine') return out;
  const { data, cols } = out;
  for (let start = 0; start < data.length; start += cols) {
    let squares = 0;
    for (let at = start; at < start + cols; at++) squares += (data[at] as number) ** 2;
    const length = Math.sqrt(squares);
    for (let at = start; at < start + cols; at++) data[at] = (data[at] as number) / length;
  }
  return out;
}
