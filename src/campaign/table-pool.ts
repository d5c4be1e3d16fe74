import { createHash } from 'node:crypto';
import { dirname, extname } from 'node:path';
import { ArgumentError, FormatError, ShapeError, ValueError } from '../errors.js';
import { plainText } from '../interop/answer.js';
import type { ItemKind } from '../interop/label-studio-config.js';
import { readTextTable } from '../interop/text-table.js';
import type { MatrixView } from '../matrix.js';
import { readJsonl } from '../pool/jsonl.js';
import { fileChecksum, readArray } from './array-file.js';
import type { ItemPool, ReadOptions } from './pool.js';
import type { PoolSource } from './settings.js';

/** Rows of a table, or of JSON lines, by column. */
interface Table {
  readonly path: string;
  readonly columns: readonly string[];
  readonly rows: number;
  cell(row: number, column: string): unknown;
  /** Whether numbers stand in it as text, as in CSV; text of JSON lines that looks like a number is text. */
  readonly isText: boolean;
  /** Where a row stands, for messages. */
  where(row: number): string;
}

const ROLES = ['id', 'text', 'image', 'html', 'label', 'group', 'cost'] as const;
type Role = (typeof ROLES)[number];

const KINDS: readonly ItemKind[] = ['html', 'image', 'text'];

/** Numbers that people are shown where an item is nothing but numbers. */
const SHOWN_NUMBERS = 12;

/** Read a pool from a table (.csv, .tsv) or JSON lines. See {@link readPool}. */
export async function readTablePool(path: string, source: PoolSource, options: ReadOptions): Promise<ItemPool> {
  const table = await readTable(path, options);
  if (table.rows === 0) throw new ShapeError(`${path}: expected at least one item, got none`);
  const roles = findRoles(table, source);
  const features = await readFeatures(table, source, roles, options);
  const reserved = new Set<string>([...roles.values(), ...(features.columns ?? [])]);
  const rest = table.columns.filter((column) => !reserved.has(column));
  const kind = KINDS.find((name) => roles.has(name)) ?? 'text';
  const shownColumn = roles.get(kind) ?? (features.columns === null ? undefined : rest[0]);
  const others = rest.filter((column) => column !== shownColumn);
  const checksum = await fileChecksum(path, options);
  const column = (role: Role): string[] | null => {
    const name = roles.get(role);
    if (name === undefined) return null;
    return Array.from({ length: table.rows }, (_, row) => textOf(table, row, name) ?? '');
  };
  const labels = column('label');
  return {
    size: table.rows,
    ids: readIds(table, column('id')),
    kind,
    shown: (index) =>
      shownColumn === undefined
        ? describeNumbers(table, features.columns ?? [], index)
        : (textOf(table, index, shownColumn) ?? ''),
    root: dirname(path),
    fields: (index) => Object.fromEntries(others.map((name) => [name, table.cell(index, name)])),
    features: features.matrix,
    isPixels: false,
    sampleShape: [features.matrix?.cols ?? 0],
    labels: labels?.map((label) => (label.trim() === '' ? null : label.trim())) ?? null,
    groups: column('group'),
    costs: readCosts(table, roles.get('cost')),
    checksum:
      features.checksum === null
        ? checksum
        : createHash('sha256')
            .update(checksum + features.checksum)
            .digest('hex'),
  };
}

async function readTable(path: string, options: ReadOptions): Promise<Table> {
  const ending = extname(path).toLowerCase();
  if (ending === '.jsonl' || ending === '.ndjson') return readJsonTable(path, options);
  if (ending !== '.csv' && ending !== '.tsv') {
    throw new FormatError(`${path}: expected a pool named .csv, .tsv, .jsonl, .npy or .npz, or a folder of images`);
  }
  const { columns, rows } = await readTextTable(path, options);
  const places = new Map(columns.map((column, at) => [column, at]));
  return {
    path,
    columns,
    rows: rows.length,
    isText: true,
    cell: (row, column) => rows[row]?.cells[places.get(column) ?? -1],
    where: (row) => `${path}: line ${rows[row]?.line ?? '?'}`,
  };
}

async function readJsonTable(path: string, options: ReadOptions): Promise<Table> {
  const rows: Readonly<Record<string, unknown>>[] = [];
  const lines: number[] = [];
  const columns = new Set<string>();
  for await (const { value, line } of readJsonl(path, { signal: options.signal })) {
    rows.push(value);
    lines.push(line);
    for (const name of Object.keys(value)) columns.add(name);
  }
  return {
    path,
    columns: [...columns],
    rows: rows.length,
    isText: false,
    cell: (row, column) => rows[row]?.[column],
    where: (row) => `${path}: line ${lines[row]}`,
  };
}

/** Which column plays which part: as the settings say, else the column of that name. */
function findRoles(table: Table, source: PoolSource): ReadonlyMap<Role, string> {
  const roles = new Map<Role, string>();
  const explicit = new Set(ROLES.map((role) => source[role]).filter((name) => name !== null));
  const features = Array.isArray(source.features) ? source.features : [];
  const wantsKind = KINDS.some((kind) => source[kind] !== null);
  for (const role of ROLES) {
    const wanted = source[role];
    if (wanted !== null) roles.set(role, checkColumn(table, wanted, role));
    else if (wantsKind && (KINDS as readonly string[]).includes(role)) continue;
    else if (table.columns.includes(role) && !explicit.has(role) && !features.includes(role)) roles.set(role, role);
  }
  return roles;
}

function checkColumn(table: Table, column: string, what: string): string {
  if (table.columns.includes(column)) return column;
  throw new ArgumentError(
    `${table.path}: there is no column ${JSON.stringify(column)} for ${what}; the columns are ${table.columns.join(', ')}`,
  );
}

function textOf(table: Table, row: number, column: string): string | undefined {
  return plainText(table.cell(row, column), table.where(row), column);
}

function readIds(table: Table, ids: readonly string[] | null): readonly string[] {
  if (ids === null) return Array.from({ length: table.rows }, (_, row) => String(row));
  const first = new Map<string, number>();
  for (const [row, id] of ids.entries()) {
    if (id === '') throw new ValueError(`${table.where(row)}: expected an id, got none`);
    const before = first.get(id);
    if (before !== undefined) {
      throw new ValueError(
        `${table.where(row)}: expected every id once, got ${JSON.stringify(id)} again, first in ${table.where(before)}`,
      );
    }
    first.set(id, row);
  }
  return ids;
}

function readCosts(table: Table, column: string | undefined): Float64Array | null {
  if (column === undefined) return null;
  return Float64Array.from({ length: table.rows }, (_, row) => {
    const cost = numberOf(table, table.cell(row, column));
    if (cost === undefined || cost <= 0) {
      throw new ValueError(
        `${table.where(row)}: expected a cost above 0 in ${column}, got ${JSON.stringify(table.cell(row, column))}`,
      );
    }
    return cost;
  });
}

interface TableFeatures {
  readonly matrix: MatrixView | null;
  /** Columns that the features were taken from; null: from a file. */
  readonly columns: readonly string[] | null;
  /** Of the file. */
  readonly checksum: string | null;
}

async function readFeatures(
  table: Table,
  source: PoolSource,
  roles: ReadonlyMap<Role, string>,
  options: ReadOptions,
): Promise<TableFeatures> {
  if (typeof source.features === 'string') {
    const { matrix, checksum } = await readArray(source.features, options);
    if (matrix.rows !== table.rows) {
      throw new ShapeError(
        `${source.features}: expected a row for each of the ${table.rows} items of ${table.path}, got ${matrix.rows}`,
      );
    }
    return { matrix, columns: null, checksum };
  }
  const taken = new Set(roles.values());
  const columns =
    source.features?.map((column) => checkColumn(table, column, 'features')) ??
    table.columns.filter((column) => !taken.has(column) && isNumeric(table, column));
  const widths = columns.map((column) => cellNumbers(table, 0, column).length);
  const cols = widths.reduce((sum, width) => sum + width, 0);
  if (cols === 0) return { matrix: null, columns, checksum: null };
  const data = new Float32Array(table.rows * cols);
  for (let row = 0; row < table.rows; row++) {
    let at = row * cols;
    for (const [place, column] of columns.entries()) {
      const numbers = cellNumbers(table, row, column);
      if (numbers.length !== widths[place]) {
        throw new ShapeError(
          `${table.where(row)}: expected ${widths[place]} numbers in ${column} as in the first item, got ${numbers.length}`,
        );
      }
      data.set(numbers, at);
      at += numbers.length;
    }
  }
  return { matrix: { data, dtype: 'f32', rows: table.rows, cols, stride: cols }, columns, checksum: null };
}

/** Whether all that stands in a column are numbers or lists of them; a gap does not count here, it is an error later. */
function isNumeric(table: Table, column: string): boolean {
  let some = false;
  for (let row = 0; row < table.rows; row++) {
    const cell = table.cell(row, column);
    if (cell === undefined || cell === null || (table.isText && String(cell).trim() === '')) continue;
    const isList = Array.isArray(cell) && cell.length > 0 && cell.every((value) => typeof value === 'number');
    if (!isList && numberOf(table, cell) === undefined) return false;
    some = true;
  }
  return some;
}

/** The number in a cell, where there is one. */
function numberOf(table: Table, cell: unknown): number | undefined {
  if (typeof cell === 'number') return cell;
  if (!table.isText || typeof cell !== 'string' || !/^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(cell))
    return undefined;
  return Number(cell);
}

function cellNumbers(table: Table, row: number, column: string): readonly number[] {
  const cell = table.cell(row, column);
  const numbers: unknown[] = Array.isArray(cell) ? cell : [numberOf(table, cell)];
  if (!numbers.every((value) => typeof value === 'number' && Number.isFinite(Math.fround(value)))) {
    throw new ValueError(
      `${table.where(row)}: expected a finite number in ${column}, got ${JSON.stringify(cell) ?? 'nothing'}; ` +
        'fill it in, or name the columns to learn from (features)',
    );
  }
  return numbers as number[];
}

function describeNumbers(table: Table, columns: readonly string[], row: number): string {
  const shown = columns
    .slice(0, SHOWN_NUMBERS)
    .map((column) => `${column} = ${JSON.stringify(table.cell(row, column))}`);
  const left = columns.length - shown.length;
  return `${shown.join(', ')}${left > 0 ? `, and ${left} more` : ''}`.replaceAll('"', '');
}
