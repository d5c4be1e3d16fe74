import type { Dataset } from '../data/dataset.js';
import { show } from '../contract/text.js';
import { ArgumentError } from '../errors.js';
import { winLossMatrix } from '../experiment/win-loss.js';
import { writeFileAtomic } from '../pool/atomic.js';
import { renderAblations } from './ablation.js';
import { renderBalance } from './balance.js';
import { renderCurves } from './curves.js';
import { renderDeviations } from './deviations.js';
import { renderDuels } from './duels.js';
import { renderFailures } from './failures.js';
import { renderFindings, renderTogether } from './findings.js';
import { renderGallery } from './gallery.js';
import { escapeHtml, htmlPage } from './html.js';
import { renderLabelTests } from './label-tests.js';
import { choosePoints, type MapMethod, mapSamples } from './map.js';
import { renderMap } from './map-section.js';
import { renderPicksFigure } from './picks-figure.js';
import { poolOf } from './pool-data.js';
import { renderProgress, renderRepeat, settingsOf } from './repeat.js';
import { checkShown, checkWanted, readRun, type RunData } from './run-data.js';
import { count, type HeadingLevel, NOTHING, type Section } from './section.js';
import { type PlainTable, plainTable, type ReportTable } from './table.js';
import { renderTimings } from './timings.js';

/** Options of `writeReport`. */
export interface ReportOptions {
  /** Heading of the page; default: what came out, in words. */
  readonly title?: string | undefined;
  /** Strategies to show, by label or name; default all. */
  readonly strategies?: readonly string[] | undefined;
  /** Where data sets with files are, for map and pictures; default QUERENT_DATA_DIR. */
  readonly dataDir?: string | undefined;
  /** The data, of runs that were made with one that has no name here. */
  readonly dataset?: Dataset | undefined;
  /** How the pool is laid out in two dimensions (default `tsne`), or false for no map and no pictures. */
  readonly map?: MapMethod | false | undefined;
  /** Strategy that is tested against each other at every number of labels, by label or name; default the first of `sral`. */
  readonly focus?: string | undefined;
  /** Strategies whose curves are also shown by themselves, two or more of them each time, by label or name. */
  readonly compare?: readonly (readonly string[])[] | undefined;
  /** Round whose picks are shown side by side; default the last of each strategy. */
  readonly round?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told what is going on and the share of it that is done, 0 to 1. */
  readonly onProgress?: ((what: string, share: number) => void) | undefined;
}

/** What the page says about one run folder, for machines. */
export interface RunReport {
  readonly folder: string;
  readonly headline: string;
  readonly tables: readonly PlainTable[];
}

/** A page with what is on it. */
export interface Report {
  readonly html: string;
  readonly runs: readonly RunReport[];
  /** The tables with their captions as they are on the page, for Markdown. */
  readonly tables: readonly (readonly ReportTable[])[];
}

/**
 * Write one page about one or more run folders, finished or not: what came out in words, learning curves, comparisons,
 * the pool with what was asked for, and how to repeat it. One file that needs no network.
 *
 * @returns The same in numbers.
 * @throws {ArgumentError} No folder, a strategy that is in none of them, or a comparison of less than two.
 * @throws {StorageError} A folder holds no run, or the page cannot be written.
 * @throws {FormatError} A folder is damaged.
 */
export async function writeReport(
  folders: readonly string[],
  out: string,
  options: ReportOptions = {},
): Promise<readonly RunReport[]> {
  const { html, runs } = await makeReport(folders, options);
  await writeFileAtomic(out, html);
  return runs;
}

/** The page and its tables, without writing them. */
export async function makeReport(folders: readonly string[], options: ReportOptions = {}): Promise<Report> {
  if (folders.length === 0) throw new ArgumentError('report: expected at least one run folder');
  const { strategies, title, focus, compare = [] } = options;
  const runs = await Promise.all(folders.map((folder, at) => readRun(folder, `run${at + 1}`, strategies)));
  checkWanted(runs, strategies);
  checkShown(runs, [...(focus === undefined ? [] : [focus]), ...compare.flat()]);
  const short = compare.find(({ length }) => length < 2);
  if (short !== undefined) throw new ArgumentError(`report: expected two strategies to compare, got ${show(short)}`);
  const level = runs.length > 1 || title !== undefined ? 3 : 2;
  const rendered: RenderedRun[] = [];
  for (const run of runs) {
    options.signal?.throwIfAborted();
    rendered.push(await renderRun(run, level, options));
  }
  const heading =
    title ?? (runs.length > 1 ? `${count(runs.length, 'experiment')} with query strategies` : rendered[0]?.headline);
  const contents = level === 2 ? '' : `<h1>${escapeHtml(heading ?? '')}</h1>\n${contentsOf(rendered)}`;
  const together = renderTogether(runs, winLossMatrix(runs.map(({ rounds }) => rounds)));
  const body = [contents, together.html, ...rendered.map(({ html }) => html)].filter((part) => part !== '').join('\n');
  const styles = rendered.flatMap((run) => run.styles);
  return {
    html: htmlPage(heading ?? '', body, styles),
    runs: rendered.map(({ run, headline, tables }) => ({ folder: run.path, headline, tables: tables.map(plainTable) })),
    tables: rendered.map(({ tables }) => tables),
  };
}

interface RenderedRun {
  readonly run: RunData;
  readonly headline: string;
  readonly html: string;
  readonly tables: readonly ReportTable[];
  readonly styles: readonly string[];
}

function contentsOf(runs: readonly RenderedRun[]): string {
  if (runs.length < 2) return '';
  const items = runs.map(
    ({ run, headline }) => `<li><a href="#${run.id}">${escapeHtml(kickerOf(run))}</a>: ${escapeHtml(headline)}</li>`,
  );
  return `<nav aria-label="Contents"><ol>\n${items.join('\n')}\n</ol></nav>`;
}

function kickerOf({ manifest: { config } }: RunData): string {
  return `${config.dataset.name}, ${config.model.name}`;
}

async function renderRun(run: RunData, level: HeadingLevel, options: ReportOptions): Promise<RenderedRun> {
  const findings = renderFindings(run, level);
  const pool = await poolOf(run, options);
  const sections: Section[] = [
    await renderCurves(run, level),
    renderDeviations(run, level),
    ...findings.sections,
    renderLabelTests(run, level, options.focus),
    ...(await renderDuels(run, level, options.compare)),
    await renderAblations(run, level),
    ...(await renderPool(run, pool, level, options)),
    renderBalance(run, pool.dataset, level),
    renderTimings(run, level),
    renderFailures(run, level),
    await renderRepeat(run, level),
  ];
  const top =
    level === 2
      ? `<h1>${escapeHtml(findings.headline)}</h1>`
      : `<h2 class="lead">${escapeHtml(findings.headline)}</h2>`;
  const parts = [
    `<p class="kicker">${escapeHtml(kickerOf(run))}</p>`,
    top,
    findings.standfirst === '' ? '' : `<p class="standfirst">${escapeHtml(findings.standfirst)}</p>`,
    `<p class="muted">${escapeHtml(settingsOf(run))}</p>`,
    renderProgress(run),
    ...sections.map(({ html }) => html),
  ];
  return {
    run,
    headline: [findings.headline, findings.standfirst].filter((part) => part !== '').join(': '),
    html: `<section class="run" id="${run.id}">\n${parts.filter((part) => part !== '').join('\n')}\n</section>`,
    tables: sections.flatMap(({ tables }) => tables),
    styles: sections.flatMap(({ styles = [] }) => styles),
  };
}

/** Map and gallery, or a sentence that says why not and what to do. */
async function renderPool(
  run: RunData,
  { dataset, why }: Awaited<ReturnType<typeof poolOf>>,
  level: HeadingLevel,
  { map: method, round, signal, onProgress }: ReportOptions,
): Promise<Section[]> {
  if (dataset === undefined) {
    return why === undefined ? [] : [{ ...NOTHING, html: `<p class="notice">${escapeHtml(why)}</p>` }];
  }
  if (run.picks.length === 0) return [];
  const gallery = renderGallery(run, dataset, level);
  if (method === false) return [gallery];
  const bySeed = run.seeds.map((seed) =>
    run.picks.filter((pick) => pick.seed === seed).flatMap(({ indices }) => indices),
  );
  const points = choosePoints(dataset.pool.samples.rows, bySeed);
  const map = await mapSamples(run.path, dataset.pool.samples, points, {
    method,
    signal,
    onProgress: (share) => onProgress?.('map of the pool', share),
  });
  return [renderMap(run, dataset, map, gallery, level), renderPicksFigure(run, dataset, map, level, round), gallery];
}
