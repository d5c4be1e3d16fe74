import { ArgumentError } from '../errors.js';

const LONGEST_TEXT = 60;

/** A short picture of any value, for the "got …" half of an error sentence. */
export function show(value: unknown): string {
  if (typeof value === 'string') {
    return value.length > LONGEST_TEXT ? `'${value.slice(0, LONGEST_TEXT)}…'` : `'${value}'`;
  }
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'symbol') return 'a symbol';
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  const kind = Object.prototype.toString.call(value).slice(8, -1);
  if (ArrayBuffer.isView(value) && 'length' in value) return `${kind}(${String(value.length)})`;
  if (kind !== 'Object') return `${/^[AEIOU]/.test(kind) ? 'an' : 'a'} ${kind}`;
  const keys = Object.keys(value);
  return keys.length === 0 ? 'an empty object' : `an object with ${keys.slice(0, 6).join(', ')}`;
}

/** `'a', 'b' or 'c'`: the choices of an option, as they stand in a sentence. */
export function choices(names: readonly string[]): string {
  const quoted = names.map((name) => `'${name}'`);
  const last = quoted.pop() ?? '';
  return quoted.length === 0 ? last : `${quoted.join(', ')} or ${last}`;
}

/** The one sentence of all argument errors: `score: expected X for NAME, got VALUE`. */
export function expected(where: string, what: string, name: string, got: unknown): ArgumentError {
  return new ArgumentError(`${where}: expected ${what} for ${name}, got ${show(got)}`);
}
