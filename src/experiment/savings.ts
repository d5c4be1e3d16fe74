import { Random } from '../reference/philox.js';
import { type Curves, meanCurve, pairUp } from './curves.js';
import { firstReach, type Point } from './statistics/curve.js';

/** Labels that a strategy needs for what the baseline reaches at its end. */
export interface Saving {
  readonly strategy: string;
  /** Mean accuracy of the baseline at the end, which is to be reached. */
  readonly target: number;
  /** Labels that the baseline had then. */
  readonly baselineLabels: number;
  /** Labels at which the strategy's mean curve first reaches the target; null: it never does. */
  readonly labels: number | null;
  /** baselineLabels - labels; null where the target is not reached. */
  readonly saved: number | null;
  /**
   * 95 % bootstrap interval of `saved`; null for a single seed, an end of it where the target is missed that often.
   * With few seeds it is too narrow rather than too wide.
   */
  readonly interval: { readonly low: number | null; readonly high: number | null } | null;
  readonly seeds: number;
}

const RESAMPLES = 2000;
const STREAM_BOOTSTRAP = 81;

/**
 * Labels saved against the baseline, read off mean curves over the seeds that both ran; the interval is the percentile
 * bootstrap that draws seeds with replacement, 2000 times, target and curve anew each time.
 *
 * @returns undefined where no seed ran both.
 * @see B. Efron, R. Tibshirani: An Introduction to the Bootstrap, 1993, chapter 13.
 */
export function labelSaving(curves: Curves, strategy: string, baseline: string): Saving | undefined {
  const paired = pairUp(curves, strategy, baseline);
  if (paired === undefined) return undefined;
  const { seeds, a, b } = paired;
  const all = seeds.map((_, at) => at);
  const found = savedWith(all, a, b);
  if (found === undefined) return undefined;
  return { strategy, ...found, interval: seeds.length < 2 ? null : bootstrap(a, b), seeds: seeds.length };
}

function savedWith(
  chosen: readonly number[],
  a: readonly (readonly Point[])[],
  b: readonly (readonly Point[])[],
): Pick<Saving, 'target' | 'baselineLabels' | 'labels' | 'saved'> | undefined {
  const take = (curves: readonly (readonly Point[])[]): Point[] => meanCurve(chosen.map((at) => curves[at] ?? []));
  const end = take(b).at(-1);
  if (end === undefined) return undefined;
  const labels = firstReach(take(a), end.y);
  return { target: end.y, baselineLabels: end.x, labels, saved: labels === null ? null : end.x - labels };
}

function bootstrap(a: readonly (readonly Point[])[], b: readonly (readonly Point[])[]): Saving['interval'] {
  const random = new Random(0, STREAM_BOOTSTRAP);
  const values = Array.from({ length: RESAMPLES }, () => {
    const chosen = a.map(() => random.below(a.length));
    return savedWith(chosen, a, b)?.saved ?? -Infinity; // a target that is missed is the worst case
  }).sort((x, y) => x - y);
  const quantile = (share: number): number | null => {
    const value = values[Math.min(RESAMPLES - 1, Math.floor(share * RESAMPLES))] as number;
    return Number.isFinite(value) ? value : null;
  };
  return { low: quantile(0.025), high: quantile(0.975) };
}
