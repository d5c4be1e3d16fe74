import { randomBytes } from 'node:crypto';
import { open, readFile, realpath, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { FormatError, StorageError } from '../errors.js';

/** Turn an error of the operating system into a sentence that names the file and what was tried. */
export function storageError(action: string, path: string, cause: unknown): StorageError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const reasons: Record<string, string> = {
    ENOENT: 'there is no such file or folder',
    EACCES: 'permission is denied',
    EPERM: 'the operation is not permitted',
    EISDIR: 'it is a folder',
    ENOTDIR: 'part of the path is not a folder',
    ENOSPC: 'the disk is full',
    EDQUOT: 'the disk quota is used up',
    EROFS: 'the file system is read-only',
    EMFILE: 'too many files are open',
  };
  const reason = (code !== undefined && reasons[code]) || message || String(cause);
  return new StorageError(`cannot ${action} ${path}: ${reason}`, { cause });
}

/** A file under construction: nobody sees it under its name before {@link AtomicFile.commit}. */
export interface AtomicFile {
  /** Bytes written so far. */
  readonly size: number;
  /** Append bytes. They are on their way to the disk when the promise resolves, and may then be reused. */
  write(bytes: Uint8Array): Promise<void>;
  /** Make the file durable and give it its name, replacing what was there in one step. */
  commit(): Promise<void>;
  /** Forget the file; harmless after `commit`. */
  discard(): Promise<void>;
}

/**
 * Start a file that appears whole or not at all: bytes go to a temporary file in the same folder, `commit` syncs it,
 * renames it over the target and syncs the folder, so neither a crash nor a reader ever meets half a file.
 * A target that exists and is no regular file (a pipe, `/dev/null`) is written through: renaming would replace it.
 *
 * @throws {StorageError} The folder is missing, not writable, or the target is a folder.
 */
export async function createAtomicFile(path: string): Promise<AtomicFile> {
  const target = await realpath(path).catch(() => resolve(path)); // a link keeps pointing where it does
  const existing = await stat(target).catch(() => undefined);
  if (existing?.isDirectory()) throw new StorageError(`cannot write ${path}: it is a folder`);
  const direct = existing !== undefined && !existing.isFile();
  const temporary = join(dirname(target), `.${basename(target)}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`);
  let handle: FileHandle | undefined;
  let size = 0;
  try {
    handle = await open(direct ? target : temporary, direct ? 'w' : 'wx', existing ? existing.mode & 0o777 : 0o666);
  } catch (error) {
    throw storageError('write', path, error);
  }

  async function discard(): Promise<void> {
    const closing = handle;
    handle = undefined;
    if (closing === undefined) return;
    await closing.close().catch(() => undefined);
    if (!direct) await rm(temporary, { force: true });
  }

  return {
    get size() {
      return size;
    },
    async write(bytes) {
      if (handle === undefined) throw new StorageError(`cannot write ${path}: the file is already closed`);
      try {
        for (let done = 0; done < bytes.length;) {
          done += (await handle.write(bytes, done, bytes.length - done)).bytesWritten;
        }
        size += bytes.length;
      } catch (error) {
        await discard();
        throw storageError('write', path, error);
      }
    },
    async commit() {
      if (handle === undefined) throw new StorageError(`cannot write ${path}: the file is already closed`);
      try {
        if (!direct) await handle.sync();
        await handle.close();
        if (!direct) {
          await rename(temporary, target);
          await syncFolder(dirname(target));
        }
        handle = undefined;
      } catch (error) {
        await discard();
        throw storageError('write', path, error);
      }
    },
    discard,
  };
}

/**
 * Write a whole file so that a crash leaves either the old content or the new, never a mixture.
 *
 * @throws {StorageError} The file cannot be written; the old one is untouched.
 */
export async function writeFileAtomic(path: string, data: string | Uint8Array): Promise<void> {
  const file = await createAtomicFile(path);
  try {
    await file.write(typeof data === 'string' ? Buffer.from(data) : data);
    await file.commit();
  } finally {
    await file.discard();
  }
}

/** A rename is durable only once the folder that holds the name is. Not every system can sync a folder. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  if (handle === undefined) return;
  await handle.sync().catch(() => undefined);
  await handle.close();
}

const appends = new Map<string, Promise<void>>();

/**
 * Append one value as a line of JSON and sync it: when the promise resolves, the line survives a crash. Calls for the
 * same file take their turn, so they need not be awaited one by one. A torn last line left by a crash is cut off first.
 * One process at a time may append to a file.
 *
 * @param value An object or array (a torn line of one is never valid JSON, so it can be told from a whole one).
 * @throws {StorageError} The file cannot be written.
 */
export function appendJsonLine(path: string, value: object): Promise<void> {
  const key = resolve(path);
  const line = `${JSON.stringify(value)}\n`;
  const turn = (appends.get(key) ?? Promise.resolve()).then(() => appendLine(path, line));
  const settled = turn.catch(() => undefined);
  appends.set(key, settled);
  void settled.then(() => {
    if (appends.get(key) === settled) appends.delete(key);
  });
  return turn;
}

async function appendLine(path: string, line: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'a+');
    const { size } = await handle.stat();
    if (size === 0) {
      await syncFolder(dirname(resolve(path)));
    } else {
      const last = Buffer.alloc(1);
      await handle.read(last, 0, 1, size - 1);
      if (last[0] !== 0x0a) await mendTail(handle, path);
    }
    await handle.writeFile(line);
    await handle.sync();
  } catch (error) {
    throw storageError('append to', path, error);
  } finally {
    await handle?.close();
  }
}

/** End an unfinished last line: a complete value gets its newline, a torn one is cut off. */
async function mendTail(handle: FileHandle, path: string): Promise<void> {
  const bytes = await readFile(path);
  const start = bytes.lastIndexOf(0x0a) + 1;
  if (parseJson(bytes.toString('utf8', start)) === undefined) await handle.truncate(start);
  else await handle.writeFile('\n');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/**
 * Read a file of JSON lines. A last line without a newline that is not valid JSON was being written when the writer
 * died: it is left out. Blank lines are skipped.
 *
 * @throws {FormatError} A line before the last is not valid JSON; names the line.
 * @throws {StorageError} The file cannot be read.
 */
export async function readJsonLines(path: string): Promise<unknown[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw storageError('read', path, error);
  }
  const lines = text.split('\n');
  const values: unknown[] = [];
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const value = parseJson(line);
    if (value !== undefined) values.push(value);
    else if (index < lines.length - 1) throw new FormatError(`${path}: line ${index + 1} is not valid JSON`);
  }
  return values;
}
