import { type Comparison, compareRun, type PairResult, type Saving } from './comparison.js';
import { baselineOf, type RunData } from './run-data.js';
import { count, heading, type HeadingLevel, NOTHING, type Section } from './section.js';
import { type Cell, htmlTable, type ReportTable, type ValueCell } from './table.js';

/** What came out, in words and in matrices. */
export interface Findings {
  readonly headline: string;
  /** Sentences below it. */
  readonly standfirst: string;
  readonly sections: readonly Section[];
}

/** With more strategies the columns of a matrix are numbered instead of named. */
const NAMED_COLUMNS = 7;

/** With more, they are set smaller. */
const SMALL_COLUMNS = 12;

/** Headline, labels saved, and every strategy against every other. */
export function renderFindings(run: RunData, level: HeadingLevel): Findings {
  const comparison = compareRun(run);
  if (comparison === undefined) {
    const isEmpty = run.strategies.length === 0;
    return {
      headline: isEmpty ? 'None of the chosen strategies is in this run' : 'No round is finished so far',
      standfirst: 'There is nothing to compare.',
      sections: [],
    };
  }
  const sections = renderComparison(run, comparison, level);
  return { headline: comparison.headline, standfirst: comparison.sentences.join(' '), sections };
}

/** Labels saved, and every strategy against every other. */
export function renderComparison(run: RunData, comparison: Comparison, level: HeadingLevel): Section[] {
  return [savingSection(run, comparison, level), pairSection(run, comparison, level)];
}

function savingSection(run: RunData, { savings }: Comparison, level: HeadingLevel): Section {
  if (savings.length === 0) return NOTHING;
  const baseline = baselineOf(run) ?? 'the baseline';
  const targets = [...new Set(savings.map(({ target }) => target))];
  const tables = targets.map((target, at) => {
    const own = savings.filter((saving) => saving.target === target);
    return savingTable(at === 0 ? 'savings' : `savings-${at + 1}`, target, baseline, own);
  });
  const [first, ...others] = tables.map((table) => htmlTable(table));
  const more = `<details><summary>${count(others.length, 'other accuracy').replace('accuracys', 'accuracies')}</summary>\n${others.join('\n')}</details>`;
  const html = [heading(level, 'Labels saved', `${run.id}-savings`), first, ...(others.length > 0 ? [more] : [])];
  return { html: html.join('\n'), tables };
}

function savingTable(id: string, target: string, baseline: string, savings: readonly Saving[]): ReportTable {
  const none: ValueCell = { text: '–', value: null };
  return {
    id,
    caption: `Labels needed to reach ${target}, and how many fewer than ${baseline}`,
    columns: ['strategy', 'labels needed', 'labels saved', '95 % interval', 'seeds that reached it'],
    rows: savings.map(({ strategy, labels, saved, low, high, reached, seeds }): Cell[] => [
      strategy,
      labels === null ? { text: 'not reached', value: null } : { text: labels.toFixed(0), value: labels },
      saved === null ? none : { text: signed(saved, 0), value: saved },
      low === null || high === null
        ? none
        : { text: `${signed(low, 0)} to ${signed(high, 0)}`, value: `${low} to ${high}` },
      { text: `${reached} of ${seeds}`, value: reached },
    ]),
    note: `Mean over the seeds in which both the strategy and ${baseline} reached it. A negative number: more labels than ${baseline}.`,
  };
}

function pairSection(run: RunData, comparison: Comparison, level: HeadingLevel): Section {
  const { pairs, winLoss } = comparison;
  const tables = [
    ...(pairs.length === 0 ? [] : [pairTable(run.strategies, pairs)]),
    ...(winLoss === undefined ? [] : [winLossTable(winLoss)]),
  ];
  if (tables.length === 0) return NOTHING;
  const look = run.strategies.length > SMALL_COLUMNS ? 'matrix small' : 'matrix';
  const html = tables.map((table) => htmlTable(table, look));
  return { html: [heading(level, 'Who beats whom', `${run.id}-pairs`), ...html].join('\n'), tables };
}

/** Significance of every pair: rows against columns. */
function pairTable(strategies: readonly string[], pairs: readonly PairResult[]): ReportTable {
  const named = strategies.filter((name) => pairs.some(({ strategy, other }) => strategy === name || other === name));
  const find = (row: string, column: string): PairResult | undefined => {
    const straight = pairs.find(({ strategy, other }) => strategy === row && other === column);
    if (straight !== undefined) return straight;
    const mirrored = pairs.find(({ strategy, other }) => strategy === column && other === row);
    const opposite = { better: 'worse', worse: 'better', unclear: 'unclear' } as const;
    return mirrored && { ...mirrored, difference: -mirrored.difference, verdict: opposite[mirrored.verdict] };
  };
  return {
    id: 'significance',
    caption: 'Is the row better than the column? Difference in points, and p value',
    columns: ['strategy', ...columnNames(named)],
    rows: named.map((row, at): Cell[] => [
      rowName(named, at),
      ...named.map((column): Cell => (row === column ? SELF : pairCell(find(row, column)))),
    ]),
    note: 'Mean over seeds of the area under the accuracy curve, row minus column, in percentage points; the p values are corrected for the number of pairs (Holm).',
  };
}

const SELF: ValueCell = { text: '·', value: null, look: 'self' };

function pairCell(pair: PairResult | undefined): ValueCell {
  if (pair === undefined) return { text: '–', value: null, look: 'unclear' };
  const { difference, p, verdict } = pair;
  const tested = p === null ? 'no test' : p < 0.001 ? 'p < 0.001' : `p ${p.toFixed(3)}`;
  return {
    text: `${verdict}\n${signed(100 * difference, 1)}\n${tested}`,
    value: `${verdict}; ${difference}; ${tested}`,
    look: verdict,
  };
}

function winLossTable({ strategies, wins, comparisons }: NonNullable<Comparison['winLoss']>): ReportTable {
  return {
    id: 'win-loss',
    caption: `Rounds that the row won : lost against the column, of ${comparisons}`,
    columns: ['strategy', ...columnNames(strategies), 'won', 'lost'],
    rows: strategies.map((_, i): Cell[] => {
      const won = (wins[i] ?? []).reduce((sum, value) => sum + value, 0);
      const lost = wins.reduce((sum, row) => sum + (row[i] ?? 0), 0);
      const cells = strategies.map((_other, j): Cell => {
        if (i === j) return SELF;
        const [mine, theirs] = [wins[i]?.[j] ?? 0, wins[j]?.[i] ?? 0];
        const look = mine > theirs ? 'better' : mine < theirs ? 'worse' : 'unclear';
        return { text: `${mine} : ${theirs}`, value: mine, look };
      });
      return [rowName(strategies, i), ...cells, { text: String(won), value: won }, { text: String(lost), value: lost }];
    }),
  };
}

function columnNames(strategies: readonly string[]): string[] {
  return strategies.length > NAMED_COLUMNS ? strategies.map((_, at) => `(${at + 1})`) : [...strategies];
}

function rowName(strategies: readonly string[], at: number): string {
  const name = strategies[at] ?? '';
  return strategies.length > NAMED_COLUMNS ? `(${at + 1}) ${name}` : name;
}

/** With a real minus. */
function signed(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? `−${text}` : `${Number(text) === 0 ? '' : '+'}${text}`;
}
