import { ArgumentError, ShapeError } from '../errors.js';
import { type MatrixLike, readMatrixAsync } from '../contract/tensor-like.js';
import type { MembersLike } from '../learner/pool-arrays.js';
import { queryFrom } from '../learner/query-from.js';
import { deriveSeed, SEED_QUERY } from '../learner/seeds.js';
import type { FloatRows } from '../models/model.js';
import { createStrategy } from '../strategies/registry.js';
import type { Batch, Pick } from './records.js';
import { trainedModel } from './rounds.js';
import { scaled, scalingOf } from './scaling.js';
import type { CampaignState } from './state.js';
import type { Trainer, WorkOptions } from './trainer.js';

/** Predictions for the whole pool, made by any model in any framework. */
export interface Predictions {
  /** Class probabilities [items, classes], rows summing to 1. */
  readonly probabilities?: MatrixLike | undefined;
  /** [items, E]. */
  readonly embeddings?: MatrixLike | undefined;
  /** Class probabilities of several models or dropout passes, [T, items, classes]. */
  readonly members?: MembersLike | undefined;
  /** What the model is called; default `predictions`. */
  readonly version?: string | undefined;
}

/** A strategy by name, with its options. */
export interface StrategyChoice {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** Dropout passes or committee members that a strategy gets to see. */
const PASSES = 20;

/** True where a model can be trained: two classes at least have a label. */
export function isTrainable(state: CampaignState): boolean {
  return new Set(state.labeled().map(({ label }) => label)).size >= 2;
}

/**
 * Choose the next batch of questions: by the strategy from predictions that are given or a model of the labels; as long as
 * there is neither, by the strategy for cold starts from the features alone.
 *
 * @param trainer Null: the pool has no features.
 * @param strategy Overrides that of the settings.
 * @returns At most `n` questions: items that were asked, labelled or refused are not asked again.
 */
export async function chooseBatch(
  state: CampaignState,
  trainer: Trainer | null,
  predictions: Predictions | undefined,
  { n, strategy }: { n: number; strategy?: StrategyChoice | undefined },
  options: WorkOptions,
): Promise<Batch> {
  const { settings, pool, batches } = state;
  const hasModel = predictions !== undefined || (trainer !== null && isTrainable(state));
  if (!hasModel && trainer === null && strategy === undefined && state.labeled().length > 0) {
    throw new ArgumentError(
      'ask: there are no features to train a model on; give predictions (--probs), or a strategy',
    );
  }
  const choice = strategy ?? (hasModel ? settings.strategy : settings.coldStart);
  const chosen = createStrategy(choice.name, choice.options);
  const arrays = hasModel
    ? await predicted(state, trainer, predictions, chosen.needs.includes('members'), options)
    : blank(state, trainer);
  const set = state.trainingSet();
  const { onStep, signal } = options;
  onStep?.(`choosing by ${choice.name}`);
  const { picks } = await queryFrom(
    chosen,
    n,
    {
      ...arrays.sources,
      labeled: set.indices,
      labels: set.labels,
      exclude: [...state.asked(), ...state.skipped()],
      classes: settings.classNames.length,
      ...(pool.costs === null ? {} : { costs: pool.costs }),
      seed: settings.seed,
      round: batches.length,
    },
    { signal, explain: arrays.explain },
  );
  return {
    batch: batches.length,
    time: new Date().toISOString(),
    strategy: choice.name,
    isRandom: choice.name === 'random',
    model: arrays.version,
    picks: picks.map(({ index, score, predicted: label, confidence, nearestLabeled, nearestDistance }): Pick => ({
      index,
      id: pool.ids[index] ?? '',
      score: finiteOrNull(score),
      predicted: label === undefined ? null : (settings.classNames[label] ?? null),
      confidence: finiteOrNull(confidence),
      nearest: nearestLabeled === undefined ? null : (pool.ids[nearestLabeled] ?? null),
      distance: finiteOrNull(nearestDistance),
    })),
  };
}

interface Arrays {
  readonly sources: Parameters<typeof queryFrom>[2];
  readonly version: string | null;
  readonly explain: boolean;
}

/** What there is before the first label: features, or nothing. */
function blank({ pool }: CampaignState, trainer: Trainer | null): Arrays {
  if (trainer !== null) {
    return { sources: { samples: trainer.samples, embeddings: trainer.samples }, version: null, explain: true };
  }
  const nothing = { data: new Float32Array(pool.size), rows: pool.size, cols: 1 };
  return { sources: { samples: nothing }, version: null, explain: false };
}

async function predicted(
  state: CampaignState,
  trainer: Trainer | null,
  predictions: Predictions | undefined,
  wantsMembers: boolean,
  options: WorkOptions,
): Promise<Arrays> {
  const { settings, pool } = state;
  if (predictions !== undefined) {
    const { probabilities, embeddings, members, version = 'predictions' } = predictions;
    await checkRows('probabilities', probabilities, pool.size);
    await checkRows('embeddings', embeddings, pool.size);
    const samples = trainer?.samples ?? featuresOf(state);
    const places = embeddings ?? samples;
    const sources = {
      ...(probabilities === undefined ? {} : { probabilities }),
      ...(places === undefined ? {} : { embeddings: places }),
      ...(members === undefined ? {} : { members }),
      ...(samples === undefined ? {} : { samples }),
    };
    if (Object.keys(sources).length === 0)
      throw new ShapeError('expected probabilities, embeddings or members in predictions');
    return { sources, version, explain: true };
  }
  const { model, probabilities, version } = await trainedModel(state, trainer as Trainer, options);
  const { samples } = trainer as Trainer;
  const { signal } = options;
  const members =
    wantsMembers && model.members !== undefined
      ? await model.members(samples, PASSES, { signal, seed: deriveSeed(settings.seed, SEED_QUERY, pool.size) })
      : undefined;
  const embeddings = await model.embed?.(samples, { signal });
  return {
    sources: {
      probabilities,
      samples,
      ...(embeddings === undefined ? {} : { embeddings }),
      ...(members === undefined ? {} : { members }),
    },
    version,
    explain: true,
  };
}

/** @throws {ShapeError} Not a row per item. */
async function checkRows(name: string, value: MatrixLike | undefined, items: number): Promise<void> {
  if (value === undefined) return;
  const { rows } = await readMatrixAsync('ask', name, value);
  if (rows !== items)
    throw new ShapeError(`ask: expected a row of ${name} for each of the ${items} items, got ${rows}`);
}

function featuresOf({ pool }: CampaignState): FloatRows | undefined {
  if (pool.features === null) return undefined;
  return scaled(pool.features, pool.isPixels ? null : scalingOf('pool', pool.features));
}

function finiteOrNull(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}
