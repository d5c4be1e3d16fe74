import { lookUp } from '../options.js';
import { cifar10, cifar10Jpeg } from './cifar.js';
import type { Dataset, DatasetType, LoadOptions } from './dataset.js';
import { digits } from './digits.js';
import { features } from './features.js';
import { imageFolder } from './image-folder.js';
import { miniImagenet } from './mini-imagenet.js';
import { fashionMnist, mnist } from './mnist.js';
import { omniglot } from './omniglot.js';
import { svhn } from './svhn.js';

/** Every data set that can be loaded by name. */
export const datasets: ReadonlyMap<string, DatasetType> = new Map(
  [digits, mnist, fashionMnist, cifar10, cifar10Jpeg, svhn, omniglot, miniImagenet, imageFolder, features].map(
    (type) => [type.name, type],
  ),
);

/**
 * Load a data set by name.
 *
 * @throws {ArgumentError} No such data set, or options that it does not take.
 * @throws {StorageError} Its files are missing; says where they were looked for.
 * @throws {FormatError} Its files are damaged or hold something else.
 * @throws {UnavailableError} A download that was asked for is not possible, or decoding needs a package that is missing.
 */
export async function loadDataset(name: string, options: LoadOptions = {}): Promise<Dataset> {
  return lookUp('data set', datasets, name).load(options);
}
