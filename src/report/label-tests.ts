import { armsOf } from '../experiment/config.js';
import { type LabelTest, testsByLabels } from '../experiment/label-tests.js';
import { escapeHtml } from './html.js';
import { signed } from './matrices.js';
import { findShown, type RunData } from './run-data.js';
import { count, heading, type HeadingLevel, NOTHING, type Section } from './section.js';
import { type Cell, htmlTable, type ReportTable, type ValueCell } from './table.js';

const LEVEL = 0.05;
/** Longer tables are folded. */
const OPEN_ROWS = 30;
const NONE: ValueCell = { text: '–', value: null };

/**
 * One strategy against every other, test by test, at every number of labels.
 *
 * @param focus Its label or name; default the first arm of `sral`. Without one there is no such section.
 */
export function renderLabelTests(run: RunData, level: HeadingLevel, focus?: string): Section {
  const strategy = focus === undefined ? firstOf(run, 'sral') : findShown(run, focus);
  if (strategy === undefined) return NOTHING;
  const tests = testsByLabels(run.allRounds, strategy);
  const shown = tests.filter(({ other }) => run.strategies.includes(other));
  const made = tests.filter(({ paired }) => paired !== null).length;
  if (made === 0 || shown.length === 0) return NOTHING;
  const table: ReportTable = {
    id: 't-tests',
    caption: `t tests of ${strategy} against each other strategy, by labels bought`,
    columns: [
      ...['against', 'labels', 'seeds', 'difference in points'],
      ...['p, paired t', 'Holm', 'p, Welch t', 'Holm'],
    ],
    rows: shown.map(({ other, labels, seeds, difference: { mean, interval }, ...test }): Cell[] => [
      other,
      { text: labels.toLocaleString('en'), value: labels },
      { text: String(seeds), value: seeds },
      { text: `${signed(100 * mean, 2)}${interval === null ? '' : ` ± ${(100 * interval).toFixed(2)}`}`, value: mean },
      ...[test.paired, test.pairedHolm, test.welch, test.welchHolm].map(pValue),
    ]),
    note: `Difference: mean of ${strategy} minus the other over the seeds with which both have so many labels, ± 95 % t interval. All tests are two-sided. Papers often do not say whether the t tests in such a table were paired, that of SRAL among them, so both are here: paired over seeds, which is right where a seed decides the first labels of all strategies, and Welch's, which treats runs as unrelated. Holm: corrected for all ${count(made, 'test')} with the strategies that were run, shown or not. A dash: one seed only, or both begin with the same labels, so there is nothing to test.`,
  };
  const html = htmlTable(table);
  const sub = `Below ${LEVEL}: ${tally(shown, 'paired', 'pairedHolm')} by the paired test, ${tally(shown, 'welch', 'welchHolm')} by Welch's.`;
  return {
    html: `${heading(level, 't-tests by labels', `${run.id}-t-tests`)}
<p class="figure-sub">${escapeHtml(sub)}</p>
${shown.length > OPEN_ROWS ? `<details><summary>The tests as a table</summary>\n${html}\n</details>` : html}`,
    tables: [table],
  };
}

function firstOf({ manifest, strategies }: RunData, name: string): string | undefined {
  return armsOf(manifest.config).find((arm) => arm.name === name && strategies.includes(arm.label))?.label;
}

/** `3 of 6 tests (1 after Holm's correction)`. */
function tally(tests: readonly LabelTest[], p: 'paired' | 'welch', corrected: 'pairedHolm' | 'welchHolm'): string {
  const below = (key: keyof LabelTest): number => tests.filter((test) => Number(test[key] ?? 1) < LEVEL).length;
  const made = tests.filter((test) => test[p] !== null).length;
  return `${below(p)} of ${count(made, 'test')} (${below(corrected)} after Holm's correction)`;
}

/** With the four digits that such tables are printed with. */
function pValue(p: number | null): ValueCell {
  return p === null ? NONE : { text: p < 0.0001 ? '< 0.0001' : p.toFixed(4), value: p };
}
