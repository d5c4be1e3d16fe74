import { lookUp } from '../options.js';
import { cnn } from './cnn.js';
import { logistic } from './logistic.js';
import { mlp } from './mlp.js';
import type { Model } from './model.js';
import { NetworkModel } from './network-model.js';
import type { NetworkType } from './types.js';

/** Every model that can be made by name. */
export const models: ReadonlyMap<string, NetworkType> = new Map([logistic, mlp, cnn].map((type) => [type.name, type]));

/**
 * Make an untrained model.
 *
 * @param options `sampleShape`, `classes`, and whatever else the model takes.
 * @throws {ArgumentError} No such model, or options that it does not take.
 */
export function createModel(name: string, options: unknown): Model {
  return lookUp('model', models, name).create(options);
}

/**
 * Read back what `model.save(dir)` wrote.
 *
 * @throws {FormatError} Not a saved model.
 * @throws {StorageError} Files are missing.
 */
export function loadModel(dir: string): Promise<Model> {
  return NetworkModel.load(dir, (name, options) => lookUp('model', models, name).create(options));
}
