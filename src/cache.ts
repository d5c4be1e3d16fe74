import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { homedir, hostname } from 'node:os';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Where downloads that every project of a user shares are kept: `$QUERENT_CACHE_DIR`, else `$XDG_CACHE_HOME/querent`, else
 * `~/.cache/querent`.
 */
export function userCache(...parts: string[]): string {
  const own = process.env.QUERENT_CACHE_DIR;
  if (own !== undefined && own !== '') return resolve(own, ...parts);
  const base = process.env.XDG_CACHE_HOME;
  // the XDG specification: a relative path is invalid and to be ignored
  const root = base !== undefined && isAbsolute(base) ? base : join(homedir(), '.cache');
  return join(root, 'querent', ...parts);
}

/**
 * Make a folder that is either whole or absent: `fill` works in a temporary neighbour, which then takes the name in one
 * step. What killed runs have left is removed.
 */
export async function createFolder(path: string, fill: (temporary: string) => Promise<void>): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await removeLeftovers(path);
  const temporary = `${path}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
  await mkdir(temporary);
  try {
    await fill(temporary);
    await replaceFolder(temporary, path);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Put `fresh` in the place of `path`. A folder cannot be renamed over a filled one, so the old one steps aside first. */
export async function replaceFolder(fresh: string, path: string): Promise<void> {
  const old = `${path}.${process.pid}-${randomBytes(4).toString('hex')}.old.tmp`;
  const existed = await rename(path, old).then(
    () => true,
    () => false,
  );
  await rename(fresh, path);
  if (existed) await rm(old, { recursive: true, force: true });
}

/** Remove the temporary neighbours of `path` (its name, the maker's process number, `.tmp`) whose makers have ended. */
export async function removeLeftovers(path: string): Promise<void> {
  const prefix = `${basename(path)}.`;
  for (const name of await readdir(dirname(path)).catch(() => [])) {
    if (!name.startsWith(prefix)) continue;
    const pid = /^(\d+)\b.*\.tmp$/.exec(name.slice(prefix.length))?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) {
      await rm(join(dirname(path), name), { recursive: true, force: true });
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // somebody else's
  }
}

/** A holder refreshes its lock this often; one that is silent six times as long is taken for dead. */
const HEARTBEAT_MS = 5_000;
const SILENCE_MS = 30_000;

/**
 * Run `work` while no other process does. The lock only saves double work: everything done under it is also safe
 * without it (temporary name, then rename), so taking over the lock of a process that died needs no care.
 *
 * @param onWait Called once when somebody else holds the lock.
 * @param signal Ends the waiting; `work` looks at it itself.
 */
export async function withLock<T>(
  path: string,
  work: () => Promise<T>,
  onWait: () => void = () => {},
  signal?: AbortSignal,
): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  for (let waiting = false; !(await tryLock(path)); waiting = true) {
    if (await isAbandoned(path)) {
      await rm(path, { force: true });
      continue;
    }
    if (!waiting) onWait();
    await sleep(250);
    signal?.throwIfAborted();
  }
  const heartbeat = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => {}), HEARTBEAT_MS);
  heartbeat.unref();
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    await rm(path, { force: true });
  }
}

async function tryLock(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    await file.writeFile(JSON.stringify({ pid: process.pid, host: hostname() }));
    await file.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  try {
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > SILENCE_MS) return true;
    const { pid, host } = JSON.parse(await readFile(path, 'utf8')) as { pid: number; host: string };
    return host === hostname() && !isAlive(pid);
  } catch {
    return false; // just given back, or not yet fully written: look again
  }
}
