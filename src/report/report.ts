import { armsOf, type ExperimentConfig } from '../experiment/config.js';
import { isOfRun } from '../experiment/records.js';
import { foldConfig, RunFolder } from '../experiment/run-folder.js';
import { learningCurve, type Measure, strategiesOf, summarize } from '../experiment/summary.js';
import { ArgumentError } from '../errors.js';
import { writeFileAtomic } from '../pool/atomic.js';
import { type ChartOptions, learningCurveSpec, renderSvg, type Series } from './chart.js';
import { numberEstimate, percent, percentEstimate } from './format.js';
import { escapeHtml, htmlPage, htmlTable } from './html.js';

const WIDE = { width: 760, height: 420 };
const NARROW = { width: 360, height: 340 };

/** How each measure is drawn. */
const CHARTS: Readonly<Record<Measure, Pick<ChartOptions, 'yTitle' | 'yFormat' | 'yLimits'>>> = {
  accuracy: { yTitle: 'test accuracy', yFormat: '.0%', yLimits: [0, 1] },
  macroF1: { yTitle: 'test macro F1', yFormat: '.0%', yLimits: [0, 1] },
  logLoss: { yTitle: 'test log-loss (nats)', yFormat: '.2f', yLimits: [0, Infinity] },
};

/**
 * Write one page about one or more run folders, finished or not: learning curves, results, and how to repeat them.
 *
 * @throws {StorageError} A folder holds no run, or the page cannot be written.
 */
export async function writeReport(folders: readonly string[], out: string): Promise<void> {
  if (folders.length === 0) throw new ArgumentError('report: expected at least one run folder');
  const runs = await Promise.all(folders.map((folder) => RunFolder.open(folder)));
  await writeFileAtomic(out, await renderReport(runs));
}

/** The page as text. */
export async function renderReport(runs: readonly RunFolder[]): Promise<string> {
  const sections: string[] = [];
  for (const [at, run] of runs.entries()) sections.push(await renderRun(run, `run${at + 1}`));
  const title = runs.map(({ manifest: { config } }) => `${config.dataset}, ${config.model.name}`).join('; ');
  return htmlPage(`Learning curves: ${title}`, sections.join('\n'));
}

async function renderRun(run: RunFolder, id: string): Promise<string> {
  const { stringify } = await import('yaml');
  const { config, environment, started, source } = run.manifest;
  const heading = `<h1>${escapeHtml(config.dataset)}, ${escapeHtml(config.model.name)}</h1>
<p class="muted">${escapeHtml(describe(config))} Begun ${escapeHtml(started.slice(0, 16).replace('T', ' '))} UTC.</p>`;
  const parts = [heading, renderProgress(run)];
  if (run.rounds.length > 0) {
    parts.push(await renderChart(run, id, 'accuracy'), renderResults(run));
    parts.push(
      `<details><summary>Log-loss</summary>\n${await renderChart(run, id, 'logLoss')}\n</details>`,
      renderSeeds(run),
    );
  }
  const machine = Object.entries(environment).map(([key, value]) => `${key}: ${value}`);
  parts.push(
    '<h2>To repeat it</h2>',
    `<p>Save this as <code>config.yaml</code> and call <code>querent run config.yaml</code>. On the same machine the rounds
repeat exactly; elsewhere training may differ in its last digits.</p>`,
    `<pre>${escapeHtml(stringify(foldConfig(config)).trimEnd())}</pre>`,
    `<details><summary>Versions and machine</summary><pre>${escapeHtml(machine.join('\n'))}</pre></details>`,
    `<p class="muted">Data: ${escapeHtml(source)}. Run folder: ${escapeHtml(run.path)}</p>`,
  );
  return `<section>\n${parts.filter((part) => part !== '').join('\n')}\n</section>`;
}

function describe({ initial, batch, budget, seeds, warmStart }: ExperimentConfig): string {
  const count = `${seeds.length} seed${seeds.length === 1 ? '' : 's'} per strategy`;
  const training = warmStart ? 'going on from the last weights' : 'from scratch';
  return `${initial} random labels to begin with, ${batch} per round up to ${budget}, trained ${training} every round, ${count}.`;
}

function renderProgress(run: RunFolder): string {
  const { config } = run.manifest;
  const all = config.seeds.flatMap((seed) => armsOf(config).map(({ label }) => ({ strategy: label, seed })));
  const done = all.filter((key) => run.isDone(key)).length;
  if (done === all.length) return '';
  return `<p class="notice">${done} of ${all.length} runs are finished; the curves show what there is.</p>`;
}

async function renderChart({ rounds }: RunFolder, id: string, measure: Measure): Promise<string> {
  const series: Series[] = strategiesOf(rounds).map((name) => ({
    name,
    points: learningCurve(rounds, name, measure).map(({ labels, mean, interval }) => ({
      x: labels,
      y: mean,
      interval,
    })),
  }));
  const seeds = Math.max(...summarize(rounds).map((summary) => summary.seeds));
  const options = { ...CHARTS[measure], xTitle: 'labels' };
  const label = `${options.yTitle} by number of labels for ${series.map(({ name }) => name).join(', ')}`;
  const wide = await renderSvg(learningCurveSpec(series, { ...options, ...WIDE }), `${id}-${measure}-wide`, label);
  const narrow = await renderSvg(
    learningCurveSpec(series, { ...options, ...NARROW }),
    `${id}-${measure}-narrow`,
    label,
  );
  const caption = seeds > 1 ? `Mean over ${seeds} seeds; the bands are 95 % t intervals.` : 'One seed, so no interval.';
  return `<figure><div class="wide">${wide}</div><div class="narrow">${narrow}</div>
<figcaption class="muted">${caption}</figcaption></figure>`;
}

function renderResults({ rounds }: RunFolder): string {
  const rows = summarize(rounds).map((summary) => [
    summary.strategy,
    String(summary.labels),
    percentEstimate(summary.accuracy),
    percentEstimate(summary.macroF1),
    numberEstimate(summary.logLoss),
    percentEstimate(summary.area),
    String(summary.seeds),
  ]);
  const header = ['strategy', 'labels', 'accuracy', 'macro F1', 'log-loss', 'area under curve', 'seeds'];
  return `<h2>Results</h2>
${htmlTable(header, rows)}
<p class="muted">On the test set, mean ± 95 % t interval over seeds. Area under curve: mean accuracy over the labels bought,
by trapezoids. Log-loss in nats.</p>`;
}

function renderSeeds({ rounds }: RunFolder): string {
  const last = rounds.filter(
    (record) => !rounds.some((other) => isOfRun(other, record) && other.labels > record.labels),
  );
  const rows = last.map(({ strategy, seed, labels, accuracy, macroF1, logLoss }) => [
    strategy,
    String(seed),
    String(labels),
    percent(accuracy),
    percent(macroF1),
    logLoss.toFixed(3),
  ]);
  const header = ['strategy', 'seed', 'labels', 'accuracy', 'macro F1', 'log-loss'];
  const times = summarize(rounds).map(({ strategy, seconds: { train, score, select, evaluate } }) => [
    strategy,
    ...[train, score, select, evaluate].map((value) => (value < 10 ? value.toFixed(2) : value.toFixed(0))),
  ]);
  return `<details><summary>Every seed</summary>\n${htmlTable(header, rows)}\n</details>
<details><summary>Seconds per seed</summary>
${htmlTable(['strategy', 'training', 'predicting the pool', 'scoring and selecting', 'measuring'], times)}
</details>`;
}
