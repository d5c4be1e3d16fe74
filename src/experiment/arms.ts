import { z } from 'zod';
import { createStrategy } from '../strategies/registry.js';
import type { Need } from '../strategies/strategy.js';
import { type Arm, armsOf, type ExperimentConfig, type Named } from './config.js';

/** Share of the pool that is held for validation where a strategy needs it and the configuration says nothing. */
const VALIDATION_SHARE = 0.2;

/** An arm as it was run, written down for people: with every option of its strategy, the defaults filled in. */
export const resolvedArmSchema = z.object({
  label: z.string(),
  strategy: z.string(),
  options: z.record(z.string(), z.unknown()),
  training: z.record(z.string(), z.unknown()).optional(),
});
export type ResolvedArm = z.infer<typeof resolvedArmSchema>;

/** @throws {ArgumentError} No such strategy, or options that it does not take. */
export function resolveArms(config: ExperimentConfig): ResolvedArm[] {
  return armsOf(config).map(({ label, name, options, training }) => ({
    label,
    strategy: name,
    options: { ...createStrategy(name, options).options },
    ...(training && { training: { ...training } }),
  }));
}

/** What an arm trains: the model that chooses, and the one that is measured where that is another. */
export interface ArmModels {
  readonly model: Named;
  readonly learner: Named | undefined;
}

/** The options that an arm has for its training go to the model that is measured. */
export function modelsOf({ model, learner }: ExperimentConfig, { training }: Arm): ArmModels {
  const override = ({ name, options }: Named): Named => ({ name, options: { ...options, ...training } });
  return learner === undefined ? { model: override(model), learner: undefined } : { model, learner: override(learner) };
}

/** What a strategy with these options needs. */
type NeedsOf = (name: string, options: Readonly<Record<string, unknown>>) => readonly Need[];

const needsOfStrategy: NeedsOf = (name, options) => createStrategy(name, options).needs;

/** Labels of the arms that buy and train within their queries. @throws {ArgumentError} No such strategy. */
export function interactiveArms(config: ExperimentConfig, needsOf: NeedsOf = needsOfStrategy): Set<string> {
  const own = armsOf(config).filter(({ name, options }) => needsOf(name, options).includes('oracle'));
  return new Set(own.map(({ label }) => label));
}

/**
 * Strategies that buy within their queries are rewarded on validation samples: where one of them is compared, a share of the
 * pool is held for all, so that every arm chooses from the same pool.
 *
 * @throws {ArgumentError} No such strategy.
 */
export function withValidation(config: ExperimentConfig, needsOf: NeedsOf = needsOfStrategy): ExperimentConfig {
  if (config.validation !== undefined || interactiveArms(config, needsOf).size === 0) return config;
  return { ...config, validation: VALIDATION_SHARE };
}
