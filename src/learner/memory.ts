import { createHash } from 'node:crypto';
import { ArgumentError, FormatError } from '../errors.js';
import { denseRows } from '../models/samples.js';
import { loadModel } from '../models/registry.js';
import type { MatrixView } from '../matrix.js';
import { createStrategy } from '../strategies/registry.js';
import type { TrainingRecord } from './history.js';
import type { ActiveLearnerOptions, RestoreOptions, Setup } from './learner-options.js';
import type { Progress } from './progress.js';
import type { LearnerArrays, LearnerState, LoadedSnapshot } from './snapshot.js';
import type { ValidationSet } from './validation-set.js';

/** SHA-256 over the samples as f32. */
export function poolChecksum(pool: MatrixView): string {
  const samples = denseRows(pool, 0, pool.rows);
  const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
  return createHash('sha256').update(bytes).digest('hex');
}

/** A learner as a snapshot holds it. */
export function stateOf(setup: Setup, progress: Progress, validation: ValidationSet, sha256: string): LearnerState {
  const { strategy, coldStart, pool, book, seed } = setup;
  const { rows, cols } = pool;
  const { rounds, isFitted, unfinished, pseudo } = progress.state();
  const share = setup.validation !== undefined && 'held' in setup.validation ? setup.validation.share : undefined;
  const { answers } = validation;
  const ownSamples = setup.validation === undefined ? null : ('given' as const);
  const { labeled, labels, paid, refused, known, cost } = book.state();
  return {
    seed: seed.toString(),
    classes: book.classes,
    warmStart: setup.warmStart,
    explain: setup.explain,
    skipCost: setup.skipCost,
    grouping: setup.grouping,
    strategy: { name: strategy.name, options: { ...strategy.options }, state: strategy.state?.() ?? null },
    coldStart: { name: coldStart.name, options: { ...coldStart.options } },
    stopping: setup.watchers.state(),
    validation:
      share === undefined
        ? ownSamples
        : { share, answers: answers === undefined ? null : { ...answers, labels: [...answers.labels] } },
    pool: { rows, cols, sha256 },
    book: {
      labeled: [...labeled],
      labels: [...labels],
      paid: [...paid],
      refused: [...refused],
      known: known.map(([index, label]): [number, number] => [index, label]),
      cost,
    },
    rounds,
    unfinished: {
      isStale: unfinished.isStale,
      indices: [...unfinished.indices],
      refused: [...unfinished.refused],
      picks: [...unfinished.picks],
    },
    pseudo: pseudo === undefined ? null : { indices: [...pseudo.indices], labels: [...pseudo.labels] },
    isFitted,
  };
}

/** The arrays that belong to {@link stateOf}. */
export function arraysOf({ pool, book, prices }: Setup, record: TrainingRecord, withPool: boolean): LearnerArrays {
  return {
    pool: withPool ? denseRows(pool, 0, pool.rows) : undefined,
    things: book.units.things,
    groups: book.units.groups,
    prices,
    history: record.moments === 0 ? undefined : record.classes,
  };
}

/**
 * The options that make the learner of a snapshot again, as it was at its beginning.
 *
 * @throws {ArgumentError} Something that the snapshot does not hold was not given.
 */
export async function optionsOf(
  dir: string,
  { state, arrays, modelDir }: LoadedSnapshot,
  given: RestoreOptions,
): Promise<ActiveLearnerOptions> {
  const { rows, cols } = state.pool;
  const pool = given.pool ?? (arrays.pool && { data: arrays.pool, rows, cols });
  if (pool === undefined) {
    throw new ArgumentError(`${dir}: the snapshot was written without its samples; pass them as pool`);
  }
  if (state.validation === 'given' && given.validation === undefined) {
    throw new ArgumentError(`${dir}: the learner had validation samples of its own; pass them as validation`);
  }
  const named = ({ name, options }: { name: string; options: Record<string, unknown> }): { name: string } => ({
    name,
    ...options,
  });
  const { classes, warmStart, explain, skipCost, grouping } = state;
  const share = state.validation === null || state.validation === 'given' ? undefined : state.validation.share;
  return {
    model: await (given.model?.load(modelDir) ?? loadModel(modelDir)),
    strategy: given.strategy ?? createStrategy(state.strategy.name, state.strategy.options),
    coldStart: given.coldStart ?? createStrategy(state.coldStart.name, state.coldStart.options),
    stopping: given.stopping ?? state.stopping.criteria.map(named),
    pool,
    classes,
    warmStart,
    explain,
    skipCost,
    grouping,
    seed: BigInt(state.seed),
    groups: arrays.groups,
    ids: arrays.things,
    costs: arrays.prices,
    validation: share ?? given.validation,
    oracle: given.oracle,
    test: given.test,
    log: given.log,
  };
}

/**
 * Put what a snapshot remembers into a learner that was made of {@link optionsOf}.
 *
 * @throws {FormatError} It was made with another pool.
 */
export function recall(
  dir: string,
  { state }: LoadedSnapshot,
  setup: Setup,
  validation: ValidationSet,
  progress: Progress,
): void {
  const found = poolChecksum(setup.pool);
  const { sha256 } = state.pool;
  if (found !== sha256) {
    throw new FormatError(
      `${dir}: expected the pool that the snapshot was made with (SHA-256 ${sha256}), got ${found}`,
    );
  }
  setup.strategy.restore?.(state.strategy.state);
  setup.watchers.restore(dir, state.stopping);
  setup.book.restore(dir, state.book);
  if (state.validation !== null && state.validation !== 'given' && state.validation.answers !== null) {
    validation.restore(state.validation.answers, setup.pool);
  }
  const { rounds, isFitted, unfinished, pseudo } = state;
  const taken = pseudo && { indices: Uint32Array.from(pseudo.indices), labels: Uint32Array.from(pseudo.labels) };
  progress.restore({ rounds, isFitted, unfinished, pseudo: taken ?? undefined });
}
