import { constants } from 'node:buffer';
import { crc32 } from 'node:zlib';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { FormatError, QuerentError } from '../errors.js';
import { storageError } from './atomic.js';

/** One file inside an archive. */
export interface ZipMember {
  /** As the archive says it, parts separated by `/`. */
  readonly name: string;
  /** Bytes once unpacked. */
  readonly size: number;
  /**
   * Unpack it into memory.
   *
   * @throws {FormatError} Damaged: other bytes than its size and checksum say.
   */
  read(): Promise<Uint8Array>;
}

/** Deflate packs at most this many bytes into one: a member that claims more lies about its size. */
const MOST_PER_BYTE = 1032;

/**
 * Open a zip archive and use its members, by name; folders are left out. Read are stored and deflated members, also
 * beyond 4 GB (zip64).
 *
 * @throws {FormatError} Not a zip archive, a damaged one, two members of one name, an encrypted member, or one packed in
 *   another way.
 * @throws {StorageError} The file cannot be read.
 */
export async function withZip<Result>(
  path: string,
  use: (members: ReadonlyMap<string, ZipMember>) => Promise<Result>,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<Result> {
  const { signal } = options;
  let zip: ZipFile;
  try {
    zip = await openPromise(path, { autoClose: false });
  } catch (error) {
    throw zipError(path, error);
  }
  try {
    return await use(await listMembers(zip, path, signal));
  } finally {
    zip.close();
  }
}

async function listMembers(
  zip: ZipFile,
  path: string,
  signal: AbortSignal | undefined,
): Promise<Map<string, ZipMember>> {
  const members = new Map<string, ZipMember>();
  try {
    for await (const entry of zip.eachEntry()) {
      signal?.throwIfAborted();
      const name = entry.fileName;
      if (name.endsWith('/')) continue;
      if (members.has(name)) throw new FormatError(`${path}: there are two members named ${name}, expected one`);
      const read = (): Promise<Uint8Array> => readMember(zip, entry, path, signal);
      members.set(name, { name, size: entry.uncompressedSize, read });
    }
  } catch (error) {
    throw signal?.aborted === true ? signal.reason : zipError(path, error);
  }
  return members;
}

async function readMember(
  zip: ZipFile,
  entry: Entry,
  path: string,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  signal?.throwIfAborted();
  const { fileName: name, uncompressedSize: size } = entry;
  if (entry.isEncrypted()) throw new FormatError(`${path}: ${name} is encrypted, expected an archive without password`);
  if (entry.compressionMethod !== 0 && entry.compressionMethod !== 8) {
    throw new FormatError(
      `${path}: ${name} is packed with method ${entry.compressionMethod}, expected 0 (stored) or 8 (deflated)`,
    );
  }
  if (size > (entry.compressedSize + 1) * MOST_PER_BYTE || size > constants.MAX_LENGTH) {
    throw new FormatError(
      `${path}: ${name} claims ${size} bytes out of ${entry.compressedSize}, which cannot be; the archive is damaged`,
    );
  }
  const bytes = new Uint8Array(size);
  let done = 0;
  try {
    const stream = await zip.openReadStreamPromise(entry);
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      signal?.throwIfAborted();
      bytes.set(chunk, done);
      done += chunk.length;
    }
  } catch (error) {
    throw signal?.aborted === true ? signal.reason : zipError(`${path}: ${name}`, error);
  }
  if (done !== size) throw new FormatError(`${path}: ${name} ends after ${done} bytes, expected ${size}`);
  const found = crc32(bytes);
  if (found !== entry.crc32) {
    throw new FormatError(
      `${path}: ${name}: expected CRC-32 ${entry.crc32.toString(16)}, got ${found.toString(16)}; the archive is damaged`,
    );
  }
  return bytes;
}

/** Errors of the operating system have a code of theirs; everything else is about the archive. */
function zipError(where: string, error: unknown): unknown {
  if (error instanceof QuerentError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (typeof code === 'string' && /^E[A-Z]+$/.test(code)) return storageError('read', where, error);
  return new FormatError(`${where}: not a usable zip archive (${message})`, { cause: error });
}
