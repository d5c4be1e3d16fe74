import { createHash } from 'node:crypto';
import { rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { FormatError, StorageError } from '../errors.js';
import { makeFolder } from '../models/storage.js';
import { appendJsonLine, readJsonLines, writeFileAtomic } from '../pool/atomic.js';
import { acquireLock, type Lock } from '../pool/lock.js';
import { type ResolvedArm, resolvedArmSchema } from './arms.js';
import { type ArmEntry, armsOf, type ExperimentConfig, type Named, parseConfig } from './config.js';
import type { Environment } from './environment.js';
import {
  type Entry,
  type FailureRecord,
  failureSchema,
  isOfRun,
  type PicksRecord,
  picksSchema,
  type RoundRecord,
  roundSchema,
  type RunKey,
} from './records.js';
import { exists } from '../pool/exists.js';
import { readJson, RunState } from './run-state.js';

const FORMAT = 'querent-run';
const VERSION = 1;

/** What config.json says about a run folder. */
export interface RunManifest {
  readonly config: ExperimentConfig;
  /** The strategies with all their options; nothing is run by it. Missing in folders of before it was written down. */
  readonly arms?: readonly ResolvedArm[] | undefined;
  readonly environment: Environment;
  /** ISO 8601. */
  readonly started: string;
  /** Who made the data. */
  readonly source: string;
}

/** The files of lines in a run folder. */
interface Lines {
  readonly rounds: RoundRecord[];
  readonly picks: PicksRecord[];
  readonly failures: FailureRecord[];
}

/**
 * The folder of an experiment, readable by people:
 *     config.json     what was run, with what
 *     rounds.jsonl    a line per round of every run, in the order in which they ended
 *     picks.jsonl     what was asked, and the answers
 *     failures.jsonl  runs that ended in an error, where there were any
 *     state/          snapshots of runs under way; gone at the end
 * A round goes through three steps, each of which is whole or absent after a crash: the entry (entry.json), the
 * snapshot, the lines. A snapshot that is ahead of the lines therefore has its entry, from which they are made up for.
 * The first two are the work of the process that runs it, the lines are written by the one that holds the folder.
 */
export class RunFolder {
  readonly path: string;
  readonly manifest: RunManifest;
  readonly #lines: Lines;
  #lock: Lock | undefined;

  private constructor(path: string, manifest: RunManifest, lines: Lines) {
    this.path = path;
    this.manifest = manifest;
    this.#lines = lines;
  }

  /**
   * Make a run folder and hold it.
   *
   * @throws {StorageError} The folder cannot be written, or holds a run already.
   * @throws {QuerentError} ERR_QUERENT_BUSY: another process works in it.
   */
  static async create(path: string, manifest: RunManifest): Promise<RunFolder> {
    await makeFolder(path);
    const lock = await lockOf(path);
    try {
      await refuseRun(path);
      const { config, ...rest } = manifest;
      const document = { format: FORMAT, version: VERSION, config: foldConfig(config), ...rest };
      await writeFileAtomic(join(path, 'config.json'), `${JSON.stringify(document, null, 2)}\n`);
      const folder = new RunFolder(path, manifest, { rounds: [], picks: [], failures: [] });
      folder.#lock = lock;
      return folder;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /**
   * Read a run folder, also one that is being written.
   *
   * @throws {StorageError} There is no run in the folder.
   * @throws {FormatError} Its files are damaged.
   */
  static async open(path: string): Promise<RunFolder> {
    const manifest = await readManifest(join(path, 'config.json'));
    const read = <Schema extends z.ZodType>(name: string, schema: Schema): Promise<z.output<Schema>[]> =>
      readRecords(join(path, name), schema);
    return new RunFolder(path, manifest, {
      rounds: inOrder(lastOfEach(await read('rounds.jsonl', roundSchema)), manifest.config),
      picks: inOrder(await read('picks.jsonl', picksSchema), manifest.config),
      failures: await read('failures.jsonl', failureSchema),
    });
  }

  /** {@link open} it to go on, and hold it. @throws {QuerentError} ERR_QUERENT_BUSY: another process works in it. */
  static async openToWork(path: string): Promise<RunFolder> {
    if (!(await exists(join(path, 'config.json')))) return RunFolder.open(path); // says what is missing
    const lock = await lockOf(path);
    try {
      const folder = await RunFolder.open(path);
      folder.#lock = lock;
      return folder;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Let other processes work in it. */
  async close(): Promise<void> {
    await this.#lock?.release();
    this.#lock = undefined;
  }

  /** Everything written down so far: by seed, then by strategy as configured, then by round. */
  get rounds(): readonly RoundRecord[] {
    return this.#lines.rounds;
  }

  /** What was asked and answered, in the order of {@link rounds}. */
  get picks(): readonly PicksRecord[] {
    return this.#lines.picks;
  }

  /** The last failure of every run that is not done. */
  get failures(): readonly FailureRecord[] {
    const open = this.#lines.failures.filter((failure) => !this.isDone(failure));
    return open.filter((failure, at) => !open.slice(at + 1).some((later) => isOfRun(later, failure)));
  }

  /** Where a run keeps its snapshot. */
  stateOf(key: RunKey): RunState {
    const name = key.strategy.replace(/[^A-Za-z0-9+-]+/g, '_').slice(0, 40);
    const tag = createHash('sha256').update(key.strategy).digest('hex').slice(0, 8);
    return new RunState(join(this.path, 'state', `${name}-${tag}-${key.seed}`));
  }

  isDone(key: RunKey): boolean {
    return this.#lines.rounds.some((record) => isOfRun(record, key) && record.stop !== undefined);
  }

  /**
   * Step three: the lines. Those that are there already are not written again.
   *
   * @returns Whether the round's line is new.
   */
  async record({ round, picks }: Entry): Promise<boolean> {
    const isThere = (record: RunKey & { round: number }): boolean =>
      isOfRun(record, round) && record.round === round.round;
    if (!this.#lines.picks.some(isThere)) {
      this.#lines.picks.push(picks);
      await appendJsonLine(join(this.path, 'picks.jsonl'), picks);
    }
    if (this.#lines.rounds.some(isThere)) return false;
    this.#lines.rounds.push(round);
    await appendJsonLine(join(this.path, 'rounds.jsonl'), round);
    return true;
  }

  /** A run is over: its last round says why, in a line that replaces it where it did not know yet, and its snapshot goes. */
  async finish(key: RunKey, stop: string): Promise<void> {
    const { rounds } = this.#lines;
    const last = rounds.findLastIndex((record) => isOfRun(record, key));
    const record = rounds[last];
    if (record !== undefined && record.stop === undefined) {
      rounds[last] = { ...record, stop };
      await appendJsonLine(join(this.path, 'rounds.jsonl'), rounds[last]);
    }
    await this.forget(key);
  }

  async recordFailure(failure: FailureRecord): Promise<void> {
    this.#lines.failures.push(failure);
    await appendJsonLine(join(this.path, 'failures.jsonl'), failure);
  }

  /** Take the snapshot of a run away that is done. */
  async forget(key: RunKey): Promise<void> {
    await rm(this.stateOf(key).path, { recursive: true, force: true });
    await rmdir(join(this.path, 'state')).catch(() => undefined); // other runs are still in there
  }
}

/** @throws {StorageError} There is a run in the folder. */
export async function refuseRun(path: string): Promise<void> {
  if (await exists(join(path, 'config.json'))) {
    throw new StorageError(`${path} holds a run already; resume it, or choose another folder`);
  }
}

/** Records by seed, then by strategy as configured, then by round: the order of an experiment in one process. */
export function inOrder<Line extends RunKey & { readonly round: number }>(
  records: readonly Line[],
  config: ExperimentConfig,
): Line[] {
  const strategies = armsOf(config).map(({ label }) => label);
  const rank = ({ strategy, seed }: RunKey): number =>
    config.seeds.indexOf(seed) * (strategies.length + 1) + strategies.indexOf(strategy);
  return [...records].sort((a, b) => rank(a) - rank(b) || a.round - b.round);
}

/** Names as people write them: bare where there are no options, without what was not asked for. */
export function foldConfig(config: ExperimentConfig): object {
  const fold = ({ name, options }: Named): unknown => (Object.keys(options).length === 0 ? name : { name, ...options });
  const foldArm = ({ name, options, as, training }: ArmEntry): unknown =>
    fold({ name, options: { ...options, ...(as !== undefined && { as }), ...(training && { training }) } });
  const { dataset, model, learner, strategies, coldStart, stopping, ...rest } = config;
  return {
    dataset: fold(dataset),
    model: fold(model),
    ...(learner && { learner: fold(learner) }),
    strategies: strategies.map(foldArm),
    ...rest,
    ...(coldStart && { coldStart: fold(coldStart) }),
    ...(stopping && { stopping: stopping.map(fold) }),
  };
}

function lockOf(path: string): Promise<Lock> {
  return acquireLock(join(path, '.querent.lock'), path);
}

/** Of lines about the same round the last: it is the one that knows why the run ended. */
function lastOfEach(rounds: readonly RoundRecord[]): RoundRecord[] {
  return [...new Map(rounds.map((line) => [JSON.stringify([line.strategy, line.seed, line.round]), line])).values()];
}

async function readManifest(path: string): Promise<RunManifest> {
  const value = (await readJson(path)) as Partial<RunManifest & { format: string; version: number }> | null;
  if (value?.format === FORMAT && Number(value.version) > VERSION) {
    throw new FormatError(
      `${path}: expected a run of version ${VERSION}, got ${value.version}; a newer querent made it, install that`,
    );
  }
  if (value?.format !== FORMAT || value.version !== VERSION || value.environment === undefined) {
    throw new FormatError(`${path}: expected the config.json of a run (format ${FORMAT}, version ${VERSION})`);
  }
  const { environment, started = '', source = '' } = value;
  const arms = z.array(resolvedArmSchema).optional().safeParse(value.arms);
  if (!arms.success) throw new FormatError(`${path}: expected a list of strategies with their options as arms`);
  return { config: parseConfig(value.config), ...(arms.data && { arms: arms.data }), environment, started, source };
}

async function readRecords<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.output<Schema>[]> {
  if (!(await exists(path))) return [];
  return (await readJsonLines(path)).map((line, at) => {
    const parsed = schema.safeParse(line);
    if (!parsed.success) throw new FormatError(`${path}: line ${at + 1} is not a record of this kind of file`);
    return parsed.data;
  });
}
