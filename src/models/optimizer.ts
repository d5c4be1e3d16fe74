import { Adam } from './adam.js';
import { Sgd } from './sgd.js';

/** Moves weights against their gradients, and remembers what it needs for that. */
export interface Optimizer {
  /** [moments per weight, P]. */
  readonly moments: Float32Array;
  /** Updates made. */
  readonly steps: number;
  /** Move `weights` [P] in place against `gradient` [P]. */
  update(weights: Float32Array, gradient: Float32Array, learningRate: number, weightDecay: number): void;
}

export interface OptimizerOptions {
  readonly optimizer: 'adam' | 'sgd';
  /** Of sgd. */
  readonly momentum: number;
}

/** How many moments the optimiser keeps of every weight. */
export function momentsPerWeight({ optimizer }: OptimizerOptions): number {
  return optimizer === 'sgd' ? 1 : 2;
}

/** @param state Moments and steps to go on from; copied. */
export function createOptimizer(
  { optimizer, momentum }: OptimizerOptions,
  size: number,
  state: { moments: Float32Array; steps: number } | undefined,
): Optimizer {
  return optimizer === 'sgd' ? new Sgd(size, state, { momentum }) : new Adam(size, state);
}
