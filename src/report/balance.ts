import type { Dataset } from '../data/dataset.js';
import { percent } from './format.js';
import { escapeHtml } from './html.js';
import type { RunData } from './run-data.js';
import { heading, type HeadingLevel, NOTHING, type Section } from './section.js';
import { type Cell, htmlTable, type ReportTable } from './table.js';

/** Colours of classes that the page defines; with more classes the rarer ones share the last. */
const CLASS_COLORS = 10;
const WIDTH = 220;
const HEIGHT = 120;
const FOOT = 16;

/** Labels per class after a round, mean over seeds. */
interface Bar {
  readonly labels: number;
  readonly shares: readonly number[];
}

/** @returns By class number; the number where the data set has no names. */
export function classNames(dataset: Dataset | undefined, classes: number): string[] {
  return Array.from({ length: classes }, (_, at) => dataset?.classNames?.[at] ?? String(at));
}

/** How the bought labels are divided among the classes, round by round. */
export function renderBalance(run: RunData, dataset: Dataset | undefined, level: HeadingLevel): Section {
  const bars = run.strategies.map((strategy) => ({ strategy, bars: barsOf(run, strategy) }));
  const filled = bars.filter((entry) => entry.bars.length > 0);
  if (filled.length === 0) return NOTHING;
  const classes = Math.max(
    dataset?.classes ?? 0,
    ...filled.flatMap(({ bars: all }) => all.map(({ shares }) => shares.length)),
  );
  const pool = dataset === undefined ? undefined : sharesOf(tally(dataset.pool.labels, classes));
  const names = classNames(dataset, classes);
  const groups = groupClasses(pool ?? (filled[0]?.bars.at(-1) as Bar).shares, names);
  const legend = groups.map(
    ({ name }, at) => `<li class="square"><i style="background:var(--class-${at + 1})"></i>${escapeHtml(name)}</li>`,
  );
  const panels = filled.map(({ strategy, bars: all }) => {
    const last = all.at(-1) as Bar;
    return `<figure><figcaption>${escapeHtml(strategy)}</figcaption>
${drawBars(all, pool, groups, `${strategy}: ${extremes(last, names)}`)}
<p class="note">${escapeHtml(extremes(last, names))}</p></figure>`;
  });
  const table = balanceTable(filled, pool, names);
  const poolText = pool === undefined ? '' : ' The last bar is the pool itself.';
  const html = `${heading(level, 'Class balance', `${run.id}-balance`)}
<p class="figure-sub">Share of each class among the labels bought up to a round, mean over seeds.${poolText}</p>
<ul class="legend">${legend.join('')}</ul>
<div class="panels">${panels.join('\n')}</div>
<details><summary>The shares at the end as a table</summary>\n${htmlTable(table)}\n</details>`;
  return { html, tables: [table] };
}

/** From the rounds' own counts; folders of older versions have the classes of the picks. */
function barsOf({ rounds, picks }: RunData, strategy: string): Bar[] {
  const sums = new Map<number, number[]>();
  const add = (labels: number, counts: readonly number[]): void => {
    const sum = sums.get(labels) ?? [];
    counts.forEach((value, at) => (sum[at] = (sum[at] ?? 0) + value));
    sums.set(
      labels,
      Array.from(sum, (value) => value ?? 0),
    );
  };
  const own = rounds.filter((record) => record.strategy === strategy);
  for (const record of own) {
    if (record.balance !== undefined) {
      add(record.labels, record.balance);
      continue;
    }
    const before = picks.filter(
      (pick) => pick.strategy === strategy && pick.seed === record.seed && pick.round <= record.round,
    );
    const labels = before.flatMap((pick) => pick.labels).filter((label) => label >= 0);
    if (labels.length > 0) add(record.labels, tally(labels, Math.max(...labels) + 1));
  }
  return [...sums].sort(([a], [b]) => a - b).map(([labels, counts]) => ({ labels, shares: sharesOf(counts) }));
}

export function tally(labels: ArrayLike<number>, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (let i = 0; i < labels.length; i++) counts[labels[i] as number]! += 1;
  return counts;
}

export function sharesOf(counts: readonly number[]): number[] {
  const total = counts.reduce((sum, value) => sum + value, 0) || 1;
  return counts.map((value) => value / total);
}

/** Classes that share a colour. */
export interface Group {
  readonly name: string;
  readonly members: readonly number[];
}

/** Every class for itself while there are colours; of many classes the most frequent, and the others together. */
export function groupClasses(shares: readonly number[], names: readonly string[]): Group[] {
  const all = names.map((name, at): Group => ({ name, members: [at] }));
  if (all.length <= CLASS_COLORS) return all;
  const order = names.map((_, at) => at).sort((a, b) => (shares[b] ?? 0) - (shares[a] ?? 0) || a - b);
  const largest = order.slice(0, CLASS_COLORS - 1).sort((a, b) => a - b);
  const rest = order.slice(CLASS_COLORS - 1);
  return [...largest.map((at) => all[at] as Group), { name: `${rest.length} others`, members: rest }];
}

function drawBars(
  bars: readonly Bar[],
  pool: readonly number[] | undefined,
  groups: readonly Group[],
  label: string,
): string {
  const columns = bars.length + (pool === undefined ? 0 : 1.6);
  const step = WIDTH / columns;
  const width = Math.min(step - 1, 26);
  const parts: string[] = [];
  const draw = (shares: readonly number[], left: number): void => {
    let top = HEIGHT - FOOT;
    for (const [at, { members }] of groups.entries()) {
      const height = members.reduce((sum, member) => sum + (shares[member] ?? 0), 0) * (HEIGHT - FOOT);
      if (height <= 0) continue;
      top -= height;
      const box = `x="${left.toFixed(1)}" y="${top.toFixed(1)}" width="${width.toFixed(1)}" height="${Math.max(0.2, height - 0.5).toFixed(1)}"`;
      parts.push(`<rect ${box} fill="var(--class-${at + 1})"/>`);
    }
  };
  bars.forEach(({ shares }, at) => draw(shares, at * step));
  if (pool !== undefined) draw(pool, WIDTH - width);
  const [first, last] = [bars[0] as Bar, bars.at(-1) as Bar];
  const ends = [
    `<text x="0" y="${HEIGHT - 3}">${first.labels}</text>`,
    bars.length > 1
      ? `<text x="${((bars.length - 1) * step + width).toFixed(1)}" y="${HEIGHT - 3}" text-anchor="end">${last.labels} labels</text>`
      : '',
    pool === undefined ? '' : `<text x="${WIDTH}" y="${HEIGHT - 3}" text-anchor="end">pool</text>`,
  ];
  return `<svg class="stack" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(label)}">${parts.join('')}${ends.join('')}</svg>`;
}

function extremes({ labels, shares }: Bar, names: readonly string[]): string {
  const order = names.map((_, at) => at).sort((a, b) => (shares[a] ?? 0) - (shares[b] ?? 0) || a - b);
  const say = (at: number | undefined): string => `${percent(shares[at ?? 0] ?? 0)} (class ${names[at ?? 0]})`;
  return `At ${labels} labels from ${say(order[0])} to ${say(order.at(-1))}`;
}

function balanceTable(
  filled: readonly { strategy: string; bars: readonly Bar[] }[],
  pool: readonly number[] | undefined,
  names: readonly string[],
): ReportTable {
  const cells = (shares: readonly number[]): Cell[] =>
    names.map((_, at) => ({ text: percent(shares[at] ?? 0), value: shares[at] ?? 0 }));
  return {
    id: 'balance',
    caption: 'Share of each class among the labels bought, mean over seeds',
    columns: ['strategy', 'labels', ...names.map((name) => `class ${name}`)],
    rows: [
      ...filled.map(({ strategy, bars }): Cell[] => {
        const last = bars.at(-1) as Bar;
        return [strategy, { text: String(last.labels), value: last.labels }, ...cells(last.shares)];
      }),
      ...(pool === undefined ? [] : [['the pool', { text: '–', value: null }, ...cells(pool)] as Cell[]]),
    ],
  };
}
