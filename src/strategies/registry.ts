import { lookUp } from '../options.js';
import { entropy } from './entropy.js';
import { leastConfidence } from './least-confidence.js';
import { margin } from './margin.js';
import { random } from './random.js';
import type { QueryStrategy } from './strategy.js';
import type { StrategyType } from './types.js';

/** Every query strategy that can be made by name. */
export const strategies: ReadonlyMap<string, StrategyType> = new Map(
  [random, leastConfidence, margin, entropy].map((type) => [type.name, type]),
);

/**
 * Make a query strategy.
 *
 * @throws {ArgumentError} No such strategy, or options that it does not take.
 */
export function createStrategy(name: string, options?: unknown): QueryStrategy {
  return lookUp('strategy', strategies, name).create(options);
}
