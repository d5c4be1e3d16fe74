import { checkCount, checkSeed } from '../contract/check.js';
import { type MatrixLike, readMatrix } from '../contract/tensor-like.js';
import { expected } from '../contract/text.js';
import type { LabeledSamples } from '../data/dataset.js';
import { ArgumentError, ShapeError } from '../errors.js';
import type { MatrixView } from '../matrix.js';
import type { Model, ModelLoader } from '../models/model.js';
import { createModel } from '../models/registry.js';
import { checkFinite, checkLabels } from '../models/samples.js';
import { createStrategy } from '../strategies/registry.js';
import type { QueryStrategy } from '../strategies/strategy.js';
import { checkColdStart, checkMembers, checkNeeds } from './context.js';
import { LabelBook } from './label-book.js';
import { type Oracle, toOracle } from './oracles/oracle.js';
import { checkPrices, type Costs } from './prices.js';
import { deriveSeed, SEED_VALIDATION } from './seeds.js';
import { type StoppingLike, Watchers } from './stopping/watchers.js';
import { type Key, Units } from './units.js';
import { splitUnits } from './validation.js';

/** Samples with known classes, apart from the pool. */
export interface KnownSamples {
  readonly samples: MatrixLike;
  readonly labels: ArrayLike<number>;
}

/** What a learner works with that no snapshot holds. */
export interface Surroundings {
  /** Answers questions in {@link ActiveLearner.run}: a function, or known labels of the whole pool. */
  readonly oracle?: Oracle | ArrayLike<number> | undefined;
  /** Samples with known classes, apart from the pool, to measure on after every round. */
  readonly test?: KnownSamples | undefined;
  /** Gets lines for people: progress, and what the strategy says. */
  readonly log?: ((message: string) => void) | undefined;
}

/** Options of `ActiveLearner`. */
export interface ActiveLearnerOptions extends Surroundings {
  /** A model, or the name of one, which then trains with its default options. */
  readonly model: Model | string;
  /** A strategy, or the name of one. */
  readonly strategy: QueryStrategy | string;
  /** Samples to ask about, [N, features], N >= 1, all finite; not written to, and not to be written to. */
  readonly pool: MatrixLike;
  /** Number of classes; may be left out where `model` is a model. */
  readonly classes?: number | undefined;
  /** Shape of one sample for a model given by name, e.g. [28, 28, 1]; default [features]. */
  readonly sampleShape?: readonly number[] | undefined;
  /** Decides the initial samples, ties and training; default 0. */
  readonly seed?: number | bigint | undefined;
  /** Train on from the last round's weights instead of from scratch; default false. */
  readonly warmStart?: boolean | undefined;
  /** Names the first samples, when nothing is labelled: a strategy that needs samples or embeddings at most. Default random. */
  readonly coldStart?: QueryStrategy | string | undefined;
  /** What each sample belongs to (a patient, a document). A group is never on both sides of the validation split. */
  readonly groups?: ArrayLike<Key> | undefined;
  /** Ask about the samples of a group together (default), or each by itself. */
  readonly grouping?: 'together' | 'apart' | undefined;
  /** Samples with equal ids are one thing: offered once, at its lowest index, and the answer is the label of all. */
  readonly ids?: ArrayLike<Key> | undefined;
  /** Price of a label of each sample; budgets are then in its unit. Default: what the oracle says, else 1. */
  readonly costs?: Costs | undefined;
  /** Price of a refused answer as a share of the label's, from 0 (default) to 1. */
  readonly skipCost?: number | undefined;
  /**
   * Labelled samples that are neither asked about nor trained on: their own, or a share of the pool, drawn by the seed, whose
   * labels the oracle gives before the first round. These count in no budget, and are reported apart.
   */
  readonly validation?: number | KnownSamples | undefined;
  /** Any one of these ends a run. */
  readonly stopping?: StoppingLike | readonly StoppingLike[] | undefined;
  /** Say of every pick what is predicted and how far the nearest labelled sample is; default true. */
  readonly explain?: boolean | undefined;
}

/** Options of `ActiveLearner.restore`. */
export interface RestoreOptions extends Surroundings {
  /** Needed where the snapshot was written without the pool. */
  readonly pool?: MatrixLike | undefined;
  /** Reads the model back where it is none of this package's. */
  readonly model?: ModelLoader | undefined;
  /** Needed where the strategy is none of this package's. */
  readonly strategy?: QueryStrategy | undefined;
  /** Needed where that strategy is none of this package's. */
  readonly coldStart?: QueryStrategy | undefined;
  /** Needed where the learner had validation samples of its own. */
  readonly validation?: KnownSamples | undefined;
  /** Needed where one of them is none of this package's: all of them, in the same order. */
  readonly stopping?: StoppingLike | readonly StoppingLike[] | undefined;
}

/** {@link ActiveLearnerOptions}, checked and filled in. */
export interface Setup {
  readonly model: Model;
  readonly strategy: QueryStrategy;
  readonly coldStart: QueryStrategy;
  readonly pool: MatrixView;
  readonly book: LabelBook;
  readonly prices: Float64Array | undefined;
  readonly skipCost: number;
  readonly seed: bigint;
  readonly warmStart: boolean;
  /** What `groups` mean for questions. */
  readonly grouping: 'together' | 'apart';
  /** There are groups, and they are asked together. */
  readonly together: boolean;
  readonly oracle: Oracle | undefined;
  readonly test: LabeledSamples | undefined;
  /** Given ones, or the share and which samples it is. */
  readonly validation: LabeledSamples | { readonly share: number; readonly held: Uint32Array } | undefined;
  readonly watchers: Watchers;
  readonly explain: boolean;
  readonly log: (message: string) => void;
}

/**
 * @throws {ArgumentError} Unknown names, wrong or missing options.
 * @throws {ShapeError} An empty pool, or sizes that do not fit.
 * @throws {ValueError} A sample that is not finite, a price that is none.
 * @throws {UnavailableError} The strategy needs what the model or the learner does not offer.
 */
export function readLearnerOptions(where: string, options: ActiveLearnerOptions): Setup {
  const pool = readMatrix(where, 'pool', options.pool);
  if (pool.rows === 0) throw new ShapeError(`${where}: expected at least one sample in pool, got none`);
  checkFinite(where, pool);
  const classes = checkClasses(where, options);
  const { sampleShape = [pool.cols], grouping = 'together', skipCost = 0, explain = true, warmStart = false } = options;
  const model =
    typeof options.model === 'string' ? createModel(options.model, { sampleShape, classes }) : options.model;
  const strategy = toStrategy(options.strategy);
  const coldStart = toStrategy(options.coldStart ?? 'random');
  checkMembers(where, 'model', model, { fit: 'function', predictProba: 'function' });
  checkMembers(where, 'strategy', strategy, { needs: 'array', query: 'function' });
  checkMembers(where, 'coldStart', coldStart, { needs: 'array', query: 'function' });
  if (grouping !== 'together' && grouping !== 'apart') {
    throw expected(where, "'together' or 'apart'", 'grouping', grouping);
  }
  if (typeof skipCost !== 'number' || !(skipCost >= 0 && skipCost <= 1)) {
    throw expected(where, 'a share from 0 to 1', 'skipCost', skipCost);
  }
  const seed = checkSeed(where, options.seed);
  const units = Units.read(where, pool.rows, options.ids, options.groups);
  const oracle = options.oracle === undefined ? undefined : toOracle(where, options.oracle, pool.rows);
  const costs = options.costs ?? oracle?.price;
  const prices = costs === undefined ? undefined : checkPrices(where, costs, pool.rows);
  const validation = readValidation(where, options, units, seed, classes);
  const held = validation !== undefined && 'held' in validation ? validation.held : undefined;
  if (held !== undefined && oracle === undefined) {
    throw new ArgumentError(
      `${where}: expected an oracle that labels the validation share; or pass validation as { samples, labels }`,
    );
  }
  const equipment = { oracle: oracle !== undefined, validation: validation !== undefined };
  checkNeeds(where, strategy, model, equipment);
  checkColdStart(where, coldStart, model);
  const together = options.groups !== undefined && grouping === 'together';
  if (together && strategy.needs.includes('oracle')) {
    throw new ArgumentError(
      `${where}: strategy ${strategy.name} chooses sample by sample; expected grouping 'apart' for it, got 'together'`,
    );
  }
  const test = options.test && readKnown(where, 'test', options.test, classes);
  const watchers = new Watchers(where, options.stopping);
  watchers.check(where, { test: test !== undefined, validation: validation !== undefined });
  return {
    model,
    strategy,
    coldStart,
    pool,
    book: new LabelBook(pool.rows, classes, { units, prices, skipCost, held }),
    prices,
    skipCost,
    seed,
    warmStart,
    grouping,
    together,
    oracle,
    test,
    validation,
    watchers,
    explain,
    log: options.log ?? (() => undefined),
  };
}

function toStrategy(strategy: QueryStrategy | string): QueryStrategy {
  return typeof strategy === 'string' ? createStrategy(strategy) : strategy;
}

function readValidation(
  where: string,
  { validation }: ActiveLearnerOptions,
  units: Units,
  seed: bigint,
  classes: number,
): Setup['validation'] {
  if (validation === undefined) return undefined;
  if (typeof validation === 'object' && validation !== null) {
    return readKnown(where, 'validation', validation, classes);
  }
  const everyone = (): Uint32Array => Uint32Array.from({ length: units.size }, (_, index) => index);
  const leader = units.groups ?? units.things ?? everyone();
  const { held } = splitUnits(where, leader, validation, deriveSeed(seed, SEED_VALIDATION, 0));
  return { share: validation, held };
}

function readKnown(
  where: string,
  name: string,
  { samples, labels }: KnownSamples,
  classes: number,
): LabeledSamples | undefined {
  const view = readMatrix(where, `${name}.samples`, samples);
  const known = checkLabels(where, labels, view.rows, classes);
  return view.rows === 0 ? undefined : { samples: view, labels: known };
}

function checkClasses(where: string, { model, classes }: ActiveLearnerOptions): number {
  const known = typeof model === 'string' ? undefined : model.classes;
  const count = checkCount(where, 'classes', classes ?? known, 2);
  if (known !== undefined && known !== count) {
    throw new ArgumentError(`${where}: expected the model's ${known} classes, got ${count}`);
  }
  return count;
}
