import { type Curves, curvesOf, strategiesOf } from './curves.js';
import type { RoundRecord } from './records.js';
import { estimate, type Estimate } from './statistics/estimate.js';
import { holm } from './statistics/holm.js';
import { welchT } from './statistics/welch-t.js';
import { isConstant, pairedP } from './win-loss.js';

/** One strategy against another at one number of labels, over the seeds with which both reached it. */
export interface LabelTest {
  readonly other: string;
  readonly labels: number;
  readonly seeds: number;
  /** Accuracy of the strategy minus that of the other, with its 95 % t interval over paired seeds. */
  readonly difference: Estimate;
  /** Two-sided paired t; null with one seed, and where both begin with the same labels and training. The next three likewise. */
  readonly paired: number | null;
  /** `paired` with Holm's correction over all tests of the list. */
  readonly pairedHolm: number | null;
  /** Two-sided Welch t, which does not know that seeds are pairs; null also where neither strategy spreads. */
  readonly welch: number | null;
  /** `welch` with Holm's correction over all tests of the list. */
  readonly welchHolm: number | null;
}

/**
 * A strategy against every other at every number of labels that both reached, the other strategies in the order in which they
 * were run, labels ascending.
 */
export function testsByLabels(rounds: readonly RoundRecord[], strategy: string): LabelTest[] {
  const curves = curvesOf(rounds);
  const others = strategiesOf(rounds).filter((other) => other !== strategy);
  const drafts = others.flatMap((other) => draftTests(curves, strategy, other));
  const [paired, welch] = [holm(drafts.map((one) => one.paired)), holm(drafts.map((one) => one.welch))];
  return drafts.map((one, at) => ({ ...one, pairedHolm: paired[at] ?? null, welchHolm: welch[at] ?? null }));
}

/** Differences that are smaller are rounding. */
const DECIMALS = 12;

/** All but the corrections, which need the other tests. */
function draftTests(curves: Curves, strategy: string, other: string): LabelTest[] {
  return pairsByLabels(curves, strategy, other).map(({ labels, first, second }, at) => {
    const differences = first.map((value, seed) => Number((value - (second[seed] as number)).toFixed(DECIMALS)));
    const isShared = at === 0 && differences.every((value) => value === 0);
    const isTested = differences.length > 1 && !isShared;
    return {
      other,
      labels,
      seeds: differences.length,
      difference: estimate(differences),
      paired: isTested ? pairedP(differences) : null,
      pairedHolm: null,
      welch: isTested && !(isConstant(first) && isConstant(second)) ? welchT(first, second).p : null,
      welchHolm: null,
    };
  });
}

/** Accuracies of two strategies at a number of labels, an element per seed with which both reached it. */
export interface LabelPair {
  readonly labels: number;
  readonly first: readonly number[];
  readonly second: readonly number[];
}

/** Ascending in labels. */
export function pairsByLabels(curves: Curves, a: string, b: string): LabelPair[] {
  const [ofA, ofB] = [curves.get(a), curves.get(b)];
  const found = new Map<number, { first: number[]; second: number[] }>();
  for (const [seed, points] of ofA ?? []) {
    const others = new Map((ofB?.get(seed) ?? []).map(({ x, y }) => [x, y]));
    for (const { x, y } of points) {
      const other = others.get(x);
      if (other === undefined) continue;
      const pair = found.get(x) ?? { first: [], second: [] };
      found.set(x, pair);
      pair.first.push(y);
      pair.second.push(other);
    }
  }
  return [...found].sort(([x], [y]) => x - y).map(([labels, pair]) => ({ labels, ...pair }));
}
