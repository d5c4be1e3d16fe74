import { createReadStream } from 'node:fs';
import { CsvError, parse } from 'csv-parse';
import { FormatError } from '../errors.js';
import { storageError } from '../pool/atomic.js';
import { defaultDelimiter } from '../pool/csv.js';

/** A row of a table, every cell as the text that stands in the file: "007" stays "007". */
export interface TextRow {
  readonly cells: readonly string[];
  /** Line of the file in which the row ends, from 1. */
  readonly line: number;
}

export interface TextTable {
  readonly columns: readonly string[];
  readonly rows: readonly TextRow[];
}

/** Longer than any honest row: a binary file must not be gathered into one in memory. */
const MAX_ROW_BYTES = 64 << 20;

/**
 * Read a CSV file (.tsv: tabs) of text whole: quotes as in RFC 4180, any line ends, with or without a byte order mark.
 * The first row names the columns; blank lines are skipped.
 *
 * @throws {FormatError} No header, a name twice, a row of another length, quotes that do not match, or text that is not
 *   UTF-8; names the line.
 * @throws {StorageError} The file cannot be read.
 */
export async function readTextTable(
  path: string,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<TextTable> {
  const { signal } = options;
  const source = createReadStream(path, { highWaterMark: 1 << 20, ...(signal ? { signal } : {}) });
  const parser = parse({
    bom: true,
    delimiter: defaultDelimiter(path),
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: MAX_ROW_BYTES,
    info: true,
  });
  let failure: unknown;
  source.on('error', (error) => {
    failure = signal?.aborted === true ? signal.reason : storageError('read', path, error);
    parser.destroy(error);
  });
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  source.on('data', (chunk) => {
    if (failure !== undefined) return;
    try {
      utf8.decode(chunk as Buffer, { stream: true });
    } catch (cause) {
      failure = new FormatError(`${path}: the file is not UTF-8 text; save it as CSV UTF-8`, { cause });
      parser.destroy(failure as Error);
    }
  });
  source.pipe(parser);
  let columns: readonly string[] | undefined;
  const rows: TextRow[] = [];
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      if (columns === undefined) columns = checkHeader(path, record);
      else rows.push({ cells: checkRow(path, record, columns, info.lines), line: info.lines });
    }
  } catch (error) {
    if (failure !== undefined) throw failure;
    if (!(error instanceof CsvError)) throw error;
    const { lines } = error as unknown as { lines?: number };
    throw new FormatError(`${path}: line ${lines ?? '?'} cannot be read as CSV: ${error.message}`, { cause: error });
  } finally {
    source.destroy();
    parser.destroy();
  }
  if (columns === undefined)
    throw new FormatError(`${path}: expected a first line that names the columns, got no line`);
  return { columns, rows };
}

function checkHeader(path: string, record: readonly string[]): readonly string[] {
  const names = record.map((name) => name.trim());
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined)
    throw new FormatError(`${path}: the first line names the column ${JSON.stringify(twice)} twice`);
  return names;
}

function checkRow(path: string, record: string[], columns: readonly string[], line: number): string[] {
  if (record.length !== columns.length) {
    throw new FormatError(
      `${path}: line ${line} has ${record.length} cells, expected ${columns.length} as in the first line; ` +
        'was the file cut short?',
    );
  }
  return record;
}

/** One line of a CSV file: cells are quoted where they must be, null and undefined are empty. */
export function csvLine(cells: readonly (string | number | null | undefined)[]): string {
  return `${cells.map(csvCell).join(',')}\n`;
}

function csvCell(cell: string | number | null | undefined): string {
  const text = cell === null || cell === undefined ? '' : String(cell);
  // a first or last blank is kept by quotes, and a byte order mark inside is not taken for one
  return /[",\r\n\ufeff]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
