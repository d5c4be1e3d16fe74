import { open, type FileHandle } from 'node:fs/promises';
import { ArgumentError, FormatError, StorageError } from '../errors.js';
import { storageError } from './atomic.js';
import { itemBytes, npyHeaderExtent, NPY_PREFIX_BYTES, readNpyHeader, type NpyDtype } from './npy-header.js';

export type { NpyDtype } from './npy-header.js';
export { createNpyWriter, writeNpy, type NpyWriter } from './npy-write.js';

export const NPY_ARRAYS = {
  f2: Uint16Array, // the bits of binary16: `dtype: 'f16'` of a Matrix
  f4: Float32Array,
  f8: Float64Array,
  i1: Int8Array,
  i2: Int16Array,
  i4: Int32Array,
  i8: BigInt64Array,
  u1: Uint8Array,
  u2: Uint16Array,
  u4: Uint32Array,
  u8: BigUint64Array,
} as const;

/** What the elements of a file are read into; f2 comes as the bits of binary16 in a Uint16Array. */
export type NpyArray = InstanceType<(typeof NPY_ARRAYS)[NpyDtype]>;

/** Consecutive rows of a file. */
export interface NpyBlock {
  /** Row-major [rows, rowElements], on shared memory. Overwritten once the next block is asked for. */
  readonly data: NpyArray;
  /** Number of the first row. */
  readonly begin: number;
  readonly rows: number;
}

export interface NpyBlockOptions {
  /** Size of a block (default 4 MiB, at least one row). Three blocks are in memory. */
  blockBytes?: number;
  signal?: AbortSignal;
}

/**
 * Best of 15 sweeps over 400 MB in the page cache, scored as entropy of 10 classes, on two busy cores: 4 MiB with two
 * reads ahead 70 ms, 8 MiB with one 105 ms, reading alone 55 ms.
 */
const DEFAULT_BLOCK_BYTES = 4 << 20;
const READS_AHEAD = 2;
/** One read call moves at most this much: larger ones only delay an abort. */
const MAX_READ_BYTES = 32 << 20;

/**
 * An open `.npy` file of 1 to 3 axes, read in pieces with `pread`, so it may be larger than memory. Never mapped: a
 * mapped file that another program cuts short kills the process, here it is an error.
 */
export class NpyFile {
  readonly path: string;
  readonly dtype: NpyDtype;
  readonly shape: readonly number[];
  /** Size of the first axis. */
  readonly rows: number;
  /** Elements per step of the first axis: the product of the other sizes. */
  readonly rowElements: number;
  /** Bytes of the file, header included. */
  readonly size: number;
  readonly #dataOffset: number;
  #handle: FileHandle | undefined;

  private constructor(path: string, handle: FileHandle, size: number, header: ReturnType<typeof readNpyHeader>) {
    this.path = path;
    this.dtype = header.dtype;
    this.shape = header.shape;
    this.rows = header.shape[0] ?? 0;
    this.rowElements = header.shape.slice(1).reduce((product, axis) => product * axis, 1);
    this.size = size;
    this.#dataOffset = header.dataOffset;
    this.#handle = handle;
  }

  /** See {@link openNpy}. */
  static async open(path: string): Promise<NpyFile> {
    let handle: FileHandle;
    try {
      handle = await open(path, 'r');
    } catch (error) {
      throw storageError('read', path, error);
    }
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) {
        throw new StorageError(`cannot read ${path}: a .npy file must be a regular file, it is read at many places`);
      }
      const prefix = await readUpTo(handle, NPY_PREFIX_BYTES, path);
      const header = readNpyHeader(await readUpTo(handle, npyHeaderExtent(prefix, path).end, path), path);
      const elements = header.shape.reduce((product, axis) => product * axis, 1);
      const expected = header.dataOffset + elements * itemBytes(header.dtype);
      const layout = `shape (${header.shape.join(', ')}) of ${header.dtype} from byte ${header.dataOffset}`;
      if (stats.size < expected) {
        throw new FormatError(
          `${path}: the data ends at byte ${stats.size}, expected ${expected} for ${layout}; ` +
            `${expected - stats.size} bytes are missing, the file was cut short`,
        );
      }
      if (stats.size > expected) {
        throw new FormatError(
          `${path}: the file has ${stats.size} bytes, expected ${expected} for ${layout}; save one array per file`,
        );
      }
      return new NpyFile(path, handle, stats.size, header);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** A buffer for `rows` rows, on shared memory so that the kernels' threads read it in place. */
  allocate(rows: number): NpyArray {
    const elements = rows * this.rowElements;
    const TypedArray = NPY_ARRAYS[this.dtype] as new (buffer: SharedArrayBuffer) => NpyArray;
    return new TypedArray(new SharedArrayBuffer(elements * itemBytes(this.dtype)));
  }

  /**
   * Read rows [begin, end).
   *
   * @param into A buffer of {@link NpyFile.allocate} or of the same class with room for them; else a new one.
   * @returns The part of `into` that holds the rows, (end - begin) · rowElements long.
   * @throws {FormatError} The file has become shorter since it was opened.
   * @throws {ArgumentError} The rows are outside the file, or `into` does not fit.
   */
  async readRows(begin: number, end: number, into?: NpyArray): Promise<NpyArray> {
    if (!(Number.isSafeInteger(begin) && Number.isSafeInteger(end) && begin >= 0 && begin <= end && end <= this.rows)) {
      throw new ArgumentError(`${this.path}: rows [${begin}, ${end}) are outside the file's ${this.rows} rows`);
    }
    const elements = (end - begin) * this.rowElements;
    const target = into ?? this.allocate(end - begin);
    if (!(target instanceof NPY_ARRAYS[this.dtype]) || target.length < elements) {
      throw new ArgumentError(
        `${this.path}: rows [${begin}, ${end}) need ${elements} elements of ${NPY_ARRAYS[this.dtype].name}, ` +
          `got ${target.constructor.name} of ${target.length}`,
      );
    }
    const handle = this.#handle;
    if (handle === undefined) throw new StorageError(`cannot read ${this.path}: it is already closed`);
    const bytes = new Uint8Array(target.buffer, target.byteOffset, elements * itemBytes(this.dtype));
    const start = this.#dataOffset + begin * this.rowElements * itemBytes(this.dtype);
    for (let done = 0; done < bytes.length;) {
      const wanted = Math.min(bytes.length - done, MAX_READ_BYTES);
      const got = await readAt(handle, bytes, done, wanted, start + done, this.path);
      if (got === 0) {
        throw new FormatError(
          `${this.path}: the data ends at byte ${start + done}, expected ${this.size}; ` +
            `the file was cut short while it was being read`,
        );
      }
      done += got;
    }
    return target.subarray(0, elements);
  }

  /** The whole array in memory. */
  readAll(): Promise<NpyArray> {
    return this.readRows(0, this.rows);
  }

  /**
   * All rows in order, in blocks. The next {@link READS_AHEAD} are being read while the caller works on this one; the
   * buffers take turns, so a block is valid until the next is asked for.
   */
  async *blocks(options: NpyBlockOptions = {}): AsyncGenerator<NpyBlock, void, undefined> {
    const { blockBytes = DEFAULT_BLOCK_BYTES, signal } = options;
    const rowBytes = Math.max(1, this.rowElements * itemBytes(this.dtype));
    const step = Math.max(1, Math.min(this.rows, Math.floor(blockBytes / rowBytes)));
    const count = Math.ceil(this.rows / step);
    const buffers = Array.from({ length: Math.min(count, READS_AHEAD + 1) }, () => this.allocate(step));
    const reading: Promise<NpyArray>[] = [];
    let started = 0;
    const startReads = (): void => {
      while (started < count && reading.length < READS_AHEAD) {
        const begin = started * step;
        const read = this.readRows(begin, Math.min(begin + step, this.rows), buffers[started % buffers.length]);
        read.catch(() => undefined); // it may fail while the caller is busy; the error is met at the await below
        reading.push(read);
        started++;
      }
    };
    try {
      for (let index = 0; index < count; index++) {
        signal?.throwIfAborted();
        startReads();
        const data = (await reading.shift()) as NpyArray;
        startReads();
        yield { data, begin: index * step, rows: Math.min(step, this.rows - index * step) };
      }
    } finally {
      await Promise.allSettled(reading); // a buffer must not be written to after the caller has gone on
    }
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }
}

/**
 * Open a NumPy `.npy` file: format 1 to 3, little-endian float16/32/64 or integers, 1 to 3 axes in C order.
 * The caller closes it.
 *
 * @throws {FormatError} Not such a file, or its length differs from what the header says; names byte and expectation.
 * @throws {StorageError} The file cannot be read.
 */
export function openNpy(path: string): Promise<NpyFile> {
  return NpyFile.open(path);
}

/** Read a whole `.npy` file. */
export async function readNpy(path: string): Promise<{ data: NpyArray; shape: readonly number[]; dtype: NpyDtype }> {
  const file = await openNpy(path);
  try {
    return { data: await file.readAll(), shape: file.shape, dtype: file.dtype };
  } finally {
    await file.close();
  }
}

/** The first `length` bytes, or all of a shorter file. */
async function readUpTo(handle: FileHandle, length: number, path: string): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const got = await readAt(handle, bytes, done, length - done, done, path);
    if (got === 0) break;
    done += got;
  }
  return bytes.subarray(0, done);
}

async function readAt(
  handle: FileHandle,
  bytes: Uint8Array,
  offset: number,
  length: number,
  position: number,
  path: string,
): Promise<number> {
  try {
    return (await handle.read(bytes, offset, length, position)).bytesRead;
  } catch (error) {
    throw storageError('read', path, error);
  }
}
