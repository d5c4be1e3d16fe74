/** How surprising counts are, for tests of random draws. */

/**
 * Pearson's statistic as a standard normal number (Wilson and Hilferty): above 3.09 has a chance of one in a thousand.
 * Cells of fewer than five expected counts are taken together.
 */
export function surprise(counts: readonly number[], expected: readonly number[]): number {
  let statistic = 0;
  let cells = 0;
  let rare = { count: 0, expected: 0 };
  const add = (count: number, wanted: number): void => {
    statistic += (count - wanted) ** 2 / wanted;
    cells += 1;
  };
  counts.forEach((count, cell) => {
    const wanted = expected[cell] as number;
    if (wanted >= 5) add(count, wanted);
    else rare = { count: rare.count + count, expected: rare.expected + wanted };
  });
  if (rare.expected > 0) add(rare.count, rare.expected);
  else if (rare.count > 0) return Infinity; // what cannot happen did
  const freedom = cells - 1;
  const spread = 2 / (9 * freedom);
  return (Math.cbrt(statistic / freedom) - (1 - spread)) / Math.sqrt(spread);
}
