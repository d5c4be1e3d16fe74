import { crc32, deflateSync } from 'node:zlib';
import { ShapeError } from '../errors.js';

/** Grey, grey and opacity, red-green-blue, and that with opacity: PNG's colour type of each number of channels. */
const COLOR_TYPES: Readonly<Record<number, number>> = { 1: 0, 2: 4, 3: 2, 4: 6 };
const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const UP = 2;

/** Bytes of an image, [height, width, channels] row-major. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 2 | 3 | 4;
  readonly data: Uint8Array;
}

/**
 * An image as a PNG file, 8 bits per channel. Rows are stored as they are or as differences to the row above, whichever
 * packs smaller.
 *
 * @throws {ShapeError} `data` does not hold height x width x channels bytes.
 * @see Portable Network Graphics (PNG) Specification, third edition, W3C, sections 5, 9 and 11.
 */
export function encodePng({ width, height, channels, data }: Pixels): Uint8Array {
  const stride = width * channels;
  if (data.length !== stride * height || stride === 0 || height === 0) {
    throw new ShapeError(`png: expected ${height} x ${width} x ${channels} bytes, got ${data.length}`);
  }
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header[8] = 8;
  header[9] = COLOR_TYPES[channels] as number;
  const plain = new Uint8Array((stride + 1) * height);
  const differences = new Uint8Array((stride + 1) * height);
  for (let row = 0; row < height; row++) {
    const [from, to] = [row * stride, row * (stride + 1)];
    plain.set(data.subarray(from, from + stride), to + 1);
    differences[to] = UP;
    for (let at = 0; at < stride; at++) {
      const above = row === 0 ? 0 : (data[from + at - stride] as number);
      differences[to + 1 + at] = (data[from + at] as number) - above;
    }
  }
  const packed = [plain, differences].map((rows) => deflateSync(rows, { level: 9 }));
  const smallest = packed.reduce((best, other) => (other.length < best.length ? other : best));
  return Buffer.concat([
    Uint8Array.from(SIGNATURE),
    chunk('IHDR', header),
    chunk('IDAT', smallest),
    chunk('IEND', new Uint8Array(0)),
  ]);
}

/**
 *     byte 0  u32 BE   length of the content
 *          4  4 bytes  kind
 *          8  content
 *      8 + n  u32 BE   CRC-32 of kind and content
 */
function chunk(kind: string, content: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(12 + content.length);
  bytes.writeUInt32BE(content.length, 0);
  bytes.write(kind, 4, 'latin1');
  bytes.set(content, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + content.length)), 8 + content.length);
  return bytes;
}

/** For `src` and CSS `url()`. */
export function pngUri(pixels: Pixels): string {
  return `data:image/png;base64,${Buffer.from(encodePng(pixels)).toString('base64')}`;
}
