import type { Dataset, LoadOptions } from '../data/dataset.js';
import { loadDataset } from '../data/registry.js';
import { ArgumentError } from '../errors.js';
import { ActiveLearner } from '../learner/learner.js';
import { noisyOracle } from '../learner/oracles/noisy.js';
import type { Oracle } from '../learner/oracles/oracle.js';
import { refusingOracle } from '../learner/oracles/refusing.js';
import { simulatedOracle } from '../learner/oracles/simulated.js';
import type { Round } from '../learner/round.js';
import { createStopping } from '../learner/stopping/registry.js';
import type { Model } from '../models/model.js';
import { createModel } from '../models/registry.js';
import { createStrategy } from '../strategies/registry.js';
import { SKIPPED } from '../strategies/strategy.js';
import { interactiveArms, modelsOf } from './arms.js';
import { type Arm, armsOf, type ExperimentConfig, type Named } from './config.js';
import { FinalLearner, type FinalMeasure } from './final-learner.js';
import type { Entry, PicksRecord, RunKey } from './records.js';
import type { RunState } from './run-state.js';

/** What every run of an experiment is made of. */
export interface Setting {
  readonly config: ExperimentConfig;
  readonly dataset: Dataset;
  readonly log: (message: string) => void;
}

/** One run: a strategy with a seed. */
export interface RunTask {
  readonly key: RunKey;
  /** Keeps its snapshots; undefined: none. */
  readonly state: RunState | undefined;
}

export interface RunWatch {
  readonly signal?: AbortSignal | undefined;
  /** Called with every round, also with the last one of a snapshot that is gone on from; the run waits for it. */
  readonly onEntry: (entry: Entry) => Promise<void>;
}

/**
 * Run one strategy with one seed to its end, from its snapshot where there is one.
 *
 * @returns Why it ended: `budget`, `pool`, or another reason of the learner.
 */
export async function runOne({ key, state }: RunTask, setting: Setting, watch: RunWatch): Promise<string> {
  const { signal, onEntry } = watch;
  signal?.throwIfAborted();
  const { budget, batch, initial } = setting.config;
  await state?.hold(signal);
  const learner = await beginOrRestore(key, state, setting, onEntry);
  const final = finalLearnerOf(key, setting);
  try {
    const onRound = async (done: Round): Promise<void> => {
      const { labeled, labels } = learner;
      const measured = await final?.measure({ round: done.round, labeled, labels, signal });
      const entry = entryOf(key, done, measured, setting);
      if (state !== undefined) {
        await state.announce(entry);
        await learner.snapshot(state.path, { pool: false });
      }
      await onEntry(entry);
    };
    const { stop } = await learner.run({ budget, batch, initial, ...(signal && { signal }), onRound });
    return stop;
  } finally {
    await learner.close();
  }
}

async function beginOrRestore(
  key: RunKey,
  state: RunState | undefined,
  { config, dataset, log }: Setting,
  onEntry: RunWatch['onEntry'],
): Promise<ActiveLearner> {
  const { pool, test, classes, groups } = dataset;
  const surroundings = { pool: pool.samples, oracle: oracleOf(config, dataset, key.seed), test, log };
  if (state !== undefined && (await state.hasSnapshot())) {
    const learner = await ActiveLearner.restore(state.path, surroundings);
    const entry = await state.entryOf(learner.round - 1);
    if (entry !== undefined) await onEntry(entry);
    return learner;
  }
  const arm = armOf(config, key);
  const { coldStart, stopping, validation, warmStart } = config;
  return new ActiveLearner({
    ...surroundings,
    model: modelFor(dataset, modelsOf(config, arm).model),
    strategy: createStrategy(arm.name, arm.options),
    seed: key.seed,
    classes,
    warmStart,
    groups,
    // strategies that buy sample by sample take no groups whole: then no arm does
    ...(interactiveArms(config).size > 0 && { grouping: 'apart' }),
    validation,
    coldStart: coldStart && createStrategy(coldStart.name, coldStart.options),
    stopping: stopping?.map(({ name, options }) => createStopping(name, options)),
  });
}

function finalLearnerOf(key: RunKey, { config, dataset }: Setting): FinalLearner | undefined {
  const { learner } = modelsOf(config, armOf(config, key));
  return learner && new FinalLearner(modelFor(dataset, learner), dataset, key.seed);
}

/** @throws {ArgumentError} No such model, or options that it does not take. */
function modelFor({ sampleShape, classes }: Dataset, { name, options }: Named): Model {
  return createModel(name, { ...options, sampleShape: [...sampleShape], classes });
}

function armOf(config: ExperimentConfig, { strategy }: RunKey): Arm {
  const arm = armsOf(config).find(({ label }) => label === strategy);
  if (arm === undefined) throw new ArgumentError(`experiment: there is no strategy ${strategy} in its configuration`);
  return arm;
}

/** Known labels, with the mistakes and refusals of the configuration: the same for every strategy at a seed. */
function oracleOf({ noise, refusal }: ExperimentConfig, { pool, classes }: Dataset, seed: number): Oracle {
  let oracle = simulatedOracle(pool.labels);
  if (typeof noise === 'number') oracle = noisyOracle(oracle, { rate: noise, classes, seed });
  else if (noise !== undefined) oracle = noisyOracle(oracle, { confusion: noise, seed });
  return refusal === undefined ? oracle : refusingOracle(oracle, { refuse: refusal, seed });
}

function entryOf(key: RunKey, done: Round, final: FinalMeasure | undefined, { config, dataset }: Setting): Entry {
  const { round, labels, cost, balance, validation, fit, seconds } = done;
  const metrics = final?.metrics ?? done.metrics;
  if (metrics === undefined) throw new ArgumentError(`data set ${dataset.name}: expected test samples, got none`);
  const stop = done.stop?.stop ?? (labels >= config.budget ? 'budget' : undefined);
  return {
    round: {
      ...key,
      round,
      labels,
      ...metrics,
      balance: [...balance],
      ...(cost === labels ? {} : { cost }),
      ...(validation === undefined ? {} : { validationLabels: validation.labels }),
      ...fit,
      seconds: { ...seconds, ...(final && { learner: final.seconds }) },
      ...(stop === undefined ? {} : { stop }),
    },
    picks: picksOf(key, done, dataset),
  };
}

function picksOf(key: RunKey, { round, indices, refused, picks = [] }: Round, { pool }: Dataset): PicksRecord {
  const asked = [...indices, ...(refused ?? [])];
  const answers = asked.map((index, at) => (at < indices.length ? (pool.labels[index] as number) : SKIPPED));
  const record = { ...key, round, indices: asked, labels: answers };
  const explained = new Map(picks.map((pick) => [pick.index, pick]));
  if (explained.size === 0) return record;
  const each = (value: (pick: (typeof picks)[number]) => number | undefined): { list?: (number | null)[] } => {
    const list = asked.map((index) => {
      const pick = explained.get(index);
      const number = pick === undefined ? undefined : value(pick);
      return number === undefined || !Number.isFinite(number) ? null : number;
    });
    return list.some((number) => number !== null) ? { list } : {};
  };
  const { list: scores } = each(({ score }) => score);
  const { list: predicted } = each((pick) => pick.predicted);
  const { list: confidence } = each((pick) => pick.confidence);
  const { list: nearest } = each(({ nearestLabeled }) => nearestLabeled);
  const { list: nearestDistance } = each((pick) => pick.nearestDistance);
  return {
    ...record,
    ...(scores && { scores }),
    ...(predicted && { predicted }),
    ...(confidence && { confidence }),
    ...(nearest && { nearest }),
    ...(nearestDistance && { nearestDistance }),
  };
}

/** The data set of a configuration. */
export function loadConfigured({ dataset }: ExperimentConfig, where: Omit<LoadOptions, 'options'>): Promise<Dataset> {
  const { name, options } = dataset;
  return loadDataset(name, Object.keys(options).length === 0 ? where : { ...where, options });
}

/** Names and options, before the data is loaded: a typing error should not cost a minute. @throws {ArgumentError} */
export function checkNames({ strategies, coldStart, stopping = [] }: ExperimentConfig): void {
  for (const { name, options } of [...strategies, ...(coldStart ? [coldStart] : [])]) createStrategy(name, options);
  for (const { name, options } of stopping) createStopping(name, options);
}

/** Model options need the shape of the data. @throws {ArgumentError} */
export function checkFits(config: ExperimentConfig, dataset: Dataset): void {
  for (const arm of armsOf(config)) {
    const { model, learner } = modelsOf(config, arm);
    modelFor(dataset, model);
    if (learner !== undefined) modelFor(dataset, learner);
  }
  const { initial } = config;
  const { name, pool } = dataset;
  if (initial > pool.samples.rows) {
    throw new ArgumentError(
      `experiment: expected initial within the ${pool.samples.rows} samples of ${name}, got ${initial}`,
    );
  }
}
