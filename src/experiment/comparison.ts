import { type Curves, curvesOf, pairUp, strategiesOf } from './curves.js';
import { headlineOf } from './headline.js';
import type { RoundRecord } from './records.js';
import { labelSaving, type Saving } from './savings.js';
import { meanHeight, type Point } from './statistics/curve.js';
import { deviationOf, estimate, type Estimate } from './statistics/estimate.js';
import { holm } from './statistics/holm.js';
import { detectableDifference } from './statistics/paired-t.js';
import { signFlip } from './statistics/sign-flip.js';
import { signedRank } from './statistics/wilcoxon.js';
import { pairedP, type WinLossMatrix, winLossMatrix } from './win-loss.js';

/** The difference of two strategies in one number per seed. */
export interface TestedDifference {
  /** `strategy` minus `other`, mean over the seeds that both ran, with its 95 % t interval. */
  readonly difference: Estimate;
  /** Seeds in which `strategy` was ahead, level, behind. */
  readonly wins: number;
  readonly ties: number;
  readonly losses: number;
  /** Paired t, two-sided, not corrected; exact sign flips where the differences are all the same. This and the next four: null with one seed. */
  readonly p: number | null;
  /** `p` with Holm's correction over all pairs. */
  readonly holm: number | null;
  /** `p` with Holm's correction over the pairs of each strategy with the baseline; null for the other pairs. */
  readonly holmBaseline: number | null;
  /** p of Wilcoxon's signed ranks, exact. */
  readonly wilcoxon: number | null;
  /** p of sign flips, exact; with n seeds it cannot be below 2 / 2ⁿ. */
  readonly signFlip: number | null;
  /** The smallest true difference that so many seeds, spread like these, find in four of five experiments. */
  readonly detectable: number | null;
}

/** Two strategies over the seeds that both ran with. */
export interface PairComparison {
  readonly strategy: string;
  readonly other: string;
  readonly seeds: number;
  /** What both are compared up to: the most labels that all their runs reached. */
  readonly labels: number;
  /** Mean accuracy over the learning curve, its area by trapezoids over its width. */
  readonly area: TestedDifference;
  /** Accuracy at `labels`. */
  readonly accuracy: TestedDifference;
}

/** Which strategies of an experiment differ, and by how much. */
export interface Comparison {
  readonly strategies: readonly string[];
  /** What the others are measured against; null where it was not run. */
  readonly baseline: string | null;
  /** Every two strategies that share a seed, the one that was configured first as `other`, the baseline always. */
  readonly pairs: readonly PairComparison[];
  /** Of every strategy but the baseline that shares a seed with it. */
  readonly savings: readonly Saving[];
  readonly winLoss: WinLossMatrix;
  /** What came out, in words that claim no more than the tests do. */
  readonly headline: string;
}

/** Options of `compareStrategies`. */
export interface ComparisonOptions {
  /** Strategy to measure the others against, as it is called in the rounds; default `random`. */
  readonly baseline?: string | undefined;
}

/** Accuracies that differ by less are the same: the rest is rounding, which would break ties. */
const DECIMALS = 12;

/** Compare the strategies of an experiment over the seeds that they share. */
export function compareStrategies(rounds: readonly RoundRecord[], options: ComparisonOptions = {}): Comparison {
  const { baseline: wanted = 'random' } = options;
  const strategies = strategiesOf(rounds);
  const baseline = strategies.includes(wanted) ? wanted : null;
  const curves = curvesOf(rounds);
  const order = baseline === null ? strategies : [baseline, ...strategies.filter((name) => name !== baseline)];
  const drafts = order.flatMap((other, at) =>
    order.slice(at + 1).flatMap((strategy) => draftPair(curves, strategy, other) ?? []),
  );
  const pairs = withCorrections(drafts, baseline);
  const savings =
    baseline === null ? [] : order.slice(1).flatMap((strategy) => labelSaving(curves, strategy, baseline) ?? []);
  const found = { strategies, baseline, pairs, savings, winLoss: winLossMatrix([rounds]) };
  return { ...found, headline: headlineOf(found, rounds) };
}

function draftPair(curves: Curves, strategy: string, other: string): PairComparison | undefined {
  const paired = pairUp(curves, strategy, other);
  if (paired === undefined) return undefined;
  const { seeds, labels, a, b } = paired;
  const differences = (measure: (curve: readonly Point[]) => number): number[] =>
    a.map((curve, at) => Number((measure(curve) - measure(b[at] ?? [])).toFixed(DECIMALS)));
  return {
    strategy,
    other,
    seeds: seeds.length,
    labels,
    area: draftDifference(differences(meanHeight)),
    accuracy: draftDifference(differences((curve) => curve.at(-1)?.y ?? NaN)),
  };
}

/** All but the corrections, which need the other pairs. */
function draftDifference(differences: readonly number[]): TestedDifference {
  const isTested = differences.length > 1;
  return {
    difference: estimate(differences),
    wins: differences.filter((value) => value > 0).length,
    ties: differences.filter((value) => value === 0).length,
    losses: differences.filter((value) => value < 0).length,
    p: pairedP(differences),
    holm: null,
    holmBaseline: null,
    wilcoxon: isTested ? signedRank(differences).p : null,
    signFlip: isTested ? signFlip(differences) : null,
    detectable: isTested ? detectableDifference(differences.length, deviationOf(differences)) : null,
  };
}

function withCorrections(pairs: readonly PairComparison[], baseline: string | null): PairComparison[] {
  const correct = (measure: 'area' | 'accuracy'): TestedDifference[] => {
    const tested = pairs.map((pair) => pair[measure]);
    const all = holm(tested.map(({ p }) => p));
    const against = holm(tested.map(({ p }, at) => (pairs[at]?.other === baseline ? p : null)));
    return tested.map((one, at) => ({ ...one, holm: all[at] ?? null, holmBaseline: against[at] ?? null }));
  };
  const [area, accuracy] = [correct('area'), correct('accuracy')];
  return pairs.map((pair, at) => ({
    ...pair,
    area: area[at] as TestedDifference,
    accuracy: accuracy[at] as TestedDifference,
  }));
}
