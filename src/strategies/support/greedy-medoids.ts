import type { Metric } from '../../contract/codes.js';
import type { FloatRows } from '../../models/model.js';
import { Breather } from './breather.js';
import { distanceBlocks } from './nearest.js';

export interface Medoids {
  /** Rows in the order in which they were picked. */
  readonly picks: number[];
  /** What each took off the sum of distances; never growing. */
  readonly gains: number[];
}

/**
 * Greedy facility location from where something is covered already: each pick lowers Σ_i min(current_i, d(i, picks)) the
 * most, the lowest row among equals; d is the squared Euclidean or the cosine distance. Gains only fall, so one that was
 * the largest before and still is after it is computed again needs no other (Minoux's lazy greedy).
 *
 * @param targets The rows i; all candidates x targets distances are kept, as f32.
 * @param current [targets.rows] distance of each to what covers it now; read only.
 */
export async function greedyMedoids(
  candidates: FloatRows,
  targets: FloatRows,
  current: Float64Array,
  n: number,
  { metric, signal }: { metric: Metric; signal?: AbortSignal | undefined },
): Promise<Medoids> {
  const width = targets.rows;
  const near = current.slice();
  const table = new Float32Array(candidates.rows * width);
  const squared = metric === 'euclidean';
  for await (const { from, count, distances } of distanceBlocks(candidates, targets, { metric, squared, signal })) {
    table.set(distances.subarray(0, count * width), from * width);
  }
  const gainOf = (row: number) => {
    let gain = 0;
    for (let i = 0; i < width; i++) {
      const less = (near[i] as number) - (table[row * width + i] as number);
      if (less > 0) gain += less;
    }
    return gain;
  };
  const breather = new Breather(signal);
  const bounds = new Float64Array(candidates.rows);
  for (let row = 0; row < candidates.rows; row++) {
    bounds[row] = gainOf(row);
    if (row % 64 === 0) await breather.breathe();
  }
  const picks: number[] = [];
  const gains: number[] = [];
  // a bound is exact when it was computed after the last pick
  const computedAt = new Uint32Array(candidates.rows);
  while (picks.length < n) {
    const best = highest(bounds);
    if (computedAt[best] !== picks.length) {
      bounds[best] = gainOf(best);
      computedAt[best] = picks.length;
      await breather.breathe();
      continue;
    }
    picks.push(best);
    gains.push(bounds[best] as number);
    bounds[best] = -1;
    for (let i = 0; i < width; i++) near[i] = Math.min(near[i] as number, table[best * width + i] as number);
  }
  return { picks, gains };
}

function highest(values: Float64Array): number {
  let best = 0;
  for (let row = 1; row < values.length; row++) if ((values[row] as number) > (values[best] as number)) best = row;
  return best;
}
