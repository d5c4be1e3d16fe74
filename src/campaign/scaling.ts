import { elementReader, type MatrixView } from '../matrix.js';
import { ValueError } from '../errors.js';

/** Mean and reciprocal spread of every column of a pool. */
export interface Scaling {
  readonly means: Float64Array;
  /** 1 / standard deviation; 0 for a column of equal numbers. */
  readonly factors: Float64Array;
}

/**
 * How to bring every column to mean 0 and standard deviation 1 (population, over all rows): columns in years and columns
 * in dollars then weigh the same, in training and in distances.
 *
 * @throws {ValueError} A number is not finite; names row and column.
 */
export function scalingOf(where: string, features: MatrixView): Scaling {
  const { rows, cols } = features;
  const read = elementReader(features.data, features.dtype);
  const means = new Float64Array(cols);
  const squares = new Float64Array(cols);
  for (let row = 0; row < rows; row++) {
    for (let c = 0; c < cols; c++) {
      const value = read(row * cols + c);
      if (!Number.isFinite(value)) {
        throw new ValueError(`${where}: expected finite features, got ${value} for item ${row}, column ${c}`);
      }
      const step = value - means[c]!;
      means[c]! += step / (row + 1);
      squares[c]! += step * (value - means[c]!);
    }
  }
  const factors = squares.map((sum) => (sum > 0 ? 1 / Math.sqrt(sum / rows) : 0));
  return { means, factors };
}

/** Features after scaling, or as they are, in f32. */
export function scaled(
  features: MatrixView,
  scaling: Scaling | null,
): { data: Float32Array; rows: number; cols: number } {
  const { rows, cols } = features;
  const read = elementReader(features.data, features.dtype);
  const data = new Float32Array(rows * cols);
  for (let at = 0; at < data.length; at++) {
    const value = read(at);
    const c = at % cols;
    data[at] = scaling === null ? value : (value - scaling.means[c]!) * scaling.factors[c]!;
  }
  return { data, rows, cols };
}
