import { z } from 'zod';
import { parseOptions } from '../options.js';
import type { Model } from './model.js';
import type { Network } from './network.js';
import { featuresOf, NetworkModel } from './network-model.js';
import { pickTraining, type TrainingOptions } from './training.js';

/** Options of every network about what goes in and what comes out. */
export const shapeOptions = {
  /** Shape of one sample; samples come flattened, row-major. */
  sampleShape: z.array(z.int().min(1)).min(1),
  /** Number of classes. */
  classes: z.int().min(2),
};

/** A kind of model that can be made by name. */
export interface ModelType {
  readonly name: string;
  readonly description: string;
  /** What {@link create} takes. */
  readonly options: z.ZodType;
  /** @throws {ArgumentError} Options out of range or unknown. */
  create(options: unknown): Model;
}

/** A {@link ModelType} whose models are networks that this package trains. */
export interface NetworkType extends ModelType {
  create(options: unknown): NetworkModel;
}

interface NetworkOptions extends TrainingOptions {
  readonly sampleShape: readonly number[];
  readonly classes: number;
}

/** Make a kind of model of a network builder: options are checked, filled in and remembered for saving. */
export function networkType<Schema extends z.ZodType<NetworkOptions>>(type: {
  name: string;
  description: string;
  options: Schema;
  network(options: z.output<Schema> & { features: number }): Network;
}): NetworkType {
  const { name, description, options: schema } = type;
  return {
    name,
    description,
    options: schema,
    create(given) {
      const where = `model ${name}`;
      const options = parseOptions(where, schema, given);
      const features = featuresOf(where, options.sampleShape);
      const network = type.network({ ...options, features });
      const training = pickTraining(options);
      const remembered: Readonly<Record<string, unknown>> = Object.fromEntries(Object.entries(options));
      return new NetworkModel({ name, options: remembered, classes: options.classes, training }, network);
    },
  };
}
