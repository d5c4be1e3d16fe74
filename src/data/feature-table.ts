import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { FormatError, ShapeError, StorageError } from '../errors.js';
import { halfToNumber } from '../matrix.js';
import { storageError } from '../pool/atomic.js';
import { checkHeader, readTextRows, type TextRow } from '../pool/csv-text.js';
import { cellNumber } from '../pool/csv.js';
import { readJsonlPool } from '../pool/jsonl.js';
import { readNpy } from '../pool/npy.js';
import { type NpyContent, type NpzArchive, withNpz } from '../pool/npz.js';
import type { LoadOptions } from './dataset.js';

/** A class, an id or a group as a file writes it. */
export type Cell = string | number;

/** Features with what else a file says of each row. */
export interface FeatureTable {
  /** [N, product of shape]. */
  readonly data: Float32Array;
  readonly rows: number;
  /** Of one sample. */
  readonly shape: readonly number[];
  readonly labels: readonly Cell[];
  readonly ids?: readonly Cell[] | undefined;
  readonly groups?: readonly Cell[] | undefined;
}

/** Where in a file things are. */
export interface TableOptions {
  readonly labelPath?: string | undefined;
  readonly labelColumn?: Cell | undefined;
  readonly idColumn?: Cell | undefined;
  readonly groupColumn?: Cell | undefined;
  readonly features?: string | undefined;
  readonly labels?: string | undefined;
  readonly header: boolean | 'auto';
}

/** Names that arrays of features and of labels usually have in an archive, in the order in which they are looked for. */
const FEATURE_NAMES = ['x', 'X', 'x_train', 'X_train', 'features', 'embeddings'];
const LABEL_NAMES = ['y', 'Y', 'y_train', 'Y_train', 'labels'];

/**
 * Read features with labels: `.npy`, `.npz`, `.csv`, `.tsv` or `.jsonl`, told apart by name.
 *
 * @throws {FormatError} Another kind of file, a damaged one, or labels that are missing.
 * @throws {ShapeError} Labels that are more or fewer than rows.
 * @throws {StorageError} A file cannot be read.
 */
export async function readFeatureTable(path: string, options: TableOptions, where: LoadOptions): Promise<FeatureTable> {
  where.signal?.throwIfAborted();
  const ending = extname(path).toLowerCase();
  let table: Omit<FeatureTable, 'labels'> & { labels?: readonly Cell[] | undefined };
  if (ending === '.npy') table = fromArray(await readNpy(path), path);
  else if (ending === '.npz') table = await withNpz(path, (archive) => fromArchive(archive, path, options), where);
  else if (ending === '.csv' || ending === '.tsv') table = await fromCsv(path, options, where);
  else if (ending === '.jsonl') table = await fromJsonl(path, options, where);
  else throw new FormatError(`${path}: expected a file named .npy, .npz, .csv, .tsv or .jsonl`);
  const labels =
    options.labelPath === undefined ? table.labels : await readLabels(options.labelPath, table.rows, where);
  if (labels === undefined) {
    throw new StorageError(
      `${path}: expected labels beside the features; name the file that holds them with labelPath`,
    );
  }
  if (labels.length !== table.rows) {
    throw new ShapeError(
      `${options.labelPath ?? path}: expected ${table.rows} labels, one per row, got ${labels.length}`,
    );
  }
  const bad = table.data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    const cols = table.data.length / table.rows;
    throw new FormatError(
      `${path}: expected finite numbers, got ${table.data[bad]} in row ${Math.floor(bad / cols)}, column ${bad % cols}`,
    );
  }
  return { ...table, labels };
}

/** [N, D], or images [N, height, width] as samples of one channel. */
function fromArray({ data, shape, dtype }: NpyContent, path: string): Omit<FeatureTable, 'labels'> {
  const [rows = 0, ...sample] = shape;
  if (sample.length === 0) throw new ShapeError(`${path}: expected a matrix [rows, features], got shape (${rows},)`);
  const read = dtype === 'f2' ? (value: number | bigint) => halfToNumber(Number(value)) : Number;
  return {
    data: data instanceof Float32Array ? data : Float32Array.from(data as ArrayLike<number>, read),
    rows,
    shape: sample.length === 1 ? sample : [...sample, 1],
  };
}

async function fromArchive(
  { names, read }: NpzArchive,
  path: string,
  { features, labels }: TableOptions,
): Promise<Omit<FeatureTable, 'labels'> & { labels?: readonly Cell[] | undefined }> {
  const featureName = features ?? FEATURE_NAMES.find((name) => names.includes(name));
  if (featureName === undefined) {
    throw new FormatError(
      `${path}: expected an array named ${FEATURE_NAMES.join(', ')}, or as the option features says; found ${names.join(', ') || 'none'}`,
    );
  }
  const labelName = labels ?? LABEL_NAMES.find((name) => names.includes(name));
  const table = fromArray(await read(featureName), `${path}: ${featureName}`);
  if (labelName === undefined) return table;
  return { ...table, labels: labelNumbers(await read(labelName), `${path}: ${labelName}`) };
}

/** @throws {FormatError} More than one axis, or numbers that are not whole. */
function labelNumbers({ data, shape }: NpyContent, path: string): number[] {
  if (shape.filter((size) => size !== 1).length > 1) {
    throw new FormatError(`${path}: expected one label per row, found shape (${shape.join(', ')})`);
  }
  return Array.from(data as ArrayLike<number | bigint>, (value, row) => {
    if (!Number.isSafeInteger(Number(value))) {
      throw new FormatError(`${path}: expected whole numbers for labels, got ${value} in row ${row}`);
    }
    return Number(value);
  });
}

/** `.npy` of whole numbers, or text with one label per line; a first line more than rows is a header. */
async function readLabels(path: string, rows: number, { signal }: LoadOptions): Promise<Cell[]> {
  if (/\.npy$/i.test(path)) return labelNumbers(await readNpy(path), path);
  let text: string;
  try {
    text = await readFile(path, { encoding: 'utf8', signal });
  } catch (error) {
    throw signal?.aborted === true ? signal.reason : storageError('read', path, error);
  }
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|\n/);
  if (lines.at(-1) === '') lines.pop();
  const labels = lines.length === rows + 1 ? lines.slice(1) : lines;
  const blank = labels.findIndex((label) => label.trim() === '');
  if (blank >= 0) throw new FormatError(`${path}: the label of row ${blank} is blank`);
  return labels.map((label) => label.trim());
}

async function fromCsv(path: string, options: TableOptions, { signal }: LoadOptions): Promise<FeatureTable> {
  const { labelPath, idColumn, groupColumn } = options;
  const labelColumn = options.labelColumn ?? (labelPath === undefined ? 'label' : undefined);
  const wanted = { labels: labelColumn, ids: idColumn, groups: groupColumn };
  const found = { labels: [] as Cell[], ids: [] as Cell[], groups: [] as Cell[] };
  const rows: Float32Array[] = [];
  let places: { special: Map<number, keyof typeof found>; numbers: number[] } | undefined;
  for await (const row of readTextRows(path, { signal })) {
    const isFirst = places === undefined;
    places ??= findColumns(row, wanted, path, options.header);
    if (isFirst && hasHeader(row, wanted, options.header)) continue;
    for (const [column, key] of places.special) found[key].push(cellText(row, column, path));
    rows.push(Float32Array.from(places.numbers, (column) => finiteCell(row, column, path)));
  }
  const cols = places?.numbers.length ?? 0;
  if (rows.length === 0 || cols === 0) throw new FormatError(`${path}: expected rows of numbers, got none`);
  const data = new Float32Array(rows.length * cols);
  rows.forEach((row, at) => data.set(row, at * cols));
  const given = Object.fromEntries(
    Object.entries(found).filter(([key]) => wanted[key as keyof typeof wanted] !== undefined),
  );
  return { data, rows: rows.length, shape: [cols], ...(given as { labels: Cell[] }) };
}

type Columns = Readonly<Record<'labels' | 'ids' | 'groups', Cell | undefined>>;

/** A column named by text needs a header; else the first line is one when none of its cells is a number. */
function hasHeader({ cells }: TextRow, wanted: Columns, header: boolean | 'auto'): boolean {
  if (Object.values(wanted).some((column) => typeof column === 'string')) return true;
  return header === 'auto' ? cells.every((cell) => cellNumber(cell) === undefined) : header;
}

function findColumns(
  row: TextRow,
  wanted: Columns,
  path: string,
  headerOption: boolean | 'auto',
): { special: Map<number, keyof Columns>; numbers: number[] } {
  const header = hasHeader(row, wanted, headerOption) ? checkHeader(row.cells, path) : undefined;
  const special = new Map<number, keyof Columns>();
  for (const [key, column] of Object.entries(wanted) as [keyof Columns, Cell | undefined][]) {
    if (column === undefined) continue;
    const at =
      typeof column === 'string' ? (header?.indexOf(column) ?? -1) : column < 0 ? row.cells.length + column : column;
    if (at < 0 || at >= row.cells.length || special.has(at)) {
      const columns = header === undefined ? `${row.cells.length} columns` : header.join(', ');
      throw new FormatError(`${path}: expected a column ${column} of its own for the ${key}, found ${columns}`);
    }
    special.set(at, key);
  }
  return { special, numbers: row.cells.map((_, at) => at).filter((at) => !special.has(at)) };
}

function cellText({ cells, line }: TextRow, column: number, path: string): string {
  const text = (cells[column] ?? '').trim();
  if (text === '') throw new FormatError(`${path}: line ${line}, column ${column + 1} is empty`);
  return text;
}

function finiteCell({ cells, line }: TextRow, column: number, path: string): number {
  const cell = cells[column] ?? '';
  const value = cellNumber(cell);
  if (value === undefined || !Number.isFinite(Math.fround(value))) {
    const shown = cell.trim() === '' ? 'an empty cell' : JSON.stringify(cell.slice(0, 40));
    throw new FormatError(`${path}: line ${line}, column ${column + 1}: expected a finite number, got ${shown}`);
  }
  return value;
}

async function fromJsonl(path: string, options: TableOptions, { signal }: LoadOptions): Promise<FeatureTable> {
  const { features = 'features', labelPath, labelColumn, idColumn, groupColumn } = options;
  const pool = await readJsonlPool(path, features, { signal });
  const field = (name: Cell | undefined): Cell[] | undefined =>
    name === undefined
      ? undefined
      : pool.records.map((record, row) => {
          const value = record[name];
          if (typeof value === 'string' || typeof value === 'number') return value;
          throw new FormatError(
            `${path}: line ${pool.lines[row]}: expected text or a number in ${JSON.stringify(name)}`,
          );
        });
  const labels = field(labelColumn ?? (labelPath === undefined ? 'label' : undefined));
  const table = {
    data: pool.data,
    rows: pool.rows,
    shape: [pool.cols],
    ids: field(idColumn),
    groups: field(groupColumn),
  };
  return { ...table, labels: labels ?? [] };
}
