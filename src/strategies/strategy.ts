import type { FloatRows, MemberPredictions } from '../models/model.js';
import type { Matrix } from '../matrix.js';

/** What a strategy asks of its context beyond indices; a learner that cannot give it refuses the strategy at once. */
export type Need = 'probabilities' | 'embeddings' | 'members' | 'samples' | 'labels' | 'oracle';

/** What a query strategy sees of the learner. Indices are absolute pool indices. Nothing here may be written to. */
export interface QueryContext {
  /** Ascending. */
  readonly unlabeled: Uint32Array;
  /** In the order in which their labels came. */
  readonly labeled: Uint32Array;
  /** Class of `labeled[i]`. */
  readonly labels: Uint32Array;
  /** Number of classes C. */
  readonly classes: number;
  /** Of this round: the same for every query of it, another in the next. */
  readonly seed: number;
  /** Rounds of labels so far. */
  readonly round: number;
  /** Class probabilities [n, C] of the model as it is trained now. */
  predict(indices: Uint32Array): Promise<FloatRows>;
  /** The model's inner representation [n, E]. */
  embed(indices: Uint32Array): Promise<FloatRows>;
  /** Class probabilities of `passes` members of a committee or dropout passes, [passes, n, C]. */
  members(indices: Uint32Array, passes: number): Promise<MemberPredictions>;
  /** The samples themselves [n, features]. */
  samples(indices: Uint32Array): Matrix;
  /** A line for people who watch the run. */
  log(message: string): void;
}

export interface QueryOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface QueryResult {
  /** Distinct unlabelled pool indices, the most wanted first. */
  readonly indices: Uint32Array;
  /** Acquisition score of each, where the strategy has one; higher = ask first. */
  readonly scores?: ArrayLike<number> | undefined;
}

/** Decides what to ask next. */
export interface QueryStrategy {
  readonly name: string;
  readonly needs: readonly Need[];
  /** Plain JSON that makes the same strategy again under its name. */
  readonly options?: Readonly<Record<string, unknown>> | undefined;
  /**
   * @param n At least 1.
   * @returns min(n, pool) distinct unlabelled indices; the same for the same context.
   */
  query(context: QueryContext, n: number, options?: QueryOptions): Promise<QueryResult>;
  /** Whatever the strategy carries from round to round, as plain JSON, for snapshots. */
  state?(): unknown;
  restore?(state: unknown): void;
}
