import { FormatError } from '../errors.js';

/** Element types that are read and written: NumPy's kind letter and bytes per element. */
export type NpyDtype = 'f2' | 'f4' | 'f8' | 'i1' | 'i2' | 'i4' | 'i8' | 'u1' | 'u2' | 'u4' | 'u8';

export interface NpyHeader {
  readonly dtype: NpyDtype;
  /** One to three sizes, slowest axis first; a size may be 0. */
  readonly shape: readonly number[];
  /** Bytes from the start of the file to the first element. */
  readonly dataOffset: number;
}

/** Bytes that say how long the header is: enough for every version. */
export const NPY_PREFIX_BYTES = 12;

/** NumPy itself refuses headers above 10 kB; a longer one than this is damage, not a matrix. */
const MAX_HEADER_BYTES = 1 << 20;

const MAGIC = Buffer.from('\x93NUMPY', 'latin1');

const DTYPES: ReadonlySet<string> = new Set(['f2', 'f4', 'f8', 'i1', 'i2', 'i4', 'i8', 'u1', 'u2', 'u4', 'u8']);

export function itemBytes(dtype: NpyDtype): number {
  return Number(dtype[1]);
}

/**
 * Where the header of a `.npy` file ends, from its first bytes.
 *     byte 0  6 bytes           magic 0x93 "NUMPY"
 *          6  u8, u8            version: major, minor
 *          8  u16 LE | u32 LE   header length H (major 1 | 2 and 3)
 *      10|12  H bytes           Python dict literal, space-padded, ends in "\n"
 *
 * @param bytes The first {@link NPY_PREFIX_BYTES} bytes, or all of a shorter file.
 * @throws {FormatError} No magic, unknown version, cut short, or an absurd length.
 */
export function npyHeaderExtent(bytes: Uint8Array, name: string): { start: number; end: number } {
  if (bytes.length < NPY_PREFIX_BYTES && MAGIC.subarray(0, bytes.length).equals(bytes.subarray(0, MAGIC.length))) {
    throw new FormatError(
      `${name}: the file ends at byte ${bytes.length}, inside the .npy header (at least ${NPY_PREFIX_BYTES} bytes)`,
    );
  }
  if (!MAGIC.equals(bytes.subarray(0, MAGIC.length))) {
    const zip = bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3;
    const hint = zip ? '; it looks like an .npz archive: save the one array with np.save' : '';
    throw new FormatError(`${name}: not a .npy file, byte 0 does not start with \\x93NUMPY${hint}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const major = view.getUint8(6);
  if (major < 1 || major > 3) {
    throw new FormatError(
      `${name}: .npy version ${major}.${view.getUint8(7)} at byte 6 is unknown, expected 1, 2 or 3`,
    );
  }
  const start = major === 1 ? 10 : 12;
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > MAX_HEADER_BYTES) {
    throw new FormatError(
      `${name}: the .npy header claims ${length} bytes at byte 8, expected at most ${MAX_HEADER_BYTES}`,
    );
  }
  return { start, end: start + length };
}

/**
 * Read the header of a `.npy` file.
 *
 * @param bytes The start of the file, holding the whole header if the file does; may be a view.
 * @param name What messages call the file.
 * @throws {FormatError} Not .npy, cut short, an element type or rank that is not supported, or Fortran order.
 * @see NumPy Enhancement Proposal 1, and `numpy.lib.format` for versions 2 and 3.
 */
export function readNpyHeader(bytes: Uint8Array, name: string): NpyHeader {
  const { start, end } = npyHeaderExtent(bytes, name);
  if (end > bytes.length) {
    throw new FormatError(`${name}: the file ends at byte ${bytes.length}, but the .npy header runs to byte ${end}`);
  }
  const dict = new TextDecoder().decode(bytes.subarray(start, end));
  const descr = /['"]descr['"]\s*:\s*(?:['"]([^'"]*)['"]|(\[))/.exec(dict);
  const order = /['"]fortran_order['"]\s*:\s*(True|False)/.exec(dict)?.[1];
  const dims = /['"]shape['"]\s*:\s*\(([\dL, ]*)\)/.exec(dict)?.[1];
  if (descr === null || order === undefined || dims === undefined) {
    const shown = JSON.stringify(dict.trim().slice(0, 120));
    throw new FormatError(`${name}: the .npy header lacks descr, fortran_order or shape: ${shown}`);
  }
  const shape = readShape(dims, name);
  const dtype = readDtype(descr[2] === undefined ? (descr[1] ?? '') : 'record', name);
  // With at most one axis longer than 1, both orders put the elements in the same places.
  if (order === 'True' && shape.filter((size) => size > 1).length > 1 && !shape.includes(0)) {
    throw new FormatError(
      `${name}: the array is in Fortran order, rows are expected to be contiguous; ` +
        `save it with np.save(path, np.ascontiguousarray(array))`,
    );
  }
  return { dtype, shape, dataOffset: end };
}

function readShape(dims: string, name: string): number[] {
  const shape = dims
    .split(',')
    .map((size) => size.trim().replace(/L$/, '')) // Python 2 wrote longs
    .filter((size) => size !== '')
    .map(Number);
  const elements = shape.reduce((product, size) => product * Math.max(size, 1), 8);
  if (!shape.every(Number.isSafeInteger) || !Number.isSafeInteger(elements)) {
    throw new FormatError(`${name}: the shape (${dims}) is not a list of usable sizes`);
  }
  if (shape.length < 1 || shape.length > 3) {
    throw new FormatError(`${name}: the array has ${shape.length} axes (${dims.trim()}), expected 1 to 3`);
  }
  return shape;
}

function readDtype(descr: string, name: string): NpyDtype {
  const kind = descr.slice(1);
  if (descr.startsWith('>') && DTYPES.has(kind)) {
    throw new FormatError(
      `${name}: the elements are big-endian (${descr}); save little-endian ones with array.astype('<${kind}')`,
    );
  }
  if (!/^[<|=]/.test(descr) || !DTYPES.has(kind)) {
    const hint = kind === 'b1' ? '; for the row numbers of a mask save np.flatnonzero(mask)' : '';
    throw new FormatError(
      `${name}: elements of type ${JSON.stringify(descr)} are not supported, ` +
        `expected float16, float32, float64 or an integer type${hint}`,
    );
  }
  return kind as NpyDtype;
}

/** A version 1 header whose data starts on a multiple of 64 bytes, as NumPy writes it. */
export function npyHeaderBytes(dtype: NpyDtype, shape: readonly number[]): Uint8Array {
  const order = itemBytes(dtype) === 1 ? '|' : '<';
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const dict = `{'descr': '${order}${dtype}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const end = Math.ceil((10 + dict.length + 1) / 64) * 64;
  const bytes = Buffer.alloc(end, ' ');
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
  bytes.writeUInt16LE(end - 10, 8);
  bytes.write(dict, 10, 'latin1');
  bytes[end - 1] = 0x0a;
  return bytes;
}
