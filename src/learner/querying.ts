import type { Model } from '../models/model.js';
import type { MatrixView } from '../matrix.js';
import { takeRows } from '../models/samples.js';
import type { QueryResult, QueryStrategy } from '../strategies/strategy.js';
import { composeBatch, fits, type Limits, NO_LIMITS } from './batch.js';
import { checkPicks, checkPseudoLabels, type ContextParts, placeOf, queryContext } from './context.js';
import { explainPicks, listPicks } from './explanations.js';
import { FixedPredictions } from './fixed-predictions.js';
import type { Purchases } from './interactive.js';
import type { LabelBook } from './label-book.js';
import type { ExplainedQuery } from './round.js';
import { secondsSince, Stopwatch } from './stopwatch.js';

/** Where the time of a query went; `train` and `evaluate` are those of an interactive strategy. */
export interface QuerySeconds {
  readonly score: number;
  readonly select: number;
  readonly train: number;
  readonly evaluate: number;
}

export const NO_TIME: QuerySeconds = { score: 0, select: 0, train: 0, evaluate: 0 };

/** The answer to "what next?". */
export interface QueryOutcome extends ExplainedQuery {
  /** An interactive strategy has bought the labels already. */
  readonly isBought: boolean;
  readonly seconds: QuerySeconds;
}

/** What a query is made of: its strategy, what it sees, and how its picks become questions. */
export interface QueryParts extends Omit<ContextParts, 'candidates' | 'interactive'> {
  readonly strategy: QueryStrategy;
  readonly limits: Limits;
  readonly together: boolean;
  readonly explain: boolean;
  /** Makes the counter at which an interactive strategy buys. */
  readonly purchases?: ((watch: Stopwatch) => Purchases) | undefined;
}

/** What can be asked about and paid for, ascending. How many labels there may be is told by the number of questions. */
export function candidatesOf(book: LabelBook, { cost }: Limits): Uint32Array {
  const offered = book.unlabeled();
  return cost === Infinity ? offered : offered.filter((index) => fits(book, index, { labels: Infinity, cost }));
}

/** Let a strategy choose, check that it keeps the law, and explain its picks. */
export async function runQuery(parts: QueryParts, n: number): Promise<QueryOutcome> {
  const { strategy, book, limits, signal } = parts;
  const candidates = (): Uint32Array => candidatesOf(book, limits);
  const before = candidates();
  const wanted = Math.min(n, before.length);
  if (wanted === 0) return { indices: new Uint32Array(0), picks: [], isBought: false, seconds: NO_TIME };
  const labeled = book.labeled();
  const started = performance.now();
  const watch = new Stopwatch();
  const purchases = parts.purchases?.(watch);
  const context = queryContext({ ...parts, candidates, interactive: purchases }, watch);
  const result = await strategy.query(context, wanted, { signal });
  const batch = purchases === undefined ? questionsOf(parts, result, wanted, before) : result;
  purchases?.check(strategy, result.indices);
  const seconds = {
    score: watch.seconds('score'),
    select: secondsSince(started) - watch.total,
    train: watch.seconds('train'),
    evaluate: watch.seconds('evaluate'),
  };
  const { indices, scores } = batch;
  const picks = parts.explain
    ? await explainPicks(indices, scores, witnesses(parts, labeled, purchases !== undefined))
    : listPicks(indices, scores);
  const { pseudoLabels } = result;
  const isBought = purchases !== undefined;
  return { indices, ...(scores && { scores }), ...(pseudoLabels && { pseudoLabels }), picks, isBought, seconds };
}

/** A lawful strategy's picks as a batch of questions. */
function questionsOf(parts: QueryParts, result: QueryResult, wanted: number, offered: Uint32Array): QueryResult {
  const { strategy, book, limits, together } = parts;
  const mayPick = new Set(offered);
  checkPicks(strategy, result.indices, wanted, (index) => mayPick.has(index));
  checkPseudoLabels(strategy, result, book.classes, (index) => mayPick.has(index));
  if (!together && limits === NO_LIMITS) return result;
  const batch = composeBatch(result.indices, result.scores, wanted, book, together, limits);
  const isWhole =
    batch.indices.length === result.indices.length && batch.indices.every((i, at) => i === result.indices[at]);
  return isWhole ? result : batch;
}

/** An interactive strategy has trained on its picks by now: what the model says of them explains nothing. */
function witnesses(
  parts: QueryParts,
  labeled: Uint32Array,
  isInteractive: boolean,
): Parameters<typeof explainPicks>[2] {
  const { model, pool, isCold, signal } = parts;
  const rows = (indices: Uint32Array): ReturnType<typeof takeRows> => takeRows(pool, indices);
  return {
    labeled,
    signal,
    predict: isCold || isInteractive ? undefined : (indices) => model.predictProba(rows(indices), { signal }),
    place: placeOfPicks(model, pool, isCold, signal),
  };
}

function placeOfPicks(
  model: Model,
  pool: MatrixView,
  isCold: boolean,
  signal: AbortSignal | undefined,
): ((indices: Uint32Array) => Promise<ReturnType<typeof takeRows>>) | undefined {
  if (isCold) return undefined;
  if (model.embed !== undefined) return placeOf(model, pool, isCold, { signal });
  return model instanceof FixedPredictions ? undefined : async (indices) => takeRows(pool, indices);
}
