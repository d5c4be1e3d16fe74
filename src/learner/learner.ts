import { createHash } from 'node:crypto';
import { checkCount, checkSeed } from '../contract/check.js';
import { type MatrixLike, readMatrix } from '../contract/tensor-like.js';
import { ArgumentError, FormatError, QuerentError, ShapeError } from '../errors.js';
import { sampleWithoutReplacement } from '../kernels/index.js';
import type { MatrixView } from '../matrix.js';
import type { FitResult, Model, ModelLoader } from '../models/model.js';
import { createModel, loadModel } from '../models/registry.js';
import { checkFinite, checkLabels, denseRows, takeRows } from '../models/samples.js';
import { createStrategy } from '../strategies/registry.js';
import type { QueryResult, QueryStrategy } from '../strategies/strategy.js';
import { checkMembers, checkNeeds, checkPicks, queryContext, type Stopwatch } from './context.js';
import { LabelBook } from './label-book.js';
import { measure, type Metrics } from './metrics.js';
import { type Oracle, toOracle } from './oracle.js';
import type { Round } from './round.js';
import { deriveSeed, SEED_FIT, SEED_INITIAL, SEED_QUERY } from './seeds.js';
import { loadSnapshot, saveSnapshot } from './snapshot.js';

/** What a learner works with that no snapshot holds. */
interface Surroundings {
  /** Answers questions in {@link ActiveLearner.run}: a function, or known labels of the whole pool. */
  readonly oracle?: Oracle | ArrayLike<number> | undefined;
  /** Samples with known classes, apart from the pool, to measure on after every round. */
  readonly test?: { readonly samples: MatrixLike; readonly labels: ArrayLike<number> } | undefined;
  /** Gets lines for people from the strategy. */
  readonly log?: ((message: string) => void) | undefined;
}

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
}

export interface RestoreOptions extends Surroundings {
  /** Needed where the snapshot was written without the pool. */
  readonly pool?: MatrixLike | undefined;
  /** Reads the model back where it is none of this package's. */
  readonly model?: ModelLoader | undefined;
  /** Needed where the strategy is none of this package's. */
  readonly strategy?: QueryStrategy | undefined;
}

export interface WorkOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface RunOptions extends WorkOptions {
  /** Labels to own at the end, the initial ones and any already there included. Never exceeded. */
  readonly budget: number;
  /** Labels to buy per round. */
  readonly batch: number;
  /** Labels of the first round where there are none yet, drawn at random; default `batch`. */
  readonly initial?: number | undefined;
  /** Called after every round; the next one waits for it. */
  readonly onRound?: ((round: Round) => void | Promise<void>) | undefined;
}

export interface RunResult {
  /** The rounds of this run. */
  readonly rounds: readonly Round[];
  /** Why it ended: the budget is spent, or the pool is. */
  readonly stop: 'budget' | 'pool';
}

interface QueryOutcome extends QueryResult {
  readonly seconds: { readonly score: number; readonly select: number };
}

const NO_TIME = { score: 0, select: 0 } as const;

/**
 * The active-learning loop: ask for labels, train on them, ask again.
 *     query(n) -> indices        teach(indices, labels) -> trains        run({ budget, batch }) -> both, in turns
 * Every draw is a function of (seed, round), so the same calls give the same answers on the same machine, and a learner
 * that was restored goes on as if it had never been away. One call at a time.
 */
export class ActiveLearner {
  readonly model: Model;
  readonly strategy: QueryStrategy;
  readonly #pool: MatrixView;
  readonly #book: LabelBook;
  readonly #seed: bigint;
  readonly #warmStart: boolean;
  readonly #oracle: Oracle | undefined;
  readonly #test: { samples: MatrixView; labels: Uint32Array } | undefined;
  readonly #log: (message: string) => void;
  /** Batches of labels so far. */
  #rounds = 0;
  /** New indices that the model has not been trained on, or null. */
  #pending: Uint32Array | null = null;
  #isFitted = false;
  #isBusy = false;
  #poolChecksum: string | undefined;

  /**
   * @throws {ArgumentError} Unknown names, wrong or missing options.
   * @throws {ShapeError} An empty pool, or sizes that do not fit.
   * @throws {ValueError} A sample that is not finite.
   * @throws {UnavailableError} The strategy needs what the model does not offer.
   */
  constructor(options: ActiveLearnerOptions) {
    const where = 'ActiveLearner';
    const pool = readMatrix(where, 'pool', options.pool);
    if (pool.rows === 0) throw new ShapeError(`${where}: expected at least one sample in pool, got none`);
    checkFinite(where, pool);
    const classes = checkClasses(where, options);
    const { sampleShape = [pool.cols] } = options;
    this.model =
      typeof options.model === 'string' ? createModel(options.model, { sampleShape, classes }) : options.model;
    this.strategy = typeof options.strategy === 'string' ? createStrategy(options.strategy) : options.strategy;
    checkMembers(where, 'model', this.model, { fit: 'function', predictProba: 'function' });
    checkMembers(where, 'strategy', this.strategy, { needs: 'array', query: 'function' });
    checkNeeds(where, this.strategy, this.model);
    this.#pool = pool;
    this.#book = new LabelBook(pool.rows, classes);
    this.#seed = checkSeed(where, options.seed);
    this.#warmStart = options.warmStart ?? false;
    this.#oracle = options.oracle === undefined ? undefined : toOracle(where, options.oracle, pool.rows);
    this.#log = options.log ?? (() => undefined);
    if (options.test !== undefined) {
      const samples = readMatrix(where, 'test.samples', options.test.samples);
      this.#test = { samples, labels: checkLabels(where, options.test.labels, samples.rows, classes) };
    }
  }

  /** Indices with labels, in the order in which these came. */
  get labeled(): Uint32Array {
    return this.#book.labeled();
  }

  /** Class of each of {@link labeled}. */
  get labels(): Uint32Array {
    return this.#book.labels();
  }

  /** Indices without labels, ascending. */
  get unlabeled(): Uint32Array {
    return this.#book.unlabeled();
  }

  /** Batches of labels so far; the number of the round that comes next. */
  get round(): number {
    return this.#rounds;
  }

  /**
   * What to label next. Asking again before {@link teach} gives the same answer. As long as nothing is labelled, the
   * answer is a random sample by the seed, the same for every strategy.
   *
   * @returns min(n, unlabelled) distinct indices, the most wanted first.
   */
  async query(n: number, options: WorkOptions = {}): Promise<QueryResult> {
    checkCount('query', 'n', n);
    return this.#exclusively('query', async () => {
      const { indices, scores } = await this.#query(n, options);
      return scores === undefined ? { indices } : { indices, scores };
    });
  }

  /**
   * Take labels in and train on all there are. Labels of samples that have one already are corrections: they replace it
   * and cost nothing. When training is aborted the labels stay, and the next call trains first.
   *
   * @throws {ArgumentError} Indices outside the pool or named twice.
   * @throws {ValueError} A label that is no class.
   */
  teach(indices: ArrayLike<number>, labels: ArrayLike<number>, options: WorkOptions = {}): Promise<Round> {
    return this.#exclusively('teach', async () => {
      this.#take('teach', indices, labels);
      if (this.#book.count === 0) throw new ShapeError('teach: expected at least one label, got none');
      return this.#train(options, NO_TIME);
    });
  }

  /**
   * Query, ask the oracle and teach in turns until the budget or the pool is spent. Can be called again with a larger
   * budget, and after an abort.
   *
   * @throws The signal's reason, when it aborts; labels that have come by then are kept.
   */
  async run(options: RunOptions): Promise<RunResult> {
    const { budget, batch, onRound, signal } = options;
    checkCount('run', 'budget', budget, 1);
    checkCount('run', 'batch', batch, 1);
    const initial = checkCount('run', 'initial', options.initial ?? batch, 1);
    return this.#exclusively('run', async () => {
      const rounds: Round[] = [];
      const finish = async (round: Round): Promise<void> => {
        rounds.push(round);
        this.#isBusy = false; // between rounds all is in order: onRound may take a snapshot or correct a label
        try {
          await onRound?.(round);
        } finally {
          this.#isBusy = true;
        }
      };
      if (this.#pending !== null) await finish(await this.#train({ signal }, NO_TIME));
      while (this.#book.count < Math.min(budget, this.#book.size)) {
        const size = this.#book.count === 0 ? initial : batch;
        const { indices, seconds } = await this.#query(Math.min(size, budget - this.#book.count), { signal });
        this.#take('run', indices, await this.#ask(indices, signal));
        await finish(await this.#train({ signal }, seconds));
      }
      return { rounds, stop: this.#book.count >= budget ? 'budget' : 'pool' };
    });
  }

  /**
   * Write the learner into a folder, from which {@link ActiveLearner.restore} goes on. The old snapshot stays whole until
   * the new one is.
   *
   * @param options `pool: false` leaves the samples out; they must then be given to `restore`.
   * @throws {StorageError} The folder cannot be written.
   */
  snapshot(dir: string, options: { readonly pool?: boolean | undefined } = {}): Promise<void> {
    return this.#exclusively('snapshot', async () => {
      const samples = denseRows(this.#pool, 0, this.#pool.rows);
      const { rows, cols } = this.#pool;
      const { name, options: strategyOptions = {} } = this.strategy;
      const state = {
        seed: this.#seed.toString(),
        classes: this.#book.classes,
        warmStart: this.#warmStart,
        strategy: { name, options: { ...strategyOptions }, state: this.strategy.state?.() ?? null },
        pool: { rows, cols, sha256: (this.#poolChecksum ??= checksum(samples)) },
        labeled: [...this.labeled],
        labels: [...this.labels],
        rounds: this.#rounds,
        pending: this.#pending === null ? null : [...this.#pending],
        isFitted: this.#isFitted,
      };
      await saveSnapshot(dir, state, this.model, options.pool === false ? undefined : samples);
    });
  }

  /**
   * Go on from a snapshot. The oracle, the test samples and the log are not part of it and have to be given again.
   *
   * @throws {StorageError} There is no snapshot.
   * @throws {FormatError} It is damaged, or was made with another pool.
   */
  static async restore(dir: string, options: RestoreOptions = {}): Promise<ActiveLearner> {
    const { state, modelDir, pool: saved } = await loadSnapshot(dir);
    const { rows, cols, sha256 } = state.pool;
    const pool = options.pool ?? (saved && { data: saved, rows, cols });
    if (pool === undefined) {
      throw new ArgumentError(`${dir}: the snapshot was written without its samples; pass them as pool`);
    }
    const strategy = options.strategy ?? createStrategy(state.strategy.name, state.strategy.options);
    const model = await (options.model?.load(modelDir) ?? loadModel(modelDir));
    const { oracle, test, log } = options;
    const { classes, warmStart } = state;
    const seed = BigInt(state.seed);
    const learner = new ActiveLearner({ model, strategy, pool, classes, warmStart, seed, oracle, test, log });
    const found = checksum(denseRows(learner.#pool, 0, learner.#pool.rows));
    if (found !== sha256) {
      throw new FormatError(
        `${dir}: expected the pool that the snapshot was made with (SHA-256 ${sha256}), got ${found}`,
      );
    }
    strategy.restore?.(state.strategy.state);
    learner.#book.teach(dir, state.labeled, state.labels);
    learner.#rounds = state.rounds;
    learner.#pending = state.pending === null ? null : Uint32Array.from(state.pending);
    learner.#isFitted = state.isFitted;
    learner.#poolChecksum = sha256;
    return learner;
  }

  async #query(n: number, { signal }: WorkOptions): Promise<QueryOutcome> {
    signal?.throwIfAborted();
    const wanted = Math.min(n, this.#book.size - this.#book.count);
    if (wanted === 0) return { indices: new Uint32Array(0), seconds: NO_TIME };
    if (this.#book.count === 0) {
      const seed = deriveSeed(this.#seed, SEED_INITIAL, 0);
      return { indices: sampleWithoutReplacement(this.#book.size, wanted, { seed }), seconds: NO_TIME };
    }
    if (this.#pending !== null || !this.#isFitted) await this.#train({ signal }, NO_TIME);
    const started = performance.now();
    const watch: Stopwatch = { seconds: 0 };
    const context = queryContext(
      {
        model: this.model,
        pool: this.#pool,
        book: this.#book,
        seed: deriveSeed(this.#seed, SEED_QUERY, this.#rounds),
        round: this.#rounds,
        log: this.#log,
        signal,
      },
      watch,
    );
    const { indices, scores } = await this.strategy.query(context, wanted, { signal });
    checkPicks(this.strategy, indices, wanted, (index) => index < this.#book.size && !this.#book.has(index));
    const seconds = { score: watch.seconds, select: secondsSince(started) - watch.seconds };
    return { indices, scores, seconds };
  }

  async #ask(indices: Uint32Array, signal: AbortSignal | undefined): Promise<ArrayLike<number>> {
    if (this.#oracle === undefined) {
      throw new ArgumentError('run: expected an oracle; pass one to the learner, or use query and teach');
    }
    return this.#oracle(indices, { signal });
  }

  /** Write labels down; they are kept whatever happens to the training that follows. */
  #take(where: string, indices: ArrayLike<number>, labels: ArrayLike<number>): void {
    const fresh = this.#book.teach(where, indices, labels);
    if (fresh.length > 0) this.#rounds += 1;
    this.#pending = Uint32Array.from([...(this.#pending ?? []), ...fresh]);
  }

  /** Train on all labels and measure: the end of a round. */
  async #train({ signal }: WorkOptions, asked: { score: number; select: number }): Promise<Round> {
    signal?.throwIfAborted();
    const round = Math.max(this.#rounds - 1, 0);
    const started = performance.now();
    const seed = deriveSeed(this.#seed, SEED_FIT, round);
    const samples = takeRows(this.#pool, this.labeled);
    const fit: FitResult = await this.model.fit(samples, this.labels, { seed, signal, warmStart: this.#warmStart });
    const train = secondsSince(started);
    const indices = this.#pending ?? new Uint32Array(0);
    this.#pending = null;
    this.#isFitted = true;
    const measured = performance.now();
    const metrics = await this.#evaluate();
    const seconds = { train, ...asked, evaluate: secondsSince(measured) };
    return { round, labels: this.#book.count, indices, metrics, fit, seconds };
  }

  async #evaluate(): Promise<Metrics | undefined> {
    if (this.#test === undefined || this.#test.labels.length === 0) return undefined;
    return measure(await this.model.predictProba(this.#test.samples), this.#test.labels);
  }

  /** @throws {QuerentError} Another call has not finished yet. */
  async #exclusively<T>(name: string, work: () => Promise<T>): Promise<T> {
    if (this.#isBusy) {
      throw new QuerentError(
        'ERR_QUERENT_BUSY',
        `${name}: expected the learner's last call to have finished; await it first`,
      );
    }
    this.#isBusy = true;
    try {
      return await work();
    } finally {
      this.#isBusy = false;
    }
  }
}

function checkClasses(where: string, { model, classes }: ActiveLearnerOptions): number {
  const known = typeof model === 'string' ? undefined : model.classes;
  const count = checkCount(where, 'classes', classes ?? known, 2);
  if (known !== undefined && known !== count) {
    throw new ArgumentError(`${where}: expected the model's ${known} classes, got ${count}`);
  }
  return count;
}

function checksum(samples: Float32Array): string {
  const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
  return createHash('sha256').update(bytes).digest('hex');
}

function secondsSince(start: number): number {
  return (performance.now() - start) / 1000;
}
