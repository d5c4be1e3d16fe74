import type { z } from 'zod';
import type { FloatRows } from '../../models/model.js';
import { parseOptions } from '../../options.js';
import type { Metrics } from '../metrics.js';

/** What a stopping criterion sees after a round. */
export interface StoppingView {
  /** From 0. */
  readonly round: number;
  /** Labels bought so far. */
  readonly labels: number;
  /** Paid so far. */
  readonly cost: number;
  /** Number of classes C. */
  readonly classes: number;
  /** On the test samples; missing without any. */
  readonly test?: Metrics | undefined;
  /** On the validation samples; missing without any. */
  readonly validation?: Metrics | undefined;
  /** What can still be asked about, ascending. */
  readonly unlabeled: Uint32Array;
  /** Pool samples drawn once, the same in every round: at most `size` of them. */
  stopSet(size: number): Uint32Array;
  /** Class probabilities [n, C] of the model as it is trained now. */
  predict(indices: Uint32Array): Promise<FloatRows>;
}

/** Decides when labels stop paying. */
export interface StoppingCriterion {
  readonly name: string;
  /** Plain JSON that makes the same criterion again under its name. */
  readonly options?: Readonly<Record<string, unknown>> | undefined;
  /** Samples with known classes that it measures on; a learner without them refuses it. */
  readonly needs: readonly ('test' | 'validation')[];
  /**
   * Called once after every round; what it remembers changes only when it returns.
   *
   * @returns A sentence that says why it is time to stop, or nothing.
   */
  observe(view: StoppingView): Promise<string | undefined>;
  /** Whatever it carries from round to round, as plain JSON, for snapshots. */
  state?(): unknown;
  /** Go on from a state. */
  restore?(state: unknown): void;
}

/** A criterion that can be made by name. */
export interface StoppingType {
  readonly name: string;
  readonly description: string;
  /** What {@link create} takes. */
  readonly options: z.ZodType;
  /** @throws {ArgumentError} Options out of range or unknown. */
  create(options?: unknown): StoppingCriterion;
}

/** Make a kind of criterion: options are checked, filled in and remembered for snapshots. */
export function stoppingType<Schema extends z.ZodType<object>>(type: {
  name: string;
  description: string;
  options: Schema;
  create(
    options: z.output<Schema>,
  ): Omit<StoppingCriterion, 'name' | 'needs' | 'options'> & { readonly needs?: StoppingCriterion['needs'] };
}): StoppingType {
  const { name, description, options: schema } = type;
  return {
    name,
    description,
    options: schema,
    create(given) {
      const options = parseOptions(`stopping criterion ${name}`, schema, given);
      return { name, needs: [], options: Object.fromEntries(Object.entries(options)), ...type.create(options) };
    },
  };
}
