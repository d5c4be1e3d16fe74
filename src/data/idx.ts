import { FormatError } from '../errors.js';

/** Unsigned bytes with their shape. */
export interface IdxArray {
  readonly data: Uint8Array;
  readonly shape: readonly number[];
}

/**
 * Read an IDX file of unsigned bytes, the format of MNIST.
 *     byte 0  u16 BE   0
 *          2  u8       element type, 0x08 = unsigned byte
 *          3  u8       number of axes D
 *          4  D x u32 BE   size of each axis, slowest first
 *      4+4D  elements, row-major
 *
 * @throws {FormatError} Not such a file, another element type, or shorter or longer than its sizes say.
 */
export function parseIdx(bytes: Uint8Array, name: string): IdxArray {
  if (bytes.length < 4) throw new FormatError(`${name}: ${bytes.length} bytes, an IDX header needs at least 4`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint16(0) !== 0) throw new FormatError(`${name}: expected two zero bytes at byte 0 of an IDX file`);
  const type = view.getUint8(2);
  if (type !== 0x08) {
    throw new FormatError(`${name}: expected element type 0x08 (unsigned bytes) at byte 2, got 0x${type.toString(16)}`);
  }
  const axes = view.getUint8(3);
  const start = 4 + 4 * axes;
  if (axes === 0 || bytes.length < start) {
    throw new FormatError(`${name}: expected the sizes of ${axes} axes up to byte ${start}, got ${bytes.length} bytes`);
  }
  const shape = Array.from({ length: axes }, (_, axis) => view.getUint32(4 + 4 * axis));
  const length = shape.reduce((product, size) => product * size, 1);
  if (bytes.length !== start + length) {
    throw new FormatError(
      `${name}: expected ${start + length} bytes for shape ${shape.join(' x ')}, got ${bytes.length}; the file is damaged`,
    );
  }
  return { data: bytes.subarray(start), shape };
}
