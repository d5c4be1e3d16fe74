/**
 * Adjust p values for their number, so that the chance of any false alarm among them stays below the level: the i-th smallest
 * of m, from 0, times m - i, never below the one before, at most 1. Values that are null (nothing to test) stay null and do not count.
 *
 * @see S. Holm: A simple sequentially rejective multiple test procedure. Scandinavian Journal of Statistics, 1979.
 */
export function holm(values: readonly (number | null)[]): (number | null)[] {
  const order = values.flatMap((p, at) => (p === null ? [] : [{ p, at }])).sort((a, b) => a.p - b.p);
  const adjusted: (number | null)[] = values.map(() => null);
  let floor = 0;
  for (const [rank, { p, at }] of order.entries()) {
    floor = Math.max(floor, Math.min(1, p * (order.length - rank)));
    adjusted[at] = floor;
  }
  return adjusted;
}
