import type { CurvePoint } from '../experiment/summary.js';
import { percent } from './format.js';
import { escapeHtml } from './html.js';
import { baselineOf, type RunData } from './run-data.js';

const WIDTH = 220;
const HEIGHT = 130;
const LEFT = 34;
const BOTTOM = 18;

/** Every strategy in a small drawing of its own before all others in grey, for runs of more strategies than colours. */
export function curvePanels(run: RunData, curveOf: (strategy: string) => CurvePoint[]): string {
  const curves = run.strategies.map((strategy) => ({ strategy, points: curveOf(strategy) }));
  const all = curves.flatMap(({ points }) => points);
  const xs = all.map(({ labels }) => labels);
  const ys = all.map(({ mean }) => mean);
  const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const x = (labels: number): number => Math.round(LEFT + ((labels - x0) / (x1 - x0 || 1)) * (WIDTH - LEFT - 6));
  const y = (mean: number): number => {
    const place = HEIGHT - BOTTOM - ((mean - y0) / (y1 - y0 || 1)) * (HEIGHT - BOTTOM - 8);
    return Math.round(10 * Math.min(HEIGHT - BOTTOM, Math.max(4, place))) / 10;
  };
  const line = (points: readonly CurvePoint[]): string =>
    points.map(({ labels, mean }, at) => `${at === 0 ? 'M' : 'L'}${x(labels)} ${y(mean)}`).join('');
  const band = (points: readonly CurvePoint[]): string => {
    const up = points.map(({ labels, mean, interval }) => `${x(labels)} ${y(mean + (interval ?? 0))}`);
    const down = points.map(({ labels, mean, interval }) => `${x(labels)} ${y(mean - (interval ?? 0))}`).reverse();
    return `M${[...up, ...down].join('L')}Z`;
  };
  const baseline = curves.find(({ strategy }) => strategy === baselineOf(run));
  const shared = `${run.id}-all-curves`;
  const axes = `<path d="M${LEFT} ${HEIGHT - BOTTOM}H${WIDTH - 6}" stroke="var(--muted)"/>
<g font-size="11" fill="var(--muted)"><text x="${LEFT - 4}" y="${y(y1) + 4}" text-anchor="end">${Math.round(100 * y1)} %</text>
<text x="${LEFT - 4}" y="${y(y0)}" text-anchor="end">${Math.round(100 * y0)} %</text>
<text x="${LEFT}" y="${HEIGHT - 4}">${x0}</text><text x="${WIDTH - 6}" y="${HEIGHT - 4}" text-anchor="end">${x1}</text></g>`;
  const symbol = `<svg class="hidden" aria-hidden="true"><symbol id="${shared}" viewBox="0 0 ${WIDTH} ${HEIGHT}">
<path d="${curves.map(({ points }) => line(points)).join('')}" fill="none" stroke="var(--faint)" stroke-width=".8"/>
${baseline === undefined ? '' : `<path d="${line(baseline.points)}" fill="none" stroke="var(--series-1)" stroke-width="1.5" stroke-dasharray="4 2"/>`}
${axes}</symbol></svg>`;
  const panels = curves.map(({ strategy, points }) => {
    const last = points.at(-1);
    const label = last === undefined ? 'no rounds so far' : `${percent(last.mean)} at ${last.labels} labels`;
    return `<figure><figcaption>${escapeHtml(strategy)}</figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(`${strategy}: ${label}`)}"><use href="#${shared}"/>
<path d="${points.length === 0 ? '' : band(points)}" fill="var(--series-2)" opacity=".15"/>
<path d="${line(points)}" fill="none" stroke="var(--series-2)" stroke-width="2"/></svg>
<p class="note">${label}</p></figure>`;
  });
  const reference = baseline === undefined ? '' : `, ${baseline.strategy} dashed`;
  return `${symbol}<p class="figure-title">Every strategy on its own</p>
<p class="figure-sub">${escapeHtml(`Accuracy by labels bought; all others in grey${reference}.`)}</p>
<div class="panels">${panels.join('\n')}</div>`;
}
