import { summarize } from '../experiment/summary.js';
import { percent } from './format.js';
import { baselineOf, type RunData } from './run-data.js';
import { count } from './section.js';

/** Whether two strategies can be told apart. */
export type Verdict = 'better' | 'worse' | 'unclear';

/** One strategy against another over the seeds that both ran. */
export interface PairResult {
  readonly strategy: string;
  readonly other: string;
  /** Mean difference in the measure that is compared, `strategy` minus `other`. */
  readonly difference: number;
  /** Corrected for the number of pairs; null where the seeds are too few for a test. */
  readonly p: number | null;
  readonly verdict: Verdict;
}

/** Labels that a strategy needs to reach an accuracy. */
export interface Saving {
  readonly strategy: string;
  /** What is reached, in words. */
  readonly target: string;
  /** Mean over the seeds that reached it; null where none did. */
  readonly labels: number | null;
  /** Fewer than the baseline, mean over the seeds in which both reached it. */
  readonly saved: number | null;
  /** 95 % interval of `saved`; null for a single seed. */
  readonly low: number | null;
  readonly high: number | null;
  readonly reached: number;
  readonly seeds: number;
}

/** Rounds in which one strategy was significantly ahead of another. */
export interface WinLoss {
  readonly strategies: readonly string[];
  /** wins[i][j]: comparisons in which i was ahead of j. */
  readonly wins: readonly (readonly number[])[];
  readonly comparisons: number;
}

/** What the statistics of an experiment say about a run. */
export interface Comparison {
  readonly headline: string;
  readonly sentences: readonly string[];
  readonly pairs: readonly PairResult[];
  readonly savings: readonly Saving[];
  readonly winLoss?: WinLoss | undefined;
}

/** @returns undefined where there is nothing to compare. */
export function compareRun(run: RunData): Comparison | undefined {
  if (run.rounds.length === 0) return undefined;
  const best = summarize(run.rounds).sort((a, b) => b.accuracy.mean - a.accuracy.mean);
  const [first] = best;
  if (first === undefined) return undefined;
  const baseline = best.find(({ strategy }) => strategy === baselineOf(run));
  const reached = `${first.strategy} reaches ${percent(first.accuracy.mean)} with ${count(first.labels, 'label')}`;
  const against =
    baseline === undefined || baseline === first ? '' : `, ${baseline.strategy} ${percent(baseline.accuracy.mean)}`;
  return {
    headline: `${reached}${against}`,
    sentences: [`Mean accuracy on the test set over ${count(first.seeds, 'seed')}.`],
    pairs: [],
    savings: [],
  };
}
