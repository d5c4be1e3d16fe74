import type { Comparison, PairComparison, TestedDifference } from '../experiment/comparison.js';
import { percent } from './format.js';
import type { Cell, ReportTable, ValueCell } from './table.js';

/** With more strategies the columns of a matrix are numbered instead of named. */
const NAMED_COLUMNS = 7;
const LEVEL = 0.05;
const SELF: ValueCell = { text: '·', value: null, look: 'self' };
const NONE: ValueCell = { text: '–', value: null };

/** Every strategy against the baseline with all tests, and every strategy against every other in a matrix. */
export function pairTables(comparison: Comparison): { against?: ReportTable | undefined; matrix: ReportTable } {
  const { baseline } = comparison;
  return { against: baseline === null ? undefined : againstTable(comparison, baseline), matrix: pairTable(comparison) };
}

function againstTable({ pairs }: Comparison, baseline: string): ReportTable {
  const own = pairs
    .filter(({ other }) => other === baseline)
    .sort((a, b) => b.area.difference.mean - a.area.difference.mean);
  return {
    id: 'against',
    caption: `Is it better than ${baseline}? Area under the accuracy curve, in points`,
    columns: [
      'strategy',
      'difference',
      'verdict',
      'p',
      'p of sign flips',
      'seeds won : tied : lost',
      'detectable',
      'at the end',
    ],
    rows: own.map(({ strategy, area, accuracy }): Cell[] => [
      strategy,
      difference(area),
      verdictOf(area.difference.mean, area.holmBaseline),
      pValue(area.holmBaseline),
      pValue(area.signFlip),
      `${area.wins} : ${area.ties} : ${area.losses}`,
      area.detectable === null ? NONE : { text: points(area.detectable), value: area.detectable },
      difference(accuracy),
    ]),
    note: `Mean over the seeds that both ran ± 95 % t interval. p: paired t test, corrected for all strategies that were run, shown or not (Holm); better and worse: below ${LEVEL}. p of sign flips is exact and not corrected. Detectable: the smallest true difference that so many seeds find in four of five experiments. At the end: difference in accuracy at the last number of labels.`,
  };
}

/** Significance of every pair: rows against columns. */
function pairTable({ strategies, pairs }: Comparison): ReportTable {
  return {
    id: 'significance',
    caption: 'Is the row better than the column? Difference in points, and p value',
    columns: ['strategy', ...columnNames(strategies)],
    rows: strategies.map((row, at): Cell[] => [
      rowName(strategies, at),
      ...strategies.map((column): Cell => (row === column ? SELF : pairCell(pairs, row, column))),
    ]),
    note: `Area under the accuracy curve, row minus column, mean over the seeds that both ran; paired t tests, corrected for all pairs that were run, shown or not (Holm); better and worse: p below ${LEVEL}.`,
  };
}

function pairCell(pairs: readonly PairComparison[], row: string, column: string): ValueCell {
  const straight = pairs.find(({ strategy, other }) => strategy === row && other === column);
  const pair = straight ?? pairs.find(({ strategy, other }) => strategy === column && other === row);
  if (pair === undefined) return NONE;
  const mean = straight === undefined ? -pair.area.difference.mean : pair.area.difference.mean;
  const { holm } = pair.area;
  const verdict = verdictOf(mean, holm);
  const tested = holm === null ? 'no test' : holm < 0.001 ? 'p < 0.001' : `p ${holm.toFixed(3)}`;
  return {
    text: `${verdict}\n${signed(100 * mean, 1)}\n${tested}`,
    value: `${verdict}; ${mean}; ${tested}`,
    look: verdict,
  };
}

function verdictOf(mean: number, p: number | null): 'better' | 'worse' | 'unclear' {
  if (p === null || p >= LEVEL || mean === 0) return 'unclear';
  return mean > 0 ? 'better' : 'worse';
}

/** How often the row was significantly ahead of the column, and the other way round. */
export function winLossTable({ strategies, wins, settings }: Comparison['winLoss']): ReportTable {
  const most = Math.max(...settings.flat());
  return {
    id: 'win-loss',
    caption: 'How often the row was ahead of the column : behind it',
    columns: ['strategy', ...columnNames(strategies)],
    rows: strategies.map((_, i): Cell[] => [
      rowName(strategies, i),
      ...strategies.map((_other, j): Cell => {
        if (i === j) return SELF;
        if ((settings[i]?.[j] ?? 0) === 0) return NONE;
        const [mine, theirs] = [wins[i]?.[j] ?? 0, wins[j]?.[i] ?? 0];
        const look = mine > theirs ? 'better' : mine < theirs ? 'worse' : 'unclear';
        return { text: `${Math.round(100 * mine)} : ${Math.round(100 * theirs)} %`, value: mine, look };
      }),
    ]),
    note: `Share of the label counts (the initial one plus 1, 2, 4, 8, … batches, and the last) at which a paired t test over seeds, not corrected, has p below ${LEVEL}${most > 1 ? `; mean over up to ${most} experiments` : ''}. The rest is undecided.`,
  };
}

function difference({ difference: { mean, interval } }: TestedDifference): ValueCell {
  const spread = interval === null ? '' : ` ± ${(100 * interval).toFixed(1)}`;
  return { text: `${signed(100 * mean, 1)}${spread}`, value: mean };
}

function pValue(p: number | null): ValueCell {
  return p === null ? NONE : { text: p < 0.001 ? '< 0.001' : p.toFixed(3), value: p };
}

function points(share: number): string {
  return percent(share).replace(' %', '');
}

function columnNames(strategies: readonly string[]): string[] {
  return strategies.length > NAMED_COLUMNS ? strategies.map((_, at) => `(${at + 1})`) : [...strategies];
}

function rowName(strategies: readonly string[], at: number): string {
  const name = strategies[at] ?? '';
  return strategies.length > NAMED_COLUMNS ? `(${at + 1}) ${name}` : name;
}

/** With a real minus, and without one for nothing. */
export function signed(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return text;
  return value < 0 ? `−${text}` : `+${text}`;
}
