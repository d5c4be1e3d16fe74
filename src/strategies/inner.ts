import { z } from 'zod';
import { ArgumentError } from '../errors.js';
import { deriveSeed } from '../reference/philox.js';
import { STREAM_INNER } from './seeds.js';
import type { Need, QueryContext, QueryOptions, QueryResult, QueryStrategy } from './strategy.js';
import type { StrategyType } from './types.js';

/** Makes a strategy by name; how strategies around other strategies come by them. */
export type CreateStrategy = (name: string, options?: unknown) => QueryStrategy;

/** A kind of strategy around others. The registry hands in {@link CreateStrategy}: it cannot be imported from below. */
export type CombinatorType = (create: CreateStrategy) => StrategyType;

/** A strategy as an option: its name, or an object with its name and its options. */
export const strategyOption = z.union([z.string(), z.looseObject({ name: z.string() })], {
  error: 'expected the name of a strategy, or an object with name and options',
});
export type StrategyOption = z.output<typeof strategyOption>;

/**
 * Make a strategy that works inside another one.
 *
 * @param outer Name of the other one.
 * @throws {ArgumentError} No such strategy, options that it does not take, or a strategy that buys labels itself: it would
 *   spend the budget of a query that only asked for its opinion.
 */
export function createInner(outer: string, create: CreateStrategy, given: StrategyOption): QueryStrategy {
  const { name, ...options } = typeof given === 'string' ? { name: given } : given;
  const strategy = create(name, options);
  if (strategy.needs.includes('oracle')) {
    throw new ArgumentError(
      `strategy ${outer}: expected strategies that only choose, got ${name}, which buys labels itself; use it on its own`,
    );
  }
  return strategy;
}

/** What a strategy around `inner` ones has to offer for them: their needs, what they watch, what they carry along. */
export function aroundOthers(
  inner: readonly QueryStrategy[],
  ownNeeds: readonly Need[] = [],
): Pick<QueryStrategy, 'needs' | 'watch' | 'state' | 'restore'> {
  const needs = [...new Set([...ownNeeds, ...inner.flatMap((strategy) => strategy.needs)])];
  const watch = Math.max(0, ...inner.map((strategy) => strategy.watch ?? 0));
  return {
    needs,
    watch: watch === 0 ? undefined : watch,
    state: () => inner.map((strategy) => strategy.state?.() ?? null),
    restore(state) {
      const states = Array.isArray(state) ? (state as unknown[]) : [];
      inner.forEach((strategy, at) => strategy.restore?.(states[at] ?? null));
    },
  };
}

/** The seed of the strategy in place `place`: two alike must not draw alike. The first one keeps the round's seed. */
export function innerSeed(seed: number, place: number): number {
  return place === 0 ? seed : deriveSeed(seed, STREAM_INNER, place);
}

/** The context with some of it changed. Properties that change while a query runs stay as they are: they are not read here. */
export function changeContext(
  context: QueryContext,
  changes: { readonly unlabeled?: Uint32Array; readonly seed?: number },
): QueryContext {
  const properties = Object.getOwnPropertyDescriptors(context);
  const values = Object.entries(changes).map(([key, value]) => [key, { value, enumerable: true }]);
  return Object.create(Object.getPrototypeOf(context) as object | null, {
    ...properties,
    ...Object.fromEntries(values),
  }) as QueryContext;
}

/** Every candidate in the order in which a strategy would ask for them, were the batch as large as the pool. */
export async function orderAll(
  strategy: QueryStrategy,
  context: QueryContext,
  options: QueryOptions,
): Promise<QueryResult> {
  return strategy.query(context, context.unlabeled.length, options);
}

/**
 * A strategy's score of every candidate.
 *
 * @returns [unlabeled], in its order. Of a greedy strategy each score is that of the moment of the pick.
 * @throws {ArgumentError} The strategy gives no scores.
 */
export async function scoreAll(
  outer: string,
  strategy: QueryStrategy,
  context: QueryContext,
  options: QueryOptions,
): Promise<Float64Array> {
  const { indices, scores } = await orderAll(strategy, context, options);
  if (scores === undefined) {
    throw new ArgumentError(
      `strategy ${outer}: expected strategies with scores, got ${strategy.name}, which has none; strategy rank takes any`,
    );
  }
  const place = placesOf(context.unlabeled);
  const inOrder = new Float64Array(indices.length);
  for (let at = 0; at < indices.length; at++) inOrder[place(indices[at] as number)] = scores[at] as number;
  return inOrder;
}

/**
 * A strategy's rank of every candidate: 0 for the first one that it would ask for; neighbours with equal scores share the
 * mean of their ranks.
 *
 * @returns [unlabeled], in its order.
 */
export async function rankAll(
  strategy: QueryStrategy,
  context: QueryContext,
  options: QueryOptions,
): Promise<Float64Array> {
  const { indices, scores } = await orderAll(strategy, context, options);
  const place = placesOf(context.unlabeled);
  const ranks = new Float64Array(indices.length);
  for (let from = 0, to = 1; from < indices.length; from = to, to = from + 1) {
    while (scores !== undefined && to < indices.length && scores[to] === scores[from]) to += 1;
    for (let at = from; at < to; at++) ranks[place(indices[at] as number)] = (from + to - 1) / 2;
  }
  return ranks;
}

/** Where a pool index stands among `candidates`, which ascend. */
export function placesOf(candidates: Uint32Array): (index: number) => number {
  const places = new Uint32Array((candidates.at(-1) ?? -1) + 1);
  candidates.forEach((index, place) => (places[index] = place));
  return (index) => places[index] as number;
}

/** Pseudo-labels of an inner strategy, without those of samples that are asked about after all. */
export function guessesBeside(
  { pseudoLabels }: QueryResult,
  picks: Uint32Array,
): { pseudoLabels?: QueryResult['pseudoLabels'] } {
  if (pseudoLabels === undefined) return {};
  const asked = new Set(picks);
  const isKept = (_: number, at: number): boolean => !asked.has(pseudoLabels.indices[at] as number);
  return { pseudoLabels: { indices: pseudoLabels.indices.filter(isKept), labels: pseudoLabels.labels.filter(isKept) } };
}
