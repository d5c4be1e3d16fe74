import { curvesOf, pairUp, strategiesOf } from './curves.js';
import type { RoundRecord } from './records.js';
import { pairedT } from './statistics/paired-t.js';
import { signFlip } from './statistics/sign-flip.js';

/** Which strategies were significantly ahead of which, over settings (data sets, models, batch sizes). */
export interface WinLossMatrix {
  readonly strategies: readonly string[];
  /**
   * wins[i][j]: the share of settings in which i was ahead of j, each setting being the share of its label counts. The share
   * in which neither was ahead is 1 - wins[i][j] - wins[j][i].
   */
  readonly wins: readonly (readonly number[])[];
  /** Settings in which both ran with two seeds or more, [i][j]. */
  readonly settings: readonly (readonly number[])[];
}

const LEVEL = 0.05;

/**
 * The pairwise penalty matrix of BADGE: at label counts initial + batch · 2ᵐ and at the end, a two-sided paired t test over
 * seeds at 0.05, not corrected; a setting adds 1 / (its label counts) for each that is won.
 *
 * @param settings Rounds of one experiment each.
 * @see J. Ash, C. Zhang, A. Krishnamurthy, J. Langford, A. Agarwal: Deep Batch Active Learning by Diverse, Uncertain Gradient
 *   Lower Bounds. ICLR 2020, section 4.
 */
export function winLossMatrix(settings: readonly (readonly RoundRecord[])[]): WinLossMatrix {
  const strategies = [...new Set(settings.flatMap(strategiesOf))];
  const square = (): number[][] => strategies.map(() => strategies.map(() => 0));
  const [wins, counts] = [square(), square()];
  for (const rounds of settings) {
    const curves = curvesOf(rounds);
    strategies.forEach((a, i) => {
      strategies.slice(0, i).forEach((b, j) => {
        const paired = pairUp(curves, a, b);
        if (paired === undefined || paired.seeds.length < 2) return;
        const shares = sharesOf(paired);
        counts[i]![j]! += 1;
        counts[j]![i]! += 1;
        wins[i]![j]! += shares.first;
        wins[j]![i]! += shares.second;
      });
    });
  }
  const perSetting = wins.map((row, i) => row.map((sum, j) => sum / Math.max(1, counts[i]?.[j] ?? 0)));
  return { strategies, wins: perSetting, settings: counts };
}

/** Share of the label counts at which the first or the second was ahead. */
function sharesOf({ a, b }: NonNullable<ReturnType<typeof pairUp>>): { first: number; second: number } {
  const common = (a[0] ?? [])
    .map(({ x }) => x)
    .filter((x) => [...a, ...b].every((curve) => curve.some((p) => p.x === x)));
  const chosen = common.filter((_, at) => at === common.length - 1 || (at > 0 && Number.isInteger(Math.log2(at))));
  let [first, second] = [0, 0];
  for (const labels of chosen) {
    const at = (curve: (typeof a)[number]): number => curve.find(({ x }) => x === labels)?.y ?? NaN;
    const differences = a.map((curve, seed) => at(curve) - at(b[seed] ?? []));
    const p = pairedP(differences);
    if (p === null || p >= LEVEL) continue;
    if (differences.reduce((sum, value) => sum + value, 0) > 0) first += 1;
    else second += 1;
  }
  return { first: first / chosen.length, second: second / chosen.length };
}

/** Differences that vary less than this share of their size do not vary: the rest is rounding. */
const ROUNDING = 1e-9;

/**
 * p of the paired t test, two-sided; of exact sign flips where all differences are the same, which the t test would call
 * certain with two seeds; null for a single one.
 */
export function pairedP(differences: readonly number[]): number | null {
  if (differences.length < 2) return null;
  return isConstant(differences) ? signFlip(differences) : pairedT(differences).p;
}

/** All values are the same, up to rounding. */
export function isConstant(values: readonly number[]): boolean {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return high - low <= ROUNDING * Math.max(Math.abs(low), Math.abs(high));
}
