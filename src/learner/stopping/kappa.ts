/**
 * Cohen's kappa: how far two lists of classes agree beyond chance.
 *     (agreement - expected) / (1 - expected), expected = Σ over classes of share in one · share in the other
 * 1 where both name one and the same class throughout: the fraction is 0 / 0 then, and nothing disagrees.
 *
 * @see Cohen: A Coefficient of Agreement for Nominal Scales. Educational and Psychological Measurement 20(1), 1960.
 * @param first Classes from 0 to `classes` - 1, at least one.
 * @param second As many.
 */
export function cohenKappa(first: ArrayLike<number>, second: ArrayLike<number>, classes: number): number {
  const count = first.length;
  const inFirst = new Float64Array(classes);
  const inSecond = new Float64Array(classes);
  let same = 0;
  for (let i = 0; i < count; i++) {
    inFirst[first[i] as number]! += 1;
    inSecond[second[i] as number]! += 1;
    if (first[i] === second[i]) same += 1;
  }
  const expected = inFirst.reduce((sum, found, c) => sum + (found / count) * ((inSecond[c] as number) / count), 0);
  return same === count ? 1 : (same / count - expected) / (1 - expected);
}
