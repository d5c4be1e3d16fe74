import { summarize } from '../experiment/summary.js';
import { duration, percent } from './format.js';
import { escapeHtml } from './html.js';
import type { RunData } from './run-data.js';
import { heading, type HeadingLevel, NOTHING, type Section } from './section.js';
import { type Cell, htmlTable, type ReportTable } from './table.js';

/** What the seconds of a round were spent on, and the colour of each. */
const PARTS = [
  { key: 'train', name: 'training', color: 'var(--class-7)' },
  { key: 'score', name: 'predicting the pool', color: 'var(--class-5)' },
  { key: 'select', name: 'scoring and selecting', color: 'var(--class-2)' },
  { key: 'evaluate', name: 'measuring', color: 'var(--class-9)' },
  { key: 'learner', name: 'final learner', color: 'var(--class-4)' },
] as const;

/** Where the time of a round went, per strategy. */
export function renderTimings({ id, rounds }: RunData, level: HeadingLevel): Section {
  if (rounds.length === 0) return NOTHING;
  const hasLearner = rounds.some(({ seconds }) => seconds.learner !== undefined);
  const shown = PARTS.filter(({ key }) => key !== 'learner' || hasLearner);
  const times = summarize(rounds).map(({ strategy, seeds, seconds }) => {
    const perSeed = rounds.filter((record) => record.strategy === strategy).length / seeds;
    const parts = shown.map(({ key }) => (seconds[key] ?? 0) / perSeed);
    const total = parts.reduce((sum, part) => sum + part, 0);
    return { strategy, parts, total, choosing: seconds.select / perSeed / (total || 1) };
  });
  const most = Math.max(...times.map(({ total }) => total)) || 1;
  const table: ReportTable = {
    id: 'timings',
    caption: 'Seconds per round, mean over rounds and seeds',
    columns: ['strategy', ...shown.map(({ name }) => name), 'in all', 'choosing, share of the round'],
    rows: times.map(({ strategy, parts, total, choosing }): Cell[] => [
      strategy,
      ...[...parts, total].map((seconds): Cell => ({ text: duration(seconds), value: seconds })),
      { text: percent(choosing), value: choosing },
    ]),
    note: 'Choosing is scoring and selecting; where a strategy trains and measures the model within its query, that time is in those columns.',
  };
  const legend = shown.map(({ name, color }) => `<li class="square"><i style="background:${color}"></i>${name}</li>`);
  const bars = times.map(({ strategy, parts, total }) => {
    const pieces = parts.map(
      (seconds, at) => `<i style="width:${((80 * seconds) / most).toFixed(2)}%;background:${shown[at]?.color}"></i>`,
    );
    return `<span>${escapeHtml(strategy)}</span><div class="bar">${pieces.join('')}<b>${duration(total)}</b></div>`;
  });
  const label = `Seconds per round: ${times.map(({ strategy, total }) => `${strategy} ${duration(total)}`).join('; ')}`;
  const html = `${heading(level, 'Time per round', `${id}-timings`)}
<ul class="legend">${legend.join('')}</ul>
<div class="bars" role="img" aria-label="${escapeHtml(label)}">${bars.join('\n')}</div>
<details><summary>The seconds as a table</summary>\n${htmlTable(table)}\n</details>`;
  return { html, tables: [table] };
}
