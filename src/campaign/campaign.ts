import { join, resolve } from 'node:path';
import { ArgumentError, FormatError } from '../errors.js';
import { makeFolder } from '../models/storage.js';
import { withLock } from '../pool/lock.js';
import { chooseBatch, isTrainable, type Predictions } from './asking.js';
import { type CampaignOptions, type NamedChoice, newSettings, readTest, splitChoice } from './create.js';
import { exportQuestions, type ExportOptions, exportResults } from './exports.js';
import { type ItemPool, readPool } from './pool.js';
import type { Batch, CampaignRound, Pick } from './records.js';
import { trainedModel } from './rounds.js';
import { type CampaignSettings, readSettings, writeSettings } from './settings.js';
import { CampaignState, checkNoCampaign } from './state.js';
import { type CampaignStatus, statusOf } from './status.js';
import { type GivenAnswer, givenSource, readSources, type Received, takeAnswers, type TellOptions } from './telling.js';
import { Trainer, type WorkOptions } from './trainer.js';

/** Options of `Campaign.open`. */
export interface OpenOptions extends WorkOptions {
  /** Told how many items of the pool have been read of how many. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** Options of `Campaign.ask`. */
export interface AskOptions extends WorkOptions, ExportOptions {
  /** Questions; default that of the campaign. */
  readonly n?: number | undefined;
  /** Ask further questions though nobody has answered the last ones; default false. */
  readonly more?: boolean | undefined;
  /** Write all questions that are open again instead of choosing new ones; default false. */
  readonly open?: boolean | undefined;
  /** For this batch only. */
  readonly strategy?: NamedChoice | undefined;
  /** Of a model of your own, for the whole pool; default: the campaign's model. */
  readonly predictions?: Predictions | undefined;
}

/** What `Campaign.ask` wrote. */
export interface AskResult {
  /** Number of the batch, from 0; null for all open questions and for none. */
  readonly batch: number | null;
  /** False where the last batch was given again, because nobody has answered it. */
  readonly isNew: boolean;
  readonly strategy: string | null;
  readonly questions: readonly Pick[];
  /** Files that were written. */
  readonly files: readonly string[];
  readonly status: CampaignStatus;
}

/** What came of the answers that were told. */
export interface TellResult {
  readonly received: Received;
  readonly newClasses: readonly string[];
  /** The training that followed; null where there was none to make. */
  readonly round: CampaignRound | null;
  readonly status: CampaignStatus;
}

/**
 * People who label, and a model that says what to ask them: a folder that lives for weeks.
 *     ask() -> questions for people        tell(answers) -> labels, a better model
 * Both may be repeated and interrupted at any moment: questions that nobody has answered come again, answers that came
 * already change nothing, and whatever a call has reported is kept. One process at a time works on a folder.
 */
export class Campaign {
  readonly dir: string;
  /** As they were when the campaign was opened; classes may have been added since. */
  readonly settings: CampaignSettings;
  readonly #pool: ItemPool;
  readonly #test: ItemPool | null;

  private constructor(dir: string, settings: CampaignSettings, pool: ItemPool, test: ItemPool | null) {
    this.dir = dir;
    this.settings = settings;
    this.#pool = pool;
    this.#test = test;
  }

  /**
   * Begin a campaign in a folder, which is made when missing.
   *
   * @throws {StorageError} The folder holds a campaign already.
   * @throws {ArgumentError} Unknown names, fewer than two classes, options that do not fit together.
   * @throws {FormatError} The pool is damaged; names the line.
   */
  static async create(dir: string, options: CampaignOptions, opening: OpenOptions = {}): Promise<Campaign> {
    await checkNoCampaign(dir);
    const { settings, pool, test } = await newSettings(options, opening);
    const campaign = new Campaign(dir, settings, pool, test);
    campaign.#trainerOf(settings); // what cannot be trained on is told now
    await makeFolder(dir);
    await campaign.#exclusively(async () => {
      await checkNoCampaign(dir);
      await writeSettings(dir, settings);
    });
    return campaign;
  }

  /**
   * Go on with a campaign.
   *
   * @throws {StorageError} There is none in the folder, or its pool is gone.
   * @throws {FormatError} A file is damaged, or the pool is another one than it was.
   */
  static async open(dir: string, options: OpenOptions = {}): Promise<Campaign> {
    const settings = await readSettings(dir);
    const pool = await readPool(settings.pool, settings.poolSize, options);
    checkSame(dir, 'pool', settings.pool.path, settings.poolChecksum, pool.checksum);
    const { test: path } = settings;
    const test = path === null ? null : await readTest(settings.pool, path, pool, options);
    if (test !== null) checkSame(dir, 'test items', path, settings.testChecksum, test.checksum);
    return new Campaign(dir, settings, pool, test);
  }

  /**
   * Say where the pool of a campaign is now.
   *
   * @throws {FormatError} It is another one.
   */
  static async movePool(dir: string, path: string, options: OpenOptions = {}): Promise<void> {
    const settings = await readSettings(dir);
    const pool = { ...settings.pool, path: resolve(path) };
    const { checksum } = await readPool(pool, settings.poolSize, options);
    checkSame(dir, 'pool', path, settings.poolChecksum, checksum);
    await withLock(join(dir, 'lock'), dir, async () => writeSettings(dir, { ...(await readSettings(dir)), pool }));
  }

  /**
   * Choose the next questions and write them into a file. As long as nobody has answered any of the last ones they are
   * given again, and when {@link CampaignStatus.stop} has a reason there are none; `more` asks further ones all the same.
   *
   * @throws {ArgumentError} Predictions are needed and missing, or options that do not go together.
   * @throws {UnavailableError} The strategy needs what there is not.
   */
  ask(options: AskOptions = {}): Promise<AskResult> {
    return this.#exclusively(async () => {
      const state = await this.#read();
      if (state.imports.length > 0) await exportResults(state); // a call that was cut off may have left them behind
      if (options.open === true) return this.#askOpen(state, options);
      const last = state.batches.at(-1);
      const isAgain = last !== undefined && options.more !== true && !state.isAnswered(last);
      const isEnough = !isAgain && options.more !== true && statusOf(state).stop !== null;
      const batch = isAgain ? last : isEnough ? undefined : await this.#chooseNext(state, options);
      if (batch === undefined || batch.picks.length === 0) {
        return { batch: null, isNew: false, strategy: null, questions: [], files: [], status: statusOf(state) };
      }
      const questions = batch.picks.map((pick, at) => ({ pick, rank: at + 1, batch }));
      const files = await exportQuestions(state, questions, String(batch.batch).padStart(3, '0'), options);
      const { batch: number, strategy, picks } = batch;
      return { batch: number, isNew: !isAgain, strategy, questions: picks, files, status: statusOf(state) };
    });
  }

  /**
   * Take answers in, all of them or none, and train on all labels.
   *
   * @param answers Paths of files (Label Studio's JSON, JSON lines, CSV), or answers themselves.
   * @throws {ValueError} Items or classes that the campaign does not know; lists them.
   * @throws {FormatError} A file is damaged or cut short; names the line.
   * @throws The signal's reason, when it aborts; answers that were taken in are kept, and trained on by the next call.
   */
  tell(
    answers: string | readonly string[] | readonly GivenAnswer[],
    options: TellOptions & WorkOptions & { readonly train?: boolean | undefined } = {},
  ): Promise<TellResult> {
    return this.#exclusively(async () => {
      const given = typeof answers === 'string' ? [answers] : answers;
      const isPaths = given.every((entry) => typeof entry === 'string');
      const sources = isPaths
        ? await readSources(given as readonly string[], options)
        : [givenSource(given as readonly GivenAnswer[], options)];
      let state = await this.#read();
      const { record, received, newClasses } = takeAnswers(state, sources, options);
      if (newClasses.length > 0) {
        await writeSettings(this.dir, {
          ...state.settings,
          classNames: [...state.settings.classNames, ...newClasses],
        });
      }
      if (record.files.length > 0) await state.addImport(record);
      state = await this.#read();
      const round = options.train === false ? null : await this.#train(state, options);
      await exportResults(state);
      return { received, newClasses, round, status: statusOf(state) };
    });
  }

  /** Where the campaign stands. Reads only. */
  async status(): Promise<CampaignStatus> {
    return statusOf(await this.#read());
  }

  async #askOpen(state: CampaignState, options: AskOptions): Promise<AskResult> {
    const open = new Set(state.open());
    const all = state.batches.flatMap((batch) => batch.picks.map((pick, at) => ({ pick, rank: at + 1, batch })));
    const questions = all.filter(({ pick }) => open.has(pick.index));
    const files = questions.length === 0 ? [] : await exportQuestions(state, questions, 'open', options);
    const picks = questions.map(({ pick }) => pick);
    return { batch: null, isNew: false, strategy: null, questions: picks, files, status: statusOf(state) };
  }

  async #chooseNext(state: CampaignState, options: AskOptions): Promise<Batch> {
    const n = options.n ?? state.settings.n;
    if (!Number.isSafeInteger(n) || n < 1) throw new ArgumentError(`ask: expected n of at least 1, got ${String(n)}`);
    const strategy = options.strategy === undefined ? undefined : splitChoice(options.strategy);
    const trainer = this.#trainerOf(state.settings);
    const batch = await chooseBatch(state, trainer, options.predictions, { n, strategy }, options);
    if (batch.picks.length > 0) await state.addBatch(batch);
    return batch;
  }

  async #train(state: CampaignState, options: WorkOptions): Promise<CampaignRound | null> {
    const trainer = this.#trainerOf(state.settings);
    if (trainer === null || !isTrainable(state)) return null;
    const trained = await trainedModel(state, trainer, options);
    return trained.round;
  }

  #trainerOf(settings: CampaignSettings): Trainer | null {
    return settings.model === null ? null : new Trainer(this.dir, settings, this.#pool, this.#test);
  }

  #read(): Promise<CampaignState> {
    return CampaignState.read(this.dir, this.#pool);
  }

  #exclusively<Result>(work: () => Promise<Result>): Promise<Result> {
    return withLock(join(this.dir, 'lock'), this.dir, work);
  }
}

function checkSame(dir: string, what: string, path: string | null, wanted: string | null, found: string | null): void {
  if (wanted === found) return;
  throw new FormatError(
    `${path ?? dir}: the ${what} have changed since the campaign began (SHA-256 ${wanted ?? 'none'}, now ${found ?? 'none'}); ` +
      'put the old content back, or begin a new campaign',
  );
}
