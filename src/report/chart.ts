import type { TopLevelSpec } from 'vega-lite';

/** One curve with its band. */
export interface Series {
  readonly name: string;
  /** Ascending in x; `interval` is half the height of the band, null for none. */
  readonly points: readonly { readonly x: number; readonly y: number; readonly interval: number | null }[];
}

export interface ChartOptions {
  /** Of the drawing area with its axes, in CSS pixels. */
  readonly width: number;
  readonly height: number;
  readonly xTitle: string;
  readonly yTitle: string;
  /** d3-format of the y axis, e.g. `.0%`. */
  readonly yFormat: string;
  /** Values that no measure of this kind can leave; bands are cut there. */
  readonly yLimits: readonly [number, number];
}

/** Colours that the page defines, one set for light and one for dark; curves beyond the last go round, dashed. */
export const SERIES_COLORS = 8;
const DASHES = [
  [1, 0],
  [6, 3],
  [2, 2],
  [8, 3, 2, 3],
];

/** A learning-curve chart: mean lines with points, and bands that were computed by the caller, for nothing is drawn at random. */
export function learningCurveSpec(series: readonly Series[], options: ChartOptions): TopLevelSpec {
  const { width, height, xTitle, yTitle, yFormat, yLimits } = options;
  const [least, most] = yLimits;
  const values = series.flatMap(({ name, points }) =>
    points.map(({ x, y, interval }) => ({
      name,
      x,
      y,
      low: Math.max(least, y - (interval ?? 0)),
      high: Math.min(most, y + (interval ?? 0)),
    })),
  );
  const names = series.map(({ name }) => name);
  const color = {
    field: 'name',
    type: 'nominal' as const,
    scale: { domain: names, range: names.map((_, at) => `var(--series-${(at % SERIES_COLORS) + 1})`) },
    legend: {
      title: null,
      orient: 'top' as const,
      columns: width < 500 ? 3 : 5,
      symbolType: 'stroke' as const,
      symbolOpacity: 1,
    },
  };
  const dash = names.map((_, at) => DASHES[Math.floor(at / SERIES_COLORS) % DASHES.length] as number[]);
  const isDashed = names.length > SERIES_COLORS;
  const strokeDash = { field: 'name', type: 'nominal' as const, scale: { domain: names, range: dash } };
  const x = {
    field: 'x',
    type: 'quantitative' as const,
    title: xTitle,
    scale: { zero: false, nice: false },
    axis: { tickCount: Math.round(width / 80), format: 'd' },
  };
  const y = {
    type: 'quantitative' as const,
    title: yTitle,
    scale: { domain: yDomain(series, yLimits), nice: false },
    axis: { format: yFormat },
  };
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    width,
    height,
    autosize: { type: 'fit', contains: 'padding' },
    padding: 4,
    background: 'transparent',
    data: { values },
    layer: [
      {
        mark: { type: 'area', opacity: 0.15, clip: true },
        encoding: { x, y: { ...y, field: 'low' }, y2: { field: 'high' }, color },
      },
      {
        mark: { type: 'line', strokeWidth: 2 },
        encoding: { x, y: { ...y, field: 'y' }, color, ...(isDashed ? { strokeDash } : {}) },
      },
      {
        mark: { type: 'point', filled: true, size: 22, opacity: 1 },
        encoding: { x, y: { ...y, field: 'y' }, color },
      },
    ],
    config: {
      font: 'system-ui, sans-serif',
      view: { stroke: null },
      axis: {
        labelColor: 'var(--muted)',
        titleColor: 'var(--ink)',
        gridColor: 'var(--grid)',
        domainColor: 'var(--grid)',
        tickColor: 'var(--grid)',
        labelFontSize: 12,
        titleFontSize: 13,
        titleFontWeight: 500,
        titlePadding: 8,
      },
      legend: { labelColor: 'var(--ink)', labelFontSize: 13, symbolStrokeWidth: 3, symbolSize: 200, columnPadding: 18 },
    },
  };
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
    return numberClips(svg, id).replace(/^<svg /, `<svg ${accessible} `);
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
