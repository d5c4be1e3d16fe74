import type { FloatRows } from '../models/model.js';

/** The likeliest class of every row [N], lowest on ties. */
export function predictedClasses({ data, rows, cols }: FloatRows): Uint32Array {
  const classes = new Uint32Array(rows);
  for (let row = 0; row < rows; row++) {
    let likeliest = row * cols;
    for (let at = likeliest + 1; at < (row + 1) * cols; at++) {
      if ((data[at] as number) > (data[likeliest] as number)) likeliest = at;
    }
    classes[row] = likeliest - row * cols;
  }
  return classes;
}
