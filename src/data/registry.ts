import { lookUp } from '../options.js';
import type { Dataset, DatasetType, LoadOptions } from './dataset.js';
import { digits } from './digits.js';
import { mnist } from './mnist.js';

/** Every data set that can be loaded by name. */
export const datasets: ReadonlyMap<string, DatasetType> = new Map([digits, mnist].map((type) => [type.name, type]));

/**
 * Load a data set by name.
 *
 * @throws {ArgumentError} No such data set.
 * @throws {StorageError} Its files are missing; says where they were looked for.
 * @throws {FormatError} Its files are damaged or hold something else.
 */
export async function loadDataset(name: string, options: LoadOptions = {}): Promise<Dataset> {
  return lookUp('data set', datasets, name).load(options);
}
