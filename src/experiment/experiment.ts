import type { Dataset, LoadOptions } from '../data/dataset.js';
import { loadDataset } from '../data/registry.js';
import { ArgumentError } from '../errors.js';
import { ActiveLearner } from '../learner/learner.js';
import type { RunOptions } from '../learner/run.js';
import { labelBalance } from '../learner/metrics.js';
import { simulatedOracle } from '../learner/oracles/simulated.js';
import type { Round } from '../learner/round.js';
import { createModel } from '../models/registry.js';
import { createStrategy } from '../strategies/registry.js';
import {
  type Arm,
  armsOf,
  type ExperimentConfig,
  type ExperimentConfigInput,
  type Named,
  parseConfig,
} from './config.js';
import { describeEnvironment, type Environment, environmentDifferences } from './environment.js';
import type { PicksRecord, RoundRecord, RunKey } from './records.js';
import { RunFolder } from './run-folder.js';
import { type StrategySummary, summarize } from './summary.js';

/** Options of `runExperiment`. */
export interface ExperimentOptions extends Omit<ExperimentConfigInput, 'dataset'> {
  /** Name of a data set, a name with options, or a data set of your own. */
  readonly dataset?: ExperimentConfigInput['dataset'] | Dataset;
  /** Where data sets with files are; default QUERENT_DATA_DIR. */
  readonly dataDir?: string | undefined;
  /** Folder to write the run into; without one, nothing is written. */
  readonly out?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called with every round, those read back on resuming included. */
  readonly onRound?: ((record: RoundRecord) => void | Promise<void>) | undefined;
  /** Lines for people. */
  readonly log?: ((message: string) => void) | undefined;
}

/** What {@link resumeExperiment} takes beside the folder. */
export type ResumeOptions = Pick<ExperimentOptions, 'dataDir' | 'signal' | 'onRound' | 'log'> & {
  /** Needed where the run was made with a data set that has no name here. */
  readonly dataset?: Dataset | undefined;
};

/** What an experiment found. */
export interface ExperimentResult {
  readonly config: ExperimentConfig;
  readonly environment: Environment;
  readonly rounds: readonly RoundRecord[];
  readonly summary: readonly StrategySummary[];
  /** Where it was written. */
  readonly folder?: string | undefined;
}

/** What all runs of an experiment share. */
interface Setting {
  readonly config: ExperimentConfig;
  readonly dataset: Dataset;
  readonly folder: RunFolder | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onRecord: (record: RoundRecord) => Promise<void>;
  readonly log: (message: string) => void;
}

/**
 * Run every strategy with every seed on a data set whose labels are known, and measure after every round on its test
 * set. At a given seed all strategies begin with the same labels.
 *
 * @throws {ArgumentError} Unknown names or options, before anything is computed.
 * @throws {StorageError} `out` holds a run already, or cannot be written.
 * @throws The signal's reason, when it aborts; with `out`, {@link resumeExperiment} goes on from the last round.
 */
export async function runExperiment(options: ExperimentOptions): Promise<ExperimentResult> {
  const { dataset: given = 'digits', dataDir, out, signal, onRound, log, ...rest } = options;
  const own = isDataset(given) ? given : undefined;
  const config = parseConfig({ ...rest, dataset: own?.name ?? given });
  checkNames(config);
  const dataset = own ?? (await loadNamed(config.dataset, { dataDir, signal }));
  checkFits(config, dataset);
  const environment = await describeEnvironment(log);
  const manifest = { config, environment, started: new Date().toISOString(), source: dataset.source };
  const folder = out === undefined ? undefined : await RunFolder.create(out, manifest);
  return runAll(config, environment, dataset, folder, { signal, onRound, log });
}

/**
 * Go on with an experiment that was stopped or killed. Runs that were under way go on from their last round, and end
 * with the same rounds as if they had never stopped, on the same machine; on another one training may differ in its last
 * digits, which `log` is told.
 *
 * @throws {StorageError} There is no run in the folder.
 */
export async function resumeExperiment(out: string, options: ResumeOptions = {}): Promise<ExperimentResult> {
  const { dataset: given, dataDir, signal, onRound, log } = options;
  const folder = await RunFolder.open(out);
  const { config, environment: began } = folder.manifest;
  checkNames(config);
  const dataset = given ?? (await loadNamed(config.dataset, { dataDir, signal }));
  checkFits(config, dataset);
  const here = await describeEnvironment(log);
  const differences = environmentDifferences(began, here);
  if (differences.length > 0) log?.(`resuming elsewhere, so training may differ slightly: ${differences.join('; ')}`);
  for (const record of folder.rounds) await onRound?.(record);
  return runAll(config, here, dataset, folder, { signal, onRound, log });
}

async function runAll(
  config: ExperimentConfig,
  environment: Environment,
  dataset: Dataset,
  folder: RunFolder | undefined,
  { signal, onRound, log }: Pick<ExperimentOptions, 'signal' | 'onRound' | 'log'>,
): Promise<ExperimentResult> {
  const rounds: RoundRecord[] = [...(folder?.rounds ?? [])];
  const setting: Setting = {
    config,
    dataset,
    folder,
    signal,
    log: log ?? (() => undefined),
    async onRecord(record) {
      rounds.push(record);
      await onRound?.(record);
    },
  };
  for (const seed of config.seeds) {
    for (const arm of armsOf(config)) await runOne(arm, seed, setting);
  }
  return { config, environment, rounds, summary: summarize(rounds), folder: folder?.path };
}

/** One strategy with one seed, from its snapshot where there is one. */
async function runOne(arm: Arm, seed: number, setting: Setting): Promise<void> {
  const { config, dataset, folder, signal, onRecord } = setting;
  const key: RunKey = { strategy: arm.label, seed };
  if (folder?.isDone(key) === true) return folder.forget(key);
  signal?.throwIfAborted();
  const { budget, batch, initial } = config;
  const learner = await beginOrRestore(arm, key, setting);
  const onRound: RunOptions['onRound'] = async (done) => {
    const entry = entryOf(key, done, learner, dataset, budget);
    if (folder !== undefined) {
      await folder.announce(key, entry);
      await learner.snapshot(folder.stateOf(key), { pool: false });
    }
    const isNew = folder === undefined || (await folder.record(entry));
    if (isNew) await onRecord(entry.round);
  };
  await learner.run({ budget, batch, initial, signal, onRound });
  await folder?.forget(key);
}

async function beginOrRestore(arm: Arm, key: RunKey, setting: Setting): Promise<ActiveLearner> {
  const { config, dataset, folder, onRecord, log } = setting;
  const { pool, test, sampleShape, classes } = dataset;
  const surroundings = { pool: pool.samples, oracle: simulatedOracle(pool.labels), test, log };
  if (folder !== undefined && (await folder.hasSnapshot(key))) {
    const learner = await ActiveLearner.restore(folder.stateOf(key), surroundings);
    const made = await folder.makeUp(key, learner.round - 1);
    if (made !== undefined) await onRecord(made);
    return learner;
  }
  return new ActiveLearner({
    ...surroundings,
    model: createModel(config.model.name, { ...config.model.options, sampleShape: [...sampleShape], classes }),
    strategy: createStrategy(arm.name, arm.options),
    seed: key.seed,
    classes,
    warmStart: config.warmStart,
  });
}

function entryOf(
  key: RunKey,
  done: Round,
  learner: ActiveLearner,
  dataset: Dataset,
  budget: number,
): { round: RoundRecord; picks: PicksRecord } {
  const { round, labels, metrics, fit, seconds, indices } = done;
  if (metrics === undefined) throw new ArgumentError(`data set ${dataset.name}: expected test samples, got none`);
  const stop = labels >= budget ? 'budget' : labels >= dataset.pool.samples.rows ? 'pool' : undefined;
  const { balance } = labelBalance(learner.labels, dataset.classes);
  return {
    round: {
      ...key,
      round,
      labels,
      ...metrics,
      balance: [...balance],
      ...fit,
      seconds,
      ...(stop === undefined ? {} : { stop }),
    },
    picks: {
      ...key,
      round,
      indices: [...indices],
      labels: Array.from(indices, (index) => dataset.pool.labels[index] as number),
    },
  };
}

function isDataset(given: ExperimentOptions['dataset']): given is Dataset {
  return typeof given === 'object' && 'pool' in given && 'test' in given;
}

function loadNamed({ name, options }: Named, where: Omit<LoadOptions, 'options'>): Promise<Dataset> {
  const wish = { ...where, ...(Object.keys(options).length === 0 ? {} : { options }) };
  return loadDataset(name, wish);
}

/** Names and options of strategies, before the data is loaded: a typing error should not cost a minute. */
function checkNames(config: ExperimentConfig): void {
  for (const { name, options } of config.strategies) createStrategy(name, options);
}

/** Model options need the shape of the data. */
function checkFits({ model, initial }: ExperimentConfig, { name, sampleShape, classes, pool }: Dataset): void {
  createModel(model.name, { ...model.options, sampleShape: [...sampleShape], classes });
  if (initial > pool.samples.rows) {
    throw new ArgumentError(
      `experiment: expected initial within the ${pool.samples.rows} samples of ${name}, got ${initial}`,
    );
  }
}
