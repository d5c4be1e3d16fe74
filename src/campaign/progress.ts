import type { FloatRows } from '../models/model.js';

/**
 * How far the predictions of two models differ.
 *
 * @param before Class of every item.
 * @param after The same of the later model.
 * @returns `changed`: share of items with another class. `kappa`: Cohen's kappa between the two, 1 where all classes are
 *   equal.
 */
export function compareClasses(
  before: ArrayLike<number>,
  after: ArrayLike<number>,
): { changed: number; kappa: number } {
  const count = after.length;
  const shares = [new Map<number, number>(), new Map<number, number>()] as const;
  let equal = 0;
  for (let at = 0; at < count; at++) {
    const pair = [before[at] as number, after[at] as number] as const;
    if (pair[0] === pair[1]) equal++;
    pair.forEach((label, which) => shares[which]!.set(label, (shares[which]!.get(label) ?? 0) + 1 / count));
  }
  const observed = equal / count;
  let chance = 0;
  for (const [label, share] of shares[0]) chance += share * (shares[1].get(label) ?? 0);
  const kappa = 1 - chance < 1e-12 ? 1 : (observed - chance) / (1 - chance);
  return { changed: 1 - observed, kappa };
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

/** One training, as far as stopping is concerned. */
export interface Progress {
  readonly labels: number;
  readonly kappa: number | null;
}

const WINDOW = 3;
const STABLE_KAPPA = 0.99;

/**
 * Why further questions seem to be of little use, as a sentence; null: no reason. Predictions for the pool count as stable
 * when the kappa between one model and the next was at least 0.99 on average over three trainings, which brought two
 * batches of labels at least.
 *
 * @param batch Questions per batch: trainings after every single answer say nothing.
 * @see M. Bloodgood, K. Vijay-Shanker: A Method for Stopping Active Learning Based on Stabilizing Predictions. CoNLL 2009.
 */
export function reasonToStop(progress: readonly Progress[], batch: number): string | null {
  const last = progress.slice(-WINDOW);
  const kappas = last.map(({ kappa }) => kappa).filter((kappa) => kappa !== null);
  if (kappas.length < WINDOW) return null;
  const first = progress.at(-WINDOW - 1);
  const gained = (last.at(-1)?.labels ?? 0) - (first?.labels ?? 0);
  const mean = kappas.reduce((sum, kappa) => sum + kappa, 0) / WINDOW;
  if (mean < STABLE_KAPPA || gained < 2 * batch) return null;
  return `the last ${gained} labels changed almost no prediction for the pool (mean kappa ${mean.toFixed(3)} over ${WINDOW} trainings)`;
}
