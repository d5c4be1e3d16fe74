import type { z } from 'zod';
import type { Matrix } from '../matrix.js';
import { parseOptions } from '../options.js';
import type { DataFile } from './files.js';

/** Samples with their classes. */
export interface LabeledSamples {
  /** [N, product of sampleShape]. */
  readonly samples: Matrix;
  /** [N], values 0 to classes - 1. */
  readonly labels: Uint8Array | Uint32Array;
}

/** A pool to ask about and a test set to measure on, apart from each other and the same for every seed. */
export interface Dataset {
  readonly name: string;
  /** Shape of one sample, e.g. [height, width, channels]. */
  readonly sampleShape: readonly number[];
  readonly classes: number;
  /** [classes], what people call them. */
  readonly classNames?: readonly string[] | undefined;
  readonly pool: LabeledSamples;
  readonly test: LabeledSamples;
  /** Per sample of the pool, what its source calls it: a file name, a row number, an id column. */
  readonly ids?: readonly (string | number)[] | undefined;
  /** Per sample of the pool, what it belongs to (a patient, a document); no group is both in the pool and in the test set. */
  readonly groups?: readonly (string | number)[] | undefined;
  /** Who made the data, and its licence. */
  readonly source: string;
}

/** How far long work on files has come. */
export interface LoadProgress {
  readonly task: 'download' | 'read';
  /** File, or folder of files. */
  readonly name: string;
  readonly done: number;
  /** The `done` that means finished; 0 where it is not known. */
  readonly total: number;
  readonly unit: 'bytes' | 'images';
}

/** Where and how loaders look for files. */
export interface LoadOptions {
  /** Folder that holds the data sets; default: the environment's QUERENT_DATA_DIR. */
  readonly dataDir?: string | undefined;
  /** Options of the data set itself, see its `options`. */
  readonly options?: unknown;
  /** Fetch official files that are missing into the cache, checked; default false: no network access at all. */
  readonly download?: boolean | undefined;
  /** Address of a folder to fetch the files from instead of the official ones; their checksums hold all the same. */
  readonly mirror?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** How far reading and downloading are. */
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
}

/** A data set that can be loaded by name. */
export interface DatasetType {
  readonly name: string;
  readonly description: string;
  /** Licence, as far as its makers state one. */
  readonly licence: string;
  /** Official files; none where it is part of the package or the user's own. */
  readonly files: readonly DataFile[];
  /** What `LoadOptions.options` takes. */
  readonly options: z.ZodType;
  /**
   * Reads the files, or makes the samples.
   *
   * @throws {ArgumentError} Options that it does not take.
   * @throws {StorageError} Its files are missing; says where they were looked for.
   * @throws {FormatError} Its files are damaged or hold something else.
   * @throws {UnavailableError} A download that was asked for is not possible; says where to put which file.
   */
  load(options?: LoadOptions): Promise<Dataset>;
}

/** Make a kind of data set: options are checked and filled in. */
export function datasetType<Schema extends z.ZodType>(
  type: Omit<DatasetType, 'options' | 'load'> & {
    options: Schema;
    load(options: z.output<Schema>, where: LoadOptions): Promise<Dataset>;
  },
): DatasetType {
  const { load, ...about } = type;
  return {
    ...about,
    async load(where = {}) {
      where.signal?.throwIfAborted();
      return load(parseOptions(`data set ${type.name}`, type.options, where.options), where);
    },
  };
}

/** Bytes as numbers in [0, 1]: value / largest. */
export function scaleBytes(bytes: Uint8Array, largest: number): Float32Array {
  const scaled = new Float32Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) scaled[i] = (bytes[i] as number) / largest;
  return scaled;
}
