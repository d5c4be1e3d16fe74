import { FormatError } from '../errors.js';
import { itemBytes, readNpyHeader } from './npy-header.js';
import { NPY_ARRAYS, type NpyArray, type NpyDtype } from './npy.js';
import { withZip } from './zip.js';

/** An array in memory. */
export interface NpyContent {
  /** Row-major. */
  readonly data: NpyArray;
  readonly shape: readonly number[];
  readonly dtype: NpyDtype;
}

/**
 * Read a `.npy` file that is already in memory, at whatever address.
 *
 * @throws {FormatError} As `openNpy`.
 */
export function parseNpy(bytes: Uint8Array, name: string): NpyContent {
  const { dtype, shape, dataOffset } = readNpyHeader(bytes, name);
  const expected = dataOffset + shape.reduce((product, axis) => product * axis, itemBytes(dtype));
  if (bytes.length !== expected) {
    throw new FormatError(
      `${name}: the data ends at byte ${bytes.length}, expected ${expected} for shape (${shape.join(', ')}) of ${dtype}`,
    );
  }
  // a copy: typed arrays must start at a multiple of their element size, data in archives starts anywhere
  const { buffer } = new Uint8Array(bytes.subarray(dataOffset));
  const TypedArray = NPY_ARRAYS[dtype] as new (buffer: ArrayBufferLike) => NpyArray;
  return { data: new TypedArray(buffer), shape, dtype };
}

/** An open `.npz` archive of NumPy: arrays by name. */
export interface NpzArchive {
  /** In the order of the archive. */
  readonly names: readonly string[];
  /** @throws {FormatError} There is no such array; lists the names. */
  read(name: string): Promise<NpyContent>;
}

/**
 * Open what `np.savez` or `np.savez_compressed` wrote, and use its arrays.
 *
 * @throws {FormatError} Not such an archive, or a damaged one.
 * @throws {StorageError} The file cannot be read.
 */
export function withNpz<Result>(
  path: string,
  use: (archive: NpzArchive) => Promise<Result>,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<Result> {
  return withZip(
    path,
    (members) => {
      const names = [...members.keys()].filter((name) => name.endsWith('.npy')).map((name) => name.slice(0, -4));
      return use({
        names,
        async read(name) {
          const member = members.get(`${name}.npy`);
          if (member === undefined) {
            throw new FormatError(`${path}: expected an array named ${name}, found ${names.join(', ') || 'none'}`);
          }
          return parseNpy(await member.read(), `${path}: ${name}`);
        },
      });
    },
    options,
  );
}
