import { curvesOf } from '../experiment/curves.js';
import { deviationOf, meanOf } from '../experiment/statistics/estimate.js';
import type { RunData } from './run-data.js';
import { count, heading, type HeadingLevel, NOTHING, type Section } from './section.js';
import { type Cell, htmlTable, type ReportTable } from './table.js';

/** Means that differ by less are level. */
const ROUNDING = 1e-12;

/** Accuracies as papers print them: strategies by numbers of labels, mean and standard deviation in percent. */
export function renderDeviations(run: RunData, level: HeadingLevel): Section {
  const curves = curvesOf(run.rounds);
  const rows = run.strategies.flatMap((strategy) => {
    const byLabels = new Map<number, number[]>();
    for (const { x, y } of [...(curves.get(strategy)?.values() ?? [])].flat()) {
      byLabels.set(x, [...(byLabels.get(x) ?? []), y]);
    }
    return byLabels.size === 0 ? [] : [{ strategy, byLabels }];
  });
  const values = rows.flatMap(({ byLabels }) => [...byLabels.values()]);
  const most = Math.max(0, ...values.map(({ length }) => length));
  if (most < 2) return NOTHING;
  const least = Math.min(...values.map(({ length }) => length));
  const labels = [...new Set(rows.flatMap(({ byLabels }) => [...byLabels.keys()]))].sort((a, b) => a - b);
  const best = new Map(
    labels.map((n) => [n, Math.max(...rows.map(({ byLabels }) => meanOf(byLabels.get(n) ?? [-Infinity])))]),
  );
  const cell = (accuracies: readonly number[] | undefined, n: number): Cell => {
    if (accuracies === undefined) return { text: '–', value: null };
    const mean = meanOf(accuracies);
    const spread = accuracies.length < 2 ? '' : ` ± ${(100 * deviationOf(accuracies)).toFixed(2)}`;
    const isBest = rows.length > 1 && mean >= (best.get(n) ?? Infinity) - ROUNDING;
    const text = `${(100 * mean).toFixed(2)}${spread}${isBest ? ' *' : ''}`;
    return { text, value: mean, look: isBest ? 'best' : undefined };
  };
  const seeds = least === most ? count(most, 'seed') : `${least} to ${most} seeds`;
  const table: ReportTable = {
    id: 'deviations',
    caption: `Accuracy in percent by labels bought, mean ± standard deviation over ${seeds}`,
    columns: ['strategy', ...labels.map((n) => n.toLocaleString('en'))],
    rows: rows.map(({ strategy, byLabels }): Cell[] => [strategy, ...labels.map((n) => cell(byLabels.get(n), n))]),
    note: `${rows.length > 1 ? 'The best mean of each column is marked *; whether it is ahead beyond chance, only tests can say. ' : ''}Standard deviation of single runs, with n − 1; it does not shrink with more seeds, as an interval of the mean does.`,
  };
  return {
    html: `${heading(level, 'Means and standard deviations', `${run.id}-deviations`)}\n${htmlTable(table)}`,
    tables: [table],
  };
}
