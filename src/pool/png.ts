import { crc32, inflateSync } from 'node:zlib';
import { FormatError } from '../errors.js';

/** An image: `data` is [height, width, channels], 1 channel of grey or 3 of red, green, blue. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: Uint8Array;
}

const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
/** Deflate packs at most this many bytes into one. */
const MOST_PER_BYTE = 1032;
const MOST_PIXELS = 1 << 28;

/** Bit depths that the specification allows per colour type. */
const DEPTHS: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16], // grey
  2: [8, 16], // red, green, blue
  3: [1, 2, 4, 8], // palette
  4: [8, 16], // grey, alpha
  6: [8, 16], // red, green, blue, alpha
};
const SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

interface Header {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colour: number;
  readonly interlaced: boolean;
}

export function isPng(bytes: Uint8Array): boolean {
  return SIGNATURE.equals(bytes.subarray(0, SIGNATURE.length));
}

/** Whether {@link decodePng} reads it: it has no interlacing, which is rare. */
export function isPlainPng(bytes: Uint8Array): boolean {
  return isPng(bytes) && bytes.length > 28 && bytes[28] === 0;
}

/**
 * Decode a PNG image without interlacing. Fewer than 8 bits are stretched to 0..255, of 16 bits the upper 8 are taken,
 * transparency is dropped, gamma and colour profiles are not applied.
 *
 * @throws {FormatError} Not such a file, cut short, or with a wrong checksum.
 * @see W3C: Portable Network Graphics (PNG) Specification, second edition, 2003.
 */
export function decodePng(bytes: Uint8Array, name: string): Pixels {
  if (!isPng(bytes)) throw new FormatError(`${name}: expected the signature of a PNG file at byte 0`);
  const { header, palette, packed } = readChunks(bytes, name);
  const { width, height, depth, colour, interlaced } = header;
  const samples = SAMPLES[colour];
  if (samples === undefined || DEPTHS[colour]?.includes(depth) !== true) {
    throw new FormatError(`${name}: there is no PNG of colour type ${colour} with ${depth} bits`);
  }
  if (interlaced) throw new FormatError(`${name}: expected a PNG without interlacing; save it without`);
  if (width === 0 || height === 0 || width * height > MOST_PIXELS) {
    throw new FormatError(`${name}: expected 1 to ${MOST_PIXELS} pixels, got ${width} x ${height}`);
  }
  const rowBytes = Math.ceil((width * samples * depth) / 8);
  const raw = inflateRows(packed, height * (rowBytes + 1), name);
  unfilter(raw, rowBytes, height, Math.max(1, (samples * depth) >> 3), name);
  const values = unpackSamples(raw, rowBytes, header, samples);
  return { width, height, ...toPixels(values, header, samples, palette, name) };
}

function readChunks(
  bytes: Uint8Array,
  name: string,
): { header: Header; palette: Uint8Array | undefined; packed: Uint8Array } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const packed: Uint8Array[] = [];
  let header: Header | undefined;
  let palette: Uint8Array | undefined;
  for (let at = SIGNATURE.length; at + 12 <= bytes.length;) {
    const length = view.getUint32(at);
    const end = at + 12 + length;
    if (end > bytes.length) break;
    const type = Buffer.from(bytes.subarray(at + 4, at + 8)).toString('latin1');
    const content = bytes.subarray(at + 8, end - 4);
    if (crc32(bytes.subarray(at + 4, end - 4)) !== view.getUint32(end - 4)) {
      throw new FormatError(`${name}: wrong checksum of the part at byte ${at}; the image is damaged`);
    }
    if (header === undefined) header = readHeader(type, content, name);
    else if (type === 'PLTE') palette = content;
    else if (type === 'IDAT') packed.push(content);
    else if (type === 'IEND') return { header, palette, packed: Buffer.concat(packed) };
    at = end;
  }
  throw new FormatError(`${name}: the image is cut short at byte ${bytes.length}`);
}

/** u32 width, u32 height, u8 depth, u8 colour type, u8 compression, u8 filter method, u8 interlacing */
function readHeader(type: string, content: Uint8Array, name: string): Header {
  if (type !== 'IHDR' || content.length !== 13) throw new FormatError(`${name}: expected IHDR at byte 12`);
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const [depth = 0, colour = 0, compression, filter, interlace] = content.subarray(8);
  if (compression !== 0 || filter !== 0) throw new FormatError(`${name}: expected compression and filter method 0`);
  return { width: view.getUint32(0), height: view.getUint32(4), depth, colour, interlaced: interlace !== 0 };
}

function inflateRows(packed: Uint8Array, expected: number, name: string): Uint8Array {
  if (expected > (packed.length + 1) * MOST_PER_BYTE) {
    throw new FormatError(`${name}: ${packed.length} bytes of data cannot hold ${expected}; the image is damaged`);
  }
  let raw: Uint8Array;
  try {
    raw = inflateSync(packed, { maxOutputLength: expected + 1 });
  } catch (cause) {
    throw new FormatError(`${name}: the packed data is damaged (${(cause as Error).message})`, { cause });
  }
  if (raw.length !== expected) throw new FormatError(`${name}: expected ${expected} bytes of rows, got ${raw.length}`);
  return raw;
}

/** Undo the filter of each row, in place; a row is its filter's number, then `rowBytes` bytes. */
function unfilter(raw: Uint8Array, rowBytes: number, rows: number, step: number, name: string): void {
  const byte = (at: number): number => raw[at] as number;
  for (let row = 0; row < rows; row++) {
    const start = row * (rowBytes + 1);
    const filter = byte(start);
    if (filter > 4) throw new FormatError(`${name}: expected filter 0 to 4 in row ${row}, got ${filter}`);
    for (let i = 1; filter > 0 && i <= rowBytes; i++) {
      const at = start + i;
      const left = i > step ? byte(at - step) : 0;
      const up = row > 0 ? byte(at - rowBytes - 1) : 0;
      const corner = row > 0 && i > step ? byte(at - rowBytes - 1 - step) : 0;
      const guess = filter === 1 ? left : filter === 2 ? up : filter === 3 ? (left + up) >> 1 : paeth(left, up, corner);
      raw[at] = byte(at) + guess; // modulo 256, as the array stores it
    }
  }
}

function paeth(left: number, up: number, corner: number): number {
  const toLeft = Math.abs(up - corner);
  const toUp = Math.abs(left - corner);
  const toCorner = Math.abs(left + up - 2 * corner);
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}

/** One number per sample, as it is stored; of 16 bits the upper 8. */
function unpackSamples(
  raw: Uint8Array,
  rowBytes: number,
  { width, height, depth }: Header,
  samples: number,
): Uint8Array {
  const perRow = width * samples;
  const values = new Uint8Array(height * perRow);
  for (let row = 0; row < height; row++) {
    const start = row * (rowBytes + 1) + 1;
    for (let i = 0; i < perRow; i++) {
      const bit = i * depth;
      const byte = raw[start + (bit >> 3)] as number;
      values[row * perRow + i] = depth >= 8 ? byte : (byte >> (8 - depth - (bit & 7))) & ((1 << depth) - 1);
    }
  }
  return values;
}

function toPixels(
  values: Uint8Array,
  { width, height, depth, colour }: Header,
  samples: number,
  palette: Uint8Array | undefined,
  name: string,
): Pick<Pixels, 'channels' | 'data'> {
  const pixels = width * height;
  if (colour === 3) {
    if (palette === undefined) throw new FormatError(`${name}: expected a palette (PLTE) before the data`);
    const data = new Uint8Array(pixels * 3);
    for (const [at, value] of values.entries()) {
      if (value * 3 + 3 > palette.length) {
        throw new FormatError(`${name}: colour ${value} is beyond the palette of ${palette.length / 3}`);
      }
      data.set(palette.subarray(value * 3, value * 3 + 3), at * 3);
    }
    return { channels: 3, data };
  }
  const channels = samples >= 3 ? 3 : 1;
  const stretch = depth < 8 ? 255 / ((1 << depth) - 1) : 1;
  const data = new Uint8Array(pixels * channels);
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (let c = 0; c < channels; c++) data[pixel * channels + c] = (values[pixel * samples + c] as number) * stretch;
  }
  return { channels, data };
}
