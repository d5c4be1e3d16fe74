import type { TopLevelSpec } from 'vega-lite';

/** One curve with its band. */
export interface Series {
  readonly name: string;
  /** CSS colour; null: one of the many in the background, thin, grey and without a band or name. */
  readonly color: string | null;
  readonly isDashed?: boolean | undefined;
  /** Ascending in x; `interval` is half the height of the band, null for none. */
  readonly points: readonly { readonly x: number; readonly y: number; readonly interval: number | null }[];
}

export interface ChartOptions {
  /** Of the whole drawing with axes and names, in CSS pixels. */
  readonly width: number;
  readonly height: number;
  readonly xTitle: string;
  /** d3-format of the y axis, e.g. `.0%`. */
  readonly yFormat: string;
  /** Values that no measure of this kind can leave; bands are cut there. */
  readonly yLimits: readonly [number, number];
  /** Characters of the names beside the curves; longer ones are cut. */
  readonly nameLength: number;
}

/** Pixels from one name to the next, and of the axes around the drawing area. */
const NAME_HEIGHT = 16;
const AXES_HEIGHT = 56;
const BAND_OPACITY = 0.13;
/** Settings of which the largest is so many times the smallest are drawn by their logarithm. */
const LOG_RATIO = 50;
/** 95%, as the format writes it, is 95 % in these pages. */
const PERCENT = "replace(datum.label, '%', '\u00a0%')";
/** What every chart has in common. */
const FRAME = {
  $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
  autosize: { type: 'fit', contains: 'padding' },
  padding: 2,
  background: 'transparent',
} satisfies Partial<TopLevelSpec>;
const CONFIG = {
  font: 'system-ui, sans-serif',
  view: { stroke: null },
  axis: {
    labelColor: 'var(--muted)',
    titleColor: 'var(--muted)',
    gridColor: 'var(--grid)',
    domainColor: 'var(--muted)',
    tickColor: 'var(--muted)',
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: 400,
    titlePadding: 6,
    titleAnchor: 'end',
    aria: false,
  },
} satisfies TopLevelSpec['config'];

/** A learning-curve chart: mean lines named at their ends, and bands that were computed by the caller, for nothing is drawn at random. */
export function learningCurveSpec(series: readonly Series[], options: ChartOptions): TopLevelSpec {
  const { width, height, xTitle, yFormat, yLimits, nameLength } = options;
  const [least, most] = yLimits;
  const drawn = series.filter(({ points }) => points.length > 0);
  const strong = drawn.filter(({ color }) => color !== null);
  const domain = yDomain(drawn, yLimits);
  const values = drawn.flatMap(({ name, color, points }) =>
    points.map(({ x, y, interval }) => ({
      name,
      layer: color === null ? 'weak' : 'strong',
      x,
      y,
      low: Math.max(least, y - (interval ?? 0)),
      high: Math.min(most, y + (interval ?? 0)),
    })),
  );
  const scale = { domain: strong.map(({ name }) => name), range: strong.map(({ color }) => color as string) };
  const color = { field: 'name', type: 'nominal' as const, scale, legend: null };
  const dash = { domain: scale.domain, range: strong.map(({ isDashed }) => (isDashed === true ? [5, 3] : [1, 0])) };
  const ticks = [...new Set(drawn.flatMap(({ points }) => points.map(({ x }) => x)))];
  const x = {
    field: 'x',
    type: 'quantitative' as const,
    title: xTitle,
    scale: { zero: false, nice: false },
    axis: { grid: false, tickMinStep: 1, tickCount: width < 500 ? 4 : Math.min(8, ticks.length), format: ',d' },
  };
  const y = {
    type: 'quantitative' as const,
    title: null,
    scale: { domain, nice: false, zero: false },
    axis: { format: finer(yFormat, domain), tickCount: 6, labelExpr: PERCENT, domain: false, ticks: false },
  };
  const only = (layer: string): [{ filter: { field: string; equal: string } }] => [
    { filter: { field: 'layer', equal: layer } },
  ];
  const bars = { detail: { field: 'name' } };
  return {
    ...FRAME,
    width,
    height,
    data: { values },
    layer: [
      {
        transform: only('weak'),
        mark: { type: 'line', strokeWidth: 1, color: 'var(--faint)', clip: true, aria: false },
        encoding: { x, y: { ...y, field: 'y' }, ...bars },
      },
      {
        transform: only('strong'),
        mark: {
          type: 'area',
          opacity: Math.min(BAND_OPACITY, (4 * BAND_OPACITY) / strong.length),
          clip: true,
          aria: false,
        },
        encoding: { x, y: { ...y, field: 'low' }, y2: { field: 'high' }, color },
      },
      {
        transform: only('strong'),
        mark: { type: 'line', strokeWidth: 2.25, clip: true, aria: false },
        encoding: {
          x,
          y: { ...y, field: 'y' },
          color,
          strokeDash: { field: 'name', type: 'nominal' as const, scale: dash, legend: null },
        },
      },
      {
        transform: only('strong'),
        mark: { type: 'point', filled: true, size: 18, opacity: 1, clip: true, aria: false },
        encoding: { x, y: { ...y, field: 'y' }, color },
      },
      {
        data: { values: endNames(strong, domain, height - AXES_HEIGHT, nameLength) },
        mark: { type: 'text', align: 'left', baseline: 'middle', dx: 8, fontSize: 13, fontWeight: 600, aria: false },
        encoding: { x, y: { ...y, field: 'y' }, text: { field: 'text' }, color },
      },
    ],
    config: CONFIG,
  };
}

/** Means with their intervals at a few values of a setting, joined by a line. */
export interface DotChart extends Omit<ChartOptions, 'nameLength'> {
  /** Ascending in x; `interval` is half the height of the bar, null for none. */
  readonly points: Series['points'];
  /** CSS colour. */
  readonly color: string;
}

/** A chart of means with error bars: values of the setting along x, by their logarithm where they differ much. */
export function dotChartSpec({ points, color, width, height, xTitle, yFormat, yLimits }: DotChart): TopLevelSpec {
  const [least, most] = yLimits;
  const values = points.map(({ x, y, interval }) => ({
    x,
    y,
    low: Math.max(least, y - (interval ?? 0)),
    high: Math.min(most, y + (interval ?? 0)),
  }));
  const [low, high] = [Math.min(...values.map((one) => one.low)), Math.max(...values.map((one) => one.high))];
  const air = 0.06 * (high - low) || 0.02;
  const domain: [number, number] = [Math.max(least, low - air), Math.min(most, high + air)];
  const xs = values.map(({ x }) => x);
  const isWide = Math.min(...xs) > 0 && Math.max(...xs) / Math.min(...xs) >= LOG_RATIO;
  const x = {
    field: 'x',
    type: 'quantitative' as const,
    title: xTitle,
    scale: { type: isWide ? ('log' as const) : ('linear' as const), zero: false, nice: false, padding: 14 },
    axis: { grid: false, values: xs, format: '.6~g', labelOverlap: true },
  };
  const y = {
    type: 'quantitative' as const,
    title: null,
    scale: { domain, nice: false, zero: false },
    axis: { format: finer(yFormat, domain), tickCount: 5, labelExpr: PERCENT, domain: false, ticks: false },
  };
  return {
    ...FRAME,
    width,
    height,
    data: { values },
    layer: [
      {
        mark: { type: 'rule', strokeWidth: 2, opacity: 0.45, color, aria: false },
        encoding: { x, y: { ...y, field: 'low' }, y2: { field: 'high' } },
      },
      {
        mark: { type: 'line', strokeWidth: 2, color, aria: false },
        encoding: { x, y: { ...y, field: 'y' } },
      },
      {
        mark: { type: 'point', filled: true, size: 40, opacity: 1, color, aria: false },
        encoding: { x, y: { ...y, field: 'y' } },
      },
    ],
    config: CONFIG,
  };
}

/** One more digit where whole percents would repeat along a short axis. */
function finer(format: string, [low, high]: readonly [number, number]): string {
  return format === '.0%' && high - low < 0.06 ? '.1%' : format;
}

/** Names at the ends of their curves, moved apart where they would cover one another. */
function endNames(
  series: readonly Series[],
  [low, high]: readonly [number, number],
  pixels: number,
  nameLength: number,
): { name: string; text: string; x: number; y: number }[] {
  const gap = ((high - low) * NAME_HEIGHT) / pixels;
  const far = Math.max(...series.flatMap(({ points }) => points.map(({ x }) => x)));
  const ends = series.map(({ name, points }) => ({
    name,
    text: name.length > nameLength ? `${name.slice(0, nameLength - 1)}…` : name,
    x: far,
    y: Math.min(high, Math.max(low, points.at(-1)?.y ?? low)),
  }));
  ends.sort((a, b) => a.y - b.y);
  const places = spread(
    ends.map(({ y }) => y),
    gap,
    low,
    high,
  );
  return ends.map((end, at) => ({ ...end, y: places[at] as number }));
}

/**
 * Move ascending places apart to at least `gap`, as little as possible, within low and high where there is room: groups
 * that touch share one centre.
 */
export function spread(places: readonly number[], gap: number, low: number, high: number): number[] {
  const groups: { sum: number; count: number }[] = [];
  const top = ({ sum, count }: { sum: number; count: number }): number =>
    clampStart(sum / count - ((count - 1) * gap) / 2, count);
  const clampStart = (start: number, count: number): number => Math.max(low, Math.min(start, high - (count - 1) * gap));
  for (const place of places) {
    let group = { sum: place, count: 1 };
    for (let last = groups.at(-1); last !== undefined; last = groups.at(-1)) {
      if (top(last) + last.count * gap <= top(group)) break;
      groups.pop();
      group = { sum: last.sum + group.sum, count: last.count + group.count };
    }
    groups.push(group);
  }
  return groups.flatMap((group) => Array.from({ length: group.count }, (_, at) => top(group) + at * gap));
}

/** From the lowest mean to the highest with some air: the wide bands of few seeds and few labels must not squeeze the curves. */
function yDomain(series: readonly Series[], [least, most]: readonly [number, number]): [number, number] {
  const means = series.flatMap(({ points }) => points.map(({ y }) => y));
  const [low, high] = [Math.min(...means), Math.max(...means)];
  const air = 0.08 * (high - low) || 0.02;
  return [Math.max(least, low - air), Math.min(most, high + air)];
}

/**
 * Draw a chart as SVG text: no browser, no canvas, no network.
 *
 * @param id Unique in the page: the names inside the drawing begin with it.
 * @param label What the chart shows, for those who cannot see it.
 */
export async function renderSvg(spec: TopLevelSpec, id: string, label: string): Promise<string> {
  const [vega, { compile }] = await Promise.all([import('vega'), import('vega-lite')]);
  const view = new vega.View(vega.parse(compile(spec).spec), { renderer: 'none', logLevel: vega.Error });
  try {
    const svg = await view.toSVG();
    const accessible = `role="img" aria-label="${label.replace(/[&<>"]/g, ' ')}"`;
    return shorten(numberClips(svg, id)).replace(/^<svg /, `<svg ${accessible} `);
  } finally {
    view.finalize();
  }
}

/** Vega numbers clip paths through the whole process; here they count from 1 in every drawing. */
function numberClips(svg: string, id: string): string {
  const names = new Map<string, string>();
  return svg.replace(/(?<=id="|url\(#)clip\d+/g, (found) => {
    const name = names.get(found) ?? `${id}-clip${names.size + 1}`;
    names.set(found, name);
    return name;
  });
}

/** A hundredth of a pixel is enough. */
function shorten(svg: string): string {
  return svg.replace(/-?\d+\.\d{3,}/g, (number) => String(Math.round(100 * Number(number)) / 100));
}
