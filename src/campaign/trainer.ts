import { createHash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ValueError } from '../errors.js';
import { checkCount } from '../contract/check.js';
import { measure, type Metrics } from '../learner/metrics.js';
import { likeliestClasses } from '../models/likeliest.js';
import { deriveSeed, SEED_FIT } from '../learner/seeds.js';
import type { FloatRows, Model } from '../models/model.js';
import { createModel, loadModel } from '../models/registry.js';
import { takeRows } from '../models/samples.js';
import { writeFileAtomic } from '../pool/atomic.js';
import { readNpy, writeNpy } from '../pool/npy.js';
import { folderOf } from './image-pool.js';
import type { ItemPool } from './pool.js';
import { crossValidate } from './quality.js';
import type { Quality } from './records.js';
import { scaled, scalingOf } from './scaling.js';
import type { CampaignSettings } from './settings.js';
import { type StoppingState, stoppingStateSchema } from './stopping.js';
import { exists } from '../pool/exists.js';

/** What a training learns from. */
export interface TrainingSet {
  /** Items with a label, ascending. */
  readonly indices: Uint32Array;
  /** Class of each. */
  readonly labels: Uint32Array;
  /** Whether each was drawn at random. */
  readonly isRandom: readonly boolean[];
}

export interface WorkOptions {
  readonly signal?: AbortSignal | undefined;
  /** Gets what is being done, for people. */
  readonly onStep?: ((step: string) => void) | undefined;
}

const PREDICTED = 'predicted.npy';
const CRITERION = 'stopping.json';

/** Trains the model of a campaign on its labels and keeps it, with what it predicts, in the campaign's folder. */
export class Trainer {
  readonly #dir: string;
  readonly #settings: CampaignSettings;
  readonly #pool: ItemPool;
  readonly #samples: FloatRows;
  readonly #test: { samples: FloatRows; labels: Uint32Array } | null;

  /**
   * @param test Items with known classes to measure on; null: none.
   * @throws {ValueError} A feature that is not finite, a test item of no known class.
   */
  constructor(dir: string, settings: CampaignSettings, pool: ItemPool, test: ItemPool | null) {
    const { features } = pool;
    if (features === null) throw new ValueError('expected a pool with features to train a model on');
    const scaling = pool.isPixels ? null : scalingOf(settings.pool.path ?? 'pool', features);
    this.#dir = join(dir, 'model');
    this.#settings = settings;
    this.#pool = pool;
    this.#samples = scaled(features, scaling);
    this.#test =
      test === null || test.features === null
        ? null
        : { samples: scaled(test.features, scaling), labels: testLabels(test, settings.classNames) };
  }

  /** The items as the model sees them, [items, features]. */
  get samples(): FloatRows {
    return this.#samples;
  }

  /** Names what a training would make: the same for the same labels, classes, model and seed. */
  key({ indices, labels }: TrainingSet): string {
    const { model, classNames, seed, poolChecksum, testChecksum } = this.#settings;
    const content = [model, classNames.length, seed, poolChecksum, testChecksum, [...indices], [...labels]];
    return createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 16);
  }

  /** The trained model of this key, where it is there. */
  async load(key: string): Promise<Model | undefined> {
    const folder = join(this.#dir, key);
    return (await exists(join(folder, PREDICTED))) ? loadModel(folder) : undefined;
  }

  /** Train on all labels, predict the pool and keep both: PREDICTED is written last, so what has it is whole. */
  async train(set: TrainingSet, options: WorkOptions = {}): Promise<{ model: Model; probabilities: FloatRows }> {
    const { signal, onStep } = options;
    onStep?.(`training on ${set.indices.length} labels`);
    const model = await this.#fit(set.indices, set.labels, signal);
    const probabilities = await model.predictProba(this.#samples, { signal });
    const folder = join(this.#dir, this.key(set));
    await model.save(folder);
    await writeNpy(join(folder, PREDICTED), likeliestClasses(probabilities), 'u4');
    return { model, probabilities };
  }

  /** How good such a model is: on the test items, else by cross-validation. */
  async measure(
    set: TrainingSet,
    model: Model,
    options: WorkOptions = {},
  ): Promise<{ quality: Quality; test?: Metrics | undefined }> {
    const { signal, onStep } = options;
    const test = this.#test;
    if (test !== null) {
      const probabilities = await model.predictProba(test.samples, { signal });
      const metrics = measure(probabilities, test.labels);
      const { accuracy } = metrics;
      const quality = { crossValidated: null, random: null, test: { accuracy, samples: test.labels.length } };
      return { quality, test: metrics };
    }
    onStep?.('cross-validating');
    const labeled = { ...set, samples: this.#samples, groups: this.#pool.groups };
    const crossed = await crossValidate(
      labeled,
      this.#settings.seed,
      (positions) =>
        this.#fit(
          Uint32Array.from(positions, (at) => set.indices[at]!),
          Uint32Array.from(positions, (at) => set.labels[at]!),
          signal,
        ),
      { signal },
    );
    return { quality: { ...crossed, test: null } };
  }

  /** Class that the model of this key predicts for every item, where it is kept. */
  async predicted(key: string): Promise<ArrayLike<number> | undefined> {
    try {
      return (await readNpy(join(this.#dir, key, PREDICTED))).data as Uint32Array;
    } catch {
      return undefined; // an old model that was cleared away: nothing to compare with
    }
  }

  /** What the stopping criterion carried after the training of this key, where it is kept. */
  async criterion(key: string): Promise<StoppingState | undefined> {
    try {
      const text = await readFile(join(this.#dir, key, CRITERION), 'utf8');
      return stoppingStateSchema.parse(JSON.parse(text));
    } catch {
      return undefined; // an old model that was cleared away: the criterion begins again
    }
  }

  keepCriterion(key: string, state: StoppingState): Promise<void> {
    return writeFileAtomic(join(this.#dir, key, CRITERION), JSON.stringify(state));
  }

  /** Take away every model but this one. */
  async clear(key: string): Promise<void> {
    const names = await readdir(this.#dir).catch(() => []);
    for (const name of names) if (name !== key) await rm(join(this.#dir, name), { recursive: true, force: true });
  }

  async #fit(indices: Uint32Array, labels: Uint32Array, signal: AbortSignal | undefined): Promise<Model> {
    const { model: choice, classNames, seed } = this.#settings;
    const { sampleShape } = this.#pool;
    const { name = 'logistic', options = {} } = choice ?? {};
    const model = createModel(name, { ...options, sampleShape: [...sampleShape], classes: classNames.length });
    const samples = takeRows({ ...this.#samples, dtype: 'f32', stride: this.#samples.cols }, indices);
    await model.fit(samples, labels, {
      seed: deriveSeed(seed, SEED_FIT, checkCount('fit', 'labels', labels.length, 1)),
      signal,
    });
    return model;
  }
}

/** Class of every test item: its label, or the folder that an image lies in. */
function testLabels(test: ItemPool, classNames: readonly string[]): Uint32Array {
  return Uint32Array.from({ length: test.size }, (_, index) => {
    const name = test.labels === null ? folderOf(test.ids[index] ?? '') : (test.labels[index] ?? null);
    const label = name === null ? -1 : classNames.indexOf(name);
    if (label < 0) {
      throw new ValueError(
        `test item ${JSON.stringify(test.ids[index])}: expected one of the classes ${classNames.join(', ')}, ` +
          `got ${JSON.stringify(name)}`,
      );
    }
    return label;
  });
}
