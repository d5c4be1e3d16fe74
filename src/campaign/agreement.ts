import { cohenKappa } from '../learner/stopping/kappa.js';

/** How far annotators agree beyond chance. */
export interface Agreement {
  /** Cohen's kappa between two annotators, Fleiss' kappa among more. */
  readonly measure: 'cohen' | 'fleiss';
  /** 1: always; 0: as often as chance would; NaN where all labels are of one class, and nothing can be said. */
  readonly kappa: number;
  /** Share of pairs of labels on the same item that are equal. */
  readonly observed: number;
  /** Items with at least two labels; only these count. */
  readonly items: number;
  readonly annotators: number;
}

/** A label by somebody, of one item. */
export type Rating = readonly [annotator: string, label: string];

/**
 * Agreement over items with at least two labels.
 *
 * @param ratings Per item, one label per annotator.
 * @returns undefined where no item has two labels.
 */
export function agreement(ratings: readonly (readonly Rating[])[]): Agreement | undefined {
  const shared = ratings.filter((item) => item.length >= 2);
  if (shared.length === 0) return undefined;
  const annotators = new Set(shared.flatMap((item) => item.map(([annotator]) => annotator)));
  const isPair = annotators.size === 2;
  const { kappa, observed } = isPair ? cohen(shared, [...annotators].sort()) : fleiss(shared);
  return { measure: isPair ? 'cohen' : 'fleiss', kappa, observed, items: shared.length, annotators: annotators.size };
}

/** Between two annotators who both labelled every item; chance draws from each one's own shares of the classes. */
function cohen(items: readonly (readonly Rating[])[], [first]: readonly string[]): { kappa: number; observed: number } {
  const names = [...new Set(items.flatMap((ratings) => ratings.map(([, label]) => label)))];
  const classesOf = (isFirst: boolean): number[] =>
    items.map((ratings) => names.indexOf(ratings.find(([annotator]) => (annotator === first) === isFirst)?.[1] ?? ''));
  const [mine, other] = [classesOf(true), classesOf(false)];
  const observed = mine.filter((label, at) => label === other[at]).length / items.length;
  return { kappa: names.length === 1 ? NaN : cohenKappa(mine, other, names.length), observed };
}

/**
 * (observed - chance) / (1 - chance) for any number of annotators, chance drawing from the shares of the classes over all of them. Items may have
 * different numbers of labels: each counts the same.
 *
 * @see J. L. Fleiss: Measuring nominal scale agreement among many raters. Psychological Bulletin 76, 1971; for unequal
 *   numbers K. L. Gwet: Handbook of Inter-Rater Reliability, 4th edition, 2014, section 2.4.
 */
function fleiss(items: readonly (readonly Rating[])[]): { kappa: number; observed: number } {
  const shares = new Map<string, number>();
  let observed = 0;
  for (const ratings of items) {
    const counts = new Map<string, number>();
    for (const [, label] of ratings) bump(counts, label, 1);
    let pairs = 0;
    for (const [label, count] of counts) {
      pairs += count * (count - 1);
      bump(shares, label, count / ratings.length / items.length);
    }
    observed += pairs / (ratings.length * (ratings.length - 1)) / items.length;
  }
  let chance = 0;
  for (const share of shares.values()) chance += share * share;
  return { kappa: beyondChance(observed, chance), observed };
}

function beyondChance(observed: number, chance: number): number {
  return 1 - chance < 1e-12 ? NaN : (observed - chance) / (1 - chance);
}

function bump(counts: Map<string, number>, key: string, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}
