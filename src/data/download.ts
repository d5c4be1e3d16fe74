import { mkdir, open, readFile, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { withLock } from '../cache.js';
import { FormatError, QuerentError, UnavailableError } from '../errors.js';
import { storageError } from '../pool/atomic.js';
import type { LoadOptions } from './dataset.js';

/** A server that sends nothing for this long is given up. */
const SILENCE_MS = 60_000;

export interface DownloadOptions extends Pick<LoadOptions, 'signal' | 'onProgress'> {
  /** Bytes of the file, where they are known. */
  readonly bytes?: number | undefined;
  /** Default {@link SILENCE_MS}. */
  readonly silenceMs?: number | undefined;
}

/**
 * Fetch a file over HTTP. It grows under another name (`.part`), from where a stopped download goes on, and takes its
 * own name once `check` has passed it; one process at a time fetches it.
 *
 * @param check Throws where the content is not what it must be; the file is then thrown away.
 * @throws {UnavailableError} The server cannot be reached, refuses, or stops early; says where to put the file by hand.
 * @throws {FormatError} It sent something else.
 * @throws {StorageError} The file cannot be written.
 */
export async function downloadFile(
  url: string,
  path: string,
  options: DownloadOptions,
  check: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  const part = `${path}.part`;
  try {
    await mkdir(dirname(path), { recursive: true });
  } catch (error) {
    throw storageError('make', dirname(path), error);
  }
  await withLock(
    `${path}.lock`,
    async () => {
      if ((await sizeOf(path)) > 0) return; // another process was faster
      const resumed = (await sizeOf(part)) > 0;
      try {
        await fetchAndCheck(url, part, options, check);
      } catch (error) {
        // the first half may come from another version of the file: once more, from the start
        if (!(resumed && error instanceof FormatError)) throw error;
        await fetchAndCheck(url, part, options, check);
      }
      await rename(part, path).catch((error: unknown) => {
        throw storageError('write', path, error);
      });
    },
    undefined,
    options.signal,
  );
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

async function fetchAndCheck(
  url: string,
  part: string,
  options: DownloadOptions,
  check: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  let size = await sizeOf(part);
  if (options.bytes === undefined || size !== options.bytes) size = await fetchInto(url, part, size, options);
  try {
    if (options.bytes !== undefined && size !== options.bytes) {
      throw new FormatError(`${url}: expected ${options.bytes} bytes, got ${size}; the server has another file`);
    }
    await check(await readFile(part));
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

/** Fetch what follows the first `have` bytes; gives the bytes of the whole. */
async function fetchInto(url: string, part: string, have: number, options: DownloadOptions): Promise<number> {
  const { signal, onProgress, bytes, silenceMs = SILENCE_MS } = options;
  const silence = new AbortController();
  const both = signal === undefined ? silence.signal : AbortSignal.any([signal, silence.signal]);
  const timer = setTimeout(() => silence.abort(new Error(`it sent nothing for ${silenceMs / 1000} s`)), silenceMs);
  let handle: FileHandle | undefined;
  let done = have;
  try {
    const headers = { 'accept-encoding': 'identity', ...(have > 0 ? { range: `bytes=${have}-` } : {}) };
    const response = await fetch(url, { signal: both, headers });
    if (response.status === 416 && have > 0) {
      await response.body?.cancel();
      await rm(part, { force: true });
      return await fetchInto(url, part, 0, options);
    }
    if (!response.ok || response.body === null) throw new Error(`it answers ${response.status} ${response.statusText}`);
    const goesOn =
      response.status === 206 && response.headers.get('content-range')?.startsWith(`bytes ${have}-`) === true;
    if (!goesOn) done = 0;
    const length = Number(response.headers.get('content-length') ?? 0);
    const total = bytes ?? (length > 0 ? done + length : 0);
    handle = await open(part, goesOn ? 'a' : 'w').catch((error: unknown) => {
      throw storageError('write', part, error);
    });
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      timer.refresh();
      await writeAll(handle, chunk, part);
      done += chunk.length;
      if (bytes !== undefined && done > bytes) {
        throw new FormatError(`${url}: expected ${bytes} bytes, got more; the server has another file`);
      }
      onProgress?.({ task: 'download', name: url, done, total, unit: 'bytes' });
    }
    // where neither a length nor chunks say where the answer ends, a broken connection looks like its end
    const delimited = length > 0 || response.headers.has('transfer-encoding');
    if (!delimited && done < total) throw new Error(`it stopped after ${done} of ${total} bytes`);
    await handle.sync();
    return done;
  } catch (error) {
    if (error instanceof FormatError) await rm(part, { force: true });
    if (signal?.aborted === true) throw signal.reason;
    if (error instanceof QuerentError) throw error;
    throw unreachable(url, part, done, silence.signal.aborted ? silence.signal.reason : error);
  } finally {
    clearTimeout(timer);
    await handle?.close();
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, path: string): Promise<void> {
  try {
    await handle.writeFile(bytes);
  } catch (error) {
    throw storageError('write', path, error);
  }
}

function unreachable(url: string, part: string, done: number, error: unknown): UnavailableError {
  const { message, cause } = error as Error;
  const why = cause instanceof Error && cause.message !== '' ? `${message}: ${cause.message}` : message;
  const kept = done > 0 ? `; ${done} bytes are kept, asked again it goes on from there` : '';
  const path = part.replace(/\.part$/, '');
  return new UnavailableError(
    `cannot download ${url} (${why})${kept}; without a network, get the file elsewhere and put it at ${path}`,
    { cause: error },
  );
}
