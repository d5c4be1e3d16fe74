import { ArgumentError } from '../errors.js';
import { createAtomicFile } from './atomic.js';
import { itemBytes, npyHeaderBytes } from './npy-header.js';

/** Element types that are written. i8 takes integers from any of the array types below. */
export type NpyWriteDtype = 'f4' | 'f8' | 'i8' | 'u4' | 'i4' | 'u1';

/** A `.npy` file whose shape is known and whose elements come in pieces. */
export interface NpyWriter {
  /** Append elements in row-major order. */
  write(values: ArrayLike<number>): Promise<void>;
  /** Give the file its name. @throws {ArgumentError} Fewer or more elements were written than the shape holds. */
  commit(): Promise<void>;
  /** Forget the file; harmless after `commit`. */
  discard(): Promise<void>;
}

const CLASSES = {
  f4: Float32Array,
  f8: Float64Array,
  i4: Int32Array,
  u4: Uint32Array,
  u1: Uint8Array,
} as const;

/**
 * Start a `.npy` file (version 1, C order) that appears whole or not at all.
 *
 * @param shape Sizes, slowest axis first.
 * @throws {StorageError} The file cannot be written.
 */
export async function createNpyWriter(
  path: string,
  dtype: NpyWriteDtype,
  shape: readonly number[],
): Promise<NpyWriter> {
  const file = await createAtomicFile(path);
  const header = npyHeaderBytes(dtype, shape);
  await file.write(header);
  const expected = shape.reduce((product, size) => product * size, 1);
  return {
    write: (values) => file.write(bytesOf(values, dtype)),
    async commit() {
      const written = (file.size - header.length) / itemBytes(dtype);
      if (written !== expected) {
        await file.discard();
        throw new ArgumentError(
          `${path}: shape (${shape.join(', ')}) holds ${expected} elements, ${written} were written`,
        );
      }
      await file.commit();
    },
    discard: () => file.discard(),
  };
}

/**
 * Write an array as a `.npy` file that appears whole or not at all.
 *
 * @param shape Defaults to one axis.
 * @throws {StorageError} The file cannot be written.
 */
export async function writeNpy(
  path: string,
  values: ArrayLike<number>,
  dtype: NpyWriteDtype,
  shape: readonly number[] = [values.length],
): Promise<void> {
  const writer = await createNpyWriter(path, dtype, shape);
  try {
    await writer.write(values);
    await writer.commit();
  } finally {
    await writer.discard();
  }
}

/** The elements as little-endian bytes; the caller's own memory where it already is that. */
function bytesOf(values: ArrayLike<number>, dtype: NpyWriteDtype): Uint8Array {
  if (dtype === 'i8') {
    const wide = BigInt64Array.from(values, BigInt);
    return new Uint8Array(wide.buffer);
  }
  const Class = CLASSES[dtype];
  const array = values instanceof Class ? values : Class.from(values);
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
