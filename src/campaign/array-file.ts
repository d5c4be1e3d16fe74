import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { FormatError, ShapeError } from '../errors.js';
import type { MatrixView } from '../matrix.js';
import { storageError } from '../pool/atomic.js';
import { readNpy } from '../pool/npy.js';
import { withNpz } from '../pool/npz.js';

const DTYPES = { f2: 'f16', f4: 'f32', f8: 'f64', u1: 'u8' } as const;

/** A matrix out of a file, and the SHA-256 of the file. */
export interface ArrayFile {
  readonly matrix: MatrixView;
  readonly checksum: string;
}

/**
 * Read a matrix [rows, columns] from .npy, or from an .npz archive that holds one array. Further axes are taken for parts of
 * a row.
 *
 * @throws {FormatError} Another kind of file, other elements than floats and bytes, or a damaged file.
 * @throws {ShapeError} Fewer than two axes.
 */
export async function readArray(path: string, options: { signal?: AbortSignal | undefined } = {}): Promise<ArrayFile> {
  const { data, shape, dtype } = await (/\.npz$/i.test(path) ? readOnlyArray(path, options) : readNpy(path));
  const [rows = 0, ...rest] = shape;
  if (rest.length === 0) {
    throw new ShapeError(`${path}: expected a matrix [items, numbers], found shape (${shape.join(', ')})`);
  }
  const known = dtype in DTYPES ? DTYPES[dtype as keyof typeof DTYPES] : undefined;
  if (known === undefined) {
    throw new FormatError(`${path}: expected float16, float32, float64 or uint8, found ${dtype}`);
  }
  const cols = rest.reduce((product, size) => product * size, 1);
  const matrix = { data, dtype: known, rows, cols, stride: cols } as MatrixView;
  return { matrix, checksum: await fileChecksum(path, options) };
}

function readOnlyArray(path: string, options: { signal?: AbortSignal | undefined }): ReturnType<typeof readNpy> {
  return withNpz(
    path,
    async ({ names, read }) => {
      const [name] = names;
      if (name === undefined || names.length > 1) {
        throw new FormatError(`${path}: expected one array, found ${names.join(', ') || 'none'}; save it with np.save`);
      }
      return read(name);
    },
    options,
  );
}

/** SHA-256 of a file's content. @throws {StorageError} It cannot be read. */
export async function fileChecksum(path: string, options: { signal?: AbortSignal | undefined } = {}): Promise<string> {
  const { signal } = options;
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path, signal ? { signal } : {})) hash.update(chunk as Uint8Array);
  } catch (error) {
    throw signal?.aborted === true ? signal.reason : storageError('read', path, error);
  }
  return hash.digest('hex');
}
