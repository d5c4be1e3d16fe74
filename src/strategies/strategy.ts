import type { MatrixLike } from '../contract/tensor-like.js';
import type { LabeledSamples } from '../data/dataset.js';
import type { FitResult, FloatRows, MemberPredictions } from '../models/model.js';
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
  /**
   * Class probabilities of `passes` members of a committee or dropout passes, [passes, n, C]. A committee may have another
   * number of members: the answer's `passes` counts. Pass t of one call and of the next in the same round are one member.
   */
  members(indices: Uint32Array, passes: number): Promise<MemberPredictions>;
  /** The samples themselves [n, features]. */
  samples(indices: Uint32Array): Matrix;
  /**
   * What the model predicted at moments of its last training, oldest first; only where the strategy {@link QueryStrategy.watch}es.
   * A training that was shorter has fewer moments, at least one.
   */
  history?(indices: Uint32Array): Promise<TrainingHistory>;
  /** Price of a label by pool index, where labels have prices; positive. */
  readonly costs?: ArrayLike<number> | undefined;
  /** Labelled samples that are never asked about nor trained on: for calibration and rewards. Missing without such a split. */
  readonly validation?: LabeledSamples | undefined;
  /** As {@link predict}, for samples that are not of the pool, such as `validation`; missing where there is no model to ask. */
  predictSamples?(samples: MatrixLike): Promise<FloatRows>;
  /** Only for strategies that need `oracle`. What it changes shows in `unlabeled`, `labeled` and `labels` at once. */
  readonly interactive?: Interactive | undefined;
  /** A line for people who watch the run. */
  log(message: string): void;
}

/** Classes predicted at moments of a training: `classes` is [moments, n], the likeliest class of each, lowest on ties. */
export interface TrainingHistory {
  readonly moments: number;
  readonly rows: number;
  readonly classes: Uint32Array;
}

/** What stands for a class where the oracle refused to answer. */
export const SKIPPED = -1;

/** Buying labels and training within one query. */
export interface Interactive {
  /** Labels that this query may still buy. */
  readonly remaining: number;
  /**
   * Buy labels. Those that were paid for before are free, and count neither against `remaining` nor the budget.
   *
   * @returns Class of each, or {@link SKIPPED}; refused samples are not labelled and are not offered again.
   * @throws {ArgumentError} Indices outside the pool, named twice or labelled, or more than `remaining`.
   */
  label(indices: Uint32Array): Promise<Int32Array>;
  /** Take labels back out of the training set; they stay paid. */
  release(indices: Uint32Array): void;
  /** Train the model on what is labelled now; at most so many `epochs`, instead of the model's own number. */
  fit(options?: { readonly warmStart?: boolean | undefined; readonly epochs?: number | undefined }): Promise<FitResult>;
  /** As `Model.checkpoint`: going back also unlearns what was released meanwhile. Missing where the model cannot. */
  checkpoint?(): () => void;
  /** Measure the model as it is trained now on the validation samples. */
  evaluate(split: 'validation'): Promise<{ readonly accuracy: number; readonly logLoss: number }>;
}

/** Options of `QueryStrategy.query`. */
export interface QueryOptions {
  readonly signal?: AbortSignal | undefined;
}

/** What a strategy asks for. */
export interface QueryResult {
  /** Distinct unlabelled pool indices, the most wanted first. */
  readonly indices: Uint32Array;
  /** Acquisition score of each, where the strategy has one; higher = ask first. */
  readonly scores?: ArrayLike<number> | undefined;
  /**
   * Classes that the strategy takes for granted for unlabelled samples that it does not ask about; the next training, and
   * only that one, learns from them as if they were labels.
   */
  readonly pseudoLabels?: { readonly indices: Uint32Array; readonly labels: Uint32Array } | undefined;
}

/** Decides what to ask next. */
export interface QueryStrategy {
  readonly name: string;
  readonly needs: readonly Need[];
  /** Plain JSON that makes the same strategy again under its name. */
  readonly options?: Readonly<Record<string, unknown>> | undefined;
  /** Moments of every training at which the pool is to be predicted for {@link QueryContext.history}; default none. */
  readonly watch?: number | undefined;
  /**
   * @param n At least 1.
   * @returns min(n, pool) distinct unlabelled indices, the same for the same context; of a strategy that needs `oracle`,
   *   what it bought: at most n.
   */
  query(context: QueryContext, n: number, options?: QueryOptions): Promise<QueryResult>;
  /** Whatever the strategy carries from round to round, as plain JSON, for snapshots. */
  state?(): unknown;
  /** Go on from a state. */
  restore?(state: unknown): void;
  /** Whatever it carries that is too large for {@link state}, as files in a folder; snapshots hold them. */
  save?(dir: string): Promise<void>;
  /** Go on from those files; from the beginning where there are none. */
  load?(dir: string): Promise<void>;
}
