import type { PicksRecord } from '../experiment/records.js';
import type { Dataset } from '../data/dataset.js';
import { classNames } from './balance.js';
import { percent } from './format.js';
import { escapeHtml } from './html.js';
import { baselineOf, type RunData } from './run-data.js';
import { count, heading, type HeadingLevel, NOTHING, type Section, subheading } from './section.js';
import { isImageShape, type SpriteSheet, spriteSheet } from './thumbnails.js';

/** Thumbnails per round at first; halved until sheet and captions are within their sizes. */
const PER_ROUND = 12;
/** Of more rounds the later ones are folded. */
const OPEN_ROUNDS = 3;
const SHEET_CHARACTERS = 700_000;
const CAPTIONS = 3000;
/** Said where other strategies of the run have predictions. */
const BLIND =
  'This strategy trained the model on its picks while it chose, so there is no prediction from before; they are in the order in which it bought them.';

/** The gallery, and its sheet for others who show thumbnails. */
export interface Gallery extends Section {
  readonly sheet?: { readonly className: string; readonly sprites: SpriteSheet } | undefined;
}

/** Images that were asked for: by strategy and round of the first seed, with what they are and what the model took them for. */
export function renderGallery(run: RunData, dataset: Dataset, level: HeadingLevel): Gallery {
  const seed = run.seeds.find((candidate) => run.picks.some((pick) => pick.seed === candidate));
  if (seed === undefined || !isImageShape(dataset.sampleShape)) return NOTHING;
  const rounds = run.picks.filter((pick) => pick.seed === seed).sort((a, b) => a.round - b.round);
  const { perRound, sprites } = makeSheet(rounds, dataset);
  const className = `${run.id}-shot`;
  const names = classNames(dataset, dataset.classes);
  const shown = { perRound, sprites, className, names };
  const isPredicted = ({ predicted }: PicksRecord): boolean => predicted !== undefined;
  const knows = rounds.some(isPredicted);
  const start = rounds.find(({ round }) => round === 0);
  const open = run.strategies.find((strategy) => strategy !== baselineOf(run)) ?? run.strategies[0];
  const parts = run.strategies.flatMap((strategy) => {
    const own = rounds.filter((pick) => pick.strategy === strategy && pick.round > 0);
    if (own.length === 0) return [];
    const strips = own.map((pick) => strip(`Round ${pick.round}`, pick, shown, level));
    const further = `<details><summary>Rounds ${own[OPEN_ROUNDS]?.round} to ${own.at(-1)?.round}</summary>
${strips.slice(OPEN_ROUNDS).join('\n')}</details>`;
    const isLong = own.length > OPEN_ROUNDS + 1;
    const shots = isLong ? [...strips.slice(0, OPEN_ROUNDS), further] : strips;
    const isBlind = knows && !own.some(isPredicted);
    return [
      `<details${strategy === open ? ' open' : ''}><summary>${escapeHtml(strategy)}, ${count(own.length, 'round')}</summary>
${isBlind ? `<p class="note">${BLIND}</p>\n` : ''}${shots.join('\n')}</details>`,
    ];
  });
  if (parts.length === 0) return NOTHING;
  const text = [
    `Seed ${seed}${run.seeds.length > 1 ? `, the first of ${run.seeds.length}` : ''}; the first ${perRound} of a round, the most wanted first.`,
    knows
      ? 'Below each image its class and how sure the model was of it; after an arrow, what the model took it for instead.'
      : 'Below each image its class; this folder does not hold what the model took it for.',
  ];
  const shared =
    start === undefined
      ? ''
      : `<details><summary>The labels that every strategy began with</summary>\n${strip('Drawn at random', start, shown, level)}</details>`;
  return {
    html: `${heading(level, 'What was asked for', `${run.id}-gallery`)}
<p class="figure-sub">${escapeHtml(text.join(' '))}</p>
${shared}
${parts.join('\n')}`,
    tables: [],
    styles: [sheetRule(className, sprites)],
    sheet: { className, sprites },
  };
}

/** As many thumbnails per round as the page can bear. */
function makeSheet(rounds: readonly PicksRecord[], dataset: Dataset): { perRound: number; sprites: SpriteSheet } {
  for (let perRound = PER_ROUND; ; perRound = Math.floor(perRound / 2)) {
    const all = rounds.flatMap(({ indices }) => indices.slice(0, perRound));
    const sprites = spriteSheet(
      dataset.pool.samples,
      dataset.sampleShape,
      [...new Set(all)].sort((a, b) => a - b),
    );
    const fits = sprites.uri.length <= SHEET_CHARACTERS && all.length <= CAPTIONS;
    if (fits || perRound === 1) return { perRound, sprites };
  }
}

/** Offset of a thumbnail in its sheet, for `background-position`. */
export function positionOf({ columns, rows }: SpriteSheet, place: number): string {
  const part = (at: number, of: number): string => (of < 2 ? '0' : `${Math.round((1e5 * at) / (of - 1)) / 1e3}%`);
  return `${part(place % columns, columns)} ${part(Math.floor(place / columns), rows)}`;
}

function sheetRule(className: string, { uri, columns, rows, width, height }: SpriteSheet): string {
  const ratio = width === height ? '' : ` aspect-ratio: ${width} / ${height};`;
  return `.${className} { background-image: url(${uri}); background-size: ${100 * columns}% ${100 * rows}%;${ratio} }`;
}

interface Shown {
  readonly perRound: number;
  readonly sprites: SpriteSheet;
  readonly className: string;
  readonly names: readonly string[];
}

function strip(title: string, pick: PicksRecord, shown: Shown, level: HeadingLevel): string {
  const items = pick.indices.slice(0, shown.perRound).map((index, at) => item(pick, index, at, shown));
  const more = pick.indices.length - items.length;
  return `${subheading(level, `${title}${more > 0 ? `, ${items.length} of ${pick.indices.length}` : ''}`)}
<ul class="shots">${items.join('')}</ul>`;
}

function item(pick: PicksRecord, index: number, at: number, { sprites, className, names }: Shown): string {
  const label = pick.labels[at] ?? -1;
  const predicted = pick.predicted?.[at] ?? undefined;
  const confidence = pick.confidence?.[at] ?? undefined;
  const nameOf = (value: number): string => names[value] ?? String(value);
  const truth = label < 0 ? 'no answer' : nameOf(label);
  const isWrong = predicted !== undefined && predicted !== label;
  const sure = confidence === undefined ? undefined : percent(confidence);
  const verdict = predicted === undefined ? [] : [isWrong ? `taken for ${nameOf(predicted)}` : 'recognised'];
  const name = [`Sample ${index}`, `class ${truth}`, ...verdict, ...(sure === undefined ? [] : [sure])].join(', ');
  const caption = `<b>${escapeHtml(truth)}</b>${isWrong ? ` → ${escapeHtml(nameOf(predicted))}` : ''}`;
  const place = positionOf(sprites, sprites.places.get(index) as number);
  return `<li${isWrong ? ' class="wrong"' : ''}><span class="shot ${className}" role="img" aria-label="${escapeHtml(name)}" style="background-position:${place}"></span>${caption}${sure === undefined ? '' : `<br>${sure}`}</li>`;
}
