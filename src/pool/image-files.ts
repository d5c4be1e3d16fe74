import { readdir, realpath, stat } from 'node:fs/promises';
import { extname, join, posix } from 'node:path';
import { StorageError } from '../errors.js';
import { storageError } from './atomic.js';

/** Endings that are taken for images, in lower case. */
export const IMAGE_ENDINGS: ReadonlySet<string> = new Set(['.png', '.jpg', '.jpeg', '.webp']);

/**
 * The image files below a folder, as paths relative to it with `/` between their parts, in code-unit order: the same on
 * every system. Hidden files and folders are left out; links are followed, a link to a folder that holds it is not.
 *
 * @throws {StorageError} The folder cannot be read, or there is no image in it.
 */
export async function listImageFiles(
  folder: string,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<string[]> {
  const found: string[] = [];
  await collect(folder, '', [await realpath(folder).catch(cannotRead(folder))], found, options.signal);
  if (found.length === 0) {
    throw new StorageError(`${folder}: expected images (${[...IMAGE_ENDINGS].join(', ')}) in the folder, found none`);
  }
  return found.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/** @param above Real paths of the folders on the way here. */
async function collect(
  root: string,
  inside: string,
  above: readonly string[],
  found: string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  signal?.throwIfAborted();
  const folder = join(root, inside);
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(cannotRead(folder))) {
    if (entry.name.startsWith('.')) continue;
    const path = posix.join(inside, entry.name);
    const absolute = join(root, path);
    const kind = entry.isSymbolicLink() ? await stat(absolute).catch(cannotRead(absolute)) : entry;
    if (kind.isDirectory()) {
      const real = await realpath(absolute).catch(cannotRead(absolute));
      if (!above.includes(real)) await collect(root, path, [...above, real], found, signal);
    } else if (kind.isFile() && IMAGE_ENDINGS.has(extname(entry.name).toLowerCase())) {
      found.push(path);
    }
  }
}

function cannotRead(path: string): (error: unknown) => never {
  return (error) => {
    throw storageError('read', path, error);
  };
}
