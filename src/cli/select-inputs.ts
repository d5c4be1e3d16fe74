/** The files of `querent select`, read once, straight into the shared memory that the kernels work on. */
import { FormatError, ShapeError } from '../errors.js';
import { allocMatrix } from '../kernels/index.js';
import type { DType } from '../matrix.js';
import { openNpy, type NpyArray, type NpyDtype, type NpyFile } from '../pool/npy.js';
import { formatBytes, progressBar, type Effects } from './effects.js';
import type { InputName, SelectInput } from './selectors.js';

/** Bytes between two looks at the signal. */
const BLOCK_BYTES = 8 << 20;

const DTYPES: Readonly<Partial<Record<NpyDtype, DType>>> = { f2: 'f16', f4: 'f32', f8: 'f64', u1: 'u8' };

interface InputForm {
  /** The axes, as a sentence names them. */
  readonly axes: string;
  readonly rank: number;
  /** Which axis counts rows of the pool. */
  readonly rowAxis: number;
  readonly dtypes: readonly NpyDtype[];
}

const FORMS: Readonly<Record<InputName, InputForm>> = {
  embeddings: { axes: 'a matrix [rows, dimensions]', rank: 2, rowAxis: 0, dtypes: ['f2', 'f4', 'f8', 'u1'] },
  probs: { axes: 'a matrix [rows, classes]', rank: 2, rowAxis: 0, dtypes: ['f2', 'f4', 'f8'] },
  samples: { axes: 'an array [passes, rows, classes]', rank: 3, rowAxis: 1, dtypes: ['f2', 'f4', 'f8'] },
};

/** An open file whose header says that it can be used. */
export interface InputFile {
  readonly name: InputName;
  readonly file: NpyFile;
  readonly dtype: DType;
  /** Rows of the pool. */
  readonly rows: number;
}

/**
 * Open a file and look at its header.
 *
 * @throws {ShapeError} It has other axes.
 * @throws {FormatError} It is damaged, or holds another type.
 * @throws {StorageError} It cannot be read.
 */
export async function openInput(name: InputName, path: string): Promise<InputFile> {
  const form = FORMS[name];
  const file = await openNpy(path);
  const dtype = DTYPES[file.dtype];
  if (file.shape.length === form.rank && dtype !== undefined && form.dtypes.includes(file.dtype)) {
    return { name, file, dtype, rows: file.shape[form.rowAxis] as number };
  }
  await file.close();
  const found = `found shape (${file.shape.join(', ')})`;
  if (file.shape.length !== form.rank) throw new ShapeError(`${path}: --${name} expects ${form.axes}, ${found}`);
  const types = form.dtypes.includes('u1') ? 'float16, float32, float64 or uint8' : 'float16, float32 or float64';
  throw new FormatError(`${path}: --${name} expects ${types}, found ${file.dtype}`);
}

/** Read a whole file. The bar counts its bytes. */
export async function readInput({ name, file, dtype }: InputFile, effects: Effects): Promise<SelectInput> {
  const { shape, rows, rowElements } = file;
  const cols = shape.at(-1) as number;
  const matrix = allocMatrix(
    shape.slice(0, -1).reduce((product, size) => product * size, 1),
    cols,
    dtype,
  );
  const rowBytes = rowElements * matrix.data.BYTES_PER_ELEMENT;
  const step = Math.max(1, Math.floor(BLOCK_BYTES / Math.max(1, rowBytes)));
  const bar = progressBar(`reading ${name}`, rows * rowBytes, { stream: effects.stderr, format: formatBytes });
  try {
    for (let begin = 0; begin < rows; begin += step) {
      effects.signal.throwIfAborted();
      const end = Math.min(rows, begin + step);
      const room = matrix.data.subarray(begin * rowElements, end * rowElements) as NpyArray;
      await file.readRows(begin, end, room);
      bar.update(end * rowBytes);
    }
  } finally {
    bar.done();
  }
  return { ...matrix, shape };
}
