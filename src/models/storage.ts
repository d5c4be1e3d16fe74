import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FormatError } from '../errors.js';
import { storageError, writeFileAtomic } from '../pool/atomic.js';
import { readNpy, writeNpy } from '../pool/npy.js';

/** A JSON document with large float arrays beside it. */
export interface Bundle<Meta> {
  readonly meta: Meta;
  readonly arrays: Readonly<Record<string, Float32Array>>;
}

/** The document as it stands in the file. */
interface BundleFile {
  readonly format: string;
  readonly version: number;
  readonly meta: unknown;
  readonly arrays: Readonly<Record<string, { readonly file: string; readonly sha256: string }>>;
}

const VERSION = 1;

/**
 * Write a bundle so that a crash leaves the old one or the new one: arrays go to files named by their content, then the
 * document that names them replaces the old one, then files that nothing names any more go away.
 *
 * @param dir Made when missing.
 * @throws {StorageError} The folder cannot be written.
 */
export async function saveBundle<Meta>(dir: string, format: string, { meta, arrays }: Bundle<Meta>): Promise<void> {
  await makeFolder(dir);
  const named: Record<string, { file: string; sha256: string }> = {};
  for (const [name, values] of Object.entries(arrays)) {
    const sha256 = checksum(values);
    const file = `${name}-${sha256.slice(0, 16)}.npy`;
    await writeNpy(join(dir, file), values, 'f4');
    named[name] = { file, sha256 };
  }
  const document: BundleFile = { format, version: VERSION, meta, arrays: named };
  await writeFileAtomic(join(dir, `${format}.json`), `${JSON.stringify(document, null, 1)}\n`);
  const current = new Set(Object.values(named).map(({ file }) => file));
  for (const file of await readdir(dir)) {
    if (/-[0-9a-f]{16}\.npy$/.test(file) && !current.has(file)) await rm(join(dir, file), { force: true });
  }
}

/**
 * Read a bundle back.
 *
 * @throws {FormatError} Another format or version, or arrays that do not match their checksums.
 * @throws {StorageError} A file is missing.
 */
export async function loadBundle(dir: string, format: string): Promise<Bundle<unknown>> {
  const path = join(dir, `${format}.json`);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw storageError('read', path, error);
  }
  const document = parseBundle(path, text, format);
  const arrays: Record<string, Float32Array> = {};
  for (const [name, { file, sha256 }] of Object.entries(document.arrays)) {
    const { data } = await readNpy(join(dir, file));
    if (!(data instanceof Float32Array) || checksum(data) !== sha256) {
      throw new FormatError(`${join(dir, file)}: expected the content that ${path} names; it was changed or damaged`);
    }
    arrays[name] = data;
  }
  return { meta: document.meta, arrays };
}

function parseBundle(path: string, text: string, format: string): BundleFile {
  let value: Partial<BundleFile> | null;
  try {
    value = JSON.parse(text) as Partial<BundleFile> | null;
  } catch (cause) {
    throw new FormatError(`${path}: expected JSON (${(cause as Error).message})`, { cause });
  }
  if (value?.format !== format || value.version !== VERSION || typeof value.arrays !== 'object') {
    throw new FormatError(
      `${path}: expected format ${format}, version ${VERSION}, got ${value?.format}, ${value?.version}`,
    );
  }
  return value as BundleFile;
}

function checksum(values: Float32Array): string {
  return createHash('sha256')
    .update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
    .digest('hex');
}

/** @throws {StorageError} The folder cannot be made. */
export async function makeFolder(dir: string): Promise<void> {
  try {
    await mkdir(dir, { recursive: true });
  } catch (error) {
    throw storageError('make', dir, error);
  }
}
