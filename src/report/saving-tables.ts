import type { Comparison } from '../experiment/comparison.js';
import { learningCurve } from '../experiment/summary.js';
import { firstReach } from '../experiment/statistics/curve.js';
import { percent } from './format.js';
import { signed } from './matrices.js';
import type { RunData } from './run-data.js';
import type { Cell, ReportTable, ValueCell } from './table.js';

/** Steps between the accuracies that are looked up, coarsest first, and how many of them to have. */
const STEPS = [0.1, 0.05, 0.02, 0.01, 0.005];
const LEAST_TARGETS = 3;
const MOST_TARGETS = 6;

const NONE: ValueCell = { text: '–', value: null };

/** Labels saved against the baseline, and labels that the mean curves need for round accuracies. */
export function savingTables(run: RunData, comparison: Comparison): ReportTable[] {
  const reach = reachTable(run);
  return [...savingTable(comparison), ...(reach === undefined ? [] : [reach])];
}

function savingTable({ savings, baseline }: Comparison): ReportTable[] {
  if (savings.length === 0 || baseline === null) return [];
  const order = [...savings].sort((a, b) => (b.saved ?? -Infinity) - (a.saved ?? -Infinity) || 0);
  const rows = order.map(({ strategy, target, baselineLabels, labels, saved, interval, seeds }): Cell[] => [
    strategy,
    { text: percent(target), value: target },
    { text: String(baselineLabels), value: baselineLabels },
    labels === null ? { text: 'not reached', value: null } : { text: String(Math.ceil(labels)), value: labels },
    saved === null ? NONE : { text: signed(saved, 0), value: saved },
    interval === null ? NONE : { text: intervalText(interval), value: `${interval.low} to ${interval.high}` },
    { text: String(seeds), value: seeds },
  ]);
  return [
    {
      id: 'savings',
      caption: `Labels needed for what ${baseline} reaches at the end, most saved first`,
      columns: [
        'strategy',
        'accuracy',
        `labels of ${baseline}`,
        'labels needed',
        'labels saved',
        '95 % interval',
        'seeds',
      ],
      rows,
      note: 'Read off mean curves over the seeds that both ran, by straight lines between rounds. The interval draws seeds with replacement (percentile bootstrap); with few seeds it is too narrow rather than too wide.',
    },
  ];
}

/** An end that is not known: in so many draws the accuracy was not reached at all. */
function intervalText({ low, high }: { low: number | null; high: number | null }): string {
  const end = (value: number | null): string => (value === null ? 'not reached' : signed(value, 0));
  return low === null && high === null ? 'not reached' : `${end(low)} to ${end(high)}`;
}

function reachTable({ rounds, strategies }: RunData): ReportTable | undefined {
  const curves = strategies
    .map((strategy) => ({
      strategy,
      points: learningCurve(rounds, strategy, 'accuracy').map(({ labels, mean }) => ({ x: labels, y: mean })),
    }))
    .filter(({ points }) => points.length > 1);
  const targets = targetsBetween(
    Math.max(...curves.map(({ points }) => points[0]?.y ?? 0)),
    Math.max(...curves.flatMap(({ points }) => points.map(({ y }) => y))),
  );
  if (curves.length === 0 || targets.length === 0) return undefined;
  return {
    id: 'reach',
    caption: 'Labels at which the mean accuracy first reaches',
    columns: ['strategy', ...targets.map((target) => percent(target))],
    rows: curves.map(({ strategy, points }): Cell[] => [
      strategy,
      ...targets.map((target): Cell => {
        const labels = firstReach(points, target);
        return labels === null
          ? { text: 'not reached', value: null }
          : { text: String(Math.ceil(labels)), value: labels };
      }),
    ]),
  };
}

/** Round accuracies above the start and up to the best. */
export function targetsBetween(low: number, high: number): number[] {
  for (const step of STEPS) {
    const [first, last] = [Math.floor(low / step + 1e-9) + 1, Math.floor(high / step + 1e-9)];
    if (last - first + 1 < LEAST_TARGETS) continue;
    return Array.from({ length: last - first + 1 }, (_, at) => (first + at) * step).slice(-MOST_TARGETS);
  }
  return [];
}
