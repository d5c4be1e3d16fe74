import { readFile } from 'node:fs/promises';
import { FormatError } from '../errors.js';
import { storageError } from './atomic.js';
import { openNpy } from './npy.js';

const LARGEST = 2 ** 32 - 1;

/**
 * Read row numbers from a file, in file order, duplicates kept. Read are: `.npy` of any integer type with one axis
 * (or one column); text with one integer per line; and what `querent score --out` writes, `.json` with an `indices`
 * list and `.csv` with the header `index,score`.
 *
 * @throws {FormatError} An entry is not an integer from 0 to 2^32 - 1, or the file is not of the form its name says.
 * @throws {StorageError} The file cannot be read.
 */
export async function readIndexFile(path: string): Promise<Uint32Array> {
  if (/\.npy$/i.test(path)) return readNpyIndices(path);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw storageError('read', path, error);
  }
  if (text.startsWith('\x93NUMPY') || text.startsWith('\ufffdNUMPY')) return readNpyIndices(path);
  return /\.json$/i.test(path) ? jsonIndices(text, path) : lineIndices(text, path);
}

async function readNpyIndices(path: string): Promise<Uint32Array> {
  const file = await openNpy(path);
  try {
    if (file.dtype.startsWith('f')) {
      throw new FormatError(`${path}: row numbers must be integers, found ${file.dtype}; save array.astype(np.int64)`);
    }
    if (file.shape.filter((size) => size !== 1).length > 1) {
      throw new FormatError(`${path}: row numbers must have one axis, found shape (${file.shape.join(', ')})`);
    }
    const indices = new Uint32Array(file.rows * file.rowElements);
    const values = await file.readAll();
    for (const [position, value] of values.entries()) {
      indices[position] = checkedIndex(Number(value), () => `${path}: entry ${position} is ${value}`);
    }
    return indices;
  } finally {
    await file.close();
  }
}

function jsonIndices(text: string, path: string): Uint32Array {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new FormatError(`${path}: not valid JSON: ${(error as Error).message}`, { cause: error });
  }
  const list: unknown = Array.isArray(value) ? value : (value as { indices?: unknown } | null)?.indices;
  if (!Array.isArray(list)) throw new FormatError(`${path}: expected a list of row numbers or {"indices": [...]}`);
  return Uint32Array.from(list, (entry: unknown, position) =>
    checkedIndex(
      typeof entry === 'number' ? entry : NaN,
      () => `${path}: entry ${position} is ${JSON.stringify(entry)}`,
    ),
  );
}

function lineIndices(text: string, path: string): Uint32Array {
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|\n|\r/);
  const header = /^\s*"?index"?\s*(,|$)/.test(lines[0] ?? '');
  const indices: number[] = [];
  for (const [at, line] of lines.entries()) {
    const cell = (header ? (line.split(',', 1)[0] ?? '') : line).trim();
    if ((header && at === 0) || line.trim() === '') continue;
    const value = /^\+?\d+$/.test(cell) ? Number(cell) : NaN;
    indices.push(checkedIndex(value, () => `${path}: line ${at + 1} is ${JSON.stringify(line.slice(0, 40))}`));
  }
  return Uint32Array.from(indices);
}

function checkedIndex(value: number, found: () => string): number {
  if (!(Number.isInteger(value) && value >= 0 && value <= LARGEST)) {
    throw new FormatError(`${found()}, expected an integer from 0 to ${LARGEST}`);
  }
  return value;
}
