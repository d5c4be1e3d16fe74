import type { Metric } from '../../contract/codes.js';
import type { FloatRows } from '../../models/model.js';
import { Breather } from './breather.js';
import { distanceBlocks } from './nearest.js';
import { comparable, gather } from './rows.js';

/**
 * Mean cosine of every row with all rows, itself among them: x̂ · mean of û, so that no pair is looked at. A row of zeros
 * resembles nothing.
 *
 * @returns [N] in [-1, 1].
 */
export async function meanCosine(
  { data, rows, cols }: FloatRows,
  signal: AbortSignal | undefined,
): Promise<Float64Array> {
  const breather = new Breather(signal);
  const mean = new Float64Array(cols);
  const lengths = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    if (row % 256 === 0) await breather.breathe();
    let squares = 0;
    for (let at = row * cols; at < (row + 1) * cols; at++) squares += (data[at] as number) ** 2;
    const length = (lengths[row] = Math.sqrt(squares));
    if (length === 0) continue;
    for (let c = 0; c < cols; c++) mean[c] = (mean[c] as number) + (data[row * cols + c] as number) / length / rows;
  }
  const means = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    if (row % 256 === 0) await breather.breathe();
    const length = lengths[row] as number;
    if (length === 0) continue;
    let product = 0;
    for (let c = 0; c < cols; c++) product += (data[row * cols + c] as number) * (mean[c] as number);
    means[row] = product / length;
  }
  return means;
}

/**
 * Mean of 1 / (1 + distance) of every row to the `reference` rows.
 *
 * @returns [N] in (0, 1].
 */
export async function meanCloseness(
  rows: FloatRows,
  reference: ArrayLike<number>,
  metric: Metric,
  signal: AbortSignal | undefined,
): Promise<Float64Array> {
  const points = comparable(rows, metric);
  const means = new Float64Array(rows.rows);
  for await (const { from, count, distances } of distanceBlocks(points, gather(points, reference), {
    metric,
    signal,
  })) {
    for (let i = 0; i < count; i++) {
      let sum = 0;
      for (let j = 0; j < reference.length; j++) sum += 1 / (1 + (distances[i * reference.length + j] as number));
      means[from + i] = sum / reference.length;
    }
  }
  return means;
}
