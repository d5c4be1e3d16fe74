import { createReadStream } from 'node:fs';
import { FormatError, ShapeError } from '../errors.js';
import { storageError } from './atomic.js';

/** One line of a file of JSON lines. */
export interface JsonlRecord {
  readonly value: Readonly<Record<string, unknown>>;
  /** Number of the line in the file, from 1; blank lines count. */
  readonly line: number;
}

export interface JsonlOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told how many bytes of the file have been read. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

/** Longer than any honest line: a binary file must not be gathered into one line in memory. */
const MAX_LINE_BYTES = 64 << 20;
const NEWLINE = 0x0a;

/**
 * Read a file of JSON lines that somebody else made, one object per line, in the memory of one line. Blank lines are
 * skipped; the last line needs no newline, but it must be whole.
 *
 * @throws {FormatError} A line is not valid JSON, not an object, not UTF-8, or longer than 64 MiB; names the line.
 * @throws {StorageError} The file cannot be read.
 */
export async function* readJsonl(
  path: string,
  options: JsonlOptions = {},
): AsyncGenerator<JsonlRecord, void, undefined> {
  let line = 0;
  for await (const bytes of readLines(path, options)) {
    line++;
    const text = decode(bytes, path, line);
    if (text.trim() !== '') yield { value: parseObject(text, path, line), line };
  }
}

async function* readLines(path: string, { signal, onBytes }: JsonlOptions): AsyncGenerator<Buffer, void, undefined> {
  const source = createReadStream(path, { highWaterMark: 1 << 20, ...(signal ? { signal } : {}) });
  let pieces: Buffer[] = [];
  let held = 0;
  let lines = 0;
  const chunks = source[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
  try {
    for (;;) {
      const { value: chunk, done } = await chunks.next().catch((error: unknown) => {
        throw signal?.aborted === true ? signal.reason : storageError('read', path, error);
      });
      if (done === true) break;
      let start = 0;
      for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
        const tail = chunk.subarray(start, end);
        yield pieces.length === 0 ? tail : Buffer.concat([...pieces, tail]);
        pieces = [];
        held = 0;
        lines++;
        start = end + 1;
      }
      if (start < chunk.length) pieces.push(chunk.subarray(start));
      held += chunk.length - start;
      if (held > MAX_LINE_BYTES) {
        throw new FormatError(
          `${path}: line ${lines + 1} is longer than ${MAX_LINE_BYTES} bytes; expected one JSON object per line`,
        );
      }
      onBytes?.(source.bytesRead);
    }
    if (pieces.length > 0) yield Buffer.concat(pieces);
  } finally {
    source.destroy();
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function decode(bytes: Buffer, path: string, line: number): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new FormatError(`${path}: line ${line} is not UTF-8 text; save the file as UTF-8`, { cause });
  }
}

function parseObject(text: string, path: string, line: number): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new FormatError(`${path}: line ${line} is not valid JSON (${(cause as Error).message})`, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const shown = text.trim().slice(0, 40);
    throw new FormatError(`${path}: line ${line} is ${shown}; expected one JSON object per line`);
  }
  return value as Readonly<Record<string, unknown>>;
}

/** What {@link readJsonlPool} makes of a file. */
export interface JsonlPool {
  /** The objects of the file, in order, without the field that was taken out. */
  readonly records: readonly Readonly<Record<string, unknown>>[];
  /** Line of each record, from 1. */
  readonly lines: Uint32Array;
  /** Row-major [records, cols], from the field that was asked for; cols is 0 without one. */
  readonly data: Float32Array;
  readonly rows: number;
  readonly cols: number;
}

/**
 * Read a pool of JSON lines whole, and with it one list of numbers per line as a matrix.
 *
 * @param field Name of the field that holds the numbers (features or predictions) of a sample; it is taken out of the
 *   records, which would otherwise hold every number a second time.
 * @throws {FormatError} As {@link readJsonl}, or a line whose field is missing or is not a list of finite numbers.
 * @throws {ShapeError} A list longer or shorter than the first line's.
 */
export async function readJsonlPool(path: string, field?: string, options: JsonlOptions = {}): Promise<JsonlPool> {
  const records: Readonly<Record<string, unknown>>[] = [];
  const lines: number[] = [];
  const rows: Float32Array[] = [];
  let first: { line: number; length: number } | undefined;
  for await (const { value, line } of readJsonl(path, options)) {
    lines.push(line);
    if (field === undefined) {
      records.push(value);
      continue;
    }
    const { [field]: numbers, ...rest } = value;
    const row = numberRow(numbers, `${path}: line ${line}`, field);
    first ??= { line, length: row.length };
    if (row.length !== first.length) {
      throw new ShapeError(
        `${path}: line ${line} has ${row.length} numbers in "${field}", expected ${first.length} as in line ${first.line}`,
      );
    }
    records.push(rest);
    rows.push(row);
  }
  const cols = first?.length ?? 0;
  const data = new Float32Array(rows.length * cols);
  rows.forEach((row, at) => data.set(row, at * cols));
  return { records, lines: Uint32Array.from(lines), data, rows: records.length, cols };
}

function numberRow(value: unknown, where: string, field: string): Float32Array {
  if (!Array.isArray(value) || value.length === 0) {
    const found = value === undefined ? 'no such field' : JSON.stringify(value).slice(0, 40);
    throw new FormatError(`${where}: expected a list of numbers in "${field}", got ${found}`);
  }
  return Float32Array.from(value, (number: unknown, at) => {
    if (typeof number !== 'number' || !Number.isFinite(Math.fround(number))) {
      const found = JSON.stringify(number) ?? String(number);
      throw new FormatError(
        `${where}: expected a finite number at position ${at} of "${field}", got ${found.slice(0, 40)}`,
      );
    }
    return number;
  });
}
