import type { FloatRows } from './model.js';

/** The likeliest class of a row that begins at `start`, lowest on ties. */
export function likeliest(data: Float32Array, start: number, cols: number): number {
  let best = 0;
  for (let c = 1; c < cols; c++) if ((data[start + c] as number) > (data[start + best] as number)) best = c;
  return best;
}

/** The likeliest class of every row [N], lowest on ties. */
export function likeliestClasses({ data, rows, cols }: FloatRows): Uint32Array {
  const classes = new Uint32Array(rows);
  for (let row = 0; row < rows; row++) classes[row] = likeliest(data, row * cols, cols);
  return classes;
}
