import type { z } from 'zod';
import { parseOptions } from '../options.js';
import type { Need, QueryStrategy } from './strategy.js';

/** A query strategy that can be made by name. */
export interface StrategyType {
  readonly name: string;
  readonly description: string;
  readonly needs: readonly Need[];
  /** What {@link create} takes. */
  readonly options: z.ZodType;
  /** @throws {ArgumentError} Options out of range or unknown. */
  create(options?: unknown): QueryStrategy;
}

/**
 * Make a kind of strategy: options are checked, filled in and remembered for snapshots.
 *
 * @param type `needs` are those of every strategy of this kind; `create` may return others where options decide.
 */
export function strategyType<Schema extends z.ZodType<object>>(type: {
  name: string;
  description: string;
  needs: readonly Need[];
  options: Schema;
  create(
    options: z.output<Schema>,
  ): Omit<QueryStrategy, 'name' | 'needs' | 'options'> & { readonly needs?: readonly Need[] };
}): StrategyType {
  const { name, description, needs, options: schema } = type;
  return {
    name,
    description,
    needs,
    options: schema,
    create(given) {
      const options = parseOptions(`strategy ${name}`, schema, given);
      return { name, needs, options: Object.fromEntries(Object.entries(options)), ...type.create(options) };
    },
  };
}
