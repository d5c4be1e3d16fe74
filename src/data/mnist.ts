import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { StorageError } from '../errors.js';
import { type DatasetType, type LabeledSamples, type LoadOptions, scaleBytes } from './dataset.js';
import { readIdx } from './idx.js';

const LARGEST = 255;

/** SHA-256 of the official files' inflated content. */
const FILES = {
  'train-images-idx3-ubyte': 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
  'train-labels-idx1-ubyte': '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
  't10k-images-idx3-ubyte': '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
  't10k-labels-idx1-ubyte': 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
} as const;

/**
 * 70 000 handwritten digits of 28 x 28 pixels from the four official files, plain or gzipped, in the data folder or its
 * `mnist` subfolder. Pixels / 255; the official training set is the pool.
 *
 * @see Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-based learning applied to document recognition. Proc. IEEE,
 *   1998.
 */
export const mnist: DatasetType = {
  name: 'mnist',
  description: '70 000 handwritten digits of 28 x 28 pixels (four IDX files in the data folder)',
  async load(options) {
    return {
      name: 'mnist',
      sampleShape: [28, 28, 1],
      classes: 10,
      pool: await readPart('train', options),
      test: await readPart('t10k', options),
      source: 'Y. LeCun, C. Cortes, C. J. C. Burges: The MNIST database of handwritten digits',
    };
  },
};

async function readPart(part: 'train' | 't10k', options: LoadOptions): Promise<LabeledSamples> {
  const images = await read(`${part}-images-idx3-ubyte`, options);
  const labels = await read(`${part}-labels-idx1-ubyte`, options);
  const [rows = 0, height = 0, width = 0] = images.shape;
  return {
    samples: { data: scaleBytes(images.data, LARGEST), rows, cols: height * width },
    labels: labels.data,
  };
}

async function read(name: keyof typeof FILES, { dataDir, signal }: LoadOptions): ReturnType<typeof readIdx> {
  signal?.throwIfAborted();
  const folder = dataDir ?? process.env['QUERENT_DATA_DIR'];
  if (folder === undefined || folder === '') {
    throw new StorageError(
      'mnist: expected the folder of the MNIST files; pass --data-dir (dataDir) or set QUERENT_DATA_DIR',
    );
  }
  const candidates = ['mnist', '.'].flatMap((sub) => ['', '.gz'].map((end) => join(folder, sub, name + end)));
  for (const path of candidates) {
    const exists = await access(path).then(
      () => true,
      () => false,
    );
    if (exists) return readIdx(path, FILES[name]);
  }
  throw new StorageError(
    `mnist: expected ${name} or ${name}.gz in ${folder} or ${join(folder, 'mnist')}, found neither`,
  );
}
