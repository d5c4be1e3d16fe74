import { join } from 'node:path';
import { z } from 'zod';
import { FormatError } from '../errors.js';
import { listImageFiles } from '../pool/image-files.js';
import { type Dataset, datasetType, type LoadOptions } from './dataset.js';
import { type ImageRow, pixelOptions, type PixelOptions, readImageRows } from './image-rows.js';
import { findPath } from './paths.js';
import { allRows, limitRows, type SizeOptions, type Split, splitOptions, splitRows } from './split.js';

/** Images by class, as a folder or a table lists them. */
export interface ImageList {
  readonly name: string;
  readonly source: string;
  readonly folder: string;
  readonly rows: readonly ImageRow[];
  readonly classNames: readonly string[];
  readonly groups?: readonly string[] | undefined;
}

/** The files below a folder whose sub-folders are classes, in the order of their paths. */
export async function listClassFolders(
  folder: string,
  { signal }: LoadOptions,
  classNames?: readonly string[],
): Promise<{ rows: ImageRow[]; classNames: string[] }> {
  const files = await listImageFiles(folder, { signal });
  const stray = files.find((file) => !file.includes('/'));
  if (stray !== undefined) {
    throw new FormatError(
      `${join(folder, stray)}: expected images in folders named after their classes, got one outside`,
    );
  }
  const classOf = (file: string): string => file.slice(0, file.indexOf('/'));
  const names = [...(classNames ?? new Set(files.map(classOf)))];
  const numbers = new Map(names.map((name, at) => [name, at]));
  const rows = files.map((file) => {
    const label = numbers.get(classOf(file));
    if (label === undefined) {
      throw new FormatError(
        `${join(folder, file)}: expected a class of the pool, ${names.join(', ')}; got ${classOf(file)}`,
      );
    }
    return { file, label };
  });
  if (names.length < 2)
    throw new FormatError(`${folder}: expected folders of at least two classes, got ${names.length}`);
  return { rows, classNames: names };
}

/** Split, draw and read a list of images; of images that are not wanted not even the file is opened. */
export async function imageListDataset(
  list: ImageList,
  options: PixelOptions & SizeOptions & { readonly testShare: number },
  where: LoadOptions,
  testList?: Pick<ImageList, 'folder' | 'rows'>,
): Promise<Dataset> {
  const { name, source, folder, rows, classNames, groups } = list;
  const labels = rows.map(({ label }) => label);
  const whole: Split =
    testList === undefined
      ? splitRows(name, labels, options, groups)
      : { pool: allRows(rows.length), test: allRows(testList.rows.length) };
  const kept = limitRows(name, whole, options);
  const pick = (from: readonly ImageRow[], chosen: readonly number[]): ImageRow[] =>
    chosen.map((row) => from[row] as ImageRow);
  const { sampleShape, ...pool } = await readImageRows(folder, pick(rows, kept.pool), options, where);
  const held = testList ?? { folder, rows };
  const shape = [sampleShape[0], sampleShape[1]] as const;
  const test = await readImageRows(held.folder, pick(held.rows, kept.test), options, where, shape);
  return {
    name,
    sampleShape,
    classes: classNames.length,
    classNames,
    pool,
    test: { samples: test.samples, labels: test.labels },
    ids: kept.pool.map((row) => rows[row]?.file ?? ''),
    ...(groups === undefined ? {} : { groups: kept.pool.map((row) => groups[row] as string) }),
    source,
  };
}

/** class/patient/1.png belongs to patient, whatever the class; an image right in its class's folder to itself. */
function groupsOf(rows: readonly ImageRow[]): string[] {
  return rows.map(({ file }) => {
    const inner = file.split('/').slice(1, -1).join('/');
    return inner === '' ? file : inner;
  });
}

/** Images of your own: one folder per class. Their ids are their paths. */
export const imageFolder = datasetType({
  name: 'image-folder',
  description: 'images of your own, one folder per class (options: path, size, testPath or testShare, …)',
  licence: 'that of your images',
  files: [],
  options: z.strictObject({
    /** Folder of class folders; looked for as it is and in the data folder. */
    path: z.string(),
    /** Folder of the same classes that is the test set; without one it is drawn from `path`. */
    testPath: z.string().optional(),
    ...pixelOptions,
    ...splitOptions,
    /** 'folder': images in one folder inside a class's folder belong together (a patient), and are split together. */
    groups: z.enum(['none', 'folder']).default('none'),
  }),
  async load(options, where) {
    const folder = await findPath('image-folder', options.path, where);
    const { rows, classNames } = await listClassFolders(folder, where);
    const groups = options.groups === 'folder' ? groupsOf(rows) : undefined;
    const list = { name: 'image-folder', source: `images in ${options.path}`, folder, rows, classNames, groups };
    if (options.testPath === undefined) return imageListDataset(list, options, where);
    const testFolder = await findPath('image-folder', options.testPath, where);
    const test = await listClassFolders(testFolder, where, classNames);
    return imageListDataset(list, options, where, { folder: testFolder, rows: test.rows });
  },
});
