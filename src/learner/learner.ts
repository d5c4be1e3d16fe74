import { checkCount } from '../contract/check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import type { Model } from '../models/model.js';
import { type QueryStrategy, SKIPPED } from '../strategies/strategy.js';
import { type Limits, NO_LIMITS } from './batch.js';
import type { PickExplanation } from './explanations.js';
import { type FitRequest, Purchases } from './interactive.js';
import type { Entry, LabelBook } from './label-book.js';
import { type ActiveLearnerOptions, readLearnerOptions, type RestoreOptions, type Setup } from './learner-options.js';
import { arraysOf, optionsOf, poolChecksum, recall, stateOf } from './memory.js';
import { labelBalance } from './metrics.js';
import { Progress } from './progress.js';
import { askOracle, type CheckedAnswers } from './oracles/oracle.js';
import { candidatesOf, NO_TIME, type QueryOutcome, type QuerySeconds, runQuery } from './querying.js';
import type { ExplainedQuery, Round, ValidationReport } from './round.js';
import { endOf, readLimits, type RunOptions, type RunResult, type WorkOptions } from './run.js';
import { deriveSeed, SEED_INITIAL, SEED_QUERY } from './seeds.js';
import { holdFolder, releaseFolder } from './snapshot-lock.js';
import { loadSnapshot, saveSnapshot } from './snapshot.js';
import { secondsSince, type Stopwatch } from './stopwatch.js';
import { Turnstile } from './turnstile.js';
import { viewOf } from './stopping/view.js';
import type { Stop } from './stopping/watchers.js';
import { Trainer } from './trainer.js';
import { ValidationSet } from './validation-set.js';

/**
 * The active-learning loop: ask for labels, train on them, ask again.
 *     query(n) -> indices        teach(indices, labels) -> trains        run({ budget, batch }) -> both, in turns
 * Every draw is a function of (seed, round), so the same calls give the same answers on the same machine, and a learner
 * that was restored goes on as if it had never been away. One call at a time.
 */
export class ActiveLearner {
  readonly model: Model;
  readonly strategy: QueryStrategy;
  readonly #setup: Setup;
  readonly #book: LabelBook;
  readonly #trainer: Trainer;
  readonly #validation: ValidationSet;
  readonly #progress = new Progress();
  readonly #turnstile = new Turnstile();
  #poolChecksum: string | undefined;
  readonly #folders = new Set<string>();

  /**
   * @throws {ArgumentError} Unknown names, wrong or missing options.
   * @throws {ShapeError} An empty pool, or sizes that do not fit.
   * @throws {ValueError} A sample that is not finite, a price that is none.
   * @throws {UnavailableError} The strategy needs what the model or the learner does not offer.
   */
  constructor(options: ActiveLearnerOptions) {
    const setup = readLearnerOptions('ActiveLearner', options);
    const { model, strategy, pool, seed, warmStart } = setup;
    this.model = model;
    this.strategy = strategy;
    this.#setup = setup;
    this.#book = setup.book;
    this.#trainer = new Trainer({ model, pool, seed, warmStart, moments: strategy.watch ?? 0 });
    this.#validation = new ValidationSet(setup.validation);
  }

  /** Indices with labels, in the order in which these came; all samples with the same id. */
  get labeled(): Uint32Array {
    return this.#book.labeled();
  }

  /** Class of each of {@link labeled}. */
  get labels(): Uint32Array {
    return this.#book.labels();
  }

  /** Indices that can be asked about, ascending: of samples with the same id the lowest. */
  get unlabeled(): Uint32Array {
    return this.#book.unlabeled();
  }

  /** Indices that were refused, in the order in which that came. */
  get refused(): Uint32Array {
    return this.#book.refused();
  }

  /** Indices that are held for validation, ascending. */
  get held(): Uint32Array {
    return this.#validation.held;
  }

  /** Labels bought so far, those taken back included: what a budget in labels counts. */
  get bought(): number {
    return this.#book.bought;
  }

  /** Paid so far for labels and refusals: what a budget in cost units counts. */
  get cost(): number {
    return this.#book.cost;
  }

  /** Batches of labels so far; the number of the round that comes next. */
  get round(): number {
    return this.#progress.rounds;
  }

  /**
   * What to label next. Asking again before {@link teach} gives the same answer. As long as nothing is labelled, the
   * answer is that of `coldStart`: a random sample by the seed, the same for every strategy, unless it was chosen
   * otherwise. An interactive strategy asks the oracle itself: what it names is labelled already.
   *
   * @returns min(n, unlabelled) distinct indices, the most wanted first; with groups that are asked together, at most
   *   that many: groups are taken whole where they fit, see docs/learning.md.
   */
  async query(n: number, options: WorkOptions = {}): Promise<ExplainedQuery> {
    checkCount('query', 'n', n);
    return this.#turnstile.enter('query', async () => {
      const { seconds: _, isBought: __, ...result } = await this.#query(n, options, NO_LIMITS);
      return result;
    });
  }

  /**
   * Take answers in and train on all labels there are. Labels of samples that have one already are corrections: they
   * replace it and cost nothing. SKIPPED (-1) is a refusal: the sample is not asked about again. When training is aborted
   * the labels stay, and the next call trains first.
   *
   * @throws {ArgumentError} Indices outside the pool, held for validation or named twice.
   * @throws {ValueError} A label that is no class.
   * @throws {ShapeError} There is still no label to train on; refusals are written down all the same.
   */
  teach(indices: ArrayLike<number>, labels: ArrayLike<number>, options: WorkOptions = {}): Promise<Round> {
    return this.#turnstile.enter('teach', async () => {
      this.#take('teach', { indices, labels }, []);
      if (this.#book.count === 0) throw new ShapeError('teach: expected at least one label, got none');
      return this.#train(options.signal, NO_TIME);
    });
  }

  /**
   * Take labels back, e.g. because they were wrong. The samples can be asked about again; they stay paid, so the next
   * label is free. The next call trains without them.
   *
   * @throws {ArgumentError} A sample that has no label.
   */
  remove(indices: ArrayLike<number>): void {
    this.#turnstile.check('remove');
    this.#progress.forget(this.#book.remove('remove', indices));
  }

  /**
   * Leave samples out for good, as if the oracle had refused them. They cost what `skipCost` says.
   *
   * @throws {ArgumentError} A sample that has a label; {@link remove} it first.
   */
  skip(indices: ArrayLike<number>): void {
    this.#turnstile.check('skip');
    const labels = new Int32Array(typeof indices === 'object' ? (indices?.length ?? 0) : 0).fill(SKIPPED);
    this.#take('skip', { indices, labels }, []);
  }

  /**
   * Query, ask the oracle and teach in turns until the budget or the pool is spent or a stopping criterion is met. Can be
   * called again with a larger budget, and after an abort.
   *
   * @throws The signal's reason, when it aborts; labels that have come by then are kept. What the oracle throws, and errors
   *   about its answers: nothing of the rounds before is lost.
   */
  async run(options: RunOptions): Promise<RunResult> {
    const { signal, onRound } = options;
    const limits = readLimits('run', options.budget, this.#setup.prices !== undefined);
    const batch = checkCount('run', 'batch', options.batch, 1);
    const initial = checkCount('run', 'initial', options.initial ?? batch, 1);
    return this.#turnstile.enter('run', async () => {
      const rounds: Round[] = [];
      let stop = options.stopping === false ? undefined : this.#setup.watchers.stop;
      const finish = async (round: Round): Promise<void> => {
        rounds.push(round);
        if (options.stopping !== false) stop ??= round.stop;
        await this.#turnstile.aside(() => onRound?.(round));
      };
      const trainIfNeeded = async (asked: QuerySeconds): Promise<void> => {
        if (this.#progress.isUnfinished && this.#book.count > 0) await finish(await this.#train(signal, asked));
      };
      await trainIfNeeded(NO_TIME);
      while (stop === undefined) {
        const candidates = candidatesOf(this.#book, limits);
        stop = endOf(this.#book, limits, candidates.length);
        if (stop !== undefined) break;
        const size = this.#book.count === 0 ? initial : batch;
        const free = candidates.filter((index) => this.#book.isPaid(index)).length;
        const turn = await this.#turn(Math.min(size, free + limits.labels - this.#book.bought), limits, options);
        if ('stop' in turn) stop = turn;
        else await trainIfNeeded(turn);
      }
      const { bought: labels, cost } = this.#book;
      return { rounds, ...stop, labels, cost, validationLabels: this.#validation.labels };
    });
  }

  /** Ask one batch of questions and write the answers down. */
  async #turn(n: number, limits: Limits, { signal, onQuery, onLabels }: RunOptions): Promise<QuerySeconds | Stop> {
    const before = { candidates: this.#book.unlabeled().length, cost: this.#book.cost };
    const { seconds, isBought, ...questions } = await this.#query(n, { signal }, limits);
    const { indices } = questions;
    const round = this.#progress.rounds;
    if (isBought) {
      const isIdle = this.#book.unlabeled().length === before.candidates && this.#book.cost === before.cost;
      if (isIdle) return { stop: 'strategy', reason: `strategy ${this.strategy.name} bought no label` };
      return seconds;
    }
    await this.#turnstile.aside(() => onQuery?.({ ...questions, round }));
    const answers = await this.#ask(indices, round, signal);
    const { fresh, refused } = this.#take('run', answers, questions.picks);
    if (fresh.length + refused.length === 0) {
      signal?.throwIfAborted();
      return { stop: 'oracle', reason: `the oracle answered none of ${indices.length} questions` };
    }
    const labels = fresh.map((index) => this.#book.labelOf(index) as number);
    const { bought, cost } = this.#book;
    await this.#turnstile.aside(() => onLabels?.({ round, indices: fresh, labels, refused, bought, cost }));
    if (fresh.length === 0) this.#setup.log(`the oracle refused all of ${refused.length} questions; asking others`);
    return seconds;
  }

  /**
   * Write the learner into a folder, from which {@link ActiveLearner.restore} goes on. The old snapshot stays whole until
   * the new one is. Other processes cannot write snapshots into the folder until this one ends or {@link close}s.
   *
   * @param options `pool: false` leaves the samples out; they must then be given to `restore`.
   * @throws {StorageError} The folder cannot be written.
   * @throws {QuerentError} ERR_QUERENT_BUSY: another process writes its snapshots there.
   */
  snapshot(dir: string, options: { readonly pool?: boolean | undefined } = {}): Promise<void> {
    return this.#turnstile.enter('snapshot', async () => {
      await holdFolder(dir);
      this.#folders.add(dir);
      this.#poolChecksum ??= poolChecksum(this.#setup.pool);
      const state = stateOf(this.#setup, this.#progress, this.#validation, this.#poolChecksum);
      const arrays = arraysOf(this.#setup, this.#trainer.record, options.pool !== false);
      await saveSnapshot(dir, state, { model: this.model, strategy: this.strategy }, arrays);
    });
  }

  /** Let other processes write to the folders of this learner's snapshots. */
  async close(): Promise<void> {
    for (const dir of this.#folders) await releaseFolder(dir);
    this.#folders.clear();
  }

  /**
   * Go on from a snapshot. The oracle, the test samples and the log are not part of it and have to be given again.
   *
   * @throws {StorageError} There is no snapshot.
   * @throws {FormatError} It is damaged, of another version, or was made with another pool.
   */
  static async restore(dir: string, options: RestoreOptions = {}): Promise<ActiveLearner> {
    const snapshot = await loadSnapshot(dir);
    const learner = new ActiveLearner(await optionsOf(dir, snapshot, options));
    recall(dir, snapshot, learner.#setup, learner.#validation, learner.#progress);
    await learner.strategy.load?.(snapshot.strategyDir);
    learner.#poolChecksum = snapshot.state.pool.sha256;
    learner.#trainer.record.restore(snapshot.arrays.history ?? []);
    return learner;
  }

  async #query(n: number, { signal }: WorkOptions, limits: Limits): Promise<QueryOutcome> {
    signal?.throwIfAborted();
    await this.#prepareValidation(signal);
    const book = this.#book;
    const isCold = book.count === 0;
    const isInteractive = !isCold && this.strategy.needs.includes('oracle');
    if (!isCold && this.#progress.isStale) await this.#train(signal, NO_TIME);
    const { model, pool, coldStart, prices, seed, together, explain, log } = this.#setup;
    const round = this.#progress.rounds;
    const outcome = await runQuery(
      {
        strategy: isCold ? coldStart : this.strategy,
        model,
        pool,
        book,
        seed: isCold ? deriveSeed(seed, SEED_INITIAL, 0) : deriveSeed(seed, SEED_QUERY, round),
        round,
        isCold,
        costs: prices,
        validation: this.#validation.samples,
        record: this.#trainer.record.moments > 0 ? this.#trainer.record : undefined,
        purchases: isInteractive ? (watch) => this.#purchases(n, limits, watch, signal) : undefined,
        limits,
        together,
        explain,
        log,
        signal,
      },
      n,
    );
    this.#progress.pseudo = outcome.pseudoLabels;
    if (isInteractive) this.#progress.explain(outcome.picks);
    return outcome;
  }

  /** The counter at which an interactive strategy buys; all that it buys in one query is one round. */
  #purchases(most: number, limits: Limits, watch: Stopwatch, signal: AbortSignal | undefined): Purchases {
    const round = this.#progress.rounds;
    const { model } = this;
    const train = (step: number, request: FitRequest) =>
      this.#trainer.train({ labeled: this.labeled, labels: this.labels, round, step, ...request, signal });
    return new Purchases({
      book: this.#book,
      most,
      limits,
      buy: async (indices) => {
        const answers = await watch.time('ask', () => this.#ask(indices, round, signal));
        this.#take('label', answers, [], round);
        signal?.throwIfAborted();
      },
      recall: (indices, labels) => void this.#take('label', { indices, labels }, [], round),
      release: (indices) => this.#progress.forget(this.#book.release('release', indices)),
      fit: (step, request) => watch.time('train', () => train(step, request)),
      checkpoint: model.checkpoint?.bind(model),
      evaluate: () =>
        watch.time('evaluate', async () => {
          const { samples } = this.#validation;
          if (samples === undefined) throw new ArgumentError('interactive.evaluate: expected validation samples');
          return this.#trainer.measure(samples);
        }),
    });
  }

  async #ask(indices: Uint32Array, round: number, signal: AbortSignal | undefined): Promise<CheckedAnswers> {
    const { oracle } = this.#setup;
    if (oracle === undefined) {
      throw new ArgumentError('run: expected an oracle; pass one to the learner, or use query and teach');
    }
    return askOracle(oracle, indices, { signal, round }, this.#book.classes);
  }

  async #prepareValidation(signal: AbortSignal | undefined): Promise<void> {
    const { oracle, pool, log } = this.#setup;
    if (!this.#validation.isOpen || oracle === undefined) return;
    log(`asking for the labels of ${this.#validation.held.length} validation samples, beside the budget`);
    await this.#validation.prepare(oracle, pool, this.#book, signal);
  }

  /**
   * Write answers down; they are kept whatever happens to the training that follows.
   *
   * @param round The round that they belong to, where it may have begun already; default a new one.
   */
  #take(
    where: string,
    answers: { indices: ArrayLike<number>; labels: ArrayLike<number>; costs?: Float64Array | undefined },
    picks: readonly PickExplanation[],
    round = this.#progress.rounds,
  ): Entry {
    const { indices, labels, costs } = answers;
    const entry = this.#book.teach(where, indices, labels, costs);
    this.#progress.wrote(entry, labels, picks, round);
    return entry;
  }

  /** Train on all labels and measure: the end of a round. */
  async #train(signal: AbortSignal | undefined, asked: QuerySeconds): Promise<Round> {
    signal?.throwIfAborted();
    await this.#prepareValidation(signal);
    const { model, pool, seed, test: testSamples, watchers } = this.#setup;
    const [book, progress] = [this.#book, this.#progress];
    const round = Math.max(progress.rounds - 1, 0);
    const started = performance.now();
    const pseudo = progress.openPseudoLabels(book);
    const fit = await this.#trainer.train({ labeled: this.labeled, labels: this.labels, pseudo, round, signal });
    const train = asked.train + secondsSince(started);
    const measured = performance.now();
    // neither of these is aborted: a warm model must not be trained twice for one round
    const test = testSamples && (await this.#trainer.measure(testSamples));
    const validation = await this.#validate();
    const stop = await watchers.observe(viewOf({ model, pool, book, seed, round, test, validation }));
    if (stop !== undefined) this.#setup.log(`stopping criterion ${stop.stop}: ${stop.reason}`);
    const evaluate = asked.evaluate + secondsSince(measured);
    const { indices, refused, picks } = progress.finish();
    return {
      round,
      labels: book.bought,
      cost: book.cost,
      indices: Uint32Array.from(indices),
      ...labelBalance(book.labels(), book.classes),
      ...(picks.length > 0 && { picks }),
      ...(refused.length > 0 && { refused: Uint32Array.from(refused) }),
      ...(pseudo && pseudo.indices.length > 0 && { pseudoLabels: pseudo.indices.length }),
      metrics: test,
      ...(validation && { validation }),
      fit,
      seconds: { train, score: asked.score, select: asked.select, evaluate },
      ...(stop && { stop }),
    };
  }

  async #validate(): Promise<ValidationReport | undefined> {
    const { samples, labels, cost } = this.#validation;
    return samples && { ...(await this.#trainer.measure(samples)), labels, cost };
  }
}
