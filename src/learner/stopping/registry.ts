import { lookUp } from '../../options.js';
import { budget } from './budget.js';
import { classificationChange } from './classification-change.js';
import type { StoppingCriterion, StoppingType } from './criterion.js';
import { maxRounds } from './max-rounds.js';
import { overallUncertainty } from './overall-uncertainty.js';
import { kappaAverage, stabilizingPredictions } from './stabilizing-predictions.js';
import { targetAccuracy } from './target-accuracy.js';

/** Every stopping criterion that can be made by name. */
export const stoppingCriteria: ReadonlyMap<string, StoppingType> = new Map(
  [
    targetAccuracy,
    budget,
    maxRounds,
    stabilizingPredictions,
    kappaAverage,
    overallUncertainty,
    classificationChange,
  ].map((type) => [type.name, type]),
);

/**
 * Make a stopping criterion.
 *
 * @throws {ArgumentError} No such criterion, or options that it does not take.
 */
export function createStopping(name: string, options?: unknown): StoppingCriterion {
  return lookUp('stopping criterion', stoppingCriteria, name).create(options);
}
