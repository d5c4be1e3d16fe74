import { z } from 'zod';
import { ArgumentError } from '../errors.js';
import { lookUp, parseOptions } from '../options.js';
import { CommitteeModel } from './committee-model.js';
import { independentTraining } from './ensemble-training.js';
import { type ModelType, type NetworkType, shapeOptions } from './types.js';

/** A network by its name, or by an object with its name and its options. */
const memberOption = z.union([z.string(), z.looseObject({ name: z.string() })], {
  error: 'expected the name of a network, or an object with name and options',
});
type MemberOption = z.output<typeof memberOption>;

const DEFAULT_MEMBER = 'mlp';
const DEFAULT_COUNT = 5;

const committeeOptions = z.strictObject({
  ...shapeOptions,
  /** What every member is; default mlp. */
  member: memberOption.optional(),
  /** How many of them; default 5. */
  count: z.int().min(1).max(1000).optional(),
  /** Members of several architectures, instead of `member` and `count`. */
  members: z.array(memberOption).min(1).optional(),
  /** Each member learns from a resample of the labels, drawn with replacement, instead of from all of them. */
  bootstrap: z.boolean().default(false),
  /** Members make dropout passes when a strategy asks for them, instead of predicting once each. */
  dropoutPasses: z.boolean().default(false),
});

/** A kind of model whose models are committees. */
export interface CommitteeType extends ModelType {
  create(options: unknown): CommitteeModel;
}

/**
 * Committees of networks that are trained apart: deep ensembles, bagging, and mixed architectures.
 *
 * @param networks The networks that members can be.
 */
export function committeeType(networks: ReadonlyMap<string, NetworkType>): CommitteeType {
  const name = 'committee';
  return {
    name,
    description: 'several networks that predict together',
    options: committeeOptions,
    create(given) {
      const where = `model ${name}`;
      const options = parseOptions(where, committeeOptions, given);
      const { sampleShape, classes, bootstrap, dropoutPasses } = options;
      const members = membersOf(where, options).map((member) => {
        const { name: kind, ...own } = typeof member === 'string' ? { name: member } : member;
        return lookUp('network', networks, kind).create({ ...own, sampleShape, classes });
      });
      const steady = members.find((member) => member.members === undefined);
      if (dropoutPasses && steady !== undefined) {
        throw new ArgumentError(
          `${where}: expected members with dropout for dropoutPasses, got ${steady.name} without`,
        );
      }
      const remembered: Readonly<Record<string, unknown>> = Object.fromEntries(Object.entries(options));
      const training = independentTraining({ bootstrap });
      return new CommitteeModel({ name, options: remembered, classes, training, dropoutPasses }, members);
    },
  };
}

function membersOf(where: string, options: z.output<typeof committeeOptions>): readonly MemberOption[] {
  const { member, count, members } = options;
  if (members === undefined) return new Array<MemberOption>(count ?? DEFAULT_COUNT).fill(member ?? DEFAULT_MEMBER);
  if (member !== undefined || count !== undefined) {
    throw new ArgumentError(`${where}: expected either members, or member and count, got both`);
  }
  return members;
}
