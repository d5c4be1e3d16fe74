import type { PicksRecord } from '../experiment/records.js';
import type { Dataset } from '../data/dataset.js';
import { classNames } from './balance.js';
import { type Gallery, positionOf } from './gallery.js';
import { escapeHtml, jsonElement } from './html.js';
import { base64Of, MAP_GRID, type PoolMap } from './map.js';
import { pngUri } from './png.js';
import type { RunData } from './run-data.js';
import { count, heading, type HeadingLevel, NOTHING, type Section } from './section.js';

/** Colours of rounds that the page defines, early to late. */
const STEPS = 5;
/** Side of the picture of the pool, in pixels, and the radius of a point in it. */
const PICTURE = 480;
const RADIUS = 1.7;
/** With more classes, names would cover the map. */
const NAMED_CLASSES = 20;
const NEIGHBOURS = 20;

/** The pool as a map, and on it what each strategy asked for, seed by seed. */
export function renderMap(
  run: RunData,
  dataset: Dataset,
  map: PoolMap,
  gallery: Gallery,
  level: HeadingLevel,
): Section {
  const { id } = run;
  const places = new Map(Array.from(map.indices, (index, at) => [index, at]));
  const isOn = ({ indices }: PicksRecord): boolean => indices.every((index) => places.has(index));
  const asked = run.seeds.filter((seed) => run.picks.some((pick) => pick.seed === seed));
  const whole = asked.filter((seed) => run.picks.every((pick) => pick.seed !== seed || isOn(pick)));
  const shown = whole.length > 0 ? whole : asked.slice(0, 1);
  if (shown.length === 0) return NOTHING;
  const rounds = Math.max(...run.picks.map(({ round }) => round));
  const names = classNames(dataset, dataset.classes);
  const labels = Uint16Array.from(map.indices, (index) => dataset.pool.labels[index] as number);
  const classTexts = dataset.classes <= NAMED_CLASSES ? nameClasses(map, labels, names) : '';
  const groups = shown.map((seed, at) => {
    const panels = run.strategies.flatMap((strategy) => {
      const own = run.picks.filter((pick) => pick.strategy === strategy && pick.seed === seed);
      return own.length === 0 ? [] : [panel(id, strategy, seed, own, map, places, rounds, classTexts)];
    });
    return `<details${at === 0 ? ' open' : ''}><summary>Seed ${seed}</summary>\n<div class="panels">${panels.join('\n')}</div></details>`;
  });
  const data = {
    names,
    points: base64Of(map.positions),
    labels: base64Of(labels),
    indices: map.indices.length === dataset.pool.samples.rows ? null : [...map.indices],
    sheet: gallery.sheet?.className ?? '',
    shots: shotsOf(gallery),
  };
  const html = `${heading(level, 'Map of the pool', `${id}-map`)}
<p class="figure-sub">${escapeHtml(explain(map, dataset, asked, shown))}</p>
<div data-maps="${id}-map-data">
${legend(rounds)}
<div class="controls"><label for="${id}-round">Show</label>
<input type="range" id="${id}-round" min="0" max="${rounds}" value="0" step="1" aria-valuetext="all rounds" autocomplete="off"><output for="${id}-round">all rounds</output></div>
${groups.join('\n')}
</div>
${jsonElement(`${id}-map-data`, data)}`;
  const picture = `.${id}-pool { background-image: url(${drawPool(map)}); }`;
  return { html, tables: [], styles: [picture] };
}

function explain(map: PoolMap, dataset: Dataset, asked: readonly number[], shown: readonly number[]): string {
  const { rows } = dataset.pool.samples;
  const n = map.indices.length;
  const size =
    n === rows
      ? `all ${rows.toLocaleString('en')} samples`
      : `${n.toLocaleString('en')} of ${rows.toLocaleString('en')} samples`;
  const isTsne = map.method === 'tsne';
  const method = isTsne ? 't-SNE of the samples' : 'The two principal components of the samples';
  const near = isTsne ? ' Neighbours are alike; distances between groups mean little.' : '';
  const missing = asked.length - shown.length;
  const left = missing > 0 ? ` ${count(missing, 'further seed')} left out: their picks are not all on the map.` : '';
  const names = dataset.classes <= NAMED_CLASSES ? ' A name stands where a class prevails.' : '';
  return `${method}, ${size} in grey; coloured is what was asked for.${names}${near}${left}`;
}

/** Which of the colours a round from 1 has. */
function stepOf(round: number, rounds: number): number {
  return Math.min(STEPS, 1 + Math.floor(((round - 1) * STEPS) / Math.max(STEPS, rounds)));
}

function legend(rounds: number): string {
  const items: string[] = ['<li class="ring"><i></i>labels to begin with</li>'];
  for (let step = 1; step <= STEPS; step++) {
    const own = Array.from({ length: rounds }, (_, at) => at + 1).filter((round) => stepOf(round, rounds) === step);
    if (own.length === 0) continue;
    const text = own.length === 1 ? `round ${own[0]}` : `rounds ${own[0]}–${own.at(-1)}`;
    items.push(`<li><i style="background:var(--step-${step})"></i>${text}</li>`);
  }
  return `<ul class="legend">${items.join('')}</ul>`;
}

function panel(
  id: string,
  strategy: string,
  seed: number,
  own: readonly PicksRecord[],
  map: PoolMap,
  places: ReadonlyMap<number, number>,
  rounds: number,
  classTexts: string,
): string {
  const byRound = [...own].sort((a, b) => a.round - b.round);
  const points = byRound.map(({ indices }) => indices.flatMap((index) => places.get(index) ?? []));
  const paths = byRound.map(({ round }, at) => {
    const dots = (points[at] as number[]).map((p) => `M${map.positions[2 * p]} ${map.positions[2 * p + 1]}h0`).join('');
    if (round === 0)
      return `<path class="start" data-round="0" d="${dots}"/><path class="start-hole" data-round="0" d="${dots}"/>`;
    return `<path data-round="${round}" stroke="var(--step-${stepOf(round, rounds)})" d="${dots}"/>`;
  });
  const counts = Array.from({ length: rounds + 1 }, (_, round) =>
    byRound.reduce((sum, pick, at) => sum + (pick.round === round ? (points[at] as number[]).length : 0), 0),
  );
  const total = points.reduce((sum, list) => sum + list.length, 0);
  const first = counts[0] ?? 0;
  const label = `${strategy}, seed ${seed}: ${total} samples on the map, ${first} to begin with and ${total - first} asked for in ${count(counts.length - 1, 'round')}`;
  const status = `<span class="hidden" aria-live="polite"></span>`;
  return `<figure><div class="map ${id}-pool" tabindex="0" role="group" aria-label="${escapeHtml(`${label}. Arrow keys go through them.`)}" data-picks="${base64Of(Uint16Array.from(points.flat()))}" data-counts="${counts.join(',')}">
<svg viewBox="0 0 ${MAP_GRID} ${MAP_GRID}" role="img" aria-label="${escapeHtml(label)}">${paths.join('')}${classTexts}</svg></div>
<figcaption>${escapeHtml(strategy)} ${status}</figcaption></figure>`;
}

/** Class names in the middle of their classes, where those around are mostly of that class: elsewhere a name would lie. */
function nameClasses(map: PoolMap, labels: Uint16Array, names: readonly string[]): string {
  const texts = names.map((name, label) => {
    const members = Array.from(labels.keys()).filter((at) => labels[at] === label);
    if (members.length === 0) return '';
    const middle = (axis: number): number => {
      const sorted = members.map((at) => map.positions[2 * at + axis] as number).sort((a, b) => a - b);
      return sorted[sorted.length >> 1] as number;
    };
    const [x, y] = [middle(0), middle(1)];
    const around = nearest(map, x, y);
    if (around.filter((at) => labels[at] === label).length < around.length / 2) return '';
    return `<text x="${x}" y="${y}">${escapeHtml(name.slice(0, 14))}</text>`;
  });
  return `<g aria-hidden="true">${texts.join('')}</g>`;
}

/** The points nearest to a place. */
function nearest({ positions }: PoolMap, x: number, y: number): number[] {
  const distance = (at: number): number =>
    ((positions[2 * at] as number) - x) ** 2 + ((positions[2 * at + 1] as number) - y) ** 2;
  const all = Array.from({ length: positions.length / 2 }, (_, at) => at);
  return all.sort((a, b) => distance(a) - distance(b) || a - b).slice(0, NEIGHBOURS);
}

/** Every point as a grey dot that shows on light and on dark. */
function drawPool({ positions }: PoolMap): string {
  const data = new Uint8Array(PICTURE * PICTURE * 2);
  for (let i = 0; i < positions.length; i += 2) {
    const x = ((positions[i] as number) * PICTURE) / MAP_GRID;
    const y = ((positions[i + 1] as number) * PICTURE) / MAP_GRID;
    for (let row = Math.max(0, Math.floor(y - RADIUS)); row < Math.min(PICTURE, y + RADIUS + 1); row++) {
      for (let column = Math.max(0, Math.floor(x - RADIUS)); column < Math.min(PICTURE, x + RADIUS + 1); column++) {
        const distance = Math.hypot(column + 0.5 - x, row + 0.5 - y);
        const cover = Math.round(110 * Math.min(1, Math.max(0, RADIUS - distance + 0.5)));
        const at = 2 * (row * PICTURE + column);
        data[at] = 128;
        data[at + 1] = Math.max(data[at + 1] as number, Math.round(cover / 22) * 22);
      }
    }
  }
  return pngUri({ width: PICTURE, height: PICTURE, channels: 2, data });
}

/** Offsets of thumbnails by pool index. */
function shotsOf({ sheet }: Gallery): Record<string, string> {
  if (sheet === undefined) return {};
  return Object.fromEntries(
    [...sheet.sprites.places].map(([index, place]) => [index, positionOf(sheet.sprites, place)]),
  );
}
