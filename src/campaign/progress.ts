import { cohenKappa } from '../learner/stopping/kappa.js';
import type { FloatRows } from '../models/model.js';

/**
 * How far the predictions of two models differ.
 *
 * @param before Class of every item, at least one.
 * @param after The same of the later model.
 * @returns `changed`: share of items with another class. `kappa`: Cohen's kappa between the two.
 */
export function compareClasses(
  before: ArrayLike<number>,
  after: ArrayLike<number>,
  classes: number,
): { changed: number; kappa: number } {
  const changed = Array.from(after).filter((label, at) => label !== before[at]).length;
  return { changed: changed / after.length, kappa: cohenKappa(before, after, classes) };
}

/** Mean entropy of the predictions for items outside `labeled`, divided by ln C; null where nothing is left. */
export function meanEntropy({ data, rows, cols }: FloatRows, labeled: ReadonlySet<number>): number | null {
  let sum = 0;
  let count = 0;
  for (let row = 0; row < rows; row++) {
    if (labeled.has(row)) continue;
    count++;
    for (let c = 0; c < cols; c++) {
      const p = data[row * cols + c] as number;
      if (p > 0) sum -= p * Math.log(p);
    }
  }
  return count === 0 ? null : sum / count / Math.log(cols);
}
