import { FormatError } from '../errors.js';
import { lookUp } from '../options.js';
import { cnn } from './cnn.js';
import { CommitteeModel } from './committee-model.js';
import { committeeType } from './committee.js';
import { logistic } from './logistic.js';
import { mlp } from './mlp.js';
import type { Model } from './model.js';
import { NetworkModel } from './network-model.js';
import { resnet18 } from './resnet.js';
import type { ModelType, NetworkType } from './types.js';

const networks: ReadonlyMap<string, NetworkType> = new Map(
  [logistic, mlp, cnn, resnet18].map((type) => [type.name, type]),
);
const committee = committeeType(networks);

/** Every model that can be made by name. */
export const models: ReadonlyMap<string, ModelType> = new Map<string, ModelType>([
  ...networks,
  [committee.name, committee],
]);

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
 * @throws {FormatError} Not a saved model, or a folder into which two kinds of model were saved.
 * @throws {StorageError} Files are missing.
 */
export async function loadModel(dir: string): Promise<Model> {
  const [isCommittee, isNetwork] = await Promise.all([CommitteeModel.isIn(dir), NetworkModel.isIn(dir)]);
  if (isCommittee && isNetwork) {
    throw new FormatError(
      `${dir}: expected one saved model, got a committee and a network; save each in its own folder`,
    );
  }
  return isCommittee
    ? CommitteeModel.load(dir, (_, options) => committee.create(options), loadNetwork)
    : loadNetwork(dir);
}

function loadNetwork(dir: string): Promise<NetworkModel> {
  return NetworkModel.load(dir, (name, options) => lookUp('network', networks, name).create(options));
}
