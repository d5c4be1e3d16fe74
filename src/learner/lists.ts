import { expected, show } from '../contract/text.js';
import { ArgumentError } from '../errors.js';

/** True for an array or typed array of numbers. */
export function isTypedList(value: unknown): value is ArrayLike<number> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

/** @throws {ArgumentError} Indices outside the pool, or named twice where that is not allowed. */
export function checkIndices(
  where: string,
  name: string,
  indices: ArrayLike<number>,
  size: number,
  { repeats = false } = {},
): Uint32Array {
  if (!isTypedList(indices)) throw expected(where, 'a list of pool indices', name, indices);
  const seen = new Set<number>();
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i] as number;
    if (!Number.isInteger(index) || index < 0 || index >= size) {
      throw new ArgumentError(`${where}: expected ${name} from 0 to ${size - 1}, got ${show(index)} at position ${i}`);
    }
    if (seen.has(index) && !repeats) {
      throw new ArgumentError(`${where}: expected every index once, got ${index} again at position ${i} of ${name}`);
    }
    seen.add(index);
  }
  return Uint32Array.from(indices);
}
