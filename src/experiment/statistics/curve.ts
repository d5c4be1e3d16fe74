/** A point of a learning curve: labels and what was reached with them. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * Area under a learning curve by trapezoids, divided by its width: the mean height. A curve of one point is its height.
 *
 * @param points Ascending in x, at least one.
 */
export function meanHeight(points: readonly Point[]): number {
  let area = 0;
  for (let i = 1; i < points.length; i++) {
    const [a, b] = [points[i - 1], points[i]] as [Point, Point];
    area += ((a.y + b.y) / 2) * (b.x - a.x);
  }
  const width = (points.at(-1)?.x ?? 0) - (points[0]?.x ?? 0);
  return width > 0 ? area / width : (points[0]?.y ?? NaN);
}

/**
 * Where a learning curve first reaches a height, on straight lines between its points.
 *
 * @param points Ascending in x.
 * @returns null where it never does: the labels needed are more than the curve is long.
 */
export function firstReach(points: readonly Point[], target: number): number | null {
  const at = points.findIndex(({ y }) => y >= target);
  const [before, after] = [points[at - 1], points[at]];
  if (after === undefined) return null;
  if (before === undefined) return after.x;
  return before.x + ((target - before.y) / (after.y - before.y)) * (after.x - before.x);
}
