import { z } from 'zod';
import { FormatError } from '../errors.js';
import { parseTar } from '../pool/tar.js';
import { type DatasetType, datasetType, type LoadOptions } from './dataset.js';
import { checkContent, type DataFile, findFile, md5, needFile, readContent, sha256 } from './files.js';
import { checkLabelBytes, imageDataset, type ImagePart, joinParts } from './images.js';
import { sizeOptions } from './split.js';

const SIZE = 32;
const PIXELS = SIZE * SIZE;
const RECORD = 1 + 3 * PIXELS;
const CLASS_NAMES = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];

/**
 * Read records of CIFAR-10's binary version.
 *     byte    0  u8           label, 0 to 9
 *             1  1024 x u8    red, row by row
 *          1025  1024 x u8    green
 *          2049  1024 x u8    blue
 *          3073               next record
 *
 * @returns Pixels as [N, 32, 32, 3].
 * @throws {FormatError} No whole number of records, none at all, or a label above 9.
 */
export function parseCifar(bytes: Uint8Array, path: string): ImagePart {
  const count = bytes.length / RECORD;
  if (count === 0 || !Number.isInteger(count)) {
    throw new FormatError(
      `${path}: expected records of ${RECORD} bytes, got ${bytes.length} bytes in all; the file is cut short or another one`,
    );
  }
  const labels = new Uint8Array(count);
  const pixels = new Uint8Array(count * 3 * PIXELS);
  for (let image = 0; image < count; image++) {
    const start = image * RECORD;
    labels[image] = bytes[start] as number;
    const planes = bytes.subarray(start + 1, start + RECORD);
    const target = pixels.subarray(image * 3 * PIXELS, (image + 1) * 3 * PIXELS);
    for (let pixel = 0; pixel < PIXELS; pixel++) {
      for (let c = 0; c < 3; c++) target[3 * pixel + c] = planes[c * PIXELS + pixel] as number;
    }
  }
  checkLabelBytes(labels, CLASS_NAMES.length, path);
  return { pixels, labels };
}

/** Where the files of a data set in CIFAR-10's layout come from. */
export interface CifarFiles {
  readonly train: readonly DataFile[];
  readonly test: DataFile;
  /** An archive that holds all of them, and the only thing that is downloaded. */
  readonly archive?: DataFile | undefined;
}

/** A data set in the binary layout of CIFAR-10, the training batches being the pool. */
export function cifarDataset(
  about: Pick<DatasetType, 'name' | 'description' | 'licence'> & { source: string },
  files: CifarFiles,
): DatasetType {
  const { name, description, licence, source } = about;
  const batches = [...files.train, files.test];
  return datasetType({
    name,
    description,
    licence,
    files: files.archive === undefined ? batches : [{ ...files.archive, holds: batches }],
    options: z.strictObject(sizeOptions),
    async load(sizes, where) {
      const open = await opener(name, files, where);
      const train: ImagePart[] = [];
      for (const file of files.train) train.push(await open(file));
      const parts = { pool: joinParts(train), test: await open(files.test) };
      const { length: classes } = CLASS_NAMES;
      const sampleShape = [SIZE, SIZE, 3];
      return imageDataset({ name, sampleShape, classes, classNames: CLASS_NAMES, source }, parts, sizes);
    },
  });
}

/** Reads batches from their own files where the first of them is there, else from the archive. */
async function opener(
  set: string,
  { train, archive }: CifarFiles,
  where: LoadOptions,
): Promise<(file: DataFile) => Promise<ImagePart>> {
  if (archive === undefined || (await findFile(set, train[0] as DataFile, where)) !== undefined) {
    return async (file) => {
      const path = await needFile(set, file, where);
      return parseCifar(await readContent(path, file, where), path);
    };
  }
  const path = await needFile(set, archive, where);
  const members = parseTar(await readContent(path, {}, where), path);
  return (file) => {
    const [name, content] = [...members].find(([member]) => member.split('/').at(-1) === file.name) ?? [];
    if (content === undefined)
      return Promise.reject(new FormatError(`${path}: expected ${file.name} in it, found none`));
    checkContent(content, file, `${path}: ${name}`);
    return Promise.resolve(parseCifar(content, `${path}: ${name}`));
  };
}

const BATCH_BYTES = 10_000 * RECORD;
const ARCHIVE = 'cifar-10-binary.tar.gz';
const ARCHIVE_SERVED = {
  name: ARCHIVE,
  url: `https://www.cs.toronto.edu/~kriz/${ARCHIVE}`,
  bytes: 170_052_171,
  checksum: md5('c32a1d4ab5d03f1284b67883e8d87530'),
};

const official = (name: string, hex: string): DataFile => ({
  name,
  folder: 'cifar-10-batches-bin',
  bytes: BATCH_BYTES,
  checksum: md5(hex),
  served: ARCHIVE_SERVED,
});

/**
 * 60 000 colour photographs of 32 x 32 pixels in 10 classes: the official binary version, as six files or as the archive.
 *
 * @see A. Krizhevsky: Learning Multiple Layers of Features from Tiny Images. University of Toronto, 2009.
 */
export const cifar10 = cifarDataset(
  {
    name: 'cifar-10',
    description: '60 000 colour photographs of 32 x 32 pixels in 10 classes',
    licence: 'none stated by its makers',
    source: 'A. Krizhevsky, V. Nair, G. Hinton: CIFAR-10, University of Toronto',
  },
  {
    train: [
      official('data_batch_1.bin', '5dd7e06a14cb22eb9f671a540d1b7c25'),
      official('data_batch_2.bin', '5ea93a67294ea407fff1d09f752e9692'),
      official('data_batch_3.bin', '942cd6a4bcdd0dd3c604fbe906cb4421'),
      official('data_batch_4.bin', 'ae636b3ba5c66a11e91e8cb52e771fcb'),
      official('data_batch_5.bin', '53f37980c15c3d472c316c40844f3f0d'),
    ],
    test: official('test_batch.bin', '803d5f7f4d78ea53de84dbe85f74fb6d'),
    archive: { name: ARCHIVE, served: ARCHIVE_SERVED },
  },
);

const decoded = (name: string, hex: string): DataFile => ({
  name,
  bytes: BATCH_BYTES,
  checksum: sha256(hex),
  served: { name: `${name}.gz` },
});

/**
 * CIFAR-10 (JPEG-decoded subset): 20 000 training images, 2000 of each class, and the 10 000 test images, decoded from a
 * JPEG copy. Lossy, so results on it are not results on CIFAR-10.
 */
export const cifar10Jpeg = cifarDataset(
  {
    name: 'cifar-10-jpeg',
    description: 'CIFAR-10 (JPEG-decoded subset): 20 000 + 10 000 lossy photographs of 32 x 32 pixels',
    licence: 'none stated by the makers of CIFAR-10',
    source: 'CIFAR-10 (JPEG-decoded subset), after A. Krizhevsky, V. Nair, G. Hinton: CIFAR-10, University of Toronto',
  },
  {
    train: [
      decoded('data_batch_1.bin', 'fe05052e22c74f19ddf2cd7e8c2d4965b2f6345c28b87bdb28b2bfb8c7dd7587'),
      decoded('data_batch_2.bin', '4b4f662371b2c881419b4d05a96d53242fe9fe63b3b094724cbae1926cb0ae75'),
    ],
    test: decoded('test_batch.bin', '18fde75bb6b08389d237f73ff3863b75b88eb8920dadf3900bc92e4e644e6545'),
  },
);
