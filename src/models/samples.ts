import { type MatrixLike, readMatrix } from '../contract/tensor-like.js';
import { expected, show } from '../contract/text.js';
import { ShapeError, ValueError } from '../errors.js';
import { elementReader, type Matrix, type MatrixView } from '../matrix.js';

/** Check samples against the number of features that a model takes. */
export function checkSamples(where: string, samples: MatrixLike, features: number): MatrixView {
  const view = readMatrix(where, 'samples', samples);
  if (view.cols !== features) {
    throw new ShapeError(`${where}: expected samples of ${features} numbers, got ${view.cols}`);
  }
  return view;
}

/** Rows `from` to `to` as dense f32 numbers; the caller's own memory where it already is that. */
export function denseRows(view: MatrixView, from: number, to: number): Float32Array {
  const { data, dtype, cols, stride } = view;
  if (data instanceof Float32Array && stride === cols) return data.subarray(from * cols, to * cols);
  const read = elementReader(data, dtype);
  const dense = new Float32Array((to - from) * cols);
  for (let row = from; row < to; row++) {
    for (let c = 0; c < cols; c++) dense[(row - from) * cols + c] = read(row * stride + c);
  }
  return dense;
}

/** Chosen rows as a dense matrix; u8 stays u8, every other type becomes f32. */
export function takeRows(view: MatrixView, rows: ArrayLike<number>): Matrix {
  const { data, dtype, cols, stride } = view;
  const read = elementReader(data, dtype);
  const taken = data instanceof Uint8Array ? new Uint8Array(rows.length * cols) : new Float32Array(rows.length * cols);
  const direct = data instanceof Uint8Array || data instanceof Float32Array;
  for (let i = 0; i < rows.length; i++) {
    const start = (rows[i] as number) * stride;
    if (direct) taken.set(data.subarray(start, start + cols), i * cols);
    else for (let c = 0; c < cols; c++) taken[i * cols + c] = read(start + c);
  }
  return { data: taken, rows: rows.length, cols };
}

/** @throws {ValueError} A number is NaN or infinite; names the first row and column. */
export function checkFinite(where: string, view: MatrixView, name = 'samples'): void {
  const { data, dtype, rows, cols, stride } = view;
  if (data instanceof Uint8Array) return;
  const read = elementReader(data, dtype);
  for (let row = 0; row < rows; row++) {
    for (let c = 0; c < cols; c++) {
      const value = read(row * stride + c);
      if (!Number.isFinite(value)) {
        throw new ValueError(`${where}: expected finite numbers in ${name}, got ${value} in row ${row}, column ${c}`);
      }
    }
  }
}

/** Labels as whole numbers in [0, classes), one per sample. */
export function checkLabels(where: string, labels: ArrayLike<number>, count: number, classes: number): Uint32Array {
  if (typeof labels !== 'object' || labels === null || typeof labels.length !== 'number') {
    throw expected(where, 'a list of class numbers', 'labels', labels);
  }
  if (labels.length !== count) {
    throw new ShapeError(`${where}: expected one label per sample (${count}), got ${labels.length}`);
  }
  for (let i = 0; i < count; i++) {
    const label = labels[i] as unknown;
    if (typeof label !== 'number' || !Number.isInteger(label) || label < 0 || label >= classes) {
      throw new ValueError(`${where}: expected labels from 0 to ${classes - 1}, got ${show(label)} at position ${i}`);
    }
  }
  return Uint32Array.from(labels);
}
