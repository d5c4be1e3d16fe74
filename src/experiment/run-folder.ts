import { createHash } from 'node:crypto';
import { access, readFile, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { FormatError, StorageError } from '../errors.js';
import { makeFolder } from '../models/storage.js';
import { appendJsonLine, readJsonLines, storageError, writeFileAtomic } from '../pool/atomic.js';
import { type ExperimentConfig, parseConfig } from './config.js';
import type { Environment } from './environment.js';
import { isOfRun, type PicksRecord, picksSchema, type RoundRecord, roundSchema, type RunKey } from './records.js';

const FORMAT = 'querent-run';
const VERSION = 1;

/** What config.json says about a run folder. */
export interface RunManifest {
  readonly config: ExperimentConfig;
  readonly environment: Environment;
  /** ISO 8601. */
  readonly started: string;
  /** Who made the data. */
  readonly source: string;
}

/** A finished round that is being written down. */
interface Entry {
  readonly round: RoundRecord;
  readonly picks: PicksRecord;
}

const entrySchema = z.object({ round: roundSchema, picks: picksSchema });

/**
 * The folder of an experiment, readable by people:
 *     config.json     what was run, with what
 *     rounds.jsonl    a line per round of every run
 *     picks.jsonl     what was asked, and the answers
 *     state/          snapshots of runs under way; gone at the end
 * A round goes through three steps, each of which is whole or absent after a crash: the entry (entry.json), the
 * snapshot, the lines. A snapshot that is ahead of the lines therefore has its entry, from which they are made up for.
 */
export class RunFolder {
  readonly path: string;
  readonly manifest: RunManifest;
  readonly #rounds: RoundRecord[];
  readonly #picks: PicksRecord[];

  private constructor(path: string, manifest: RunManifest, rounds: RoundRecord[], picks: PicksRecord[]) {
    this.path = path;
    this.manifest = manifest;
    this.#rounds = rounds;
    this.#picks = picks;
  }

  /** @throws {StorageError} The folder cannot be written, or holds a run already. */
  static async create(path: string, manifest: RunManifest): Promise<RunFolder> {
    if (await exists(join(path, 'config.json'))) {
      throw new StorageError(`${path} holds a run already; resume it, or choose another folder`);
    }
    await makeFolder(path);
    const { config, ...rest } = manifest;
    const document = { format: FORMAT, version: VERSION, config: foldConfig(config), ...rest };
    await writeFileAtomic(join(path, 'config.json'), `${JSON.stringify(document, null, 2)}\n`);
    return new RunFolder(path, manifest, [], []);
  }

  /**
   * @throws {StorageError} There is no run in the folder.
   * @throws {FormatError} Its files are damaged.
   */
  static async open(path: string): Promise<RunFolder> {
    const manifest = await readManifest(join(path, 'config.json'));
    const rounds = await readRecords(join(path, 'rounds.jsonl'), roundSchema);
    const picks = await readRecords(join(path, 'picks.jsonl'), picksSchema);
    return new RunFolder(path, manifest, rounds, picks);
  }

  /** Everything written down so far. */
  get rounds(): readonly RoundRecord[] {
    return this.#rounds;
  }

  /** What was asked in each round. */
  get picks(): readonly PicksRecord[] {
    return this.#picks;
  }

  /** Where a run keeps its snapshot. */
  stateOf(key: RunKey): string {
    const name = key.strategy.replace(/[^A-Za-z0-9+-]+/g, '_').slice(0, 40);
    const tag = createHash('sha256').update(key.strategy).digest('hex').slice(0, 8);
    return join(this.path, 'state', `${name}-${tag}-${key.seed}`);
  }

  isDone(key: RunKey): boolean {
    return this.#rounds.some((record) => isOfRun(record, key) && record.stop !== undefined);
  }

  /** Step one of three: keep the round beside the snapshot that is about to be written. */
  async announce(key: RunKey, entry: Entry): Promise<void> {
    await makeFolder(this.stateOf(key));
    await writeFileAtomic(join(this.stateOf(key), 'entry.json'), JSON.stringify(entry));
  }

  /**
   * Step three: the lines. Those that are there already are not written again.
   *
   * @returns Whether the round's line is new.
   */
  async record({ round, picks }: Entry): Promise<boolean> {
    const isThere = (record: RunKey & { round: number }): boolean =>
      isOfRun(record, round) && record.round === round.round;
    if (!this.#picks.some(isThere)) {
      await appendJsonLine(join(this.path, 'picks.jsonl'), picks);
      this.#picks.push(picks);
    }
    if (this.#rounds.some(isThere)) return false;
    await appendJsonLine(join(this.path, 'rounds.jsonl'), round);
    this.#rounds.push(round);
    return true;
  }

  /** True where a snapshot can be gone on from. */
  hasSnapshot(key: RunKey): Promise<boolean> {
    return exists(join(this.stateOf(key), 'querent-learner.json'));
  }

  /**
   * After a crash between snapshot and lines: write the lines of the snapshot's last round.
   *
   * @param lastRound The last round that the snapshot holds.
   * @returns The round, where its line was missing.
   */
  async makeUp(key: RunKey, lastRound: number): Promise<RoundRecord | undefined> {
    const path = join(this.stateOf(key), 'entry.json');
    if (!(await exists(path))) return undefined;
    const parsed = entrySchema.safeParse(await readJson(path));
    if (!parsed.success) throw new FormatError(`${path}: expected the record of a round; the file is damaged`);
    if (parsed.data.round.round !== lastRound) return undefined;
    return (await this.record(parsed.data)) ? parsed.data.round : undefined;
  }

  /** A run is over: its snapshot is not needed any more. */
  async forget(key: RunKey): Promise<void> {
    await rm(this.stateOf(key), { recursive: true, force: true });
    await rmdir(join(this.path, 'state')).catch(() => undefined); // other runs are still in there
  }
}

/** Strategies and model as people write them: a bare name where there are no options. */
export function foldConfig(config: ExperimentConfig): object {
  const fold = ({ name, options }: ExperimentConfig['model']): unknown =>
    Object.keys(options).length === 0 ? name : { name, ...options };
  return {
    ...config,
    dataset: fold(config.dataset),
    model: fold(config.model),
    strategies: config.strategies.map(fold),
  };
}

async function readManifest(path: string): Promise<RunManifest> {
  const value = (await readJson(path)) as Partial<RunManifest & { format: string; version: number }> | null;
  if (value?.format !== FORMAT || value.version !== VERSION || value.environment === undefined) {
    throw new FormatError(`${path}: expected the config.json of a run (format ${FORMAT}, version ${VERSION})`);
  }
  const { environment, started = '', source = '' } = value;
  return { config: parseConfig(value.config), environment, started, source };
}

async function readRecords<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.output<Schema>[]> {
  if (!(await exists(path))) return [];
  return (await readJsonLines(path)).map((line, at) => {
    const parsed = schema.safeParse(line);
    if (!parsed.success) throw new FormatError(`${path}: line ${at + 1} is not a record of this kind of file`);
    return parsed.data;
  });
}

async function readJson(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw storageError('read', path, error);
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new FormatError(`${path}: expected JSON (${(cause as Error).message})`, { cause });
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
