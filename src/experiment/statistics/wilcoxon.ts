import { normalUpperTail } from './special.js';

/** Wilcoxon's signed rank test. */
export interface SignedRank {
  /** The smaller of the rank sums of positive and negative differences. */
  readonly statistic: number;
  /** Two-sided. */
  readonly p: number;
  /** Differences that are not 0. */
  readonly n: number;
}

/** Largest n with the exact distribution; above it the normal approximation serves. */
const EXACT = 25;

/**
 * Are paired differences symmetric around zero? Zeros are dropped (Wilcoxon's way, not Pratt's), ties get their mean rank. Up to
 * 25 differences p is exact, given the ties: of all 2ⁿ signs, the share whose rank sum is as far from its mean. Above that the
 * normal approximation with corrections for ties and continuity. Without any difference p is 1.
 *
 * @see F. Wilcoxon: Individual comparisons by ranking methods. Biometrics Bulletin, 1945.
 */
export function signedRank(differences: readonly number[]): SignedRank {
  const nonzero = differences.filter((value) => value !== 0);
  const n = nonzero.length;
  const { doubled, tieTerm } = doubledRanks(nonzero.map(Math.abs));
  const total = n * (n + 1); // twice the sum of all ranks
  const positive = doubled.reduce((sum, rank, at) => sum + ((nonzero[at] as number) > 0 ? rank : 0), 0);
  const smaller = Math.min(positive, total - positive);
  const p = n <= EXACT ? exactP(doubled, smaller) : normalP(smaller / 2, n, tieTerm);
  return { statistic: smaller / 2, p, n };
}

/** Mean ranks from 1, doubled: whole numbers; and the sum over ties of t³ - t. */
function doubledRanks(sizes: readonly number[]): { doubled: number[]; tieTerm: number } {
  const order = sizes.map((_, at) => at).sort((a, b) => (sizes[a] as number) - (sizes[b] as number));
  const doubled = new Array<number>(sizes.length);
  let tieTerm = 0;
  for (let from = 0; from < order.length;) {
    let to = from + 1;
    while (to < order.length && sizes[order[to] as number] === sizes[order[from] as number]) to += 1;
    for (let at = from; at < to; at++) doubled[order[at] as number] = from + to + 1;
    tieTerm += (to - from) ** 3 - (to - from);
    from = to;
  }
  return { doubled, tieTerm };
}

/** Counts of every sum over all subsets of ranks; both tails are alike. */
function exactP(doubled: readonly number[], smaller: number): number {
  const total = doubled.reduce((sum, rank) => sum + rank, 0);
  const counts = new Float64Array(total + 1);
  counts[0] = 1;
  for (const rank of doubled) {
    for (let sum = total; sum >= rank; sum--) counts[sum]! += counts[sum - rank] as number;
  }
  let tail = 0;
  for (let sum = 0; sum <= smaller; sum++) tail += counts[sum] as number;
  return Math.min(1, (2 * tail) / 2 ** doubled.length);
}

function normalP(statistic: number, n: number, tieTerm: number): number {
  const mean = (n * (n + 1)) / 4;
  const deviation = Math.sqrt((n * (n + 1) * (2 * n + 1) - tieTerm / 2) / 24);
  const z = (mean - statistic - 0.5) / deviation;
  return Math.min(1, 2 * normalUpperTail(z));
}
