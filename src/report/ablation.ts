import { armsOf } from '../experiment/config.js';
import type { RoundRecord } from '../experiment/records.js';
import { learningCurve } from '../experiment/summary.js';
import type { Estimate } from '../experiment/statistics/estimate.js';
import { dotChartSpec, renderSvg } from './chart.js';
import { figureTitle } from './curves.js';
import { percentEstimate } from './format.js';
import { escapeHtml } from './html.js';
import type { RunData } from './run-data.js';
import { heading, type HeadingLevel, NOTHING, type Section } from './section.js';
import { type Cell, htmlTable, type ReportTable } from './table.js';

/** Values of an option below which there is no curve to draw. */
const LEAST_VALUES = 3;
/** Charts of one ablation, at numbers of labels spread over all there are. */
const CHARTS = 6;
const SIZE = { width: 400, height: 250 };

/** Arms of one strategy that are alike but for the value of one numeric option. */
export interface Ablation {
  readonly strategy: string;
  readonly option: string;
  /** Ascending in value. */
  readonly arms: readonly { readonly label: string; readonly value: number }[];
}

/** What an option of a strategy does: accuracy against its value, where an experiment has at least three of them. */
export async function renderAblations(run: RunData, level: HeadingLevel): Promise<Section> {
  const sections: Section[] = [];
  for (const [at, ablation] of findAblations(run).entries()) {
    sections.push(await renderAblation(run, ablation, at + 1, level));
  }
  return {
    html: sections
      .map(({ html }) => html)
      .filter((html) => html !== '')
      .join('\n'),
    tables: sections.flatMap(({ tables }) => tables),
  };
}

/** Options that were left out count with their defaults, where the folder says what these are. */
export function findAblations({ manifest, strategies }: RunData): Ablation[] {
  const resolved = new Map((manifest.arms ?? []).map(({ label, options }) => [label, options]));
  const arms = armsOf(manifest.config)
    .filter(({ label }) => strategies.includes(label))
    .map(({ label, name, options, training = {} }) => {
      return { label, name, training, options: resolved.get(label) ?? options };
    });
  const groups = new Map<string, { ablation: Omit<Ablation, 'arms'>; arms: Ablation['arms'] }>();
  for (const { label, name, training, options } of arms) {
    for (const [option, value] of Object.entries(options)) {
      if (typeof value !== 'number') continue;
      const { [option]: _, ...rest } = options;
      const key = JSON.stringify([name, option, inOrder(rest), inOrder(training)]);
      const group = groups.get(key) ?? { ablation: { strategy: name, option }, arms: [] };
      groups.set(key, { ...group, arms: [...group.arms, { label, value }] });
    }
  }
  return [...groups.values()].flatMap(({ ablation, arms: own }) => {
    const distinct = own.filter(({ value }, at) => own.findIndex((other) => other.value === value) === at);
    return distinct.length < LEAST_VALUES ? [] : [{ ...ablation, arms: distinct.sort((a, b) => a.value - b.value) }];
  });
}

/** Options in an order that does not depend on how they were written. */
function inOrder(options: Readonly<Record<string, unknown>>): [string, unknown][] {
  return Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Accuracy at a number of labels by the value of the option. */
interface Row {
  readonly labels: number;
  readonly points: readonly { readonly value: number; readonly accuracy: Estimate }[];
}

async function renderAblation(run: RunData, ablation: Ablation, at: number, level: HeadingLevel): Promise<Section> {
  const { strategy, option, arms } = ablation;
  const rows = rowsOf(run.rounds, ablation);
  if (rows.length === 0) return NOTHING;
  const id = `${run.id}-ablation-${at}`;
  const figures: string[] = [];
  for (const { labels, points } of chosen(rows)) {
    const texts = points.map(({ value, accuracy }) => `${percentEstimate(accuracy)} at ${value}`);
    const label = `Accuracy at ${labels} labels by ${option} of ${strategy}: ${texts.join('; ')}`;
    const spec = dotChartSpec({
      points: points.map(({ value, accuracy: { mean, interval } }) => ({ x: value, y: mean, interval })),
      color: 'var(--series-2)',
      xTitle: option,
      yFormat: '.0%',
      yLimits: [0, 1],
      ...SIZE,
    });
    const svg = await renderSvg(spec, `${id}-${labels}`, label);
    figures.push(`<figure>${figureTitle(`${labels.toLocaleString('en')} labels`, '')}${svg}</figure>`);
  }
  const table: ReportTable = {
    id: `ablation-${at}`,
    caption: `Accuracy by labels bought and ${option} of ${strategy}, mean ± 95 % t interval`,
    columns: ['labels', ...arms.map(({ value }) => `${option} ${value}`)],
    rows: rows.map(({ labels, points }): Cell[] => [
      { text: labels.toLocaleString('en'), value: labels },
      ...arms.map(({ value }): Cell => {
        const accuracy = points.find((point) => point.value === value)?.accuracy;
        return accuracy === undefined
          ? { text: '–', value: null }
          : { text: percentEstimate(accuracy), value: accuracy.mean };
      }),
    ]),
    note: `Arms of ${strategy} that are alike in every other option and in their training. Scales of the charts differ.`,
  };
  const html = [
    heading(level, `What <code>${escapeHtml(option)}</code> does to ${escapeHtml(strategy)}`, id),
    `<p class="figure-sub">${escapeHtml(`Accuracy on the test set by the value of ${option}, at numbers of labels. Mean over seeds; the bars are 95 % t intervals.`)}</p>`,
    `<div class="duo">${figures.join('\n')}</div>`,
    htmlTable(table),
  ];
  return { html: html.join('\n'), tables: [table] };
}

/** At numbers of labels that at least three of the arms reached, ascending. */
function rowsOf(rounds: readonly RoundRecord[], { arms }: Ablation): Row[] {
  const curves = arms.map(({ label, value }) => ({ value, points: learningCurve(rounds, label, 'accuracy') }));
  const labels = [...new Set(curves.flatMap(({ points }) => points.map((point) => point.labels)))];
  const rows = labels.map((n): Row => {
    const points = curves.flatMap(({ value, points: all }) => {
      const accuracy = all.find((point) => point.labels === n);
      return accuracy === undefined ? [] : [{ value, accuracy }];
    });
    return { labels: n, points };
  });
  return rows.filter(({ points }) => points.length >= LEAST_VALUES).sort((a, b) => a.labels - b.labels);
}

/** The last row and others at even distances before it, without a first one that all arms share. */
function chosen(rows: readonly Row[]): Row[] {
  const isShared = ({ points }: Row): boolean =>
    points.every(({ accuracy }) => accuracy.mean === points[0]?.accuracy.mean);
  const drawn = rows.filter((row, at) => at > 0 || rows.length === 1 || !isShared(row));
  const step = drawn.length / CHARTS;
  if (step <= 1) return drawn;
  return Array.from({ length: CHARTS }, (_, at) => drawn[Math.round((at + 1) * step) - 1] as Row);
}
