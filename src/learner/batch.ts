import type { LabelBook } from './label-book.js';

/** What may be spent in all; what was spent already counts. */
export interface Limits {
  /** Labels bought. */
  readonly labels: number;
  /** In the unit of the prices. */
  readonly cost: number;
}

export const NO_LIMITS: Limits = { labels: Infinity, cost: Infinity };

/** What is spent, for real or in a plan. */
interface Tally {
  labels: number;
  cost: number;
}

/** True where one more label of the sample is within the limits. */
export function fits(
  book: LabelBook,
  index: number,
  limits: Limits,
  tally: Tally = { labels: book.bought, cost: book.cost },
): boolean {
  return book.isPaid(index) || (tally.labels < limits.labels && tally.cost + book.price(index) <= limits.cost);
}

function spend(book: LabelBook, index: number, tally: Tally): void {
  if (book.isPaid(index)) return;
  tally.labels += 1;
  tally.cost += book.price(index);
}

/** A batch of questions. */
export interface Batch {
  readonly indices: Uint32Array;
  /** NaN for samples that came with their group. */
  readonly scores: Float64Array | undefined;
}

/**
 * Make a batch of at most `n` questions of a strategy's picks. A pick that no longer fits into the limits is left out;
 * those after it may still fit. With `together`, samples of one group are asked together:
 * 1. Groups that are labelled in part come first.
 * 2. Then the groups of the picks, in order, each as a whole: the pick, then the others by index. One that does not fit
 *    into what is left of the batch and the limits is passed over, so a batch may be smaller than `n`.
 * 3. Where not even one fits, the first pick's group is asked as far as it goes; by the first rule its rest comes next.
 */
export function composeBatch(
  picks: Uint32Array,
  scores: ArrayLike<number> | undefined,
  n: number,
  book: LabelBook,
  together: boolean,
  limits: Limits,
): Batch {
  const taken = new Map<number, number>(); // index to score
  const tally: Tally = { labels: book.bought, cost: book.cost };
  const take = (index: number, score = NaN): void => {
    if (taken.size >= n || taken.has(index) || !fits(book, index, limits, tally)) return;
    spend(book, index, tally);
    taken.set(index, score);
  };
  const scoreAt = (at: number): number => scores?.[at] ?? NaN;
  if (together) {
    for (const index of openMembers(book)) take(index);
    picks.forEach((pick, at) => {
      const members = [pick, ...offeredMembers(book, pick).filter((index) => index !== pick)];
      if (taken.has(pick) || members.length > n - taken.size || !fitTogether(book, members, limits, tally)) return;
      for (const index of members) take(index, index === pick ? scoreAt(at) : NaN);
    });
    const [first] = picks;
    if (taken.size === 0 && first !== undefined) {
      take(first, scoreAt(0));
      for (const index of offeredMembers(book, first)) take(index);
    }
  } else {
    picks.forEach((pick, at) => take(pick, scoreAt(at)));
  }
  return {
    indices: Uint32Array.from(taken.keys()),
    scores: scores === undefined ? undefined : Float64Array.from(taken.values()),
  };
}

function fitTogether(book: LabelBook, members: readonly number[], limits: Limits, tally: Tally): boolean {
  const planned = { ...tally };
  return members.every((index) => {
    const isWithin = fits(book, index, limits, planned);
    spend(book, index, planned);
    return isWithin;
  });
}

function offeredMembers(book: LabelBook, index: number): number[] {
  return Array.from(book.units.groupOf(index)).filter((member) => book.isOffered(member));
}

/** Offered samples of groups in which something is labelled, ascending by group. */
function openMembers(book: LabelBook): number[] {
  const groups = book.units.groups;
  if (groups === undefined) return [];
  const open = new Set(book.labeled().map((index) => groups[index] as number));
  return [...open].sort((a, b) => a - b).flatMap((leader) => offeredMembers(book, leader));
}
