import type { LabeledSamples } from '../data/dataset.js';
import type { MatrixLike } from '../contract/tensor-like.js';
import { ArgumentError, QuerentError, UnavailableError } from '../errors.js';
import type { Matrix, MatrixView } from '../matrix.js';
import type { FloatRows, Model, PredictOptions } from '../models/model.js';
import { takeRows } from '../models/samples.js';
import type { Interactive, Need, QueryContext, QueryStrategy } from '../strategies/strategy.js';
import { FixedPredictions } from './fixed-predictions.js';
import type { TrainingRecord } from './history.js';
import type { LabelBook } from './label-book.js';
import type { Stopwatch } from './stopwatch.js';

/** What a context is made of. */
export interface ContextParts {
  readonly model: Model;
  readonly pool: MatrixView;
  readonly book: LabelBook;
  /** What may be picked now, ascending. */
  readonly candidates: () => Uint32Array;
  readonly seed: number;
  readonly round: number;
  /** Nothing is labelled yet, so there is no trained model: samples stand for embeddings. */
  readonly isCold: boolean;
  readonly costs?: Float64Array | undefined;
  readonly validation?: LabeledSamples | undefined;
  readonly record?: TrainingRecord | undefined;
  readonly interactive?: Interactive | undefined;
  readonly log: (message: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** What a learner has beside its model. */
export interface Equipment {
  readonly oracle: boolean;
  readonly validation: boolean;
}

/** The needs that a learner with this model can serve. */
function served(model: Model, { oracle, validation }: Equipment): ReadonlySet<Need> {
  const needs: Need[] = ['probabilities', 'labels'];
  if (!(model instanceof FixedPredictions)) needs.push('samples');
  if (model.embed !== undefined) needs.push('embeddings');
  if (model.members !== undefined) needs.push('members');
  if (oracle && validation) needs.push('oracle');
  return new Set(needs);
}

/** @throws {ArgumentError} `value` lacks a member that its interface has. */
export function checkMembers(where: string, name: string, value: object, members: Record<string, string>): void {
  for (const [member, type] of Object.entries(members)) {
    const found: unknown = (value as Record<string, unknown> | null | undefined)?.[member];
    if (type === 'array' ? Array.isArray(found) : typeof found === type) continue;
    throw new ArgumentError(
      `${where}: expected a name, or an object with ${Object.keys(members).join(', ')}, for ${name}; ` +
        `got one whose ${member} is ${found === undefined ? 'missing' : `no ${type}`}`,
    );
  }
}

/** @throws {UnavailableError} The strategy needs something that this model, or this learner, does not have. */
export function checkNeeds(where: string, strategy: QueryStrategy, model: Model, equipment: Equipment): void {
  const offered = served(model, equipment);
  const missing = strategy.needs.filter((need) => !offered.has(need));
  if (missing.length === 0) return;
  const advice = missing.includes('oracle')
    ? `; it buys labels as it goes: pass ${[!equipment.oracle && 'oracle', !equipment.validation && 'validation'].filter(Boolean).join(' and ')}`
    : '';
  throw new UnavailableError(
    `${where}: strategy ${strategy.name} needs ${missing.join(', ')}, and model ${model.name} offers ${[...offered].join(', ')}${advice}`,
  );
}

/** @throws {UnavailableError} A strategy for the time before the first labels needs a trained model. */
export function checkColdStart(where: string, strategy: QueryStrategy, model: Model): void {
  const isFixed = model instanceof FixedPredictions;
  const offered: Need[] = isFixed ? (model.embed === undefined ? [] : ['embeddings']) : ['samples', 'embeddings'];
  const missing = strategy.needs.filter((need) => !offered.includes(need));
  if (missing.length > 0) {
    throw new UnavailableError(
      `${where}: strategy ${strategy.name} needs ${missing.join(', ')}, which there is not before the first labels; ` +
        'coldStart takes strategies that need samples or embeddings only',
    );
  }
}

/** The view of a learner that strategies get. */
export function queryContext(parts: ContextParts, watch: Stopwatch): QueryContext {
  const { model, pool, book, candidates, seed, round, isCold, record, log, signal } = parts;
  const options: PredictOptions = { signal };
  const rows = (indices: Uint32Array): Matrix => takeRows(pool, indices);
  const reader = placeOf(model, pool, isCold, options);
  const scored = <T>(work: () => Promise<T>): Promise<T> => watch.time('score', work);
  const context: QueryContext = {
    get unlabeled() {
      return candidates();
    },
    get labeled() {
      return book.labeled();
    },
    get labels() {
      return book.labels();
    },
    classes: book.classes,
    seed,
    round,
    predict: (indices) =>
      isCold
        ? untrained('probabilities')
        : scored(() => inBlocks(indices, (block) => model.predictProba(rows(block), options))),
    embed: (indices) => scored(() => reader(indices)),
    members: (indices, passes) =>
      isCold
        ? untrained('members')
        : scored(() => model.members?.(rows(indices), passes, { ...options, seed }) ?? lacking(model, 'members')),
    samples: rows,
    ...(!isCold && {
      predictSamples: (samples: MatrixLike) => scored(() => model.predictProba(samples, options)),
    }),
    ...(record && { history: async (indices: Uint32Array) => record.of(indices) }),
    costs: parts.costs,
    validation: parts.validation,
    interactive: parts.interactive,
    log,
  };
  return context;
}

/** Where samples lie: the model's embeddings; before the first training, the samples themselves. */
export function placeOf(
  model: Model,
  pool: MatrixView,
  isCold: boolean,
  options: PredictOptions,
): (indices: Uint32Array) => Promise<FloatRows> {
  const rows = (indices: Uint32Array): Matrix => takeRows(pool, indices);
  if (isCold && !(model instanceof FixedPredictions)) {
    return async (indices) => ({
      data: Float32Array.from(rows(indices).data as Float32Array),
      rows: indices.length,
      cols: pool.cols,
    });
  }
  return (indices) => inBlocks(indices, (block) => model.embed?.(rows(block), options) ?? lacking(model, 'embeddings'));
}

/** Rows of samples that are copied together for the model: a second copy of a large pool might not fit. */
const BLOCK_ROWS = 16_384;

/** Call the model on one block of samples after the other, and put its rows together. */
async function inBlocks(indices: Uint32Array, compute: (block: Uint32Array) => Promise<FloatRows>): Promise<FloatRows> {
  const first = await compute(indices.subarray(0, BLOCK_ROWS));
  if (indices.length <= BLOCK_ROWS) return first;
  const data = new Float32Array(indices.length * first.cols);
  data.set(first.data);
  for (let from = BLOCK_ROWS; from < indices.length; from += BLOCK_ROWS) {
    const block = await compute(indices.subarray(from, from + BLOCK_ROWS));
    data.set(block.data, from * first.cols);
  }
  return { data, rows: indices.length, cols: first.cols };
}

function lacking(model: Model, need: Need): Promise<never> {
  return Promise.reject(
    new UnavailableError(`model ${model.name} offers no ${need}; a strategy must declare its needs`),
  );
}

function untrained(need: Need): Promise<never> {
  return Promise.reject(new UnavailableError(`there are no ${need} before the first labels`));
}

/**
 * @param isOffered Whether a pool index may be picked.
 * @throws {QuerentError} The strategy broke the law: wrong number, repeats, or indices that are not unlabelled.
 */
export function checkPicks(
  strategy: QueryStrategy,
  indices: Uint32Array,
  wanted: number,
  isOffered: (index: number) => boolean,
): void {
  const legal = new Set(indices).size === indices.length && indices.every(isOffered);
  if (indices.length !== wanted || !legal) {
    throw new QuerentError(
      'ERR_QUERENT_STRATEGY',
      `strategy ${strategy.name}: expected ${wanted} distinct unlabelled indices, got ${indices.length}` +
        `${legal ? '' : ', some of them repeated, labelled or outside the pool'}`,
    );
  }
}

/**
 * @throws {QuerentError} Pseudo-labels for samples that are asked about, labelled or named twice, or of classes that are none.
 */
export function checkPseudoLabels(
  strategy: QueryStrategy,
  { indices, pseudoLabels }: Awaited<ReturnType<QueryStrategy['query']>>,
  classes: number,
  isOffered: (index: number) => boolean,
): void {
  if (pseudoLabels === undefined) return;
  const asked = new Set(indices);
  const { indices: rows, labels } = pseudoLabels;
  const legal =
    rows.length === labels.length &&
    new Set(rows).size === rows.length &&
    rows.every((index) => isOffered(index) && !asked.has(index)) &&
    labels.every((label) => label < classes);
  if (!legal) {
    throw new QuerentError(
      'ERR_QUERENT_STRATEGY',
      `strategy ${strategy.name}: expected pseudo-labels below ${classes} for distinct unlabelled samples that it does ` +
        `not ask about, got ${rows.length} for ${labels.length} labels`,
    );
  }
}
