/**
 * Sums over the columns of two rows, in f64: what every distance between rows is made of.
 *
 * Column c goes to lane c mod 64, and the lanes are folded by halves. Sums in this order are the same bits in the addon,
 * whatever the width of its vectors.
 */
import { type MatrixView, widenRow } from '../matrix.js';

const LANES = 64;
const lanes = new Float64Array(LANES);

function foldLanes(): number {
  for (let half = LANES / 2; half >= 1; half /= 2) {
    for (let j = 0; j < half; j++) lanes[j] = (lanes[j] as number) + (lanes[j + half] as number);
  }
  return lanes[0] as number;
}

/** Squared Euclidean distance of two rows of one length. */
export function sq(x: Float64Array, y: Float64Array): number {
  lanes.fill(0);
  for (let c = 0; c < x.length; c++) {
    const difference = (x[c] as number) - (y[c] as number);
    lanes[c % LANES] = (lanes[c % LANES] as number) + difference * difference;
  }
  return foldLanes();
}

/** Inner product of two rows of one length. */
export function dot(x: Float64Array, y: Float64Array): number {
  lanes.fill(0);
  for (let c = 0; c < x.length; c++) {
    lanes[c % LANES] = (lanes[c % LANES] as number) + (x[c] as number) * (y[c] as number);
  }
  return foldLanes();
}

/** The rows of a matrix, compared with one another. */
export class RowPairs {
  readonly #view: MatrixView;
  readonly #row: Float64Array;
  readonly #centre: Float64Array;
  #held = -1;

  constructor(view: MatrixView) {
    this.#view = view;
    this.#row = new Float64Array(view.cols);
    this.#centre = new Float64Array(view.cols);
  }

  sq(row: number, centre: number): number {
    this.#read(row, centre);
    return sq(this.#row, this.#centre);
  }

  dot(row: number, centre: number): number {
    this.#read(row, centre);
    return dot(this.#row, this.#centre);
  }

  /** The centre stays the same over whole passes, so it is read once. */
  #read(row: number, centre: number): void {
    widenRow(this.#view, row, this.#row);
    if (this.#held !== centre) widenRow(this.#view, centre, this.#centre);
    this.#held = centre;
  }
}
