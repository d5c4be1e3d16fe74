import { randomBytes } from 'node:crypto';
import { link, open, readFile, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { QuerentError } from '../errors.js';
import { storageError } from './atomic.js';

/** Held until it is released or its process ends. */
export interface Lock {
  /** Harmless the second time. */
  release(): Promise<void>;
}

/** What a lock file says about who holds it. */
interface Holder {
  readonly token: string;
  readonly pid: number;
  readonly host: string;
  /** When the process began, in the system's own ticks: another process may get the same number later. Linux only. */
  readonly born: string | null;
  readonly since: string;
}

/** After taking over a dead process's lock: time for others that saw the same dead lock to notice. */
const SETTLE_MS = 50;
const TRIES = 20;

/**
 * Take the lock that a file stands for, so that no other process that asks for it works at the same time. The file of a
 * process that was killed is taken over: on the same machine it is known to be gone.
 *
 * @param path File that is made, in a folder that exists.
 * @param what Begins the error sentence, e.g. the folder that is protected.
 * @throws {QuerentError} `ERR_QUERENT_BUSY`: another process, or another call in this one, holds it.
 * @throws {StorageError} The file cannot be written.
 */
export async function acquireLock(path: string, what: string = path): Promise<Lock> {
  const token = randomBytes(8).toString('hex');
  let tookOver = false;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    if (await tryCreate(path, token)) {
      if (!tookOver) return lockOf(path, token);
      await sleep(SETTLE_MS);
      if ((await readHolder(path))?.token === token) return lockOf(path, token);
      continue;
    }
    const holder = await readHolder(path);
    if (holder === undefined) continue; // released, or being written
    if (!(await isGone(holder))) throw busy(path, what, holder);
    tookOver = true;
    await removeDead(path, holder);
  }
  throw busy(path, what, await readHolder(path));
}

/** Work with the lock held. See {@link acquireLock}. */
export async function withLock<Result>(path: string, what: string, work: () => Promise<Result>): Promise<Result> {
  const lock = await acquireLock(path, what);
  try {
    return await work();
  } finally {
    await lock.release();
  }
}

function lockOf(path: string, token: string): Lock {
  return {
    async release() {
      if ((await readHolder(path))?.token === token) await rm(path, { force: true });
    },
  };
}

/** The file appears whole under its name, or not at all. */
async function tryCreate(path: string, token: string): Promise<boolean> {
  const holder: Holder = {
    token,
    pid: process.pid,
    host: hostname(),
    born: await birthOf(process.pid),
    since: new Date().toISOString(),
  };
  const draft = `${path}.${token}.tmp`;
  try {
    const handle = await open(draft, 'wx');
    await handle.writeFile(JSON.stringify(holder));
    await handle.close();
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw storageError('lock', path, error);
  } finally {
    await rm(draft, { force: true });
  }
}

async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

async function isGone({ pid, host, born }: Holder): Promise<boolean> {
  if (host !== hostname()) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
  const now = await birthOf(pid);
  return born !== null && now !== null && now !== born;
}

/** Start time of a process, or null where the system does not tell. */
async function birthOf(pid: number): Promise<string | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // fields 3 and 22; the second one, the name in brackets, may hold blanks
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields?.[0] === 'Z' ? 'over' : (fields?.[19] ?? null); // a killed process that its parent has not taken note of
}

/** Take a dead process's file away; one that somebody else has put there since is put back. */
async function removeDead(path: string, dead: Holder): Promise<void> {
  const aside = `${path}.${randomBytes(8).toString('hex')}.tmp`;
  try {
    await rename(path, aside);
  } catch {
    return; // somebody else was faster
  }
  if ((await readHolder(aside))?.token !== dead.token) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

function busy(path: string, what: string, holder: Holder | undefined): QuerentError {
  const who =
    holder === undefined ? 'another process' : `process ${holder.pid} on ${holder.host}, since ${holder.since},`;
  return new QuerentError(
    'ERR_QUERENT_BUSY',
    `${what}: ${who} is working on it; wait until it is done. If no such process runs, remove ${path}`,
  );
}
