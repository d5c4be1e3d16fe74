import { checkCount, checkSeed } from '../contract/check.js';
import { expected } from '../contract/text.js';
import { ArgumentError, ShapeError, UnavailableError } from '../errors.js';
import { checkLabels, takeRows } from '../models/samples.js';
import { createStrategy } from '../strategies/registry.js';
import type { Need, QueryContext, QueryStrategy, TrainingHistory } from '../strategies/strategy.js';
import { checkMembers, checkPicks } from './context.js';
import { explainPicks, listPicks } from './explanations.js';
import { checkPrices, type Costs } from './prices.js';
import { membersAt, type CheckedArrays, type PoolArrays, readArrays, rowsAt } from './pool-arrays.js';
import { checkIndices } from './lists.js';
import { deriveSeed, SEED_QUERY } from './seeds.js';
import type { ExplainedQuery } from './round.js';

/** Everything that {@link queryFrom} knows: arrays over the whole pool, and what is labelled in it. */
export interface QuerySources extends PoolArrays {
  /** Rows with labels, in the order in which these came; never picked. */
  readonly labeled?: ArrayLike<number> | undefined;
  /** Class of each of `labeled`. */
  readonly labels?: ArrayLike<number> | undefined;
  /** Rows that must not be picked either; repeats are fine. */
  readonly exclude?: ArrayLike<number> | undefined;
  /** Number of classes; default what the predictions have, else one more than the largest label. */
  readonly classes?: number | undefined;
  /** Price of a label of each row. */
  readonly costs?: Costs | undefined;
  /** What the model predicted while it was trained, for every row; for strategies that watch the training. */
  readonly history?: TrainingHistory | undefined;
  /** Default 0. */
  readonly seed?: number | bigint | undefined;
  /** Rounds of labels so far, from 0; each draws other numbers from the seed. Default 0. */
  readonly round?: number | undefined;
}

/** Options of `queryFrom`. */
export interface QueryFromOptions {
  readonly signal?: AbortSignal | undefined;
  /** Say of every pick what is predicted and how far the nearest labelled sample is; default true. */
  readonly explain?: boolean | undefined;
  /** Gets lines for people from the strategy. */
  readonly log?: ((message: string) => void) | undefined;
}

/**
 * Run a query strategy on arrays alone: predictions, embeddings or samples of a pool, made by any model in any framework.
 *
 * @param strategy A strategy, or the name of one.
 * @param n How many rows to pick; more than there are gives all of them.
 * @param sources What the strategy needs of `probabilities` [N, C], `embeddings` [N, E], `members` [T, N, C] and
 *   `samples` [N, features]; not written to. A strategy that asks for committee members gets all that are given.
 * @returns min(n, rows neither labelled nor excluded) distinct rows, the most wanted first.
 * @throws {UnavailableError} The strategy needs an array that is missing; names it.
 * @throws {ArgumentError} Unknown names, rows outside the pool.
 * @throws {ShapeError} Arrays whose rows do not fit together.
 * @throws {ValueError} A number that is not finite, a label that is no class.
 */
export async function queryFrom(
  strategy: QueryStrategy | string,
  n: number,
  sources: QuerySources,
  options: QueryFromOptions = {},
): Promise<ExplainedQuery> {
  const where = 'queryFrom';
  checkCount(where, 'n', n);
  if (typeof sources !== 'object' || sources === null) throw expected(where, 'an object of arrays', 'sources', sources);
  const { signal, explain = true, log = () => undefined } = options;
  const chosen = typeof strategy === 'string' ? createStrategy(strategy) : strategy;
  checkMembers(where, 'strategy', chosen, { needs: 'array', query: 'function' });
  signal?.throwIfAborted();
  const arrays = await readArrays(where, sources);
  checkSources(where, chosen, arrays, sources);
  const { labeled, labels, classes } = readLabels(where, arrays, sources);
  const unlabeled = remaining(where, arrays.rows, labeled, sources.exclude);
  const round = checkCount(where, 'round', sources.round ?? 0);
  const wanted = Math.min(n, unlabeled.length);
  if (wanted === 0) return { indices: new Uint32Array(0), picks: [] };
  const seed = deriveSeed(checkSeed(where, sources.seed), SEED_QUERY, round);
  const costs = sources.costs === undefined ? undefined : checkPrices(where, sources.costs, arrays.rows);
  const known = { unlabeled, labeled, labels, classes, seed, round, costs, log };
  const context: QueryContext = { ...known, ...readers(arrays), ...historyOf(sources.history) };
  const result = await chosen.query(context, wanted, { signal });
  const { indices, scores, pseudoLabels } = result;
  const offered = new Set(unlabeled);
  checkPicks(chosen, indices, wanted, (index) => offered.has(index));
  const { probabilities, embeddings, samples } = arrays;
  const witnesses = {
    labeled,
    signal,
    predict: probabilities && ((rows: Uint32Array) => Promise.resolve(rowsAt(probabilities, rows))),
    place: placeOf(embeddings, samples),
  };
  const picks = explain ? await explainPicks(indices, scores, witnesses) : listPicks(indices, scores);
  return { indices, ...(scores && { scores }), ...(pseudoLabels && { pseudoLabels }), picks };
}

type Readers = Pick<QueryContext, 'predict' | 'embed' | 'members' | 'samples'>;

/** The arrays as a context reads them. A strategy that takes what it did not declare is told so. */
function readers({ probabilities, embeddings, members, samples }: CheckedArrays): Readers {
  const lacking = (name: string): UnavailableError =>
    new UnavailableError(
      `queryFrom: the strategy took ${name} without declaring it; a strategy must declare its needs`,
    );
  return {
    predict: async (indices) => {
      if (probabilities === undefined) throw lacking('probabilities');
      return rowsAt(probabilities, indices);
    },
    embed: async (indices) => {
      if (embeddings === undefined) throw lacking('embeddings');
      return rowsAt(embeddings, indices);
    },
    members: async (indices) => {
      if (members === undefined) throw lacking('members');
      return membersAt(members, indices);
    },
    samples: (indices) => {
      if (samples === undefined) throw lacking('samples');
      return takeRows(samples, indices);
    },
  };
}

function placeOf(
  embeddings: CheckedArrays['embeddings'],
  samples: CheckedArrays['samples'],
): ((indices: Uint32Array) => Promise<ReturnType<typeof takeRows>>) | undefined {
  if (embeddings !== undefined) return async (indices) => rowsAt(embeddings, indices);
  if (samples !== undefined) return async (indices) => takeRows(samples, indices);
  return undefined;
}

function historyOf(history: TrainingHistory | undefined): Pick<QueryContext, 'history'> {
  if (history === undefined) return {};
  const { moments, rows, classes } = history;
  return {
    history: async (indices) => {
      const taken = new Uint32Array(moments * indices.length);
      for (let moment = 0; moment < moments; moment++) {
        indices.forEach((index, at) => {
          taken[moment * indices.length + at] = classes[moment * rows + index] as number;
        });
      }
      return { moments, rows: indices.length, classes: taken };
    },
  };
}

/** What a need is called among the arrays. */
const SOURCES: Record<Need, string> = {
  probabilities: 'probabilities',
  embeddings: 'embeddings',
  members: 'members',
  samples: 'samples',
  labels: 'labeled and labels',
  oracle: 'an oracle',
};

/** @throws {UnavailableError} An array that the strategy needs is missing. */
function checkSources(where: string, strategy: QueryStrategy, arrays: CheckedArrays, sources: QuerySources): void {
  const { name, needs, watch = 0 } = strategy;
  if (needs.includes('oracle')) {
    throw new UnavailableError(
      `${where}: strategy ${name} buys labels and trains as it goes; run it in an ActiveLearner`,
    );
  }
  const has = (need: Need): boolean =>
    need === 'labels' ? sources.labeled !== undefined : need !== 'oracle' && arrays[need] !== undefined;
  const missing = needs.filter((need) => !has(need)).map((need) => SOURCES[need]);
  if (watch > 0 && sources.history === undefined) missing.push('history');
  if (missing.length > 0) {
    throw new UnavailableError(`${where}: strategy ${name} needs ${missing.join(' and ')}; pass ${missing.join(', ')}`);
  }
}

function readLabels(
  where: string,
  { rows, probabilities, members }: CheckedArrays,
  { labeled = [], labels, classes }: QuerySources,
): { labeled: Uint32Array; labels: Uint32Array; classes: number } {
  const indices = checkIndices(where, 'labeled', labeled, rows);
  const predicted = probabilities?.cols ?? members?.cols;
  if (predicted !== undefined && classes !== undefined && predicted !== classes) {
    throw new ShapeError(`${where}: expected predictions of ${classes} classes, got ${predicted} columns`);
  }
  const largest = Array.from(labels ?? []).reduce((most, label) => Math.max(most, label), 1);
  const count = checkCount(where, 'classes', classes ?? predicted ?? largest + 1, 1);
  if (labels === undefined && indices.length > 0) {
    throw new ArgumentError(
      `${where}: expected labels beside labeled, one class for each of its ${indices.length} rows`,
    );
  }
  return { labeled: indices, labels: checkLabels(where, labels ?? [], indices.length, count), classes: count };
}

/** Rows that can be picked, ascending. */
function remaining(
  where: string,
  rows: number,
  labeled: Uint32Array,
  exclude: ArrayLike<number> | undefined,
): Uint32Array {
  const taken = new Uint8Array(rows);
  for (const row of labeled) taken[row] = 1;
  for (const row of checkIndices(where, 'exclude', exclude ?? [], rows, { repeats: true })) taken[row] = 1;
  return Uint32Array.from({ length: rows }, (_, row) => row).filter((row) => taken[row] === 0);
}
