import { z } from 'zod';
import { ArgumentError } from '../errors.js';
import { parseOptions } from '../options.js';

/** A name with options; `margin` and `{ name: margin, tieBreak: random }` are both fine. */
const namedSchema = z
  .union([z.string(), z.looseObject({ name: z.string() })], { error: 'expected a name, or an object with name' })
  .transform((value): Named => {
    if (typeof value === 'string') return { name: value, options: {} };
    const { name, ...options } = value;
    return { name, options };
  });

/** Something of a registry, with options of its own. */
export interface Named {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** A strategy as an experiment lists it. */
export interface ArmEntry extends Named {
  /** What it is called in the results; default: its name with its options. */
  readonly as?: string | undefined;
  /** Options over those of the model that is measured, for this arm only. */
  readonly training?: Readonly<Record<string, unknown>> | undefined;
}

const armKeysSchema = z.object({
  as: z
    .string({ error: 'expected a label' })
    .trim()
    .regex(/^[^\p{Cc}]{1,80}$/u, { error: 'expected a label of one line and at most 80 characters' })
    .optional(),
  training: z.record(z.string(), z.unknown(), { error: 'expected options of the model' }).optional(),
});

/** Keys of a strategy's entry that are not options of the strategy: no strategy has options of these names. */
export const ARM_KEYS: readonly string[] = Object.keys(armKeysSchema.shape);

const armSchema = namedSchema.transform(({ name, options: { as, training, ...options } }, context): ArmEntry => {
  const own = armKeysSchema.safeParse({ as, training });
  for (const { path, message } of own.error?.issues ?? []) {
    context.issues.push({ code: 'custom', path: [...path], message, input: as });
  }
  return {
    name,
    options,
    ...(own.data?.as !== undefined && { as: own.data.as }),
    ...(own.data?.training !== undefined && { training: own.data.training }),
  };
});

const DEFAULT_SEEDS = 3;

/** What a configuration file may hold. */
export const experimentSchema = z.strictObject({
  /** Data set whose labels are known. */
  dataset: namedSchema.prefault('digits'),
  /** Model that learns, and by which strategies choose. */
  model: namedSchema.prefault('cnn'),
  /** Another model that is trained from scratch on the same labels after every round, and measured instead of `model`. */
  learner: namedSchema.optional(),
  /** Strategies to compare. */
  strategies: z.array(armSchema).min(1).prefault(['random', 'margin', 'entropy']),
  /** Seeds to run each strategy with: how many (0, 1, 2, …), or which. */
  seeds: z
    .union([z.int().min(1).max(10_000), z.array(z.int().min(0)).min(1)], {
      error: 'expected a number of seeds from 1, or a list of seeds from 0',
    })
    .default(DEFAULT_SEEDS)
    .transform((seeds) => (typeof seeds === 'number' ? Array.from({ length: seeds }, (_, seed) => seed) : seeds)),
  /** Labels drawn at random to begin with. */
  initial: z.int().min(1).default(20),
  /** Labels bought per round. */
  batch: z.int().min(1).default(20),
  /** Labels in all, the initial ones included. */
  budget: z.int().min(1).default(300),
  /** Train on from the last round's weights instead of from scratch. */
  warmStart: z.boolean().default(false),
  /** Chooses the initial labels; default random. */
  coldStart: namedSchema.optional(),
  /** Criteria that end a run before its budget is spent, any one of them. */
  stopping: z
    .union([namedSchema, z.array(namedSchema).min(1)], { error: 'expected a stopping criterion, or a list of them' })
    .transform((criteria) => (Array.isArray(criteria) ? criteria : [criteria]))
    .optional(),
  /** Share of the pool that is labelled apart, for strategies and criteria that need it; beside the budget. For all strategies alike. */
  validation: z.number().gt(0).lt(1).optional(),
  /** Share of wrong answers, each of the other classes alike; or how often a sample of each class is called each class, [C][C]. */
  noise: z
    .union([z.number().min(0).max(1), z.array(z.array(z.number().min(0).max(1)))], {
      error: 'expected a share from 0 to 1, or a row of shares per class',
    })
    .optional(),
  /** Share of samples about which the oracle refuses to answer. */
  refusal: z.number().min(0).max(1).optional(),
  /** Threads that TensorFlow computes with in each process: another number may change results in their last digits. */
  threads: z.int().min(1).max(1024).default(1),
});

/** As people write it. */
export type ExperimentConfigInput = z.input<typeof experimentSchema>;
/** With everything filled in. */
export type ExperimentConfig = z.output<typeof experimentSchema>;

/** One curve of an experiment: a strategy with its options. */
export interface Arm extends ArmEntry {
  /** Unique in the experiment. */
  readonly label: string;
}

/**
 * Check a configuration and fill in defaults.
 *
 * @throws {ArgumentError} Unknown keys or values out of range.
 */
export function parseConfig(input: unknown): ExperimentConfig {
  const config = parseOptions('experiment', experimentSchema, input);
  if (new Set(config.seeds).size < config.seeds.length) {
    throw new ArgumentError(`experiment: expected every seed once, got ${config.seeds.join(', ')}`);
  }
  if (config.initial > config.budget) {
    throw new ArgumentError(
      `experiment: expected initial within the budget of ${config.budget}, got ${config.initial}`,
    );
  }
  armsOf(config);
  return config;
}

/** @throws {ArgumentError} Two strategies have the same label. */
export function armsOf({ strategies }: ExperimentConfig): Arm[] {
  const arms = strategies.map((strategy) => ({ ...strategy, label: labelOf(strategy) }));
  const repeated = arms.find(({ label }, at) => arms.findIndex((arm) => arm.label === label) < at);
  if (repeated !== undefined) throw new ArgumentError(`experiment: strategy ${repeated.label} is named twice`);
  return arms;
}

/** `margin`, `margin(tieBreak=random)`, `margin(training.epochs=9)`, or what it is called `as`. */
function labelOf({ name, as, options, training = {} }: ArmEntry): string {
  if (as !== undefined) return as;
  const overrides = Object.entries(training).map(([key, value]): [string, unknown] => [`training.${key}`, value]);
  const parts = [...Object.entries(options), ...overrides].map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return parts.length === 0 ? name : `${name}(${parts.join(', ')})`;
}

/** The arm that the others are compared with, among those that are of interest: random choice, trained as the model says. */
export function baselineOf(arms: readonly Arm[]): Arm | undefined {
  return arms.find(({ name, training }) => name === 'random' && training === undefined);
}
