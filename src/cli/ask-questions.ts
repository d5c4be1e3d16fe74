import { basename, extname, join, resolve } from 'node:path';
import { type ArrayFile, readArray } from '../campaign/array-file.js';
import type { Predictions } from '../campaign/asking.js';
import { type AskResult, Campaign, type OpenOptions } from '../campaign/campaign.js';
import { type CampaignOptions, poolSource } from '../campaign/create.js';
import { isArrayFile } from '../campaign/pool.js';
import { type CampaignSettings, readSettings } from '../campaign/settings.js';
import { ShapeError } from '../errors.js';
import type { ExchangeFormat } from '../interop/answers.js';
import { readNpy } from '../pool/npy.js';
import { describeAsk } from './campaign-text.js';
import { type Effects, print, progressBar, UsageError } from './effects.js';
import { exists } from '../pool/exists.js';

/** Options of `querent ask`, as commander delivers them. */
export interface AskCommandOptions {
  readonly pool?: string;
  readonly features?: string[];
  readonly id?: string;
  readonly text?: string;
  readonly image?: string;
  readonly html?: string;
  readonly label?: string;
  readonly group?: string;
  readonly cost?: string;
  readonly imageSize?: [number, number];
  readonly imageUrl?: string;
  readonly test?: string;
  readonly classes?: string[];
  readonly model?: string;
  readonly strategy?: string;
  readonly coldStart?: string;
  readonly stop?: string;
  readonly count?: number;
  readonly format?: ExchangeFormat;
  readonly annotators?: number;
  readonly seed?: number;
  readonly probs?: string;
  readonly embeddings?: string;
  readonly members?: string;
  readonly modelVersion?: string;
  readonly more?: boolean;
  readonly open?: boolean;
  readonly out?: string;
  readonly json?: boolean;
}

/** Make or continue a campaign, choose questions, write them and say where. */
export async function askQuestions(dir: string, options: AskCommandOptions, effects: Effects): Promise<void> {
  const { stdout, stderr, signal } = effects;
  if (options.more === true && options.open === true) throw new UsageError('--more and --open exclude each other');
  const watching = opening(effects);
  const isThere = await exists(join(dir, 'campaign.json'));
  const predictions = await readPredictions(options, signal);
  const given = campaignOptions(options, predictions?.rows);
  if (!isThere && given.pool === undefined && predictions === undefined) {
    throw new UsageError(`there is no campaign in ${dir}; say what to ask about: --pool FILE, or --probs FILE`);
  }
  if (isThere) await checkUnchanged(dir, given, watching);
  checkClasses(given, predictions);
  const campaign = isThere ? await Campaign.open(dir, watching) : await Campaign.create(dir, given, watching);
  watching.done();
  const result = await campaign.ask({
    more: options.more,
    open: options.open,
    out: options.out,
    format: options.format,
    n: options.count,
    strategy: isThere ? options.strategy : undefined,
    predictions,
    signal,
    onStep: (step) => stderr.write(`${step}\n`),
  });
  if (options.json === true) return print(stdout, `${JSON.stringify(result)}\n`);
  for (const line of notes(result, options)) stderr.write(`${line}\n`);
  await print(stdout, describeAsk(dir, result));
}

/** A campaign keeps its classes, so predictions that do not fit them are told of before it is made. */
function checkClasses({ classNames }: CampaignOptions, predictions: ReadPredictions | undefined): void {
  if (classNames === undefined || predictions?.columns === undefined) return;
  if (classNames.length !== predictions.columns) {
    throw new UsageError(
      `--classes names ${classNames.length}, but the predictions have ${predictions.columns} columns`,
    );
  }
}

/** What an option that was given does not do, so that nobody waits for it. */
function notes(result: AskResult, options: AskCommandOptions): string[] {
  if (result.isNew || result.batch === null) return [];
  const unused = [
    ...(options.count === undefined || options.count === result.questions.length ? [] : ['-n']),
    ...(options.strategy === undefined || options.strategy === result.strategy ? [] : ['--strategy']),
    ...(options.probs === undefined ? [] : ['--probs']),
  ];
  if (unused.length === 0) return [];
  return [
    `nobody has answered the last questions, so they come again and ${unused.join(', ')} is not used; --more asks others`,
  ];
}

/** Reports reading of the pool. */
export function opening({ stderr, signal }: Effects): OpenOptions & { done(): void } {
  let bar: ReturnType<typeof progressBar> | undefined;
  return {
    signal,
    onProgress(done, total) {
      bar ??= progressBar('reading the pool', total, { stream: stderr });
      bar.update(done);
    },
    done: () => bar?.done(),
  };
}

interface ReadPredictions extends Predictions {
  readonly rows: number;
  /** Classes that are predicted. */
  readonly columns: number | undefined;
}

async function readPredictions(options: AskCommandOptions, signal: AbortSignal): Promise<ReadPredictions | undefined> {
  const { probs, embeddings, members } = options;
  const [named] = [probs, members, embeddings].filter((path) => path !== undefined);
  if (named === undefined) {
    if (options.modelVersion !== undefined) throw new UsageError('--model-version goes with --probs');
    return undefined;
  }
  const read = async (path: string | undefined): Promise<ArrayFile['matrix'] | undefined> =>
    path === undefined ? undefined : (await readArray(path, { signal })).matrix;
  const probabilities = await read(probs);
  const committee = members === undefined ? undefined : await readMembers(members);
  const places = await read(embeddings);
  return {
    rows: probabilities?.rows ?? committee?.rows ?? places?.rows ?? 0,
    columns: probabilities?.cols ?? committee?.cols,
    probabilities,
    embeddings: places,
    members: committee,
    version: options.modelVersion ?? basename(named, extname(named)),
  };
}

async function readMembers(path: string): Promise<{ data: Float32Array; passes: number; rows: number; cols: number }> {
  const { data, shape, dtype } = await readNpy(path);
  const [passes = 0, rows = 0, cols = 0] = shape;
  if (shape.length !== 3 || (dtype !== 'f4' && dtype !== 'f8')) {
    throw new ShapeError(
      `${path}: expected float32 or float64 [members, items, classes], got ${dtype} (${shape.join(', ')})`,
    );
  }
  return { data: Float32Array.from(data as Float32Array | Float64Array), passes, rows, cols };
}

function campaignOptions(options: AskCommandOptions, rows: number | undefined): CampaignOptions {
  const { pool, features, id, text, image, html, label, group, cost, imageSize, imageUrl, test } = options;
  const { classes, model, strategy, coldStart, stop, count, format, annotators, seed } = options;
  const [file, ...others] = features ?? [];
  return {
    pool,
    rows,
    features: file !== undefined && others.length === 0 && isArrayFile(file) ? file : features,
    id,
    text,
    image,
    html,
    label,
    group,
    cost,
    imageSize,
    imageUrl,
    test,
    classNames: classes,
    model,
    strategy,
    coldStart,
    stopping: stop,
    n: count,
    format,
    annotators,
    seed,
  };
}

/** What of the options stands in the settings, by flag; those that hold for one batch only are left out. */
function fixedSettings(options: CampaignOptions, settings: CampaignSettings): Record<string, [unknown, unknown]> {
  const source = poolSource(options);
  const { pool } = settings;
  return {
    '--features': [options.features && source.features, pool.features],
    '--id': [options.id, pool.id],
    '--text': [options.text, pool.text],
    '--image': [options.image, pool.image],
    '--html': [options.html, pool.html],
    '--label': [options.label, pool.label],
    '--group': [options.group, pool.group],
    '--cost': [options.cost, pool.cost],
    '--image-size': [options.imageSize, pool.imageSize],
    '--image-url': [options.imageUrl, settings.imageUrl],
    '--test': [options.test && resolve(options.test), settings.test],
    '--classes': [options.classNames, settings.classNames],
    '--model': [options.model, settings.model?.name],
    '--cold-start': [options.coldStart, settings.coldStart.name],
    '--stop': [options.stopping, settings.stopping.name],
    '--annotators': [options.annotators, settings.annotators],
    '--seed': [options.seed, settings.seed],
  };
}

/** @throws {UsageError} The campaign was begun with other settings. A pool that was moved is looked for where it is now. */
async function checkUnchanged(dir: string, options: CampaignOptions, watching: OpenOptions): Promise<void> {
  const settings = await readSettings(dir);
  for (const [flag, [given, kept]] of Object.entries(fixedSettings(options, settings))) {
    if (given === undefined || JSON.stringify(given) === JSON.stringify(kept)) continue;
    throw new UsageError(
      `${dir} was begun with ${flag} ${JSON.stringify(kept)}, got ${JSON.stringify(given)}; leave it out, or begin another campaign`,
    );
  }
  const { pool } = options;
  if (pool !== undefined && resolve(pool) !== settings.pool.path) await Campaign.movePool(dir, pool, watching);
}
