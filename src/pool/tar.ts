import { FormatError } from '../errors.js';

const BLOCK = 512;

/**
 * The regular files of a tar archive (ustar), by name; folders, links and extended headers are left out.
 *     byte   0  100 bytes   name, NUL-terminated
 *          124   12 bytes   size, octal text
 *          148    8 bytes   sum of the header's bytes with these 8 as blanks, octal text
 *          156    1 byte    type: '0' or NUL for a regular file
 *          345  155 bytes   what comes before the name and a '/', in ustar archives
 *          512              content, padded to a multiple of 512
 *
 * @returns Views of `bytes`.
 * @throws {FormatError} Not a tar archive, or one that is cut short; names the byte.
 */
export function parseTar(bytes: Uint8Array, path: string): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  let at = 0;
  while (at + BLOCK <= bytes.length) {
    const header = bytes.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) return files; // the archive ends with blocks of zeros
    const sum = header.reduce((total, byte, offset) => total + (offset >= 148 && offset < 156 ? 0x20 : byte), 0);
    if (octal(header, 148, 8) !== sum) {
      throw new FormatError(`${path}: expected a tar header at byte ${at}; it is no tar archive, or a damaged one`);
    }
    const size = octal(header, 124, 12);
    const start = at + BLOCK;
    if (Number.isNaN(size) || start + size > bytes.length) {
      throw new FormatError(`${path}: the archive ends at byte ${bytes.length}, inside the file at byte ${start}`);
    }
    if (header[156] === 0x30 || header[156] === 0) {
      const prefix = text(header, 257, 5) === 'ustar' ? text(header, 345, 155) : '';
      const name = text(header, 0, 100);
      files.set(prefix === '' ? name : `${prefix}/${name}`, bytes.subarray(start, start + size));
    }
    at = start + Math.ceil(size / BLOCK) * BLOCK;
  }
  throw new FormatError(`${path}: the tar archive is cut short at byte ${bytes.length}`);
}

function text(header: Uint8Array, at: number, length: number): string {
  const field = header.subarray(at, at + length);
  const end = field.indexOf(0);
  return Buffer.from(end < 0 ? field : field.subarray(0, end)).toString('latin1');
}

function octal(header: Uint8Array, at: number, length: number): number {
  const digits = text(header, at, length).trim();
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : NaN;
}
