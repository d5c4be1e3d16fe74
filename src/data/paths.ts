import { join, resolve } from 'node:path';
import { StorageError } from '../errors.js';
import type { LoadOptions } from './dataset.js';
import { exists } from '../pool/exists.js';

/**
 * A file or folder of the user's: as it is named, else inside the data folder.
 *
 * @throws {StorageError} It is in neither place.
 */
export async function findPath(set: string, path: string, { dataDir }: LoadOptions): Promise<string> {
  const root = dataDir ?? process.env['QUERENT_DATA_DIR'];
  const candidates = [resolve(path), ...(root === undefined || root === '' ? [] : [resolve(join(root, path))])];
  for (const candidate of candidates) {
    if (await exists(candidate)) return candidate;
  }
  throw new StorageError(
    `data set ${set}: expected ${candidates.join(' or ')}, found neither a file nor a folder there`,
  );
}
