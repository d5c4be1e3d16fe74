import { createReadStream, type ReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { CsvError, parse } from 'csv-parse';
import { FormatError } from '../errors.js';
import { storageError } from './atomic.js';

/** Consecutive rows of a CSV file, row-major [rows, cols] in f64: the text's own precision. */
export interface CsvBlock {
  readonly data: Float64Array;
  /** Number of the first row, the header not counted. */
  readonly begin: number;
  readonly rows: number;
  readonly cols: number;
}

export interface CsvOptions {
  /** Whether the first line names the columns. 'auto' (default): it does when none of its cells is a number. */
  header?: boolean | 'auto';
  /** Default ',', or a tab for a file named .tsv. */
  delimiter?: string;
  /** Rows per block; default: about a million numbers. */
  blockRows?: number;
  signal?: AbortSignal;
  /** Told how many bytes of the file have been read. */
  onBytes?: (bytes: number) => void;
}

/** Longer than any honest line of numbers: a binary file must not be gathered into one line in memory. */
const MAX_LINE_BYTES = 64 << 20;

const DEFAULT_BLOCK_ELEMENTS = 1 << 20;

const SPECIAL: Readonly<Record<string, number>> = {
  nan: NaN,
  inf: Infinity,
  '+inf': Infinity,
  '-inf': -Infinity,
  infinity: Infinity,
  '+infinity': Infinity,
  '-infinity': -Infinity,
};

/** The number a cell holds: decimal or NumPy's nan and inf in any case; undefined for anything else, also for ''. */
export function cellNumber(cell: string): number | undefined {
  const text = cell.trim();
  if (text === '') return undefined;
  const value = Number(text);
  if (!Number.isNaN(value) && /^[+-]?[\d.]/.test(text) && !/^[+-]?0[xXoObB]/.test(text)) return value;
  return SPECIAL[text.toLowerCase()];
}

/**
 * Read a CSV file of numbers as blocks of rows, in bounded memory.
 *
 * @throws {FormatError} A cell is not a number, a row is longer or shorter than the first, a line is blank before the
 *   end, or quotes do not match; names line and column, both from 1.
 * @throws {StorageError} The file cannot be read.
 */
export async function* readCsvBlocks(
  path: string,
  options: CsvOptions = {},
): AsyncGenerator<CsvBlock, void, undefined> {
  const { header = 'auto', delimiter = defaultDelimiter(path), blockRows, signal, onBytes } = options;
  const rows = new RowCollector(path, header, delimiter, blockRows);
  const source = createReadStream(path, { highWaterMark: 1 << 20, ...(signal ? { signal } : {}) });
  const parser = parse({
    bom: true,
    delimiter,
    relax_column_count: true,
    max_record_size: MAX_LINE_BYTES,
    info: true,
  });
  source.on('error', (error) => parser.destroy(error));
  source.pipe(parser);
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      rows.add(record, info.lines);
      if (rows.full) {
        signal?.throwIfAborted();
        onBytes?.(source.bytesRead);
        yield rows.take();
      }
    }
  } catch (error) {
    throw readableError(error, path, source, signal);
  } finally {
    source.destroy();
    parser.destroy();
  }
  onBytes?.(source.bytesRead);
  if (rows.count > 0) yield rows.take();
}

function readableError(error: unknown, path: string, source: ReadStream, signal: AbortSignal | undefined): unknown {
  if (error instanceof CsvError) {
    const { lines } = error as unknown as { lines?: number };
    return new FormatError(`${path}: line ${lines ?? '?'} cannot be read as CSV: ${error.message}`, { cause: error });
  }
  if (signal?.aborted) return signal.reason;
  return source.errored === error ? storageError('read', path, error) : error;
}

export function defaultDelimiter(path: string): string {
  return /\.tsv$/i.test(path) ? '\t' : ',';
}

/** Checks records one by one and lays their numbers out as rows. */
class RowCollector {
  count = 0;
  #begin = 0;
  #cols = -1;
  #blankLine = 0;
  #data: Float64Array | undefined;

  constructor(
    private readonly path: string,
    private readonly header: boolean | 'auto',
    private readonly delimiter: string,
    private blockRows: number | undefined,
  ) {}

  get full(): boolean {
    return this.count === this.blockRows;
  }

  add(record: readonly string[], line: number): void {
    if (record.length === 1 && record[0]?.trim() === '') {
      this.#blankLine ||= line;
      return;
    }
    if (this.#blankLine > 0) {
      throw new FormatError(`${this.path}: line ${this.#blankLine} is blank, expected a row of numbers`);
    }
    const first = this.#cols < 0;
    if (first) {
      this.#cols = record.length;
      this.blockRows ??= Math.max(1, Math.floor(DEFAULT_BLOCK_ELEMENTS / record.length));
    }
    if (record.length !== this.#cols) {
      throw new FormatError(
        `${this.path}: line ${line} has ${record.length} columns, expected ${this.#cols} as in the first line`,
      );
    }
    if (first && this.header === true) return;
    if (first && this.header === 'auto' && record.every((cell) => cellNumber(cell) === undefined)) return;
    const data = (this.#data ??= new Float64Array((this.blockRows ?? 1) * this.#cols));
    const base = this.count * this.#cols;
    for (const [column, cell] of record.entries()) {
      const value = cellNumber(cell);
      if (value === undefined) throw this.#badCell(cell, line, column);
      data[base + column] = value;
    }
    this.count++;
  }

  #badCell(cell: string, line: number, column: number): FormatError {
    const shown = cell.trim() === '' ? 'empty' : `${JSON.stringify(cell.slice(0, 40))}, not a number`;
    const blanks = this.#cols === 1 && /^\S+(\s+\S+)+$/.test(cell.trim());
    const hint = blanks ? `; columns are expected to be separated by ${JSON.stringify(this.delimiter)}` : '';
    return new FormatError(`${this.path}: line ${line}, column ${column + 1} is ${shown}${hint}`);
  }

  /** The collected rows; the memory is the caller's from now on. */
  take(): CsvBlock {
    const data = (this.#data ?? new Float64Array(0)).subarray(0, this.count * this.#cols);
    const block = { data, begin: this.#begin, rows: this.count, cols: this.#cols };
    this.#begin += this.count;
    this.count = 0;
    this.#data = undefined;
    return block;
  }
}

/**
 * Read a whole CSV file of numbers: row-major [rows, cols].
 *
 * @throws As {@link readCsvBlocks}.
 */
export async function readCsv(
  path: string,
  options: CsvOptions = {},
): Promise<{ data: Float64Array; rows: number; cols: number }> {
  const blocks: CsvBlock[] = [];
  for await (const block of readCsvBlocks(path, options)) blocks.push(block);
  const data = new Float64Array(blocks.reduce((length, block) => length + block.data.length, 0));
  let length = 0;
  for (const block of blocks) {
    data.set(block.data, length);
    length += block.data.length;
  }
  return { data, rows: blocks.reduce((rows, block) => rows + block.rows, 0), cols: blocks[0]?.cols ?? 0 };
}

/** Bytes of a file, for progress. @throws {StorageError} It cannot be read. */
export async function fileSize(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    throw storageError('read', path, error);
  }
}
