import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { userCache } from '../cache.js';
import { FormatError, StorageError } from '../errors.js';
import { storageError } from '../pool/atomic.js';
import type { LoadOptions } from './dataset.js';
import { downloadFile } from './download.js';
import { exists } from '../pool/exists.js';

/** What a file's bytes must hash to. MD5 where its makers publish nothing else: it guards against damage and mix-ups. */
export interface Checksum {
  readonly algorithm: 'md5' | 'sha256';
  readonly hex: string;
}

/** One official file of a data set. */
export interface DataFile {
  /** Without `.gz`; a gzipped copy of that name with `.gz` does as well. */
  readonly name: string;
  /** Folder that unpacking its archive makes; the file is looked for in there too. */
  readonly folder?: string | undefined;
  /** Bytes of the content, inflated. */
  readonly bytes?: number | undefined;
  /** Of the content, inflated. */
  readonly checksum?: Checksum | undefined;
  /** For an archive: what is in it; these files do as well. */
  readonly holds?: readonly DataFile[] | undefined;
  /** As its makers give it out. */
  readonly served: {
    readonly name: string;
    /** Missing where they do not give it to programs. */
    readonly url?: string | undefined;
    readonly bytes?: number | undefined;
    readonly checksum?: Checksum | undefined;
  };
}

export const md5 = (hex: string): Checksum => ({ algorithm: 'md5', hex });
export const sha256 = (hex: string): Checksum => ({ algorithm: 'sha256', hex });

export function hashOf(bytes: Uint8Array, { algorithm }: Checksum): string {
  return createHash(algorithm).update(bytes).digest('hex');
}

/** Folders that may hold the files of a data set, in the order in which they are looked through. */
function foldersOf(set: string, { folder }: DataFile, { dataDir }: LoadOptions): { given: string[]; cache: string } {
  const root = dataDir ?? process.env['QUERENT_DATA_DIR'];
  const outer = root === undefined || root === '' ? [] : [join(root, set), root];
  const given = folder === undefined ? outer : outer.flatMap((path) => [path, join(path, folder)]);
  return { given, cache: userCache('data', set) };
}

const formsOf = ({ name }: DataFile): string[] => (name.endsWith('.gz') ? [name] : [name, `${name}.gz`]);

/** Where a file of a data set is, or undefined. */
export async function findFile(set: string, file: DataFile, where: LoadOptions): Promise<string | undefined> {
  const { given, cache } = foldersOf(set, file, where);
  for (const path of [...given, cache].flatMap((folder) => formsOf(file).map((form) => join(folder, form)))) {
    if (await exists(path)) return path;
  }
  return undefined;
}

/** Whether a file of a data set is there, or everything that it holds. */
export async function hasFile(set: string, file: DataFile, where: LoadOptions): Promise<boolean> {
  if ((await findFile(set, file, where)) !== undefined) return true;
  const { holds = [] } = file;
  const found = await Promise.all(holds.map((inner) => findFile(set, inner, where)));
  return holds.length > 0 && !found.includes(undefined);
}

/**
 * Where a file of a data set is; where it is missing and a download is asked for, it is fetched.
 *
 * @throws {StorageError} It is missing; says where it was looked for and how to get it.
 * @throws {UnavailableError} The download is not possible.
 */
export async function needFile(set: string, file: DataFile, where: LoadOptions): Promise<string> {
  where.signal?.throwIfAborted();
  const found = await findFile(set, file, where);
  if (found !== undefined) return found;
  const { given, cache } = foldersOf(set, file, where);
  const url = where.mirror === undefined ? file.served.url : `${where.mirror.replace(/\/+$/, '')}/${file.served.name}`;
  if (where.download === true && url !== undefined) {
    const path = join(cache, file.served.name);
    await downloadFile(
      url,
      path,
      { ...where, bytes: where.mirror === undefined ? file.served.bytes : undefined },
      (bytes) => checkServed(bytes, file, url),
    );
    return path;
  }
  const folders = [...given.toReversed(), cache];
  const looked = folders.length > 1 ? `${folders.slice(0, -1).join(', ')} or ${folders.at(-1)}` : folders[0];
  const sentences = [`${set}: expected ${formsOf(file).join(' or ')} in ${looked}, found none`];
  if (given.length === 0) sentences.push('name the folder with --data-dir (dataDir) or QUERENT_DATA_DIR');
  sentences.push(adviceFor(set, file, where.download === true));
  throw new StorageError(sentences.join('; '));
}

function adviceFor(set: string, { served }: DataFile, asked: boolean): string {
  if (served.url !== undefined) return `"querent data ${set} --download" fetches it from ${new URL(served.url).host}`;
  const why = 'its makers do not give it to programs';
  return asked
    ? `${why}, so put it there by hand, or name a server that has it with --mirror (mirror)`
    : `put it there by hand: ${why}`;
}

/** @throws {FormatError} What was downloaded is not the file, whole. */
async function checkServed(bytes: Uint8Array, file: DataFile, url: string): Promise<void> {
  const { checksum } = file.served;
  if (checksum !== undefined && hashOf(bytes, checksum) === checksum.hex) return;
  if (file.checksum !== undefined) {
    checkContent(await inflated(bytes, url), file, url); // other packing, as of a mirror, is fine
  } else if (checksum !== undefined) {
    throw new FormatError(
      `${url}: expected a file with ${checksum.algorithm} ${checksum.hex}, got ${hashOf(bytes, checksum)}; it is another file`,
    );
  }
}

async function inflated(bytes: Uint8Array, name: string, most?: number): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return await promisify(gunzip)(bytes, most === undefined ? {} : { maxOutputLength: most + 1 });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const why = code === 'ERR_BUFFER_TOO_LARGE' ? `it holds more than the expected ${most} bytes` : message;
    throw new FormatError(`${name}: the gzip data is damaged (${why})`, { cause });
  }
}

/** @throws {FormatError} The content has another size or checksum than the file that it should be. */
export function checkContent(
  content: Uint8Array,
  { bytes, checksum }: Pick<DataFile, 'bytes' | 'checksum'>,
  path: string,
): void {
  if (checksum !== undefined) {
    const found = hashOf(content, checksum);
    if (found === checksum.hex) return;
    const size = bytes === undefined ? '' : ` of ${bytes} bytes`;
    const kind = checksum.algorithm === 'md5' ? 'MD5' : 'SHA-256';
    throw new FormatError(
      `${path}: expected inflated content${size} with ${kind} ${checksum.hex}, got ${content.length} bytes with ${found}; ` +
        'it is damaged or another file',
    );
  }
  if (bytes !== undefined && content.length !== bytes) {
    throw new FormatError(`${path}: expected ${bytes} bytes of content, got ${content.length}; the file is damaged`);
  }
}

/**
 * Read a file, plain or gzipped (told by content, not by name), and check what is known of its content.
 *
 * @throws {FormatError} Damaged, or other content than size and checksum say.
 * @throws {StorageError} The file cannot be read.
 */
export async function readContent(
  path: string,
  file: Pick<DataFile, 'bytes' | 'checksum'>,
  { signal, onProgress }: LoadOptions = {},
): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path, { signal });
  } catch (error) {
    throw signal?.aborted === true ? signal.reason : storageError('read', path, error);
  }
  const { length } = bytes;
  onProgress?.({ task: 'read', name: path, done: 0, total: length, unit: 'bytes' });
  bytes = await inflated(bytes, path, file.bytes);
  signal?.throwIfAborted();
  checkContent(bytes, file, path);
  onProgress?.({ task: 'read', name: path, done: length, total: length, unit: 'bytes' });
  return bytes;
}
