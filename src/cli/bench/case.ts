import type { BenchContext } from './context.js';
import type { Clock, Runner } from './measure.js';

/** A promise about two runners of a case: the median of time(of) / time(over), round by round. */
export interface Gate {
  readonly of: string;
  readonly over: string;
  readonly limit: number;
  /** 'least': the ratio must reach the limit; 'most': it must not exceed it. */
  readonly kind: 'least' | 'most';
}

export interface PreparedCase {
  readonly runners: readonly Runner[];
  /** Input bytes that one run reads. */
  readonly bytes: number;
  /** What times are divided by for the "per element" column. */
  readonly elements: number;
}

export interface BenchCase {
  /** Short name, for the filter. */
  readonly id: string;
  readonly title: string;
  readonly gates: readonly Gate[];
  /** Set where only this clock makes sense. */
  readonly clock?: Clock;
  /** Rounds of each runner at most, as {@link Runner.rounds}. */
  readonly rounds?: number;
  /** Also measure the peak memory of every runner, each in a fresh process. */
  readonly memory?: boolean;
  /** How far, relative to ours, the check value of a runner may be away (default 1e-3: sums, rounded differently). */
  readonly tolerance?: number;
  prepare(context: BenchContext): Promise<PreparedCase>;
}

export const OURS = 'querent';
export const JS_LOOP = 'plain JS loop';

export const least = (of: string, over: string, limit: number): Gate => ({ of, over, limit, kind: 'least' });
export const most = (of: string, over: string, limit: number): Gate => ({ of, over, limit, kind: 'most' });
