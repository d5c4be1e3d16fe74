import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { FormatError, QuerentError } from '../errors.js';
import { holdFolder } from '../learner/snapshot-lock.js';
import { makeFolder } from '../models/storage.js';
import { storageError, writeFileAtomic } from '../pool/atomic.js';
import { type Entry, picksSchema, roundSchema } from './records.js';
import { exists } from '../pool/exists.js';

const entrySchema = z.object({ round: roundSchema, picks: picksSchema });

/** Time that a process whose parent was killed takes to notice, many times over. */
const ORPHAN_MS = 20_000;
const POLL_MS = 100;

/** The folder of a run under way: its last snapshot, and the last round beside it. */
export class RunState {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /**
   * Take the folder for this process. A worker whose parent was killed may still be at its last step: it is waited for.
   *
   * @throws {QuerentError} ERR_QUERENT_BUSY: another process goes on working there.
   */
  async hold(signal?: AbortSignal): Promise<void> {
    const until = performance.now() + ORPHAN_MS;
    for (;;) {
      try {
        return await holdFolder(this.path);
      } catch (error) {
        const isBusy = error instanceof QuerentError && error.code === 'ERR_QUERENT_BUSY';
        if (!isBusy || performance.now() > until) throw error;
      }
      await delay(POLL_MS, undefined, signal === undefined ? {} : { signal });
    }
  }

  /** Step one of three: keep the round beside the snapshot that is about to be written. */
  async announce(entry: Entry): Promise<void> {
    await makeFolder(this.path);
    await writeFileAtomic(join(this.path, 'entry.json'), JSON.stringify(entry));
  }

  /** True where a snapshot can be gone on from. */
  hasSnapshot(): Promise<boolean> {
    return exists(join(this.path, 'querent-learner.json'));
  }

  /**
   * The entry of the snapshot's last round, whose lines a crash may have left out; undefined where the entry is ahead of
   * the snapshot: its round is then run again.
   *
   * @param lastRound The last round that the snapshot holds.
   */
  async entryOf(lastRound: number): Promise<Entry | undefined> {
    const path = join(this.path, 'entry.json');
    if (!(await exists(path))) return undefined;
    const parsed = entrySchema.safeParse(await readJson(path));
    if (!parsed.success) throw new FormatError(`${path}: expected the record of a round; the file is damaged`);
    return parsed.data.round.round === lastRound ? parsed.data : undefined;
  }
}

/** @throws {FormatError} No JSON. @throws {StorageError} Not readable. */
export async function readJson(path: string): Promise<unknown> {
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
