import { constants } from 'node:buffer';
import { type FileHandle, open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { crc32, inflateRaw, inflateRawSync } from 'node:zlib';
import { type Entry, fromFdPromise, type ZipFile } from 'yauzl';
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
/** Unpacking less than this takes less time than handing it to another thread. */
const SMALL_BYTES = 1 << 16;

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
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch (error) {
    throw storageError('read', path, error);
  }
  try {
    const archive = { path, handle, signal, zip: await openZip(handle, path) };
    return await use(await listMembers(archive));
  } finally {
    await handle.close();
  }
}

interface Archive {
  readonly path: string;
  readonly handle: FileHandle;
  readonly zip: ZipFile;
  readonly signal: AbortSignal | undefined;
}

async function openZip(handle: FileHandle, path: string): Promise<ZipFile> {
  try {
    return await fromFdPromise(handle.fd, { autoClose: false });
  } catch (error) {
    throw zipError(path, error);
  }
}

async function listMembers(archive: Archive): Promise<Map<string, ZipMember>> {
  const { path, zip, signal } = archive;
  const members = new Map<string, ZipMember>();
  try {
    for await (const entry of zip.eachEntry()) {
      signal?.throwIfAborted();
      const name = entry.fileName;
      if (name.endsWith('/')) continue;
      if (members.has(name)) throw new FormatError(`${path}: there are two members named ${name}, expected one`);
      members.set(name, { name, size: entry.uncompressedSize, read: () => readMember(archive, entry) });
    }
  } catch (error) {
    throw signal?.aborted === true ? signal.reason : zipError(path, error);
  }
  return members;
}

async function readMember(archive: Archive, entry: Entry): Promise<Uint8Array> {
  const { path, signal } = archive;
  signal?.throwIfAborted();
  const { fileName: name, uncompressedSize: size, compressionMethod: method } = entry;
  if (entry.isEncrypted()) throw new FormatError(`${path}: ${name} is encrypted, expected an archive without password`);
  if (method !== 0 && method !== 8) {
    throw new FormatError(`${path}: ${name} is packed with method ${method}, expected 0 (stored) or 8 (deflated)`);
  }
  if (size > (entry.compressedSize + 1) * MOST_PER_BYTE || size > constants.MAX_LENGTH) {
    throw new FormatError(
      `${path}: ${name} claims ${size} bytes out of ${entry.compressedSize}, which cannot be; the archive is damaged`,
    );
  }
  const packed = await readPacked(archive, entry);
  signal?.throwIfAborted();
  const bytes = method === 0 ? packed : await unpack(packed, size, `${path}: ${name}`);
  if (bytes.length !== size) {
    throw new FormatError(
      `${path}: ${name} unpacks to ${bytes.length} bytes, expected ${size}; the archive is damaged`,
    );
  }
  const found = crc32(bytes);
  if (found !== entry.crc32) {
    throw new FormatError(
      `${path}: ${name}: expected CRC-32 ${entry.crc32.toString(16)}, got ${found.toString(16)}; the archive is damaged`,
    );
  }
  return bytes;
}

/** The bytes of a member as they lie in the archive. */
async function readPacked({ path, handle, zip }: Archive, entry: Entry): Promise<Uint8Array> {
  const { fileName: name, compressedSize: size } = entry;
  try {
    const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
    const { size: length } = await handle.stat();
    if (fileDataStart + size > length) {
      throw new FormatError(
        `${path}: ${name} ends at byte ${fileDataStart + size}, the file at ${length}; it is cut short`,
      );
    }
    const packed = new Uint8Array(size);
    for (let done = 0; done < size;) {
      const { bytesRead } = await handle.read(packed, done, size - done, fileDataStart + done);
      if (bytesRead === 0) throw new FormatError(`${path}: the file was cut short while it was being read`);
      done += bytesRead;
    }
    return packed;
  } catch (error) {
    throw zipError(`${path}: ${name}`, error);
  }
}

async function unpack(packed: Uint8Array, size: number, where: string): Promise<Uint8Array> {
  const limit = { maxOutputLength: size + 1 };
  try {
    const bytes = size < SMALL_BYTES ? inflateRawSync(packed, limit) : await promisify(inflateRaw)(packed, limit);
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  } catch (cause) {
    throw new FormatError(`${where}: the packed data is damaged (${(cause as Error).message})`, { cause });
  }
}

/** Errors of the operating system have a code of theirs; everything else is about the archive. */
function zipError(where: string, error: unknown): unknown {
  if (error instanceof QuerentError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (typeof code === 'string' && /^E[A-Z]+$/.test(code)) return storageError('read', where, error);
  return new FormatError(`${where}: not a usable zip archive (${message})`, { cause: error });
}
