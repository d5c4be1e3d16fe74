import { z } from 'zod';
import { ArgumentError, ShapeError, ValueError } from '../errors.js';
import { withNpz } from '../pool/npz.js';
import { type Dataset, datasetType, type LoadOptions } from './dataset.js';
import { type Cell, type FeatureTable, readFeatureTable, type TableOptions } from './feature-table.js';
import { findPath } from './paths.js';
import { allRows, limitRows, splitOptions, splitRows } from './split.js';

const columnSchema = z.union([z.string(), z.int()]);

const featureOptions = z.strictObject({
  /** `.npy`, `.npz`, `.csv`, `.tsv` or `.jsonl`; looked for as it is and in the data folder. */
  path: z.string(),
  /** Labels in a file of their own: `.npy` of whole numbers, or text with one label per line. */
  labelPath: z.string().optional(),
  /** In tables: column of the labels, by name or by number (from 0; -1 is the last); default `label`. */
  labelColumn: columnSchema.optional(),
  /** In tables: column of ids. */
  idColumn: columnSchema.optional(),
  /** In tables: column of groups (patients, documents), which are split together. */
  groupColumn: columnSchema.optional(),
  /** In CSV: whether the first line names the columns. */
  header: z.union([z.boolean(), z.literal('auto')]).default('auto'),
  /** Name of the array (.npz) or field (.jsonl) of the features. */
  features: z.string().optional(),
  /** Name of the array of the labels in an .npz file. */
  labels: z.string().optional(),
  /** The test set, in a file of the same form; or the arrays x_test and y_test of an .npz file; else it is drawn. */
  testPath: z.string().optional(),
  testLabelPath: z.string().optional(),
  /** Every number is divided by this: 255 for bytes of images. */
  scale: z.number().gt(0).default(1),
  /** Labels are the numbers 0 to classes - 1; default: every label that occurs is a class, in order. */
  classes: z.int().min(2).optional(),
  ...splitOptions,
});

type FeatureOptions = z.output<typeof featureOptions>;

/** Features of your own, from files. */
export const features = datasetType({
  name: 'features',
  description: 'rows of numbers of your own in .npy, .npz, .csv or .jsonl (options: path, labelPath or labelColumn, …)',
  licence: 'that of your data',
  files: [],
  options: featureOptions,
  async load(options, where) {
    const path = await findPath('features', options.path, where);
    const named = { ...options, labelPath: await findOptional(options.labelPath, where) };
    const table = await readFeatureTable(path, named, where);
    const test = await readTest(path, options, where);
    if (test !== undefined && String(test.shape) !== String(table.shape)) {
      throw new ShapeError(
        `data set features: expected test samples of ${table.shape.join(' x ')} numbers, got ${test.shape.join(' x ')}`,
      );
    }
    checkGroups(table, test);
    const { numbers, classNames } = numberClasses(table.labels, test?.labels ?? [], options.classes);
    const whole =
      test === undefined
        ? splitRows('features', numbers, options, table.groups)
        : { pool: allRows(table.rows), test: allRows(test.rows) };
    const kept = limitRows('features', whole, options);
    const held = test ?? table;
    const testNumbers = test === undefined ? numbers : numbers.subarray(table.rows);
    const pick = (cells: readonly Cell[] | undefined): Cell[] | undefined =>
      cells && kept.pool.map((row) => cells[row] as Cell);
    return {
      name: 'features',
      sampleShape: table.shape,
      classes: classNames.length,
      classNames,
      pool: takeRows(table, numbers, kept.pool, options.scale),
      test: takeRows(held, testNumbers, kept.test, options.scale),
      ids: pick(table.ids) ?? [...kept.pool],
      ...(table.groups === undefined ? {} : { groups: pick(table.groups) }),
      source: `features in ${options.path}`,
    };
  },
});

async function findOptional(path: string | undefined, where: LoadOptions): Promise<string | undefined> {
  return path === undefined ? undefined : findPath('features', path, where);
}

async function readTest(path: string, options: FeatureOptions, where: LoadOptions): Promise<FeatureTable | undefined> {
  const labelPath = await findOptional(options.testLabelPath, where);
  if (options.testPath !== undefined) {
    const testPath = await findPath('features', options.testPath, where);
    return readFeatureTable(testPath, { ...options, labelPath }, where);
  }
  if (labelPath !== undefined) {
    throw new ArgumentError('data set features: expected testPath beside testLabelPath, got none');
  }
  if (!/\.npz$/i.test(path)) return undefined;
  const names = await withNpz(path, (archive) => Promise.resolve(archive.names), where);
  const pairs = [
    ['x_test', 'y_test'],
    ['X_test', 'y_test'],
  ] as const;
  const found = pairs.find(([x, y]) => names.includes(x) && names.includes(y));
  if (found === undefined) return undefined;
  const inside: TableOptions = { header: 'auto', features: found[0], labels: found[1] };
  return readFeatureTable(path, inside, where);
}

/** @throws {ValueError} A group on both sides: the test would measure what was learned by heart. */
function checkGroups({ groups }: FeatureTable, test: FeatureTable | undefined): void {
  const known = new Set(groups);
  const shared = test?.groups?.find((group) => known.has(group));
  if (shared !== undefined) {
    throw new ValueError(
      `data set features: expected groups apart, got ${shared} both in the pool and in the test set`,
    );
  }
}

/** Class numbers of the pool's labels and then of the test's, and the classes' names. */
function numberClasses(
  pool: readonly Cell[],
  test: readonly Cell[],
  classes: number | undefined,
): { numbers: Uint32Array; classNames: string[] } {
  const cells = [...pool, ...test];
  const whole = cells.every((cell) => /^-?\d{1,15}$/.test(String(cell)));
  if (classes !== undefined) {
    const bad = cells.findIndex((cell) => !/^\d+$/.test(String(cell)) || Number(cell) >= classes);
    if (bad >= 0) {
      throw new ValueError(
        `data set features: expected labels from 0 to ${classes - 1} as the option classes says, got ${cells[bad]} in row ` +
          (bad < pool.length ? `${bad} of the pool` : `${bad - pool.length} of the test set`),
      );
    }
    return {
      numbers: Uint32Array.from(cells, Number),
      classNames: Array.from({ length: classes }, (_, at) => `${at}`),
    };
  }
  const names = [...new Set(cells.map((cell) => (whole ? String(Number(cell)) : String(cell))))];
  names.sort(whole ? (a, b) => Number(a) - Number(b) : undefined);
  if (names.length < 2) {
    throw new ValueError(`data set features: expected labels of at least two classes, got ${names.join('') || 'none'}`);
  }
  if (names.length > Math.max(1000, cells.length / 2)) {
    throw new ValueError(
      `data set features: expected classes, got ${names.length} different labels for ${cells.length} rows; is it the right column?`,
    );
  }
  const numberOf = new Map(names.map((name, at) => [name, at]));
  const numbers = Uint32Array.from(cells, (cell) => numberOf.get(whole ? String(Number(cell)) : String(cell)) ?? 0);
  return { numbers, classNames: names };
}

function takeRows(
  { data, rows, shape }: FeatureTable,
  labels: Uint32Array,
  chosen: readonly number[],
  scale: number,
): Dataset['pool'] {
  const cols = shape.reduce((product, size) => product * size, 1);
  const taken = chosen.length === rows && scale === 1 ? data : new Float32Array(chosen.length * cols);
  if (taken !== data) {
    chosen.forEach((row, at) => {
      for (let c = 0; c < cols; c++) taken[at * cols + c] = (data[row * cols + c] as number) / scale;
    });
  }
  return {
    samples: { data: taken, rows: chosen.length, cols },
    labels: Uint32Array.from(chosen, (row) => labels[row] as number),
  };
}
