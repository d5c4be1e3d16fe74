import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { ArgumentError, ShapeError } from '../errors.js';
import type { ItemKind } from '../interop/label-studio-config.js';
import type { MatrixView } from '../matrix.js';
import { storageError } from '../pool/atomic.js';
import { readArray } from './array-file.js';
import { readImagePool } from './image-pool.js';
import type { PoolSource } from './settings.js';
import { readTablePool } from './table-pool.js';

/** Items that can be asked about: what people see of them, and what a model learns from. */
export interface ItemPool {
  readonly size: number;
  /** One per item, distinct. */
  readonly ids: readonly string[];
  readonly kind: ItemKind;
  /** What people look at: text, markup, or an image's address or its path in {@link ItemPool.root}. */
  shown(index: number): string;
  /** Folder that paths of images start from. */
  readonly root: string;
  /** Further fields of the item that help people to decide. */
  fields(index: number): Readonly<Record<string, unknown>>;
  /** As they stand in the file, [items, features]; null where there are none. */
  readonly features: MatrixView | null;
  /** Whether the features are pixels: numbers in [0, 1], all of one kind. */
  readonly isPixels: boolean;
  /** Shape of one item's features. */
  readonly sampleShape: readonly number[];
  /** Name of the class where it is known already, by item; null: of no item. */
  readonly labels: readonly (string | null)[] | null;
  /** Group of every item (patient, document); null: no groups. */
  readonly groups: readonly string[] | null;
  /** Price of a label of every item; null: all the same. */
  readonly costs: Float64Array | null;
  /** SHA-256 of everything that was read; null where nothing was. */
  readonly checksum: string | null;
}

export interface ReadOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told how many items have been read of how many. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/**
 * Read the items of a campaign.
 *
 * @param rows Number of rows of the predictions, for a campaign that has nothing else.
 * @throws {FormatError} A file is damaged, or is none of the kinds known; names the line.
 * @throws {ShapeError} Features and items differ in number.
 * @throws {ValueError} An id occurs twice, or a feature is not finite.
 * @throws {StorageError} A file cannot be read.
 */
export async function readPool(source: PoolSource, rows: number | null, options: ReadOptions = {}): Promise<ItemPool> {
  const { path } = source;
  if (path === null) {
    if (rows === null) throw new ArgumentError('expected a pool, or predictions (--probs) to choose from');
    return numberedPool(rows, null, null);
  }
  if (await isFolder(path)) return readImagePool(path, source, options);
  if (/\.np[yz]$/i.test(path)) {
    const { matrix, checksum } = await readArray(path, options);
    return numberedPool(matrix.rows, matrix, checksum);
  }
  return readTablePool(path, source, options);
}

/** Items that are nothing but row numbers. */
function numberedPool(size: number, features: MatrixView | null, checksum: string | null): ItemPool {
  if (size === 0) throw new ShapeError('expected at least one item in the pool, got none');
  return {
    size,
    ids: Array.from({ length: size }, (_, index) => String(index)),
    kind: 'text',
    shown: (index) => `row ${index}`,
    root: '.',
    fields: () => ({}),
    features,
    isPixels: false,
    sampleShape: [features?.cols ?? 0],
    labels: null,
    groups: null,
    costs: null,
    checksum,
  };
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    throw storageError('read', path, error);
  }
}

/** True for names of files that hold one array. */
export function isArrayFile(name: string): boolean {
  return ['.npy', '.npz'].includes(extname(name).toLowerCase());
}
