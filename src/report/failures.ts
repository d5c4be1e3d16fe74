import type { RunData } from './run-data.js';
import { heading, type HeadingLevel, NOTHING, type Section } from './section.js';
import { htmlTable, type ReportTable } from './table.js';

/** Runs that ended in an error and were not made up for, where there are any. */
export function renderFailures({ id, failures }: RunData, level: HeadingLevel): Section {
  if (failures.length === 0) return NOTHING;
  const table: ReportTable = {
    id: 'failures',
    caption: 'Runs that failed',
    columns: ['strategy', 'seed', 'time (UTC)', 'code', 'reason'],
    rows: failures.map(({ strategy, seed, at, code, reason }) => [
      strategy,
      { text: String(seed), value: seed },
      at.slice(0, 19).replace('T', ' '),
      code ?? '–',
      { text: reason, value: reason, look: 'words' },
    ]),
    note: 'The rounds before a failure count above. "querent run --resume" tries these runs again.',
  };
  return { html: `${heading(level, 'What failed', `${id}-failures`)}\n${htmlTable(table)}`, tables: [table] };
}
