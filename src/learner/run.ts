import { checkCount } from '../contract/check.js';
import { expected } from '../contract/text.js';
import type { Limits } from './batch.js';
import type { LabelBook } from './label-book.js';
import type { ExplainedQuery, Round } from './round.js';
import type { Stop } from './stopping/watchers.js';

/** What every step of a learner takes. */
export interface WorkOptions {
  readonly signal?: AbortSignal | undefined;
}

/** Labels to own at the end, or cost to have paid, the initial labels and any already there included. Never exceeded. */
export type BudgetLike = number | { readonly labels?: number | undefined; readonly cost?: number | undefined };

/** Questions that are about to be asked. */
export interface BatchQuestions extends ExplainedQuery {
  /** The round that their answers will begin. */
  readonly round: number;
}

/** Answers that were just written down. */
export interface BatchLabels {
  readonly round: number;
  readonly indices: Uint32Array;
  /** Class of each. */
  readonly labels: Uint32Array;
  /** Samples that the oracle refused. */
  readonly refused: Uint32Array;
  /** Labels bought so far. */
  readonly bought: number;
  /** Paid so far. */
  readonly cost: number;
}

/** Options of `ActiveLearner.run`. */
export interface RunOptions extends WorkOptions {
  /** A number is in labels or, where labels have prices, in their unit; `{ labels, cost }` says which, or both. */
  readonly budget: BudgetLike;
  /** Labels to buy per round. */
  readonly batch: number;
  /** Labels of the first round where there are none yet; default `batch`. */
  readonly initial?: number | undefined;
  /** False goes on although a stopping criterion was met; default: the run ends at it, or at once where it was met before. */
  readonly stopping?: boolean | undefined;
  /** Called before the oracle is asked; not for interactive strategies, which ask as they go. */
  readonly onQuery?: ((questions: BatchQuestions) => void | Promise<void>) | undefined;
  /** Called when answers have been written down, before the training. */
  readonly onLabels?: ((labels: BatchLabels) => void | Promise<void>) | undefined;
  /** Called after every round; the next one waits for it. A snapshot taken here holds the whole round. */
  readonly onRound?: ((round: Round) => void | Promise<void>) | undefined;
}

export interface RunResult extends Stop {
  /** The rounds of this run. */
  readonly rounds: readonly Round[];
  /** Labels bought so far. */
  readonly labels: number;
  /** Paid so far. */
  readonly cost: number;
  /** Labels of validation samples, beside the budget. */
  readonly validationLabels: number;
}

/** @throws {ArgumentError} No budget, or one that is no number of labels or cost. */
export function readLimits(where: string, budget: BudgetLike, hasPrices: boolean): Limits {
  if (typeof budget === 'number') {
    if (hasPrices) return { labels: Infinity, cost: checkCost(where, 'budget', budget) };
    return { labels: checkCount(where, 'budget', budget, 1), cost: Infinity };
  }
  const { labels, cost } = typeof budget === 'object' && budget !== null ? budget : {};
  if (labels === undefined && cost === undefined) {
    throw expected(where, 'a number, or { labels, cost }', 'budget', budget);
  }
  return {
    labels: labels === undefined ? Infinity : checkCount(where, 'budget.labels', labels, 1),
    cost: cost === undefined ? Infinity : checkCost(where, 'budget.cost', cost),
  };
}

function checkCost(where: string, name: string, cost: number): number {
  if (typeof cost !== 'number' || !Number.isFinite(cost) || cost <= 0) {
    throw expected(where, 'a positive number', name, cost);
  }
  return cost;
}

/** Why a run cannot ask another question, if it cannot. */
export function endOf(book: LabelBook, limits: Limits, candidates: number): Stop | undefined {
  const paid = `${book.bought} labels are bought and ${book.cost} is paid`;
  if (book.bought >= limits.labels) return { stop: 'budget', reason: `the budget of ${limits.labels} labels is spent` };
  if (book.cost >= limits.cost) return { stop: 'budget', reason: `the budget of ${limits.cost} is spent` };
  if (candidates > 0) return undefined;
  if (book.unlabeled().length === 0) return { stop: 'pool', reason: `nothing is left to ask about: ${paid}` };
  return { stop: 'budget', reason: `no label fits into the rest of the budget: ${paid} of ${limits.cost}` };
}
