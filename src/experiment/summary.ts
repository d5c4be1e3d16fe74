import { strategiesOf } from './curves.js';
import { isOfRun, type RoundRecord } from './records.js';
import { meanHeight } from './statistics/curve.js';
import { estimate, type Estimate } from './statistics/estimate.js';

/** A measure of a round that can be drawn and averaged. */
export type Measure = 'accuracy' | 'macroF1' | 'logLoss';

/** One point of a strategy's learning curve. */
export interface CurvePoint extends Estimate {
  readonly labels: number;
}

/** What one strategy reached. */
export interface StrategySummary {
  readonly strategy: string;
  /** Seeds that were run. */
  readonly seeds: number;
  /** The largest number of labels that every seed reached; the next three are measured there. */
  readonly labels: number;
  readonly accuracy: Estimate;
  readonly macroF1: Estimate;
  readonly logLoss: Estimate;
  /** Mean accuracy over the learning curve up to there: its area by trapezoids over its width. */
  readonly area: Estimate;
  /** Per seed, all rounds. */
  readonly seconds: {
    readonly train: number;
    readonly score: number;
    readonly select: number;
    readonly evaluate: number;
    /** Of the final learner, where there is one. */
    readonly learner?: number | undefined;
  };
}

/** Mean and interval over seeds at every number of labels, ascending. */
export function learningCurve(rounds: readonly RoundRecord[], strategy: string, measure: Measure): CurvePoint[] {
  const byLabels = new Map<number, number[]>();
  for (const record of rounds) {
    if (record.strategy !== strategy) continue;
    byLabels.set(record.labels, [...(byLabels.get(record.labels) ?? []), record[measure]]);
  }
  return [...byLabels].sort(([a], [b]) => a - b).map(([labels, values]) => ({ labels, ...estimate(values) }));
}

/** Every strategy at the end of its curve. */
export function summarize(rounds: readonly RoundRecord[]): StrategySummary[] {
  return strategiesOf(rounds).map((strategy) => summarizeStrategy(rounds, strategy));
}

function summarizeStrategy(rounds: readonly RoundRecord[], strategy: string): StrategySummary {
  const own = rounds.filter((record) => record.strategy === strategy);
  const seeds = [...new Set(own.map(({ seed }) => seed))];
  const runs = seeds.map((seed) =>
    own.filter((record) => isOfRun(record, { strategy, seed })).sort((a, b) => a.labels - b.labels),
  );
  const labels = Math.min(...runs.map((run) => run.at(-1)?.labels ?? 0));
  const upTo = runs.map((run) => run.filter((record) => record.labels <= labels));
  const last = upTo.map((run) => run.at(-1) as RoundRecord);
  const perSeed = (part: keyof RoundRecord['seconds']): number =>
    own.reduce((sum, { seconds }) => sum + (seconds[part] ?? 0), 0) / seeds.length;
  return {
    strategy,
    seeds: seeds.length,
    labels,
    accuracy: estimate(last.map(({ accuracy }) => accuracy)),
    macroF1: estimate(last.map(({ macroF1 }) => macroF1)),
    logLoss: estimate(last.map(({ logLoss }) => logLoss)),
    area: estimate(upTo.map((run) => meanHeight(run.map(({ labels: x, accuracy: y }) => ({ x, y }))))),
    seconds: {
      train: perSeed('train'),
      score: perSeed('score'),
      select: perSeed('select'),
      evaluate: perSeed('evaluate'),
      ...(own.some(({ seconds }) => seconds.learner !== undefined) && { learner: perSeed('learner') }),
    },
  };
}
