import { createReadStream } from 'node:fs';
import { CsvError, parse } from 'csv-parse';
import { FormatError } from '../errors.js';
import { storageError } from './atomic.js';
import { defaultDelimiter } from './csv.js';

/** One line of a CSV file. */
export interface TextRow {
  /** As they are written, without quotes. */
  readonly cells: readonly string[];
  /** From 1. */
  readonly line: number;
}

export interface TextCsvOptions {
  /** Default ',', or a tab for a file named .tsv. */
  readonly delimiter?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Longer than any honest line: a binary file must not be gathered into one line in memory. */
const MAX_LINE_BYTES = 64 << 20;

/**
 * Read a CSV file of anything line by line, in bounded memory. Blank lines are skipped; whether the first line names the
 * columns is the caller's to know.
 *
 * @throws {FormatError} A line longer or shorter than the first, or quotes that do not match; names the line.
 * @throws {StorageError} The file cannot be read.
 */
export async function* readTextRows(
  path: string,
  options: TextCsvOptions = {},
): AsyncGenerator<TextRow, void, undefined> {
  const { delimiter = defaultDelimiter(path), signal } = options;
  const source = createReadStream(path, { highWaterMark: 1 << 20, ...(signal ? { signal } : {}) });
  const parser = parse({
    bom: true,
    delimiter,
    relax_column_count: true,
    record_delimiter: ['\r\n', '\n'], // also mixed, as editors leave them
    skip_empty_lines: true,
    max_record_size: MAX_LINE_BYTES,
    info: true,
  });
  source.on('error', (error) => parser.destroy(error));
  source.pipe(parser);
  let columns = -1;
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      if (columns < 0) columns = record.length;
      if (record.length !== columns) {
        throw new FormatError(
          `${path}: line ${info.lines} has ${record.length} columns, expected ${columns} as in the first line`,
        );
      }
      yield { cells: record, line: info.lines };
    }
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    if (error instanceof CsvError) {
      const { lines } = error as unknown as { lines?: number };
      throw new FormatError(`${path}: line ${lines ?? '?'} cannot be read as CSV: ${error.message}`, { cause: error });
    }
    throw source.errored === error ? storageError('read', path, error) : error;
  } finally {
    source.destroy();
    parser.destroy();
  }
}

/** @throws {FormatError} A name comes twice. */
export function checkHeader(cells: readonly string[], path: string): string[] {
  const header = cells.map((name) => name.trim());
  const twice = header.find((name, at) => header.indexOf(name) !== at);
  if (twice !== undefined) {
    throw new FormatError(`${path}: expected a name of its own for every column, got ${JSON.stringify(twice)} twice`);
  }
  return header;
}

/** A CSV file of anything, whole. */
export interface TextTable {
  /** Names in the first line. */
  readonly header: readonly string[];
  readonly rows: readonly TextRow[];
}

/**
 * Read a CSV file whose first line names its columns.
 *
 * @throws {FormatError} As {@link readTextRows}, no line at all, or a name that comes twice.
 * @throws {StorageError} The file cannot be read.
 */
export async function readTextCsv(path: string, options: TextCsvOptions = {}): Promise<TextTable> {
  let header: readonly string[] | undefined;
  const rows: TextRow[] = [];
  for await (const row of readTextRows(path, options)) {
    if (header === undefined) header = checkHeader(row.cells, path);
    else rows.push(row);
  }
  if (header === undefined)
    throw new FormatError(`${path}: expected a first line that names the columns, got an empty file`);
  return { header, rows };
}
