import type { FitResult } from '../models/model.js';
import type { QueryResult } from '../strategies/strategy.js';
import type { PickExplanation } from './explanations.js';
import type { Metrics } from './metrics.js';

/** Where the time of a round went, in seconds. */
export interface RoundSeconds {
  /** Training the model. */
  readonly train: number;
  /** The model's predictions for the query. */
  readonly score: number;
  /** The rest of the query: acquisition scores and selection. */
  readonly select: number;
  /** Predictions and metrics on the test samples. */
  readonly evaluate: number;
}

/** What a query names, and why. */
export interface ExplainedQuery extends QueryResult {
  /** One per index, in order. */
  readonly picks: readonly PickExplanation[];
}

/** One turn of the loop: labels came, the model was trained on all of them, and measured. */
export interface Round {
  /** From 0, the round of the initial labels. */
  readonly round: number;
  /** Labels bought so far, this round's included. */
  readonly labels: number;
  /** Pool indices whose labels this round brought. */
  readonly indices: Uint32Array;
  /** On the test samples; missing without any. */
  readonly metrics?: Metrics | undefined;
  readonly fit: FitResult;
  readonly seconds: RoundSeconds;
}
