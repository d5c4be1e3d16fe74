import type { Dataset } from '../data/dataset.js';
import { compareStrategies, type Comparison } from './comparison.js';
import { resolveArms, withValidation } from './arms.js';
import { armsOf, baselineOf, type ExperimentConfig, type ExperimentConfigInput, parseConfig } from './config.js';
import { Crew, type CrewHooks } from './crew.js';
import { describeEnvironment, type Environment, environmentDifferences } from './environment.js';
import type { FailureRecord, RoundRecord, RunKey } from './records.js';
import { inOrder, refuseRun, RunFolder } from './run-folder.js';
import { checkFits, checkNames, loadConfigured, runOne, type RunTask } from './run-one.js';
import { type StrategySummary, summarize } from './summary.js';
import { errorOf, plainError } from './worker-messages.js';

/** How an experiment is done: nothing here changes what comes out. */
export interface WorkingOptions {
  /** Where data sets with files are; default QUERENT_DATA_DIR. */
  readonly dataDir?: string | undefined;
  /**
   * Worker processes at once. A run that breaks its process then fails alone. Default 0: all runs one after the other in this
   * process, with the threads that TensorFlow has here.
   */
  readonly processes?: number | undefined;
  /** Resident memory of all worker processes together, in MB: see `CrewLimits`. Default no limit. */
  readonly memory?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called with every round, those read back on resuming included. */
  readonly onRound?: ((record: RoundRecord) => void | Promise<void>) | undefined;
  /** Called with every run that ends in an error; the others go on. */
  readonly onFailure?: ((failure: FailureRecord) => void | Promise<void>) | undefined;
  /** Lines for people. */
  readonly log?: ((message: string) => void) | undefined;
}

/** Options of `runExperiment`. */
export interface ExperimentOptions extends WorkingOptions, Omit<ExperimentConfigInput, 'dataset'> {
  /** Name of a data set, a name with options, or a data set of your own. */
  readonly dataset?: ExperimentConfigInput['dataset'] | Dataset;
  /** Folder to write the run into; without one, nothing is written. */
  readonly out?: string | undefined;
}

/** What {@link resumeExperiment} takes beside the folder. */
export interface ResumeOptions extends WorkingOptions {
  /** Needed where the run was made with a data set that has no name here. */
  readonly dataset?: Dataset | undefined;
}

/** What an experiment found. */
export interface ExperimentResult {
  readonly config: ExperimentConfig;
  readonly environment: Environment;
  /** By seed, then by strategy as configured, then by round. */
  readonly rounds: readonly RoundRecord[];
  /** Runs that ended in an error; {@link resumeExperiment} tries them again. */
  readonly failures: readonly FailureRecord[];
  readonly summary: readonly StrategySummary[];
  /** Tests of the strategies against each other and against random. */
  readonly comparison: Comparison;
  /** Where it was written. */
  readonly folder?: string | undefined;
}

/** What does the runs: this process, or a crew of others. */
interface Workplace {
  readonly environment: Environment;
  /** Who made the data. */
  readonly source: string;
  work(tasks: readonly RunTask[], hooks: CrewHooks): Promise<void>;
  close(): Promise<void>;
}

/**
 * Run every strategy with every seed on a data set whose labels are known, and measure after every round on its test
 * set. At a given seed all strategies begin with the same labels. A run that ends in an error is a failure of its own: the
 * others go on.
 *
 * @throws {ArgumentError} Unknown names or options, before anything is computed.
 * @throws {StorageError} `out` holds a run already, or cannot be written.
 * @throws {QuerentError} ERR_QUERENT_BUSY: another process works in `out`.
 * @throws The error of the first run, where no run got as far as a round.
 * @throws The signal's reason, when it aborts; with `out`, {@link resumeExperiment} goes on from the last round.
 */
export async function runExperiment(options: ExperimentOptions): Promise<ExperimentResult> {
  const {
    dataset: given = 'digits',
    out,
    dataDir,
    processes,
    memory,
    signal,
    onRound,
    onFailure,
    log,
    ...rest
  } = options;
  const working: WorkingOptions = { dataDir, processes, memory, signal, onRound, onFailure, log };
  const own = isDataset(given) ? given : undefined;
  const asked = parseConfig({ ...rest, dataset: own?.name ?? given });
  checkNames(asked);
  const config = withValidation(asked);
  if (out !== undefined) await refuseRun(out);
  const workplace = await openWorkplace(config, own, working);
  try {
    const { environment, source } = workplace;
    const manifest = { config, arms: resolveArms(config), environment, started: new Date().toISOString(), source };
    const folder = out === undefined ? undefined : await RunFolder.create(out, manifest);
    return await workAt(workplace, config, folder, working);
  } finally {
    await workplace.close();
  }
}

/**
 * Go on with an experiment that was stopped or killed, or of which runs have failed. Runs that were under way go on from
 * their last round, and end with the same rounds as if they had never stopped, on the same machine; on another one training may
 * differ in its last digits, which `log` is told.
 *
 * @throws {StorageError} There is no run in the folder.
 * @throws {QuerentError} ERR_QUERENT_BUSY: another process works in it.
 */
export async function resumeExperiment(out: string, options: ResumeOptions = {}): Promise<ExperimentResult> {
  const { dataset, onRound, log } = options;
  const folder = await RunFolder.openToWork(out);
  try {
    const { config, environment: began } = folder.manifest;
    checkNames(config);
    const workplace = await openWorkplace(config, dataset, options);
    try {
      const differences = environmentDifferences(began, workplace.environment);
      if (differences.length > 0) {
        log?.(`resuming elsewhere, so training may differ slightly: ${differences.join('; ')}`);
      }
      for (const record of folder.rounds) await onRound?.(record);
      return await workAt(workplace, config, folder, options);
    } finally {
      await workplace.close();
    }
  } finally {
    await folder.close();
  }
}

async function openWorkplace(
  config: ExperimentConfig,
  dataset: Dataset | undefined,
  working: WorkingOptions,
): Promise<Workplace> {
  const { dataDir, processes = 0, memory, signal, log = () => undefined } = working;
  if (processes < 1) return hereWith(config, dataset ?? (await loadConfigured(config, { dataDir, signal })), working);
  const crew = new Crew({ config, dataset, dataDir, processes, memory, signal, log });
  try {
    const { environment, source } = await crew.begin();
    return {
      environment,
      source,
      work: (tasks, hooks) => crew.work(tasks, hooks),
      close: () => crew.close(),
    };
  } catch (error) {
    await crew.close();
    throw error;
  }
}

/** All runs in this process, one after the other. */
async function hereWith(config: ExperimentConfig, dataset: Dataset, working: WorkingOptions): Promise<Workplace> {
  const { signal, log = () => undefined } = working;
  checkFits(config, dataset);
  return {
    environment: await describeEnvironment(log),
    source: dataset.source,
    async work(tasks, hooks) {
      for (const task of tasks) {
        signal?.throwIfAborted();
        const onEntry: Parameters<typeof runOne>[2]['onEntry'] = (entry) => hooks.onEntry(task, entry);
        let stop: string;
        try {
          stop = await runOne(task, { config, dataset, log }, { signal, onEntry });
        } catch (error) {
          signal?.throwIfAborted();
          await hooks.onFailure(task, plainError(error));
          continue;
        }
        await hooks.onDone(task, stop);
      }
    },
    close: () => Promise.resolve(),
  };
}

async function workAt(
  workplace: Workplace,
  config: ExperimentConfig,
  folder: RunFolder | undefined,
  { onRound, onFailure }: WorkingOptions,
): Promise<ExperimentResult> {
  const keys = config.seeds.flatMap((seed) => armsOf(config).map(({ label }): RunKey => ({ strategy: label, seed })));
  for (const key of keys) if (folder?.isDone(key) === true) await folder.forget(key);
  const tasks = keys
    .filter((key) => folder?.isDone(key) !== true)
    .map((key): RunTask => ({ key, state: folder?.stateOf(key) }));
  const rounds: RoundRecord[] = [];
  const failures: FailureRecord[] = [];
  try {
    if (tasks.length > 0) {
      await workplace.work(tasks, {
        async onEntry(_, entry) {
          const isNew = folder === undefined || (await folder.record(entry));
          rounds.push(entry.round);
          if (isNew) await onRound?.(entry.round);
        },
        async onDone({ key }, stop) {
          await folder?.finish(key, stop);
        },
        async onFailure({ key }, { code, message }) {
          const failure = { ...key, at: new Date().toISOString(), code, reason: message };
          failures.push(failure);
          await folder?.recordFailure(failure);
          await onFailure?.(failure);
        },
      });
    }
    const [failure] = failures;
    if (failure !== undefined && rounds.length === 0 && (folder?.rounds ?? []).length === 0) {
      throw errorOf({ code: failure.code, message: failure.reason });
    }
    const all = inOrder(folder?.rounds ?? rounds, config);
    return {
      config,
      environment: workplace.environment,
      rounds: all,
      failures: folder?.failures ?? failures,
      summary: summarize(all),
      comparison: compareStrategies(all, { baseline: baselineOf(armsOf(config))?.label }),
      folder: folder?.path,
    };
  } finally {
    await folder?.close();
  }
}

function isDataset(given: ExperimentOptions['dataset']): given is Dataset {
  return typeof given === 'object' && 'pool' in given && 'test' in given;
}
