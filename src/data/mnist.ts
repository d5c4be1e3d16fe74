import { z } from 'zod';
import { FormatError } from '../errors.js';
import { type DatasetType, datasetType, type LoadOptions } from './dataset.js';
import { type Checksum, type DataFile, md5, needFile, readContent, sha256 } from './files.js';
import { parseIdx } from './idx.js';
import { checkLabelBytes, imageDataset, type ImagePart } from './images.js';
import { sizeOptions } from './split.js';

/** The four files of a data set in MNIST's layout. */
export interface IdxFiles {
  readonly trainImages: DataFile;
  readonly trainLabels: DataFile;
  readonly testImages: DataFile;
  readonly testLabels: DataFile;
}

const NAMES = {
  trainImages: 'train-images-idx3-ubyte',
  trainLabels: 'train-labels-idx1-ubyte',
  testImages: 't10k-images-idx3-ubyte',
  testLabels: 't10k-labels-idx1-ubyte',
} as const;
const BYTES = { trainImages: 47_040_016, trainLabels: 60_008, testImages: 7_840_016, testLabels: 10_008 } as const;

/** A data set of grey images in four IDX files, the official training set being the pool. */
export function idxDataset(
  about: Pick<DatasetType, 'name' | 'description' | 'licence'> & { source: string; classNames?: readonly string[] },
  files: IdxFiles,
): DatasetType {
  const { name, description, licence, source, classNames } = about;
  const classes = classNames?.length ?? 10;
  return datasetType({
    name,
    description,
    licence,
    files: Object.values(files),
    options: z.strictObject(sizeOptions),
    async load(sizes, where) {
      const pool = await readPart(name, files.trainImages, files.trainLabels, classes, where);
      const test = await readPart(name, files.testImages, files.testLabels, classes, where);
      if (String(pool.shape) !== String(test.shape)) {
        throw new FormatError(
          `${name}: the images are ${pool.shape.join(' x ')} for training and ${test.shape.join(' x ')} for testing`,
        );
      }
      return imageDataset(
        { name, sampleShape: [...pool.shape, 1], classes, classNames, source },
        { pool, test },
        sizes,
      );
    },
  });
}

async function readPart(
  set: string,
  imageFile: DataFile,
  labelFile: DataFile,
  classes: number,
  where: LoadOptions,
): Promise<ImagePart & { shape: readonly number[] }> {
  const imagePath = await needFile(set, imageFile, where);
  const labelPath = await needFile(set, labelFile, where);
  const images = parseIdx(await readContent(imagePath, imageFile, where), imagePath);
  const labels = parseIdx(await readContent(labelPath, labelFile, where), labelPath);
  const [count, ...shape] = images.shape;
  if (shape.length !== 2) {
    throw new FormatError(
      `${imagePath}: expected images [count, height, width], got shape ${images.shape.join(' x ')}`,
    );
  }
  if (labels.shape.length !== 1 || labels.shape[0] !== count) {
    throw new FormatError(`${labelPath}: expected ${count} labels, as many as images, got ${labels.shape.join(' x ')}`);
  }
  checkLabelBytes(labels.data, classes, labelPath);
  return { pixels: images.data, labels: labels.data, shape };
}

function officialFiles(
  content: Readonly<Record<keyof IdxFiles, Checksum>>,
  served?: { url: string } & Readonly<Record<keyof IdxFiles, { bytes: number; md5: string }>>,
): IdxFiles {
  const file = (key: keyof IdxFiles): DataFile => {
    const name = `${NAMES[key]}.gz`;
    return {
      name: NAMES[key],
      bytes: BYTES[key],
      checksum: content[key],
      served:
        served === undefined
          ? { name }
          : { name, url: served.url + name, bytes: served[key].bytes, checksum: md5(served[key].md5) },
    };
  };
  return {
    trainImages: file('trainImages'),
    trainLabels: file('trainLabels'),
    testImages: file('testImages'),
    testLabels: file('testLabels'),
  };
}

/**
 * 70 000 handwritten digits of 28 x 28 pixels.
 *
 * @see Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-based learning applied to document recognition. Proc. IEEE,
 *   1998.
 */
export const mnist = idxDataset(
  {
    name: 'mnist',
    description: '70 000 handwritten digits of 28 x 28 pixels',
    licence: 'none stated by its makers',
    source: 'Y. LeCun, C. Cortes, C. J. C. Burges: The MNIST database of handwritten digits',
  },
  officialFiles({
    trainImages: sha256('ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db'),
    trainLabels: sha256('65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5'),
    testImages: sha256('0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7'),
    testLabels: sha256('ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2'),
  }),
);

/**
 * 70 000 pictures of clothes of 28 x 28 pixels.
 *
 * @see H. Xiao, K. Rasul, R. Vollgraf: Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning Algorithms.
 *   arXiv:1708.07747, 2017. The checksums of the packed files are those of its README.
 */
export const fashionMnist = idxDataset(
  {
    name: 'fashion-mnist',
    description: '70 000 pictures of clothes of 28 x 28 pixels',
    licence: 'MIT',
    source: 'H. Xiao, K. Rasul, R. Vollgraf: Fashion-MNIST, Zalando SE (MIT)',
    classNames: [
      'T-shirt/top',
      'Trouser',
      'Pullover',
      'Dress',
      'Coat',
      'Sandal',
      'Shirt',
      'Sneaker',
      'Bag',
      'Ankle boot',
    ],
  },
  officialFiles(
    {
      trainImages: md5('f4a8712d7a061bf5bd6d2ca38dc4d50a'),
      trainLabels: md5('9018921c3c673c538a1fc5bad174d6f9'),
      testImages: md5('8181f5470baa50b63fa0f6fddb340f0a'),
      testLabels: md5('15d484375f8d13e6eb1aabb0c3f46965'),
    },
    {
      url: 'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/',
      trainImages: { bytes: 26_421_880, md5: '8d4fb7e6c68d591d4c3dfef9ec88bf0d' },
      trainLabels: { bytes: 29_515, md5: '25c81989df183df01b3e8a0aad5dffbe' },
      testImages: { bytes: 4_422_102, md5: 'bef4ecab320f06d8554ea6380940ec79' },
      testLabels: { bytes: 5_148, md5: 'bb300cfdad3c16e7a12a480ee83cd310' },
    },
  ),
);
