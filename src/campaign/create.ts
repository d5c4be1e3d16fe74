import { resolve } from 'node:path';
import { ArgumentError } from '../errors.js';
import type { ExchangeFormat } from '../interop/answers.js';
import { createStopping } from '../learner/stopping/registry.js';
import { createModel } from '../models/registry.js';
import { createStrategy } from '../strategies/registry.js';
import { folderOf } from './image-pool.js';
import { isArrayFile, type ItemPool, readPool, type ReadOptions } from './pool.js';
import { type CampaignSettings, type PoolSource, settingsSchema } from './settings.js';
import { parseOptions } from '../options.js';

/** A name, or a name with options. */
export type NamedChoice = string | ({ readonly name: string } & Readonly<Record<string, unknown>>);

/** What a campaign is to be. */
export interface CampaignOptions {
  /** Table (.csv, .tsv, .jsonl), folder of images, or array (.npy, .npz) of features; may be missing where predictions come. */
  readonly pool?: string | undefined;
  /** Rows of the predictions, where there is no pool. */
  readonly rows?: number | undefined;
  /** Columns to learn from, or an .npy or .npz file with a row per item; default: numeric columns, or pixels. */
  readonly features?: readonly string[] | string | undefined;
  /** Columns of a table, where they are named otherwise than these. */
  readonly id?: string | undefined;
  readonly text?: string | undefined;
  readonly image?: string | undefined;
  readonly html?: string | undefined;
  readonly label?: string | undefined;
  readonly group?: string | undefined;
  readonly cost?: string | undefined;
  /** Width and height to bring images to. */
  readonly imageSize?: readonly [number, number] | undefined;
  /** Labelled items, apart from the pool, to measure on: a table with the same columns, or a folder of images in folders named by class. */
  readonly test?: string | undefined;
  /** Names of the classes; default: those that the pool or the test items name. */
  readonly classNames?: readonly string[] | undefined;
  /** Default: `mlp` for 1000 items or more, else `logistic`. */
  readonly model?: NamedChoice | undefined;
  /** Default `margin`. */
  readonly strategy?: NamedChoice | undefined;
  /** As long as there is no model; default `random`. */
  readonly coldStart?: NamedChoice | undefined;
  /** Criterion that says when asking on is of little use; default `stabilizing-predictions`. */
  readonly stopping?: NamedChoice | undefined;
  /** Questions per batch; default 20. */
  readonly n?: number | undefined;
  /** Default `label-studio`. */
  readonly format?: ExchangeFormat | undefined;
  /** Annotators who must answer before a question is closed; default 1. */
  readonly annotators?: number | undefined;
  /** Put before the paths of images inside the pool in Label Studio tasks, or `embed`; default: its local files. */
  readonly imageUrl?: string | undefined;
  /** Default 0. */
  readonly seed?: number | undefined;
}

/** Items that make this much worth a hidden layer. */
const MLP_ITEMS = 1000;

const COLUMNS = ['id', 'text', 'image', 'html', 'label', 'group', 'cost'] as const;

/** The source that options name, with whole paths. */
export function poolSource(options: CampaignOptions): PoolSource {
  const { pool, features, imageSize } = options;
  const columns = Object.fromEntries(COLUMNS.map((role) => [role, options[role] ?? null])) as Pick<
    PoolSource,
    (typeof COLUMNS)[number]
  >;
  const file = typeof features === 'string' && isArrayFile(features);
  return {
    path: pool === undefined ? null : resolve(pool),
    features:
      features === undefined
        ? null
        : file
          ? resolve(features)
          : typeof features === 'string'
            ? [features]
            : [...features],
    ...columns,
    imageSize: imageSize === undefined ? null : [imageSize[0], imageSize[1]],
  };
}

/** A name with its options. */
export function splitChoice(choice: NamedChoice): { name: string; options: Record<string, unknown> } {
  if (typeof choice === 'string') return { name: choice, options: {} };
  const { name, ...options } = choice;
  return { name, options };
}

/**
 * Read what a new campaign is about and fill its settings in.
 *
 * @throws {ArgumentError} Unknown names, options that do not fit together, fewer than two classes.
 */
export async function newSettings(
  options: CampaignOptions,
  reading: ReadOptions,
): Promise<{ settings: CampaignSettings; pool: ItemPool; test: ItemPool | null }> {
  const source = poolSource(options);
  const pool = await readPool(source, options.rows ?? null, reading);
  const test = options.test === undefined ? null : await readTest(source, resolve(options.test), pool, reading);
  const classNames = options.classNames ?? knownClasses(pool, test);
  const twice = classNames.find((name, at) => classNames.indexOf(name) !== at);
  if (classNames.length < 2 || twice !== undefined) {
    throw new ArgumentError(
      twice === undefined
        ? `expected the names of at least two classes (--classes cat,dog), got ${classNames.join(', ') || 'none'}`
        : `expected every class once, got ${JSON.stringify(twice)} twice`,
    );
  }
  const unnamed = pool.labels?.find((label) => label !== null && !classNames.includes(label));
  if (unnamed !== undefined && unnamed !== null) {
    throw new ArgumentError(
      `the pool holds the label ${JSON.stringify(unnamed)}, expected one of ${classNames.join(', ')}`,
    );
  }
  const model = chooseModel(options, pool, classNames.length);
  const strategy = splitChoice(options.strategy ?? 'margin');
  const coldStart = splitChoice(options.coldStart ?? 'random');
  for (const { name, options: own } of [strategy, coldStart]) createStrategy(name, own); // throws on what it does not know
  const stopping = splitChoice(options.stopping ?? 'stabilizing-predictions');
  checkStopping(stopping, test !== null);
  const settings = parseOptions('campaign', settingsSchema, {
    pool: source,
    poolChecksum: pool.checksum,
    poolSize: pool.size,
    test: options.test === undefined ? null : resolve(options.test),
    testChecksum: test?.checksum ?? null,
    classNames: [...classNames],
    model,
    strategy,
    coldStart,
    stopping,
    n: options.n ?? 20,
    format: options.format ?? 'label-studio',
    annotators: options.annotators ?? 1,
    imageUrl: options.imageUrl ?? null,
    seed: options.seed ?? 0,
  });
  return { settings, pool, test };
}

/** Items to measure on: read as the pool is. */
export async function readTest(
  source: PoolSource,
  path: string,
  pool: ItemPool,
  reading: ReadOptions,
): Promise<ItemPool> {
  if (typeof source.features === 'string') {
    throw new ArgumentError('test items cannot have features in another file; put them into columns');
  }
  const test = await readPool({ ...source, path }, null, reading);
  if (test.features?.cols !== pool.features?.cols) {
    throw new ArgumentError(
      `${path}: expected ${pool.features?.cols ?? 0} features per item as in the pool, got ${test.features?.cols ?? 0}`,
    );
  }
  return test;
}

function knownClasses(pool: ItemPool, test: ItemPool | null): string[] {
  const tested = test?.labels ?? test?.ids.map(folderOf) ?? [];
  const labels = [...(pool.labels ?? []), ...tested].filter((label) => label !== null);
  return [...new Set(labels)].sort();
}

/** @throws {ArgumentError} An unknown criterion, or one that measures on what the campaign does not have. */
function checkStopping({ name, options }: { name: string; options: Record<string, unknown> }, hasTest: boolean): void {
  const { needs } = createStopping(name, options);
  if (needs.includes('validation') || (needs.includes('test') && !hasTest)) {
    throw new ArgumentError(
      `stopping criterion ${name} needs ${needs.join(', ')} samples, got ${hasTest ? 'test samples' : 'none'}`,
    );
  }
}

function chooseModel(options: CampaignOptions, pool: ItemPool, classes: number): CampaignSettings['model'] {
  if (pool.features === null) {
    if (options.model === undefined) return null;
    throw new ArgumentError('the pool has no features to train a model on; leave the model out and give predictions');
  }
  const model = splitChoice(options.model ?? (pool.size >= MLP_ITEMS ? 'mlp' : 'logistic'));
  createModel(model.name, { ...model.options, sampleShape: [...pool.sampleShape], classes }); // throws on what it does not know
  return model;
}
