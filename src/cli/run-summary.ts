import type { Comparison } from '../experiment/comparison.js';
import type { ExperimentResult } from '../experiment/experiment.js';
import type { FailureRecord } from '../experiment/records.js';
import type { Saving } from '../experiment/savings.js';
import { numberEstimate, percentEstimate } from '../report/format.js';
import { alignTable } from './effects.js';

/** What came out, for people: a line per strategy, then the headline, and what was labelled beside the budget. */
export function summaryTable({ config, rounds, summary, comparison }: ExperimentResult): string {
  const { baseline, headline } = comparison;
  const against = baseline === null ? [] : [`area - ${baseline}`, 'p (Holm)', 'labels saved'];
  const rows = summary.map((row) => [
    row.strategy,
    String(row.seeds),
    String(row.labels),
    percentEstimate(row.accuracy),
    numberEstimate(row.logLoss),
    percentEstimate(row.area),
    ...(baseline === null ? [] : againstBaseline(row.strategy, comparison)),
  ]);
  const header = ['strategy', 'seeds', 'labels', 'accuracy', 'log-loss', 'area under curve', ...against];
  const held = Math.max(0, ...rounds.map(({ validationLabels = 0 }) => validationLabels));
  const beside = held > 0 ? `${held} labels of the validation split, beside the budget of ${config.budget}\n` : '';
  return `${alignTable(header, rows, 1)}\n${headline}\n${beside}`;
}

function againstBaseline(strategy: string, { baseline, pairs, savings }: Comparison): string[] {
  const pair = pairs.find((each) => each.strategy === strategy && each.other === baseline);
  if (pair === undefined) return ['', '', ''];
  const { difference, holmBaseline } = pair.area;
  const sign = difference.mean < 0 ? '' : '+';
  return [
    `${sign}${percentEstimate(difference)}`,
    holmBaseline === null ? '' : holmBaseline < 0.001 ? '< 0.001' : holmBaseline.toFixed(3),
    savedLabels(savings.find((saving) => saving.strategy === strategy)),
  ];
}

function savedLabels(saving: Saving | undefined): string {
  if (saving === undefined) return '';
  if (saving.saved === null) return 'not reached';
  const { interval } = saving;
  const end = (value: number | null): string => (value === null ? '?' : value.toFixed(0));
  return `${saving.saved.toFixed(0)}${interval === null ? '' : ` (${end(interval.low)} to ${end(interval.high)})`}`;
}

/** The runs that ended in an error. */
export function failureTable(failures: readonly FailureRecord[]): string {
  const rows = failures.map(({ strategy, seed, reason }) => [strategy, String(seed), reason.replace(/\s+/g, ' ')]);
  return alignTable(['failed', 'seed', 'why'], rows, 3);
}
