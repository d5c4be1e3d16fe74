import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { withValidation } from '../experiment/arms.js';
import { armsOf, type ExperimentConfig, type ExperimentConfigInput, parseConfig } from '../experiment/config.js';
import {
  type ExperimentResult,
  resumeExperiment,
  runExperiment,
  type WorkingOptions,
} from '../experiment/experiment.js';
import { foldConfig, RunFolder } from '../experiment/run-folder.js';
import { FormatError, StorageError } from '../errors.js';
import { makeFolder } from '../models/storage.js';
import { storageError, writeFileAtomic } from '../pool/atomic.js';
import { UsageError } from './effects.js';
import { exists } from '../pool/exists.js';

/** Options of `querent run`, as commander delivers them. */
export interface RunCommandOptions {
  readonly dataset?: string[];
  readonly model?: string;
  readonly learner?: string;
  readonly strategies?: string[];
  readonly seeds?: number | number[];
  readonly initial?: number;
  readonly batch?: number;
  readonly budget?: number;
  readonly warmStart?: boolean;
  readonly stopping?: string[];
  readonly validation?: number;
  readonly processes?: number;
  readonly memory?: number;
  readonly dataDir?: string;
  readonly out?: string;
  readonly resume?: string;
  readonly json?: boolean;
}

const SETTINGS = [
  'model',
  'learner',
  'strategies',
  'seeds',
  'initial',
  'batch',
  'budget',
  'warmStart',
  'stopping',
  'validation',
] as const;

/** One experiment that is to be done: one data set. */
export interface PlannedRun {
  readonly folder: string;
  readonly config: ExperimentConfig;
  run(watching: WorkingOptions): Promise<ExperimentResult>;
}

/** What `querent run` will do. */
export interface RunPlan {
  /** The run folder; of several data sets, the folder of their run folders. */
  readonly folder: string;
  readonly runs: readonly PlannedRun[];
}

/** Names the run folders of an experiment over several data sets, with what to run in those that are not begun. */
const LIST = 'experiments.json';
const listSchema = z.object({
  format: z.literal('querent-experiments'),
  version: z.literal(1),
  runs: z.array(z.object({ folder: z.string(), config: z.unknown() })),
});

/** @throws {ArgumentError} Settings that cannot be meant. @throws {UsageError} Options that do not fit together. */
export async function planRun(file: string | undefined, options: RunCommandOptions): Promise<RunPlan> {
  if (options.resume === undefined) return fresh(file, options);
  const extra = [...SETTINGS, 'dataset' as const, 'out' as const].filter((key) => options[key] !== undefined);
  if (file !== undefined || extra.length > 0) {
    throw new UsageError(
      `--resume takes its settings from the run folder; leave out ${[...extra, ...(file ? [file] : [])].join(', ')}`,
    );
  }
  return resumed(options.resume, options);
}

async function fresh(file: string | undefined, options: RunCommandOptions): Promise<RunPlan> {
  const chosen = SETTINGS.filter((key) => options[key] !== undefined).map((key) => [key, options[key]]);
  const { datasets, ...given } = (file === undefined ? {} : await readConfigFile(file)) as ExperimentConfigInput & {
    datasets?: ExperimentConfigInput['dataset'][];
  };
  if (datasets !== undefined && (given.dataset !== undefined || !Array.isArray(datasets) || datasets.length === 0)) {
    throw new UsageError(`${file}: expected dataset, or datasets with a list of them`);
  }
  const input: ExperimentConfigInput = { ...given, ...Object.fromEntries(chosen) };
  const wanted = options.dataset ?? datasets ?? [given.dataset];
  const configs = wanted.map((dataset) =>
    withValidation(parseConfig({ ...input, ...(dataset === undefined ? {} : { dataset }) })),
  );
  const [first] = configs as [ExperimentConfig, ...ExperimentConfig[]];
  const stamp = new Date().toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
  const names = configs.map(({ dataset }) => dataset.name).join('-');
  const folder = options.out ?? join('runs', `${names}-${first.model.name}-${stamp}`);
  if (configs.length === 1) return { folder, runs: [begun(folder, first, options)] };
  const folders = configs.map(({ dataset, model }, at) => {
    const isRepeated = configs.some((other, i) => i < at && other.dataset.name === dataset.name);
    return `${dataset.name}-${model.name}${isRepeated ? `-${at + 1}` : ''}`;
  });
  if (await exists(join(folder, LIST))) {
    throw new StorageError(`${folder} holds runs already; resume it, or choose another folder`);
  }
  await makeFolder(folder);
  const list: z.input<typeof listSchema> = {
    format: 'querent-experiments',
    version: 1,
    runs: configs.map((config, at) => ({ folder: folders[at] as string, config: foldConfig(config) })),
  };
  await writeFileAtomic(join(folder, LIST), `${JSON.stringify(list, null, 2)}\n`);
  return { folder, runs: configs.map((config, at) => begun(join(folder, folders[at] as string), config, options)) };
}

function begun(folder: string, config: ExperimentConfig, options: RunCommandOptions): PlannedRun {
  return {
    folder,
    config,
    run: (watching) =>
      runExperiment({
        ...(foldConfig(config) as ExperimentConfigInput),
        out: folder,
        ...working(config, options),
        ...watching,
      }),
  };
}

async function resumed(folder: string, options: RunCommandOptions): Promise<RunPlan> {
  const goOn = async (path: string): Promise<PlannedRun> => {
    const { config } = (await RunFolder.open(path)).manifest;
    return {
      folder: path,
      config,
      run: (watching) => resumeExperiment(path, { ...working(config, options), ...watching }),
    };
  };
  if (!(await exists(join(folder, LIST)))) return { folder, runs: [await goOn(folder)] };
  const parsed = listSchema.safeParse(JSON.parse(await readFile(join(folder, LIST), 'utf8')));
  if (!parsed.success) throw new FormatError(`${join(folder, LIST)}: expected a list of run folders (version 1)`);
  const runs = parsed.data.runs.map(async ({ folder: name, config }) => {
    const path = join(folder, basename(name));
    return (await exists(join(path, 'config.json'))) ? goOn(path) : begun(path, parseConfig(config), options);
  });
  return { folder, runs: await Promise.all(runs) };
}

/** Runs have processes of their own, one per core unless it was said. */
function working(config: ExperimentConfig, { processes, memory, dataDir }: RunCommandOptions): WorkingOptions {
  const cores = Math.max(1, Math.floor(availableParallelism() / config.threads));
  const runs = config.seeds.length * armsOf(config).length;
  return { dataDir, memory, processes: Math.min(processes ?? cores, runs) };
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
