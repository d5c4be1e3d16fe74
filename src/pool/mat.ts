import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { inflate } from 'node:zlib';
import { FormatError } from '../errors.js';
import { storageError } from './atomic.js';

/** Numbers of a MATLAB variable. */
export interface MatArray {
  /** Sizes, fastest axis first: element (i, j, k) is `data[i + dims[0] * (j + dims[1] * k)]`. */
  readonly dims: readonly number[];
  readonly data: MatData;
}

export type MatData =
  Float64Array | Float32Array | Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array;

interface NumberKind {
  readonly TypedArray: new (buffer: ArrayBuffer) => MatData;
  readonly bytes: number;
}

const kind = (TypedArray: NumberKind['TypedArray'], bytes: number): NumberKind => ({ TypedArray, bytes });

/** Types of data elements that hold numbers; what a file stores may be narrower than the variable's class. */
const STORED: Readonly<Record<number, NumberKind>> = {
  1: kind(Int8Array, 1),
  2: kind(Uint8Array, 1),
  3: kind(Int16Array, 2),
  4: kind(Uint16Array, 2),
  5: kind(Int32Array, 4),
  6: kind(Uint32Array, 4),
  7: kind(Float32Array, 4),
  9: kind(Float64Array, 8),
};

/** Classes of variables, by number, that are arrays of real numbers of at most 32 bits or doubles. */
const CLASSES: Readonly<Record<number, NumberKind>> = {
  6: kind(Float64Array, 8),
  7: kind(Float32Array, 4),
  8: kind(Int8Array, 1),
  9: kind(Uint8Array, 1),
  10: kind(Int16Array, 2),
  11: kind(Uint16Array, 2),
  12: kind(Int32Array, 4),
  13: kind(Uint32Array, 4),
};

const HEADER_BYTES = 128;
const MATRIX = 14;
const COMPRESSED = 15;

/**
 * Read numeric arrays from a MATLAB file of version 5 to 7 (`save`, `save -v7`, `scipy.io.savemat`).
 *     byte   0  116 bytes   text, begins with "MATLAB 5.0 MAT-file"
 *          124  u16 LE      version, 0x0100
 *          126  2 bytes     "IM" in a little-endian file
 *          128              elements: u32 type, u32 bytes, content padded to 8; type 15 is an element packed with zlib
 *
 * @param names Variables to read; others are passed over.
 * @throws {FormatError} Not such a file, cut short, a variable that is missing or is no array of real numbers; says
 *   where.
 * @throws {StorageError} The file cannot be read.
 * @see MathWorks: MAT-File Format, R2023b, chapter 1.
 */
export async function readMat(
  path: string,
  names: readonly string[],
  options: { signal?: AbortSignal | undefined } = {},
): Promise<Map<string, MatArray>> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path, options);
  } catch (error) {
    throw options.signal?.aborted === true ? options.signal.reason : storageError('read', path, error);
  }
  return parseMat(bytes, path, names);
}

/** As {@link readMat}, of a file that is in memory. */
export async function parseMat(
  bytes: Uint8Array,
  path: string,
  names: readonly string[],
): Promise<Map<string, MatArray>> {
  checkHeader(bytes, path);
  const arrays = new Map<string, MatArray>();
  const seen: string[] = [];
  let at = HEADER_BYTES;
  while (at < bytes.length) {
    const where = `${path}: byte ${at}`;
    const { type, content, next } = element(bytes, at, where);
    const body = type === COMPRESSED ? await unpack(content, where) : { type, content };
    if (body.type !== MATRIX) throw new FormatError(`${where}: expected a variable (type 14), got type ${body.type}`);
    const name = readVariable(body.content, where, names, arrays);
    if (name !== '') seen.push(name);
    at = type === COMPRESSED ? at + 8 + content.length : next; // packed elements are not padded
  }
  const missing = names.find((name) => !arrays.has(name));
  if (missing !== undefined) {
    throw new FormatError(`${path}: expected a variable named ${missing}, found ${seen.join(', ') || 'none'}`);
  }
  return arrays;
}

function checkHeader(bytes: Uint8Array, path: string): void {
  const text = Buffer.from(bytes.subarray(0, 116)).toString('latin1');
  if (text.startsWith('MATLAB 7.3') || text.startsWith('\x89HDF')) {
    throw new FormatError(`${path}: a MATLAB 7.3 file (HDF5), expected version 5 to 7; save it with save -v7`);
  }
  if (!text.startsWith('MATLAB 5.0 MAT-file'.slice(0, Math.max(1, text.length)))) {
    throw new FormatError(`${path}: expected "MATLAB 5.0 MAT-file" at byte 0; it is no MATLAB file of version 5 to 7`);
  }
  if (bytes.length < HEADER_BYTES) {
    throw new FormatError(`${path}: the file ends at byte ${bytes.length}, inside the header of ${HEADER_BYTES} bytes`);
  }
  const [versionLow, versionHigh, ...order] = bytes.subarray(124, 128);
  const endian = String.fromCharCode(...order);
  if (versionLow !== 0 || versionHigh !== 1 || endian !== 'IM') {
    throw new FormatError(
      `${path}: expected version 0x0100 and "IM" (little-endian) at byte 124, got ${versionLow}, ${versionHigh} and ` +
        JSON.stringify(endian),
    );
  }
}

interface Element {
  readonly type: number;
  readonly content: Uint8Array;
  /** Where the next element begins. */
  readonly next: number;
}

function element(bytes: Uint8Array, at: number, where: string): Element {
  if (at + 8 > bytes.length) throw new FormatError(`${where}: the element is cut short inside its tag`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const first = view.getUint32(at, true);
  const small = first >>> 16; // up to 4 bytes of content share the tag
  const [type, size, start] =
    small > 0 ? [first & 0xffff, small, at + 4] : [first, view.getUint32(at + 4, true), at + 8];
  if (small > 4 || start + size > bytes.length) {
    throw new FormatError(
      `${where}: expected an element of ${size} bytes at byte ${start} of ${bytes.length}; the file is cut short or damaged`,
    );
  }
  return {
    type,
    content: bytes.subarray(start, start + size),
    next: small > 0 ? at + 8 : start + Math.ceil(size / 8) * 8,
  };
}

async function unpack(packed: Uint8Array, where: string): Promise<Element> {
  let bytes: Uint8Array;
  try {
    bytes = await promisify(inflate)(packed);
  } catch (cause) {
    throw new FormatError(`${where}: the packed data is damaged (${(cause as Error).message})`, { cause });
  }
  return element(bytes, 0, where);
}

/** Read one variable into `arrays` where it is wanted; gives its name. */
function readVariable(
  body: Uint8Array,
  where: string,
  names: readonly string[],
  arrays: Map<string, MatArray>,
): string {
  if (body.length === 0) return ''; // an empty matrix inside other data
  const flags = element(body, 0, where);
  const dims = element(body, flags.next, where);
  const label = element(body, dims.next, where);
  const name = Buffer.from(label.content).toString('latin1');
  if (!names.includes(name)) return name;
  const numbers = CLASSES[flags.content[0] ?? 0];
  const complex = ((flags.content[1] ?? 0) & 0x08) !== 0;
  if (flags.type !== 6 || flags.content.length !== 8 || numbers === undefined || complex) {
    throw new FormatError(
      `${where}: expected real numbers in ${name}, got ${complex ? 'complex ones' : `class ${flags.content[0] ?? '?'}`}`,
    );
  }
  if (dims.type !== 5 || dims.content.length < 8 || dims.content.length % 4 !== 0) {
    throw new FormatError(`${where}: expected at least two 32-bit sizes for ${name}`);
  }
  const sizes = [...new Int32Array(new Uint8Array(dims.content).buffer)];
  const count = sizes.reduce((product, size) => product * size, 1);
  const content = element(body, label.next, where);
  const stored = STORED[content.type];
  if (stored === undefined || sizes.some((size) => size < 0) || content.content.length !== count * stored.bytes) {
    throw new FormatError(
      `${where}: expected ${sizes.join(' x ')} numbers in ${name}, got ${content.content.length} bytes of type ${content.type}`,
    );
  }
  const values = new stored.TypedArray(new Uint8Array(content.content).buffer); // a copy, aligned
  arrays.set(name, { dims: sizes, data: stored.TypedArray === numbers.TypedArray ? values : widen(values, numbers) });
  return name;
}

function widen(values: MatData, { TypedArray, bytes }: NumberKind): MatData {
  const wide = new TypedArray(new ArrayBuffer(values.length * bytes));
  wide.set(values);
  return wide;
}
