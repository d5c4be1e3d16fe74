import type { MemberPredictions } from '../models/model.js';
import { memberScoreType } from './member-scores.js';

/**
 * Query by committee for regression: the standard deviation of what L members predict. `members` then give numbers of any
 * size, [L, N, 1]; of several outputs it is the root of the summed variances.
 *
 * @see Burbidge, Rowland, King: Active Learning for Regression Based on Query by Committee. IDEAL 2007.
 */
export const committeeStd = memberScoreType(
  'committee-std',
  'members whose predicted numbers scatter most (regression)',
  async (members) => deviations(members),
);

/** Population deviation over the members, by the sums of squares about the mean: no cancellation. */
function deviations({ data, passes, rows, cols }: MemberPredictions): Float32Array {
  const size = rows * cols;
  const scores = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    let variance = 0;
    for (let at = row * cols; at < (row + 1) * cols; at++) {
      let mean = 0;
      for (let t = 0; t < passes; t++) mean += (data[t * size + at] as number) / passes;
      for (let t = 0; t < passes; t++) variance += ((data[t * size + at] as number) - mean) ** 2 / passes;
    }
    scores[row] = Math.sqrt(variance);
  }
  return scores;
}
