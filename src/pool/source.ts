import { FormatError, ShapeError } from '../errors.js';
import { fileSize, readCsvBlocks, type CsvOptions } from './csv.js';
import { openNpy, type NpyFile } from './npy.js';

/** Consecutive rows of a pool, as the kernels take them. */
export interface PoolBlock {
  /** Row-major [rows, cols]; overwritten once the next block is asked for. f16 is the bits of binary16. */
  readonly data: Float32Array | Float64Array | Uint16Array;
  readonly dtype: 'f32' | 'f64' | 'f16';
  /** Pool index of the first row. */
  readonly begin: number;
  readonly rows: number;
  readonly cols: number;
  /** Bytes of the file read when this block was complete, for progress. */
  readonly bytesRead: number;
}

/** A matrix on disk that is read block by block, in bounded memory. */
export interface PoolSource {
  readonly path: string;
  readonly format: 'npy' | 'csv';
  /** Bytes of the file. */
  readonly size: number;
  /** Rows where the file says so beforehand, else the most it can hold. */
  readonly maxRows: number;
  /** Rows in order; the next block is being read while the caller works on this one. */
  blocks(signal?: AbortSignal): AsyncGenerator<PoolBlock, void, undefined>;
  close(): Promise<void>;
}

export interface PoolSourceOptions {
  /** For text formats, see {@link CsvOptions}. */
  header?: CsvOptions['header'];
}

const DTYPES = { f2: 'f16', f4: 'f32', f8: 'f64' } as const;

/**
 * Open a matrix [rows, cols] of floats: `.npy` (f2, f4, f8), `.csv` or `.tsv`, told apart by the file's name.
 *
 * @throws {FormatError} Another kind of file, or a damaged one.
 * @throws {ShapeError} A `.npy` file that is not a matrix.
 * @throws {StorageError} The file cannot be read.
 */
export async function openPool(path: string, options: PoolSourceOptions = {}): Promise<PoolSource> {
  if (/\.npy$/i.test(path)) return npySource(await openNpy(path));
  if (/\.[ct]sv$/i.test(path)) return csvSource(path, await fileSize(path), options);
  throw new FormatError(`${path}: expected a file named .npy, .csv or .tsv`);
}

async function npySource(file: NpyFile): Promise<PoolSource> {
  const { dtype, shape, path } = file;
  const cols = shape[1];
  if (shape.length !== 2 || cols === undefined || !(dtype === 'f2' || dtype === 'f4' || dtype === 'f8')) {
    await file.close();
    if (shape.length === 2) throw new FormatError(`${path}: expected float16, float32 or float64, found ${dtype}`);
    throw new ShapeError(`${path}: expected a matrix [rows, classes], found shape (${shape.join(', ')})`);
  }
  return {
    path,
    format: 'npy',
    size: file.size,
    maxRows: file.rows,
    async *blocks(signal) {
      const headerBytes = file.size - file.rows * cols * Number(dtype[1]);
      for await (const { data, begin, rows } of file.blocks(signal ? { signal } : {})) {
        yield {
          data: data as PoolBlock['data'],
          dtype: DTYPES[dtype],
          begin,
          rows,
          cols,
          bytesRead: headerBytes + (begin + rows) * cols * Number(dtype[1]),
        };
      }
    },
    close: () => file.close(),
  };
}

function csvSource(path: string, size: number, options: PoolSourceOptions): PoolSource {
  return {
    path,
    format: 'csv',
    size,
    maxRows: Math.ceil((size + 1) / 2), // a row takes at least a digit and a line end
    async *blocks(signal) {
      let bytesRead = 0;
      const csvOptions: CsvOptions = { onBytes: (bytes) => (bytesRead = bytes) };
      if (signal) csvOptions.signal = signal;
      if (options.header !== undefined) csvOptions.header = options.header;
      for await (const block of readCsvBlocks(path, csvOptions)) yield { ...block, dtype: 'f64', bytesRead };
    },
    close: () => Promise.resolve(),
  };
}
