import type { RoundRecord } from '../experiment/records.js';
import type { CurvePoint, StrategySummary } from '../experiment/summary.js';
import { learningCurve, summarize } from '../experiment/summary.js';
import { type ChartOptions, learningCurveSpec, renderSvg, type Series } from './chart.js';
import { curvePanels } from './curve-panels.js';
import { numberEstimate, percent, percentEstimate } from './format.js';
import { escapeHtml } from './html.js';
import { baselineOf, colorsOf, type RunData, SERIES_COLORS } from './run-data.js';
import { count, heading, type HeadingLevel, NOTHING, type Section } from './section.js';
import { type Cell, htmlTable, type ReportTable } from './table.js';

const WIDE = { width: 800, height: 430, nameLength: 30 };
const NARROW = { width: 360, height: 350, nameLength: 14 };
const SMALL = { width: 400, height: 280, nameLength: 16 };

/** With more strategies than colours, this many of the best are named; the others are grey. */
const NAMED = 6;

type ReportMeasure = 'accuracy' | 'macroF1' | 'logLoss' | 'ece';

interface MeasureText extends Pick<ChartOptions, 'yFormat' | 'yLimits'> {
  readonly title: string;
  readonly note: string;
  readonly format: (value: number) => string;
}

const MEASURES: Readonly<Record<ReportMeasure, MeasureText>> = {
  accuracy: {
    title: 'Accuracy on the test set',
    note: 'higher is better',
    yFormat: '.0%',
    yLimits: [0, 1],
    format: percent,
  },
  macroF1: {
    title: 'Macro F1',
    note: 'mean over classes; higher is better',
    yFormat: '.0%',
    yLimits: [0, 1],
    format: percent,
  },
  logLoss: {
    title: 'Log-loss',
    note: 'nats; lower is better',
    yFormat: '.2f',
    yLimits: [0, Infinity],
    format: (value) => value.toFixed(3),
  },
  ece: {
    title: 'Calibration error (ECE)',
    note: 'gap between confidence and accuracy; lower is better',
    yFormat: '.0%',
    yLimits: [0, 1],
    format: percent,
  },
};

/** Mean and interval by number of labels. */
function curveOf(rounds: readonly RoundRecord[], strategy: string, measure: ReportMeasure): CurvePoint[] {
  if (measure !== 'ece') return learningCurve(rounds, strategy, measure);
  const known = rounds.flatMap((record) => (record.ece === undefined ? [] : [{ ...record, accuracy: record.ece }]));
  return learningCurve(known, strategy, 'accuracy');
}

/** Learning curves of every measure, and the results at their ends. */
export async function renderCurves(run: RunData, level: HeadingLevel): Promise<Section> {
  const { id, rounds } = run;
  if (rounds.length === 0) return NOTHING;
  const summaries = ranked(rounds);
  const colors = seriesColors(run, summaries);
  const seeds = Math.max(...summaries.map((summary) => summary.seeds));
  const weak = [...colors.values()].filter((color) => color === null).length;
  const seedsText =
    seeds > 1 ? `Mean over ${seeds} seeds; the bands are 95 % t intervals.` : 'One seed, so no interval.';
  const weakText = weak > 0 ? ` The ${count(weak, 'other strategy').replace('strategys', 'strategies')} in grey.` : '';
  const others = (['macroF1', 'logLoss', 'ece'] as const).filter(
    (measure) => measure !== 'ece' || rounds.some(({ ece }) => ece !== undefined),
  );
  const small: string[] = [];
  for (const measure of others) {
    const { title, note } = MEASURES[measure];
    const svg = await drawn(run, measure, colors, SMALL, `${id}-${measure}`);
    small.push(`<figure>${figureTitle(title, note)}${svg}</figure>`);
  }
  const results = resultsTable(summaries, rounds);
  const numbers = curveTable(run, summaries);
  const html = [
    heading(level, 'Learning curves', `${id}-curves`),
    await accuracyFigure(run, colors, `By labels bought. ${seedsText}${weakText}`, `${id}-accuracy`),
    `<div class="duo">${small.join('\n')}</div>`,
    weak > 0 ? curvePanels(run, (strategy) => curveOf(rounds, strategy, 'accuracy')) : '',
    htmlTable(results),
    `<details><summary>Accuracy after every round</summary>\n${htmlTable(numbers)}\n</details>`,
    `<details><summary>Every seed</summary>\n${htmlTable(seedsTable(rounds))}\n</details>`,
  ];
  return { html: html.filter((part) => part !== '').join('\n'), tables: [results, numbers, seedsTable(rounds)] };
}

/**
 * Accuracy curves of a run's strategies, once for screens and once for phones.
 *
 * @param colors CSS colour of every strategy; null: in the background.
 * @param id Unique in the page.
 */
export async function accuracyFigure(
  run: RunData,
  colors: ReadonlyMap<string, string | null>,
  sub: string,
  id: string,
): Promise<string> {
  return `<figure>${figureTitle(MEASURES.accuracy.title, sub)}
<div class="wide">${await drawn(run, 'accuracy', colors, WIDE, `${id}-wide`)}</div>
<div class="narrow">${await drawn(run, 'accuracy', colors, NARROW, `${id}-narrow`)}</div></figure>`;
}

/** Best accuracy first. */
function ranked(rounds: readonly RoundRecord[]): StrategySummary[] {
  return summarize(rounds).sort((a, b) => b.accuracy.mean - a.accuracy.mean);
}

/** CSS colour of every strategy; null where there are too many to name them all. */
function seriesColors(run: RunData, summaries: readonly StrategySummary[]): Map<string, string | null> {
  const numbers = colorsOf(run);
  const baseline = baselineOf(run);
  const variable = (number: number): string => `var(--series-${number})`;
  if (run.strategies.length <= SERIES_COLORS) {
    return new Map([...numbers].map(([strategy, number]) => [strategy, variable(number)]));
  }
  const best = summaries
    .map(({ strategy }) => strategy)
    .filter((strategy) => strategy !== baseline)
    .slice(0, NAMED);
  return new Map(
    run.strategies.map((strategy) => {
      if (strategy === baseline) return [strategy, variable(1)];
      return [strategy, best.includes(strategy) ? variable(best.indexOf(strategy) + 2) : null];
    }),
  );
}

export function figureTitle(title: string, sub: string): string {
  return `<p class="figure-title">${escapeHtml(title)}</p><p class="figure-sub">${escapeHtml(sub)}</p>`;
}

async function drawn(
  run: RunData,
  measure: ReportMeasure,
  colors: ReadonlyMap<string, string | null>,
  size: typeof WIDE,
  id: string,
): Promise<string> {
  const baseline = baselineOf(run);
  const series: Series[] = run.strategies.map((name) => ({
    name,
    color: colors.get(name) ?? null,
    isDashed: name === baseline,
    points: curveOf(run.rounds, name, measure).map(({ labels, mean, interval }) => ({ x: labels, y: mean, interval })),
  }));
  const { title, yFormat, yLimits, format } = MEASURES[measure];
  const ends = series
    .flatMap(({ name, points }) => points.slice(-1).map(({ x, y }) => ({ name, x, y })))
    .sort((a, b) => b.y - a.y)
    .map(({ name, x, y }) => `${name} ${format(y)} at ${x} labels`);
  const label = `${title} by labels bought. At the end: ${ends.join('; ')}.`;
  const spec = learningCurveSpec(series, { ...size, xTitle: 'labels bought', yFormat, yLimits });
  return renderSvg(spec, id, label);
}

function resultsTable(summaries: readonly StrategySummary[], rounds: readonly RoundRecord[]): ReportTable {
  const hasEce = rounds.some(({ ece }) => ece !== undefined);
  const share = (estimate: StrategySummary['accuracy']): Cell => ({
    text: percentEstimate(estimate),
    value: estimate.mean,
  });
  const eceOf = ({ strategy, labels }: StrategySummary): Cell => {
    const point = curveOf(rounds, strategy, 'ece').find((other) => other.labels === labels);
    return point === undefined ? { text: '–', value: null } : share(point);
  };
  const rows = summaries.map((summary): Cell[] => [
    summary.strategy,
    { text: String(summary.labels), value: summary.labels },
    share(summary.accuracy),
    share(summary.macroF1),
    { text: numberEstimate(summary.logLoss), value: summary.logLoss.mean },
    ...(hasEce ? [eceOf(summary)] : []),
    share(summary.area),
    { text: String(summary.seeds), value: summary.seeds },
  ]);
  return {
    id: 'results',
    caption: 'Results at the end of the curves, best accuracy first',
    columns: [
      ...['strategy', 'labels', 'accuracy', 'macro F1', 'log-loss'],
      ...(hasEce ? ['ECE'] : []),
      ...['area under curve', 'seeds'],
    ],
    rows,
    note: `On the test set, mean ± 95 % t interval over seeds, at the largest number of labels that all seeds of a strategy reached. Area under curve: mean accuracy over the labels bought, by trapezoids. Log-loss in nats.${hasEce ? ' ECE: expected calibration error.' : ''}`,
  };
}

function curveTable({ rounds, strategies }: RunData, summaries: readonly StrategySummary[]): ReportTable {
  const order = summaries.map(({ strategy }) => strategy).filter((strategy) => strategies.includes(strategy));
  const curves = order.map((strategy) => new Map(curveOf(rounds, strategy, 'accuracy').map((p) => [p.labels, p])));
  const labels = [...new Set(curves.flatMap((curve) => [...curve.keys()]))].sort((a, b) => a - b);
  return {
    id: 'curves',
    caption: 'Accuracy by strategy and labels bought, mean ± 95 % t interval',
    columns: ['strategy', ...labels.map(String)],
    rows: order.map((strategy, at): Cell[] => [
      strategy,
      ...labels.map((n): Cell => {
        const point = curves[at]?.get(n);
        return point === undefined ? { text: '–', value: null } : { text: percentEstimate(point), value: point.mean };
      }),
    ]),
  };
}

function seedsTable(rounds: readonly RoundRecord[]): ReportTable {
  const last = new Map<string, RoundRecord>();
  for (const record of rounds) {
    const key = `${record.seed} ${record.strategy}`;
    if (record.labels >= (last.get(key)?.labels ?? 0)) last.set(key, record);
  }
  return {
    id: 'seeds',
    caption: 'The last round of every seed',
    columns: ['strategy', 'seed', 'labels', 'accuracy', 'macro F1', 'log-loss', 'ended by'],
    rows: [...last.values()].map(({ strategy, seed, labels, accuracy, macroF1, logLoss, stop }) => [
      strategy,
      { text: String(seed), value: seed },
      { text: String(labels), value: labels },
      { text: percent(accuracy), value: accuracy },
      { text: percent(macroF1), value: macroF1 },
      { text: logLoss.toFixed(3), value: logLoss },
      stop ?? 'not finished',
    ]),
  };
}
