import type { FitResult } from '../models/model.js';
import type { QueryResult } from '../strategies/strategy.js';
import type { PickExplanation } from './explanations.js';
import type { LabelBalance, Metrics } from './metrics.js';
import type { Stop } from './stopping/watchers.js';

/** Where the time of a round went, in seconds. Waiting for the oracle and explaining picks are in none of them. */
export interface RoundSeconds {
  /** Training the model. */
  readonly train: number;
  /** The model's predictions for the query. */
  readonly score: number;
  /** The rest of the query: acquisition scores and selection. */
  readonly select: number;
  /** Predictions and metrics on the test and validation samples, and the stopping criteria. */
  readonly evaluate: number;
}

/** What a query names, and why. */
export interface ExplainedQuery extends QueryResult {
  /** One per index, in order. */
  readonly picks: readonly PickExplanation[];
}

/** How a model does on its validation samples, and what their labels cost beside the budget. */
export interface ValidationReport extends Metrics {
  /** Samples of the pool that were labelled for it; 0 where they were given. */
  readonly labels: number;
  readonly cost: number;
}

/** One turn of the loop: labels came, the model was trained on all of them, and measured. */
export interface Round extends LabelBalance {
  /** From 0, the round of the initial labels. */
  readonly round: number;
  /** Labels bought so far, this round's and those taken back included. */
  readonly labels: number;
  /** Paid so far for labels and refusals, in the unit of the costs; without these, 1 a label. */
  readonly cost: number;
  /** Pool indices whose labels this round brought. */
  readonly indices: Uint32Array;
  /** Why they were picked; missing where no query of this learner named them. */
  readonly picks?: readonly PickExplanation[] | undefined;
  /** Pool indices that the oracle refused in this round; missing where there are none. */
  readonly refused?: Uint32Array | undefined;
  /** Classes that were taken for granted in this training; missing where none were. */
  readonly pseudoLabels?: number | undefined;
  /** On the test samples; missing without any. */
  readonly metrics?: Metrics | undefined;
  /** On the validation samples; missing without any. */
  readonly validation?: ValidationReport | undefined;
  readonly fit: FitResult;
  readonly seconds: RoundSeconds;
  /** The stopping criterion that this round meets, if it meets one. */
  readonly stop?: Stop | undefined;
}
