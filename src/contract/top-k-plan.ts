import { ShapeError } from '../errors.js';
import {
  checkAttached,
  checkChoice,
  checkCount,
  checkEnough,
  checkExclude,
  checkOptions,
  checkSeed,
  checkThreads,
  MAX_ROWS,
} from './check.js';
import { TIE_BREAKS, type TieBreak } from './codes.js';
import type { ScoreArray, TopKOutcome } from './engine.js';
import { expected } from './text.js';

/** How the best k are told apart. */
export interface PickOptions {
  /** Row numbers that must not be picked; duplicates are fine. */
  readonly exclude?: Uint32Array | readonly number[] | undefined;
  /** Equal scores: the lowest row first (default), or an order drawn from `seed`. */
  readonly tieBreak?: TieBreak | undefined;
  /** For tieBreak 'random': a safe integer or a bigint below 2^64; default 0. */
  readonly seed?: number | bigint | undefined;
}

export interface TopKOptions extends PickOptions {
  /** At most this many threads; default all of the machine. The result does not depend on it. */
  readonly threads?: number | undefined;
}

/** The best rows, best first. */
export interface TopK<Scores extends ScoreArray = Float32Array | Float64Array> {
  readonly indices: Uint32Array;
  readonly scores: Scores;
}

export interface PickPlan {
  readonly where: string;
  readonly k: number;
  readonly tieBreak: number;
  readonly seed: bigint;
  readonly exclude: Uint32Array | null;
}

export const PICK_KEYS: readonly string[] = ['exclude', 'tieBreak', 'seed'];

/** Check k and how to pick; `rows` bounds the excluded row numbers. */
export function planPick(where: string, k: unknown, options: PickOptions, rows: number): PickPlan {
  return {
    where,
    k: checkCount(where, 'k', k),
    tieBreak: checkChoice(where, 'tieBreak', options.tieBreak ?? 'index', TIE_BREAKS),
    seed: checkSeed(where, options.seed),
    exclude: checkExclude(where, options.exclude, rows),
  };
}

export interface TopKPlan extends PickPlan {
  readonly scores: ScoreArray;
  readonly threads: number;
}

export function planTopK(
  where: string,
  scores: unknown,
  k: unknown,
  options: TopKOptions = {},
  extraKeys: readonly string[] = [],
): TopKPlan {
  checkOptions(where, options, [...PICK_KEYS, 'threads', ...extraKeys]);
  const checked = checkScores(where, scores);
  return {
    ...planPick(where, k, options, checked.length),
    scores: checked,
    threads: checkThreads(where, options.threads),
  };
}

export function checkScores(where: string, scores: unknown): ScoreArray {
  if (!(scores instanceof Float32Array || scores instanceof Float64Array)) {
    throw expected(where, 'a Float32Array or Float64Array', 'scores', scores);
  }
  checkAttached(where, 'scores', scores);
  if (scores.length > MAX_ROWS) {
    throw new ShapeError(`${where}: expected at most ${MAX_ROWS} scores, got ${scores.length}`);
  }
  return scores;
}

/** An array of the same kind as `like`. */
export function sameKind(like: ScoreArray, length: number): ScoreArray {
  return like instanceof Float64Array ? new Float64Array(length) : new Float32Array(length);
}

/** How much room a selection can need: k, or every row where k is larger (which is refused after counting). */
export function roomFor(k: number, rows: number): number {
  return Math.min(k, rows);
}

/** Refuse a selection that came out short, saying where the missing rows went. */
export function checkOutcome(plan: PickPlan, rows: number, outcome: Pick<TopKOutcome, 'eligible'>): void {
  if (outcome.eligible >= plan.k) return;
  const excluded = new Set(plan.exclude ?? []).size;
  checkEnough(
    plan.where,
    plan.k,
    outcome.eligible,
    `${rows} rows, ${excluded} excluded, ${rows - excluded - outcome.eligible} without a score`,
  );
}

/** Excluded rows in ascending order, for {@link rowsBetween}. The caller's array is left as it is. */
export function sortedRows(exclude: Uint32Array | null): Uint32Array | null {
  return exclude && exclude.slice().sort();
}

/** Those of the sorted rows that lie in [begin, end), so that a block of a long call carries only its own. */
export function rowsBetween(sorted: Uint32Array | null, begin: number, end: number): Uint32Array | null {
  if (sorted === null) return null;
  const from = lowerBound(sorted, begin);
  const to = lowerBound(sorted, end);
  return from === to ? null : sorted.subarray(from, to);
}

function lowerBound(sorted: Uint32Array, row: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) < row) low = middle + 1;
    else high = middle;
  }
  return low;
}
