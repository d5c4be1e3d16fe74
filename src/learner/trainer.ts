import type { FitResult, Model } from '../models/model.js';
import type { LabeledSamples } from '../data/dataset.js';
import type { MatrixView } from '../matrix.js';
import { takeRows } from '../models/samples.js';
import { TrainingRecord } from './history.js';
import { measure, type Metrics } from './metrics.js';
import { deriveSeed, SEED_FIT } from './seeds.js';

/** Classes taken for granted in one training. */
export interface PseudoLabels {
  readonly indices: Uint32Array;
  readonly labels: Uint32Array;
}

export interface TrainerParts {
  readonly model: Model;
  readonly pool: MatrixView;
  readonly seed: bigint;
  readonly warmStart: boolean;
  /** Moments of every training at which the pool is predicted; 0 none. */
  readonly moments: number;
}

/** One training. */
export interface Lesson {
  readonly labeled: Uint32Array;
  readonly labels: Uint32Array;
  readonly pseudo?: PseudoLabels | undefined;
  readonly round: number;
  /** Trainings of this round before this one. */
  readonly step?: number | undefined;
  readonly warmStart?: boolean | undefined;
  readonly epochs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Trains the model and measures it. */
export class Trainer {
  readonly record: TrainingRecord;
  readonly #parts: TrainerParts;

  constructor(parts: TrainerParts) {
    this.#parts = parts;
    this.record = new TrainingRecord(parts.pool.rows);
  }

  /** Every training of a learner has a seed of its own. */
  async train({ labeled, labels, pseudo, round, step = 0, warmStart, epochs, signal }: Lesson): Promise<FitResult> {
    const { model, pool, seed, moments } = this.#parts;
    const rows = pseudo === undefined ? labeled : Uint32Array.from([...labeled, ...pseudo.indices]);
    const classes = pseudo === undefined ? labels : Uint32Array.from([...labels, ...pseudo.labels]);
    const watch = moments > 0 ? this.record.watch(pool, moments) : undefined;
    const fit = await model.fit(takeRows(pool, rows), classes, {
      seed: deriveSeed(seed, SEED_FIT, round, step),
      signal,
      warmStart: warmStart ?? this.#parts.warmStart,
      epochs,
      ...(watch && { watch }),
    });
    // a model that cannot watch itself is asked once, at the end
    if (moments > 0 && this.record.moments === 0) this.record.add(await model.predictProba(pool, { signal }));
    return fit;
  }

  async measure({ samples, labels }: LabeledSamples, signal?: AbortSignal): Promise<Metrics> {
    return measure(await this.#parts.model.predictProba(samples, { signal }), labels);
  }
}
