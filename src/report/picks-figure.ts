import type { Dataset } from '../data/dataset.js';
import type { PicksRecord } from '../experiment/records.js';
import { classNames, type Group, groupClasses, sharesOf, tally } from './balance.js';
import { percent } from './format.js';
import { escapeHtml } from './html.js';
import { MAP_GRID, type PoolMap } from './map.js';
import type { RunData } from './run-data.js';
import { count, heading, type HeadingLevel, NOTHING, type Section } from './section.js';

/** Positions are drawn on a grid of this many steps, which is finer than a pixel of a panel. */
const GRID = 500;

/**
 * What each strategy asked for in one round, side by side on the map of the pool: a figure to look at without touching it.
 *
 * @param round Default: the last of each strategy. Strategies without that round have no panel.
 */
export function renderPicksFigure(
  run: RunData,
  dataset: Dataset,
  map: PoolMap,
  level: HeadingLevel,
  round?: number,
): Section {
  const places = new Map(Array.from(map.indices, (index, at) => [index, at]));
  const seed = run.seeds.find((candidate) => run.picks.some((pick) => pick.seed === candidate && pick.round > 0));
  if (seed === undefined) return NOTHING;
  const names = classNames(dataset, dataset.classes);
  const groups = groupClasses(sharesOf(tally(dataset.pool.labels, dataset.classes)), names);
  const panels = run.strategies.flatMap((strategy) => {
    const own = run.picks.filter((pick) => pick.strategy === strategy && pick.seed === seed);
    const last = round ?? Math.max(0, ...own.map((pick) => pick.round));
    const picks = own.find((pick) => pick.round === last);
    if (picks === undefined || last === 0) return [];
    const earlier = own.filter((pick) => pick.round < last);
    return [panel(run, picks, earlier, { dataset, map, places, groups, names })];
  });
  if (panels.length === 0) return NOTHING;
  const legend = groups.map(
    ({ name }, at) => `<li><i style="background:var(--class-${at + 1})"></i>${escapeHtml(name)}</li>`,
  );
  const which = round === undefined ? 'the last round' : `round ${round}`;
  const several = run.seeds.length > 1 ? `, the first of ${run.seeds.length}` : '';
  const text = `On the map above, seed ${seed}${several}: the pool in light grey, what was labelled before coloured by its class, the picks of ${which} as large dots in the colour of the text.`;
  return {
    html: `${heading(level, 'Picks of one round, side by side', `${run.id}-picks`)}
<p class="figure-sub">${escapeHtml(text)}</p>
<ul class="legend"><li><i style="background:var(--ink)"></i>picks of ${which}</li>${legend.join('')}</ul>
<div class="panels">${panels.join('\n')}</div>`,
    tables: [],
  };
}

interface Ground {
  readonly dataset: Dataset;
  readonly map: PoolMap;
  /** Place on the map by pool index. */
  readonly places: ReadonlyMap<number, number>;
  readonly groups: readonly Group[];
  readonly names: readonly string[];
}

function panel(run: RunData, picks: PicksRecord, earlier: readonly PicksRecord[], ground: Ground): string {
  const { dataset, map, places, groups, names } = ground;
  const { strategy, round } = picks;
  const before = [...new Set(earlier.flatMap(({ indices }) => indices))];
  const classOf = (index: number): number => dataset.pool.labels[index] as number;
  const paths = groups.map(({ members }, at) => {
    const dots = dotsOf(
      before.filter((index) => members.includes(classOf(index))),
      map,
      places,
    );
    return dots === '' ? '' : `<path stroke="var(--class-${at + 1})" d="${dots}"/>`;
  });
  const fresh = dotsOf(picks.indices, map, places);
  const missing = [...picks.indices, ...before].filter((index) => !places.has(index)).length;
  const shares = sharesOf(tally(picks.indices.map(classOf), dataset.classes));
  const top = shares.indexOf(Math.max(...shares));
  const most = `most often class ${names[top] ?? top} (${percent(shares[top] ?? 0)})`;
  const left = missing > 0 ? `; ${count(missing, 'sample')} not on the map` : '';
  const label = `${strategy}, round ${round}: ${count(picks.indices.length, 'pick')}, ${most}, among ${count(before.length, 'earlier label')}${left}`;
  return `<figure><div class="map still ${run.id}-pool"><svg viewBox="0 0 ${GRID} ${GRID}" role="img" aria-label="${escapeHtml(label)}">${paths.join('')}<path class="fresh" d="${fresh}"/></svg></div>
<figcaption>${escapeHtml(strategy)}</figcaption><p class="note">${escapeHtml(`Round ${round}, ${count(picks.indices.length, 'pick')}, ${most}${left}`)}</p></figure>`;
}

/** A path of dots, each as the way from the one before: points near one another, row by row, make the shortest text. */
function dotsOf(indices: readonly number[], { positions }: PoolMap, places: ReadonlyMap<number, number>): string {
  const scale = GRID / MAP_GRID;
  const dots = indices.flatMap((index) => {
    const place = places.get(index);
    if (place === undefined) return [];
    return [
      [
        Math.round(scale * (positions[2 * place] as number)),
        Math.round(scale * (positions[2 * place + 1] as number)),
      ] as const,
    ];
  });
  dots.sort(([ax, ay], [bx, by]) => ay - by || ax - bx);
  const steps = dots.map(([x, y], at) => {
    const [fromX, fromY] = dots[at - 1] ?? [0, 0];
    const [dx, dy] = [x - fromX, y - fromY];
    return `m${dx}${dy < 0 ? dy : ` ${dy}`}h0`;
  });
  return steps.join('');
}
