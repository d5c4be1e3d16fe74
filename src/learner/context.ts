import type { MatrixView } from '../matrix.js';
import type { FloatRows, Model, PredictOptions } from '../models/model.js';
import { takeRows } from '../models/samples.js';
import { ArgumentError, QuerentError, UnavailableError } from '../errors.js';
import type { Need, QueryContext, QueryStrategy } from '../strategies/strategy.js';
import type { LabelBook } from './label-book.js';

/** Counts the seconds that a strategy spends waiting for the model. */
export interface Stopwatch {
  seconds: number;
}

/** What a context is made of. */
export interface ContextParts {
  readonly model: Model;
  readonly pool: MatrixView;
  readonly book: LabelBook;
  readonly seed: number;
  readonly round: number;
  readonly log: (message: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** The needs that a learner with this model can serve. */
function served(model: Model): ReadonlySet<Need> {
  const needs: Need[] = ['probabilities', 'samples', 'labels'];
  if (model.embed !== undefined) needs.push('embeddings');
  if (model.members !== undefined) needs.push('members');
  return new Set(needs);
}

/** @throws {ArgumentError} `value` lacks a member that its interface has. */
export function checkMembers(where: string, name: string, value: object, members: Record<string, string>): void {
  for (const [member, type] of Object.entries(members)) {
    const found: unknown = (value as Record<string, unknown>)[member];
    if (type === 'array' ? Array.isArray(found) : typeof found === type) continue;
    throw new ArgumentError(
      `${where}: expected a name, or an object with ${Object.keys(members).join(', ')}, for ${name}; ` +
        `got one whose ${member} is ${found === undefined ? 'missing' : `no ${type}`}`,
    );
  }
}

/** @throws {UnavailableError} The strategy needs something that this model, or this learner, does not have. */
export function checkNeeds(where: string, strategy: QueryStrategy, model: Model): void {
  const offered = served(model);
  const missing = strategy.needs.filter((need) => !offered.has(need));
  if (missing.length > 0) {
    throw new UnavailableError(
      `${where}: strategy ${strategy.name} needs ${missing.join(', ')}, and model ${model.name} offers ${[...offered].join(', ')}`,
    );
  }
}

/** The view of a learner that strategies get. */
export function queryContext(parts: ContextParts, watch: Stopwatch): QueryContext {
  const { model, pool, book, seed, round, log, signal } = parts;
  const options: PredictOptions = { signal };
  const rows = (indices: Uint32Array) => takeRows(pool, indices);
  async function timed<T>(work: Promise<T>): Promise<T> {
    const start = performance.now();
    try {
      return await work;
    } finally {
      watch.seconds += (performance.now() - start) / 1000;
    }
  }
  return {
    unlabeled: book.unlabeled(),
    labeled: book.labeled(),
    labels: book.labels(),
    classes: book.classes,
    seed,
    round,
    predict: (indices) => timed(inBlocks(indices, (block) => model.predictProba(rows(block), options))),
    embed: (indices) =>
      timed(inBlocks(indices, (block) => model.embed?.(rows(block), options) ?? lacking(model, 'embeddings'))),
    members: (indices, passes) =>
      timed(model.members?.(rows(indices), passes, { ...options, seed }) ?? lacking(model, 'members')),
    samples: rows,
    predictSamples: (samples) => timed(model.predictProba(samples, options)),
    log,
  };
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
