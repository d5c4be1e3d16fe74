import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { makeFolder } from '../models/storage.js';
import { acquireLock, type Lock } from '../pool/lock.js';
import { exists } from '../pool/exists.js';

/** Folders that learners of this process write to. They stay this process's until it ends or gives them back. */
const held = new Map<string, Promise<Lock>>();
let isListening = false;

const fileOf = (dir: string): string => join(resolve(dir), '.querent.lock');

/**
 * Keep other processes out of a folder of snapshots: two runs that write into one by turns would end as neither.
 * Learners of this process share it.
 *
 * @throws {QuerentError} ERR_QUERENT_BUSY: another living process works in the folder.
 * @throws {StorageError} The folder cannot be written.
 */
export async function holdFolder(dir: string): Promise<void> {
  const path = fileOf(dir);
  const lock = held.get(path);
  if (lock !== undefined) {
    await lock;
    if (await exists(path)) return;
    held.delete(path); // the folder was removed meanwhile
  }
  await makeFolder(dir);
  if (!isListening) process.once('exit', releaseAll);
  isListening = true;
  const taken = acquireLock(path, dir);
  held.set(path, taken);
  try {
    await taken;
  } catch (error) {
    held.delete(path);
    throw error;
  }
}

/** Give a folder back to other processes; harmless where it is not held. */
export async function releaseFolder(dir: string): Promise<void> {
  const path = fileOf(dir);
  const lock = held.get(path);
  held.delete(path);
  await (await lock)?.release();
}

function releaseAll(): void {
  for (const path of held.keys()) rmSync(path, { force: true });
}
