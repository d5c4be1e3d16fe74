import { DIFFERENT, SAME, type SimilarityGraph } from './similarity-graph.js';

/**
 * How little could be known of an answer beforehand, as a hinge:
 *     r = [m + y (max over p of d(p, g) − min over n of d(n, g))]₊        y = +1 same, −1 different
 * An image of the same identity counts when it is far from those known to be the same and near to those known to be
 * others; one of another identity when it is the other way round.
 *
 * @param toSame d(p, g) to the anchor and all images of its identity; not empty.
 * @param toDifferent d(n, g) to images known to be of others.
 * @param typical Stands for the least of `toDifferent` while there are none.
 * @returns In the unit of the distances, at least 0.
 */
export function hingeReward(
  toSame: readonly number[],
  toDifferent: readonly number[],
  isSame: boolean,
  margin: number,
  typical: number,
): number {
  const farthest = Math.max(...toSame);
  const nearest = toDifferent.length === 0 ? typical : Math.min(...toDifferent);
  return Math.max(0, margin + (isSame ? 1 : -1) * (farthest - nearest));
}

/** {@link hingeReward} of an answer about a node, among what was answered before it. */
export function pickReward(graph: SimilarityGraph, node: number, isSame: boolean, margin: number): number {
  const distances = (answer: number): number[] => graph.answered(answer).map((known) => graph.distance(known, node));
  return hingeReward(distances(SAME), distances(DIFFERENT), isSame, margin, graph.meanDistance);
}
