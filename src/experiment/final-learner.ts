import type { Dataset } from '../data/dataset.js';
import { measure, type Metrics } from '../learner/metrics.js';
import { deriveSeed, SEED_FINAL_FIT } from '../learner/seeds.js';
import { secondsSince } from '../learner/stopwatch.js';
import { checkMatrix } from '../matrix.js';
import type { Model } from '../models/model.js';
import { takeRows } from '../models/samples.js';

/** What a round's labels are worth to another model than the one by which they were chosen. */
export interface FinalMeasure {
  readonly metrics: Metrics;
  /** Training and measuring. */
  readonly seconds: number;
}

/** The labels that there are at the end of a round. */
export interface FinalLesson {
  readonly round: number;
  /** Pool indices. */
  readonly labeled: Uint32Array;
  /** Class of each. */
  readonly labels: Uint32Array;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Trains a model from scratch on the labels of each round and measures it on the test samples: a function of the seed, the
 * round and the labels, which carries nothing from one round to the next.
 */
export class FinalLearner {
  readonly #model: Model;
  readonly #dataset: Dataset;
  readonly #seed: number;

  constructor(model: Model, dataset: Dataset, seed: number) {
    this.#model = model;
    this.#dataset = dataset;
    this.#seed = seed;
  }

  async measure({ round, labeled, labels, signal }: FinalLesson): Promise<FinalMeasure> {
    const { pool, test } = this.#dataset;
    const started = performance.now();
    const samples = takeRows(checkMatrix('experiment', 'pool', pool.samples), labeled);
    const seed = deriveSeed(this.#seed, SEED_FINAL_FIT, round);
    await this.#model.fit(samples, labels, { seed, signal, warmStart: false });
    const metrics = measure(await this.#model.predictProba(test.samples, { signal }), test.labels);
    return { metrics, seconds: secondsSince(started) };
  }
}
