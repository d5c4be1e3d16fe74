import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { FormatError } from '../errors.js';
import { type ExperimentConfig, type ExperimentConfigInput, parseConfig } from '../experiment/config.js';
import { type ExperimentResult, resumeExperiment, runExperiment } from '../experiment/experiment.js';
import { RunFolder } from '../experiment/run-folder.js';
import { storageError } from '../pool/atomic.js';
import { numberEstimate, percentEstimate } from '../report/format.js';
import { writeReport } from '../report/report.js';
import { alignTable, type Effects, formatSeconds, print, UsageError } from './effects.js';
import { reportProgress } from './report-run.js';
import { liveTable } from './run-table.js';

/** Options of `querent run`, as commander delivers them. */
export interface RunCommandOptions {
  readonly dataset?: string;
  readonly model?: string;
  readonly strategies?: string[];
  readonly seeds?: number | number[];
  readonly initial?: number;
  readonly batch?: number;
  readonly budget?: number;
  readonly warmStart?: boolean;
  readonly dataDir?: string;
  readonly out?: string;
  readonly resume?: string;
  readonly json?: boolean;
}

const SETTINGS = ['dataset', 'model', 'strategies', 'seeds', 'initial', 'batch', 'budget', 'warmStart'] as const;

/** Run or resume an experiment, show how it goes, and write the report; the report is also written when it is stopped. */
export async function runFromCommandLine(
  file: string | undefined,
  options: RunCommandOptions,
  effects: Effects,
): Promise<void> {
  const { folder, begin } = options.resume === undefined ? await fresh(file, options) : resumed(file, options);
  const { stdout, stderr, signal } = effects;
  const started = performance.now();
  let table: ReturnType<typeof liveTable> | undefined;
  const log = (message: string): void => {
    table?.clear();
    stderr.write(`${message}\n`);
  };
  let result: ExperimentResult;
  try {
    result = await begin({
      signal,
      log,
      onStart: (config) => {
        table = liveTable(config, stderr);
      },
      onRound: (record) => table?.add(record),
    });
  } catch (error) {
    table?.done();
    if (signal.aborted) {
      await writeReport([folder], join(folder, 'report.html'), { dataDir: options.dataDir, map: false }); // no long work now
      stderr.write(`stopped; go on with: querent run --resume ${folder}\n`);
    }
    throw error;
  }
  table?.done();
  const report = join(folder, 'report.html');
  const progress = reportProgress(stderr);
  const { dataDir } = options;
  await writeReport([folder], report, { dataDir, signal, onProgress: progress.onProgress }).finally(progress.done);
  const { config, environment, summary } = result;
  if (options.json === true) {
    await print(stdout, `${JSON.stringify({ folder, report, config, environment, summary })}\n`);
    return;
  }
  await print(stdout, summaryTable(result));
  await print(stdout, `\n${report}\n`);
  stderr.write(`${formatSeconds((performance.now() - started) / 1000)} in all\n`);
}

/** What both ways of beginning share. */
interface Watching {
  readonly signal: AbortSignal;
  readonly log: (message: string) => void;
  readonly onStart: (config: ExperimentConfig) => void;
  readonly onRound: NonNullable<Parameters<typeof runExperiment>[0]['onRound']>;
}

interface Beginning {
  readonly folder: string;
  begin(watching: Watching): Promise<ExperimentResult>;
}

async function fresh(file: string | undefined, options: RunCommandOptions): Promise<Beginning> {
  const { dataDir } = options;
  const settings = Object.fromEntries(
    SETTINGS.filter((key) => options[key] !== undefined).map((key) => [key, options[key]]),
  );
  const input = { ...(file === undefined ? {} : await readConfigFile(file)), ...settings } as ExperimentConfigInput;
  const config = parseConfig(input);
  const stamp = new Date().toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
  const folder = options.out ?? join('runs', `${config.dataset.name}-${config.model.name}-${stamp}`);
  return {
    folder,
    begin({ onStart, ...watching }) {
      onStart(config);
      return runExperiment({ ...input, dataDir, out: folder, ...watching });
    },
  };
}

function resumed(file: string | undefined, options: RunCommandOptions): Beginning {
  const { resume: folder = '', dataDir } = options;
  const extra = [...SETTINGS, 'out' as const].filter((key) => options[key] !== undefined);
  if (file !== undefined || extra.length > 0) {
    throw new UsageError(
      `--resume takes its settings from the run folder; leave out ${[...extra, ...(file ? [file] : [])].join(', ')}`,
    );
  }
  return {
    folder,
    async begin({ onStart, ...watching }) {
      const { manifest } = await RunFolder.open(folder);
      onStart(manifest.config);
      return resumeExperiment(folder, { dataDir, ...watching });
    },
  };
}

async function readConfigFile(path: string): Promise<object> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw storageError('read', path, error);
  }
  let value: unknown;
  try {
    value = parse(text);
  } catch (cause) {
    throw new FormatError(`${path}: expected YAML or JSON (${(cause as Error).message.split('\n')[0] ?? ''})`, {
      cause,
    });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new FormatError(`${path}: expected settings such as "dataset: digits", one per line`);
  }
  return value;
}

function summaryTable({ summary }: ExperimentResult): string {
  return alignTable(
    ['strategy', 'seeds', 'labels', 'accuracy', 'macro F1', 'log-loss', 'area under curve'],
    summary.map((row) => [
      row.strategy,
      String(row.seeds),
      String(row.labels),
      percentEstimate(row.accuracy),
      percentEstimate(row.macroF1),
      numberEstimate(row.logLoss),
      percentEstimate(row.area),
    ]),
    1,
  );
}
