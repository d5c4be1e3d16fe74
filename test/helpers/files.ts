import { crc32, deflateRawSync, deflateSync } from 'node:zlib';

/** Files of official formats, small and made by hand, so that readers can be tested on any content and any damage. */

export interface ZipSpec {
  readonly name: string;
  readonly data: Uint8Array;
  readonly stored?: boolean;
  /** Overrides what the directory of the archive says. */
  readonly crc?: number;
  readonly size?: number;
  readonly method?: number;
  readonly flags?: number;
}

/** A zip archive; with `zip64`, its sizes and places are in 64-bit fields. */
export function zipOf(specs: readonly ZipSpec[], zip64 = false): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, data, stored = false, ...says } of specs) {
    const packed = stored ? Buffer.from(data) : deflateRawSync(data);
    const label = Buffer.from(name);
    const size = says.size ?? data.length;
    const method = says.method ?? (stored ? 0 : 8);
    const fields = Buffer.alloc(26); // what both headers share, from "version needed" on
    fields.writeUInt16LE(zip64 ? 45 : 20, 0);
    fields.writeUInt16LE(says.flags ?? 0x800, 2);
    fields.writeUInt16LE(method, 4);
    fields.writeUInt32LE(says.crc ?? crc32(data), 10);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(size, 18);
    fields.writeUInt16LE(label.length, 22);
    locals.push(Buffer.from('PK\x03\x04', 'latin1'), fields, label, packed);
    const central = Buffer.from(fields);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(at, 10);
    let extra = Buffer.alloc(0);
    if (zip64) {
      extra = Buffer.alloc(28);
      extra.writeUInt16LE(1, 0);
      extra.writeUInt16LE(24, 2);
      extra.writeBigUInt64LE(BigInt(size), 4);
      extra.writeBigUInt64LE(BigInt(packed.length), 12);
      extra.writeBigUInt64LE(BigInt(at), 20);
      central.writeUInt32LE(0xffffffff, 14);
      central.writeUInt32LE(0xffffffff, 18);
      central.writeUInt16LE(extra.length, 24);
      rest.writeUInt32LE(0xffffffff, 10);
    }
    directory.push(Buffer.from('PK\x01\x02\x2d\x00', 'latin1'), central, rest, label, extra);
    at += 4 + fields.length + label.length + packed.length;
  }
  const length = directory.reduce((total, part) => total + part.length, 0);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(specs.length, 8);
  end.writeUInt16LE(specs.length, 10);
  end.writeUInt32LE(length, 12);
  end.writeUInt32LE(at, 16);
  if (!zip64) return Buffer.concat([...locals, ...directory, end]);
  const end64 = Buffer.alloc(56);
  end64.write('PK\x06\x06', 'latin1');
  end64.writeBigUInt64LE(44n, 4);
  end64.writeBigUInt64LE(BigInt(specs.length), 24);
  end64.writeBigUInt64LE(BigInt(specs.length), 32);
  end64.writeBigUInt64LE(BigInt(length), 40);
  end64.writeBigUInt64LE(BigInt(at), 48);
  const locator = Buffer.alloc(20);
  locator.write('PK\x06\x07', 'latin1');
  locator.writeBigUInt64LE(BigInt(at + length), 8);
  locator.writeUInt32LE(1, 16);
  end.fill(0xff, 8, 20);
  return Buffer.concat([...locals, ...directory, end64, locator, end]);
}

/** A tar archive (ustar) of regular files. */
export function tarOf(files: Readonly<Record<string, Uint8Array>>): Buffer {
  const parts: Uint8Array[] = [];
  for (const [name, data] of Object.entries(files)) {
    const header = Buffer.alloc(512);
    header.write(name, 0, 'latin1');
    header.write('0000644\0', 100);
    header.write(`${data.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write('        ', 148);
    header.write('0', 156);
    header.write('ustar\x0000', 257, 'latin1');
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    parts.push(header, data, Buffer.alloc((512 - (data.length % 512)) % 512));
  }
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}

/** An IDX file of unsigned bytes. */
export function idxOf(shape: readonly number[], data: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.set([0, 0, 8, shape.length]);
  shape.forEach((size, axis) => header.writeUInt32BE(size, 4 + 4 * axis));
  return Buffer.concat([header, data]);
}

function matElement(type: number, content: Uint8Array): Buffer {
  const tag = Buffer.alloc(8);
  tag.writeUInt32LE(type, 0);
  tag.writeUInt32LE(content.length, 4);
  return Buffer.concat([tag, content, Buffer.alloc((8 - (content.length % 8)) % 8)]);
}

/** A MATLAB 5 file of unsigned bytes, each variable packed with zlib; data is in MATLAB's order, first axis fastest. */
export function matOf(variables: Readonly<Record<string, { dims: readonly number[]; data: Uint8Array }>>): Buffer {
  const header = Buffer.alloc(128, ' ');
  header.write('MATLAB 5.0 MAT-file, made by a test');
  header.set([0, 1, 0x49, 0x4d], 124);
  const parts = Object.entries(variables).map(([name, { dims, data }]) => {
    const body = Buffer.concat([
      matElement(6, Uint8Array.from([9, 0, 0, 0, 0, 0, 0, 0])),
      matElement(5, new Uint8Array(Int32Array.from(dims).buffer)),
      matElement(1, Buffer.from(name)),
      matElement(2, data),
    ]);
    const packed = deflateSync(matElement(14, body));
    return Buffer.concat([matElement(15, packed).subarray(0, 8), packed]);
  });
  return Buffer.concat([header, ...parts]);
}

function pngChunk(type: string, content: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(content.length, 0);
  chunk.set(body, 4);
  chunk.writeUInt32BE(crc32(body), body.length + 4);
  return chunk;
}

export interface PngSpec {
  readonly width: number;
  readonly height: number;
  /** Default 8. */
  readonly depth?: number;
  /** 0 grey (default), 2 colours, 3 palette, 4 grey and alpha, 6 colours and alpha. */
  readonly colour?: number;
  readonly interlace?: number;
  readonly palette?: Uint8Array;
  /** Rows as they are stored, without filter bytes. */
  readonly data: Uint8Array;
  /** Filter byte of every row; the data is stored as it is. */
  readonly filter?: number;
}

/** A PNG image. */
export function pngOf({
  width,
  height,
  depth = 8,
  colour = 0,
  interlace = 0,
  palette,
  data,
  filter = 0,
}: PngSpec): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colour, 0, 0, interlace], 8);
  const rowBytes = data.length / height;
  const rows = Buffer.alloc((rowBytes + 1) * height);
  for (let row = 0; row < height; row++) {
    rows[row * (rowBytes + 1)] = filter;
    rows.set(data.subarray(row * rowBytes, (row + 1) * rowBytes), row * (rowBytes + 1) + 1);
  }
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    pngChunk('IHDR', header),
    ...(palette === undefined ? [] : [pngChunk('PLTE', palette)]),
    pngChunk('IDAT', deflateSync(rows)),
    pngChunk('IEND', new Uint8Array(0)),
  ]);
}
