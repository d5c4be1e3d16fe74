import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { FormatError, StorageError } from '../errors.js';
import { readTextCsv } from '../pool/csv-text.js';
import { datasetType, type LoadOptions } from './dataset.js';
import { imageListDataset, listClassFolders } from './image-folder.js';
import { type ImageRow, pixelOptions } from './image-rows.js';
import { splitOptions } from './split.js';
import { exists } from '../pool/exists.js';

const PARTS = ['train', 'val', 'test'] as const;
type Part = (typeof PARTS)[number];

/**
 * 100 classes of ImageNet, 600 images each, in the split of Ravi and Larochelle: 64 classes to train on, 16 to validate,
 * 20 to test. Here the pool and the test set are of the same classes, those of the chosen parts.
 *
 * Two layouts are read, in the data folder or its `mini-imagenet`: `train`, `val` and `test` with one folder per class,
 * or `images` beside `train.csv`, `val.csv` and `test.csv` with the columns filename and label.
 *
 * @see O. Vinyals et al.: Matching Networks for One Shot Learning. NeurIPS, 2016. S. Ravi, H. Larochelle: Optimization as
 *   a Model for Few-Shot Learning. ICLR, 2017.
 */
export const miniImagenet = datasetType({
  name: 'mini-imagenet',
  description:
    '100 classes of ImageNet, 600 photographs each (your copy, as class folders or as images with CSV lists)',
  licence: 'that of ImageNet: non-commercial research and education',
  files: [],
  options: z.strictObject({
    /** Which parts' classes to take. */
    parts: z.array(z.enum(PARTS)).min(1).default(['train']),
    ...pixelOptions,
    size: pixelOptions.size.default(84),
    fit: pixelOptions.fit.default('stretch'),
    ...splitOptions,
  }),
  async load(options, where) {
    const root = await findRoot(where);
    const names = new Set(options.parts);
    const listed: { file: string; className: string }[] = [];
    for (const part of names) {
      const table = join(root, `${part}.csv`);
      listed.push(...((await exists(table)) ? await readList(table, root, where) : await readPart(root, part, where)));
    }
    const classNames = [...new Set(listed.map(({ className }) => className))].sort();
    const numbers = new Map(classNames.map((name, at) => [name, at]));
    const rows: ImageRow[] = listed.map(({ file, className }) => ({ file, label: numbers.get(className) ?? 0 }));
    const source = 'Mini-ImageNet: O. Vinyals et al., split of S. Ravi and H. Larochelle; images of ImageNet';
    return imageListDataset({ name: 'mini-imagenet', source, folder: root, rows, classNames }, options, where);
  },
});

async function readPart(root: string, part: Part, where: LoadOptions): Promise<{ file: string; className: string }[]> {
  const { rows, classNames } = await listClassFolders(join(root, part), where);
  return rows.map(({ file, label }) => ({ file: `${part}/${file}`, className: classNames[label] as string }));
}

async function readList(
  path: string,
  root: string,
  { signal }: LoadOptions,
): Promise<{ file: string; className: string }[]> {
  const { header, rows } = await readTextCsv(path, { signal });
  const [fileAt, labelAt] = [header.indexOf('filename'), header.indexOf('label')];
  if (fileAt < 0 || labelAt < 0) {
    throw new FormatError(`${path}: expected the columns filename and label, got ${header.join(', ')}`);
  }
  const images = join(root, 'images');
  const present = new Set(await readdir(images).catch(() => []));
  return rows.map(({ cells, line }) => {
    const [file = '', className = ''] = [cells[fileAt], cells[labelAt]];
    if (!present.has(file)) {
      throw new StorageError(`${path}: line ${line} names ${file}, expected that image in ${images}, found none`);
    }
    return { file: `images/${file}`, className };
  });
}

async function findRoot({ dataDir }: LoadOptions): Promise<string> {
  const given = dataDir ?? process.env['QUERENT_DATA_DIR'];
  const folders = given === undefined || given === '' ? [] : [join(given, 'mini-imagenet'), given];
  for (const folder of folders) {
    if ((await exists(join(folder, 'train'))) || (await exists(join(folder, 'images')))) return folder;
  }
  const wanted = 'the folder train, or images with train.csv';
  throw new StorageError(
    folders.length === 0
      ? `mini-imagenet: expected ${wanted}; name the folder that holds them with --data-dir (dataDir) or QUERENT_DATA_DIR`
      : `mini-imagenet: expected ${wanted} in ${folders.join(' or ')}, found neither; its images are not given to programs, ` +
          'so put your copy there',
  );
}
