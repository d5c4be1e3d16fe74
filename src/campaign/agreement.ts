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

/**
 * (p_o - p_e) / (1 - p_e), where chance draws from each annotator's own shares of the classes.
 *
 * @see J. Cohen: A coefficient of agreement for nominal scales. Educational and Psychological Measurement 20, 1960.
 */
function cohen(items: readonly (readonly Rating[])[], [first]: readonly string[]): { kappa: number; observed: number } {
  const shares = [new Map<string, number>(), new Map<string, number>()] as const;
  let equal = 0;
  for (const ratings of items) {
    const labels = new Set(ratings.map(([, label]) => label));
    if (labels.size === 1) equal++;
    for (const [annotator, label] of ratings) bump(shares[annotator === first ? 0 : 1], label, 1 / items.length);
  }
  const observed = equal / items.length;
  let chance = 0;
  for (const [label, share] of shares[0]) chance += share * (shares[1].get(label) ?? 0);
  return { kappa: beyondChance(observed, chance), observed };
}

/**
 * The same for any number of annotators, chance drawing from the shares of the classes over all of them. Items may have
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
