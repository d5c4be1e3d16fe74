import { curvesOf } from '../experiment/curves.js';
import { pairsByLabels } from '../experiment/label-tests.js';
import { estimate, meanOf } from '../experiment/statistics/estimate.js';
import { accuracyFigure } from './curves.js';
import { percent } from './format.js';
import { escapeHtml } from './html.js';
import { signed } from './matrices.js';
import { colorsOf, findShown, type RunData, SERIES_COLORS } from './run-data.js';
import { heading, type HeadingLevel, listOf, NOTHING, type Section } from './section.js';
import { type Cell, htmlTable, type ReportTable } from './table.js';

/** Every comparison that was asked for, where the run has its strategies. */
export async function renderDuels(
  run: RunData,
  level: HeadingLevel,
  compare: readonly (readonly string[])[] = [],
): Promise<Section[]> {
  const sections: Section[] = [];
  for (const [at, wanted] of compare.entries()) sections.push(await renderDuel(run, wanted, at + 1, level));
  return sections;
}

/**
 * The learning curves of a few strategies by themselves, and how far the first is ahead of each other by numbers of labels.
 *
 * @param wanted Two strategies or more, by label or by name.
 * @param at Which comparison of the page it is, from 1.
 */
async function renderDuel(run: RunData, wanted: readonly string[], at: number, level: HeadingLevel): Promise<Section> {
  const strategies = [...new Set(wanted.flatMap((strategy) => findShown(run, strategy) ?? []))];
  const rounds = run.rounds.filter(({ strategy }) => strategies.includes(strategy));
  const [first, ...others] = strategies;
  if (first === undefined || others.length === 0 || rounds.length === 0) return NOTHING;
  const few = { ...run, strategies, rounds };
  const colors = colorsOf(run.strategies.length <= SERIES_COLORS ? run : few);
  const id = `${run.id}-compare-${at}`;
  const figure = await accuracyFigure(
    few,
    new Map(strategies.map((strategy) => [strategy, `var(--series-${colors.get(strategy) ?? 1})`])),
    'By labels bought. Mean over seeds; the bands are 95 % t intervals.',
    id,
  );
  const tables = others.flatMap((other, place) => differenceTable(run, first, other, `compare-${at}-${place + 1}`));
  return {
    html: [
      heading(level, escapeHtml(`${first} against ${listOf(others)}`), id),
      figure,
      ...tables.map((table) => htmlTable(table)),
    ].join('\n'),
    tables,
  };
}

function differenceTable(run: RunData, first: string, other: string, id: string): ReportTable[] {
  const pairs = pairsByLabels(curvesOf(run.rounds), first, other);
  if (pairs.length === 0) return [];
  const rows = pairs.map(({ labels, first: mine, second: theirs }): Cell[] => {
    const { mean, interval, n } = estimate(mine.map((value, at) => value - (theirs[at] as number)));
    const spread = interval === null ? '' : ` ± ${(100 * interval).toFixed(2)}`;
    return [
      { text: labels.toLocaleString('en'), value: labels },
      { text: String(n), value: n },
      { text: percent(meanOf(mine)), value: meanOf(mine) },
      { text: percent(meanOf(theirs)), value: meanOf(theirs) },
      { text: `${signed(100 * mean, 2)}${spread}`, value: mean },
    ];
  });
  return [
    {
      id,
      caption: `Accuracy of ${first} and ${other} by labels bought, and the difference in points`,
      columns: ['labels', 'seeds', first, other, `${first} − ${other}`],
      rows,
      note: 'Means over the seeds with which both have so many labels; the difference with its 95 % t interval over pairs of runs with the same seed. Intervals are pointwise: with many numbers of labels one of them will leave out zero by chance.',
    },
  ];
}
