import { z } from 'zod';
import { FormatError } from '../errors.js';
import { parseMat } from '../pool/mat.js';
import { type DatasetType, datasetType, type LoadOptions } from './dataset.js';
import { type DataFile, md5, needFile, readContent } from './files.js';
import { imageDataset, type ImagePart } from './images.js';
import { sizeOptions } from './split.js';

const SIZE = 32;
const CHANNELS = 3;
const CLASSES = 10;

/**
 * Read a file of cropped digits: MATLAB variables X [32, 32, 3, N] (row, column, channel, image; the first axis
 * fastest) and y [N, 1] with 10 for the digit 0.
 *
 * @returns Pixels as [N, 32, 32, 3], labels 0 to 9.
 * @throws {FormatError} Not such a file, or a label that is not 1 to 10.
 */
export async function parseSvhn(bytes: Uint8Array, path: string): Promise<ImagePart> {
  const variables = await parseMat(bytes, path, ['X', 'y']);
  const x = variables.get('X');
  const y = variables.get('y');
  const count = y?.data.length ?? 0;
  // MATLAB drops a last axis of 1
  const dims = x?.dims.length === 3 ? [...x.dims, 1] : (x?.dims ?? []);
  if (!(x?.data instanceof Uint8Array) || String(dims) !== String([SIZE, SIZE, CHANNELS, count])) {
    throw new FormatError(
      `${path}: expected bytes X of ${SIZE} x ${SIZE} x ${CHANNELS} x ${count}, as many images as labels, got ` +
        `${x?.data.constructor.name ?? 'nothing'} of ${dims.join(' x ')}`,
    );
  }
  const labels = Uint8Array.from(y?.data ?? [], (label, image) => {
    if (!Number.isInteger(label) || label < 1 || label > CLASSES) {
      throw new FormatError(`${path}: expected labels from 1 to ${CLASSES}, got ${label} for image ${image}`);
    }
    return label % CLASSES;
  });
  return { pixels: rowMajor(x.data, count), labels };
}

/** [column, row] planes of each channel become [row, column, channel]. */
function rowMajor(data: Uint8Array, count: number): Uint8Array {
  const plane = SIZE * SIZE;
  const image = plane * CHANNELS;
  const pixels = new Uint8Array(data.length);
  for (let start = 0; start < count * image; start += image) {
    for (let row = 0; row < SIZE; row++) {
      for (let column = 0; column < SIZE; column++) {
        const from = start + column * SIZE + row;
        const to = start + (row * SIZE + column) * CHANNELS;
        for (let c = 0; c < CHANNELS; c++) pixels[to + c] = data[from + c * plane] as number;
      }
    }
  }
  return pixels;
}

/** A data set of two files of cropped digits, the training file being the pool. */
export function svhnDataset(
  about: Pick<DatasetType, 'name' | 'description' | 'licence'> & { source: string },
  files: { readonly train: DataFile; readonly test: DataFile },
): DatasetType {
  const { name, description, licence, source } = about;
  const read = async (file: DataFile, where: LoadOptions): Promise<ImagePart> => {
    const path = await needFile(name, file, where);
    return parseSvhn(await readContent(path, file, where), path);
  };
  return datasetType({
    name,
    description,
    licence,
    files: [files.train, files.test],
    options: z.strictObject(sizeOptions),
    async load(sizes, where) {
      const parts = { pool: await read(files.train, where), test: await read(files.test, where) };
      return imageDataset({ name, sampleShape: [SIZE, SIZE, CHANNELS], classes: CLASSES, source }, parts, sizes);
    },
  });
}

function official(name: string, bytes: number, hex: string): DataFile {
  const checksum = md5(hex);
  return {
    name,
    bytes,
    checksum,
    served: { name, url: `http://ufldl.stanford.edu/housenumbers/${name}`, bytes, checksum },
  };
}

/**
 * 73 257 + 26 032 photographed house numbers, cropped to one digit of 32 x 32 pixels.
 *
 * @see Y. Netzer, T. Wang, A. Coates, A. Bissacco, B. Wu, A. Y. Ng: Reading Digits in Natural Images with Unsupervised
 *   Feature Learning. NIPS workshop, 2011.
 */
export const svhn = svhnDataset(
  {
    name: 'svhn',
    description: '99 289 photographed digits of house numbers, 32 x 32 pixels in colour',
    licence: 'for non-commercial use only',
    source: 'Y. Netzer et al.: The Street View House Numbers, Stanford University (non-commercial use only)',
  },
  {
    train: official('train_32x32.mat', 182_040_794, 'e26dedcc434d2e4c54c9b2d4a06d8373'),
    test: official('test_32x32.mat', 64_275_384, 'eb5a983be6a315427106f1b164d9cef3'),
  },
);
