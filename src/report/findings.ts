import { compareStrategies, type Comparison } from '../experiment/comparison.js';
import { headlineOf } from '../experiment/headline.js';
import { winLossMatrix } from '../experiment/win-loss.js';
import { baselineOf, type RunData } from './run-data.js';
import { pairTables, winLossTable } from './matrices.js';
import { savingTables } from './saving-tables.js';
import { heading, type HeadingLevel, NOTHING, type Section } from './section.js';
import { htmlTable } from './table.js';

/** What came out, in words and in tables. */
export interface Findings {
  readonly headline: string;
  /** What follows the headline. */
  readonly standfirst: string;
  readonly sections: readonly Section[];
}

/** With more strategies, matrices are set smaller. */
const SMALL_COLUMNS = 12;

/** Headline, labels saved, and every strategy against every other; all numbers are those of the experiment's statistics. */
export function renderFindings(run: RunData, level: HeadingLevel): Findings {
  if (run.strategies.length === 0) {
    return { headline: 'None of the chosen strategies is in this run', standfirst: '', sections: [] };
  }
  const comparison = compareShown(run);
  const { headline, rest } = splitHeadline(comparison.headline);
  return { headline, standfirst: rest, sections: renderComparison(run, comparison, level) };
}

/** Compared over all that was run, then cut to what is shown: leaving strategies out must not make a p value smaller. */
export function compareShown(run: RunData): Comparison {
  const baseline = baselineOf(run);
  const whole = compareStrategies(run.allRounds, { baseline });
  const isShown = (name: string): boolean => run.strategies.includes(name);
  const found = {
    strategies: whole.strategies.filter(isShown),
    baseline: baseline === undefined ? null : whole.baseline,
    pairs: whole.pairs.filter(({ strategy, other }) => isShown(strategy) && isShown(other)),
    savings: baseline === undefined ? [] : whole.savings.filter(({ strategy }) => isShown(strategy)),
    winLoss: winLossMatrix([run.rounds]),
  };
  return { ...found, headline: headlineOf(found, run.rounds) };
}

/** What comes before the first colon or full stop, and the rest as sentences. */
export function splitHeadline(text: string): { headline: string; rest: string } {
  const [, headline = text, rest = ''] = /^(.*?)(?:[:.] |\.$)([^]*)$/.exec(text) ?? [];
  return { headline, rest: rest.slice(0, 1).toUpperCase() + rest.slice(1) };
}

/** Labels saved, and every strategy against every other. */
export function renderComparison(run: RunData, comparison: Comparison, level: HeadingLevel): Section[] {
  return [savingSection(run, comparison, level), pairSection(run, comparison, level)];
}

function savingSection(run: RunData, comparison: Comparison, level: HeadingLevel): Section {
  const tables = savingTables(run, comparison);
  if (tables.length === 0) return NOTHING;
  const html = tables.map((table) => htmlTable(table));
  return { html: [heading(level, 'Labels needed', `${run.id}-savings`), ...html].join('\n'), tables };
}

function pairSection(run: RunData, comparison: Comparison, level: HeadingLevel): Section {
  const { pairs, winLoss } = comparison;
  if (pairs.length === 0) return NOTHING;
  const { against, matrix } = pairTables(comparison);
  const isTested = winLoss.settings.some((row) => row.some((settings) => settings > 0));
  const matrices = [matrix, ...(isTested ? [winLossTable(winLoss)] : [])];
  const look = run.strategies.length > SMALL_COLUMNS ? 'matrix small' : 'matrix';
  const html = [
    heading(level, 'Who beats whom', `${run.id}-pairs`),
    ...(against === undefined ? [] : [htmlTable(against)]),
    ...matrices.map((table) => htmlTable(table, look)),
  ];
  return { html: html.join('\n'), tables: [...(against === undefined ? [] : [against]), ...matrices] };
}

/** Over several experiments: how often each strategy was ahead of each other. */
export function renderTogether(runs: readonly RunData[], winLoss: Comparison['winLoss']): Section {
  if (runs.length < 2 || !winLoss.settings.some((row) => row.some((settings) => settings > 1))) return NOTHING;
  const table = winLossTable(winLoss);
  return {
    html: `${heading(2, 'All experiments together', 'together')}\n${htmlTable(table, 'matrix')}`,
    tables: [table],
  };
}
