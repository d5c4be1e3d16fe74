import type { MatrixLike } from '../contract/tensor-like.js';

/** What happened in one epoch. */
export interface EpochInfo {
  /** From 1. */
  readonly epoch: number;
  /** Mean cross-entropy over the epoch's samples, in nats. */
  readonly loss: number;
}

/** Predictions that a training makes on the way. */
export interface TrainingWatch {
  /** Pool to predict, [N, features]. */
  readonly samples: MatrixLike;
  /** At most this many times, evenly spread over the epochs, the last one always; at least 1. Oldest first. */
  readonly moments: number;
  /** Gets class probabilities [N, C] of the model as it was after an epoch; all of them by the end of the training. */
  readonly onPredictions: (epoch: number, probabilities: FloatRows) => void;
}

/** Options of `Model.fit`. */
export interface FitOptions {
  /** Decides initial weights, order of samples and dropout; default 0. */
  readonly seed?: number | bigint | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called after every epoch. */
  readonly onEpoch?: ((info: EpochInfo) => void) | undefined;
  /** Go on from the weights and optimiser moments of the last fit; default false: train from scratch. */
  readonly warmStart?: boolean | undefined;
  /** At most so many passes over the samples, instead of the model's own number; `minSteps` does not apply then. */
  readonly epochs?: number | undefined;
  /** Predictions to make while training; a model that cannot calls it once, after the last epoch, or not at all. */
  readonly watch?: TrainingWatch | undefined;
}

/** How a fit ended. */
export interface FitResult {
  readonly epochs: number;
  /** Mean cross-entropy over the last epoch, in nats. */
  readonly loss: number;
}

/** Options of a prediction. */
export interface PredictOptions {
  readonly signal?: AbortSignal | undefined;
}

/** Options of `Model.members`. */
export interface MemberOptions extends PredictOptions {
  /** Decides the members' dropout; default 0. */
  readonly seed?: number | bigint | undefined;
}

/** Row-major numbers [rows, cols]; a Matrix. */
export interface FloatRows {
  readonly data: Float32Array;
  readonly rows: number;
  readonly cols: number;
}

/** Class probabilities of several members (committee, dropout passes): `data` is [passes, rows, cols]. */
export interface MemberPredictions extends FloatRows {
  readonly passes: number;
}

/** Something that learns from labelled samples and predicts. */
export interface Model {
  readonly name: string;
  /** Number of classes C. */
  readonly classes: number;
  /**
   * Train on labelled samples.
   *
   * @param samples [N, features], N >= 1, all finite.
   * @param labels [N], values 0 to C - 1.
   */
  fit(samples: MatrixLike, labels: ArrayLike<number>, options?: FitOptions): Promise<FitResult>;
  /** Class probabilities [N, C], rows summing to 1. */
  predictProba(samples: MatrixLike, options?: PredictOptions): Promise<FloatRows>;
  /** What the last hidden layer makes of the samples, [N, E]. */
  embed?(samples: MatrixLike, options?: PredictOptions): Promise<FloatRows>;
  /**
   * Predictions of `passes` members, [passes, N, C]. A committee may have another number of members: the answer's `passes`
   * counts. Pass t of the same seed is one and the same member for all samples, also those of another call.
   */
  members?(samples: MatrixLike, passes: number, options?: MemberOptions): Promise<MemberPredictions>;
  /** Remember the state as it is; the returned function goes back to it, as often as it is called. */
  checkpoint?(): () => void;
  /** Write everything needed to go on, optimiser moments included, into a folder. The old content stays whole until then. */
  save(dir: string): Promise<void>;
}

/** What reads a saved model back: `ModelLoader.load(dir)`. */
export interface ModelLoader {
  /** The model that `Model.save` wrote into a folder. */
  load(dir: string): Promise<Model>;
}
