/**
 * D² sampling: rows drawn one after another, each with probability proportional to its squared distance to the nearest
 * row drawn before it.
 *
 * Distances are brought up to date only now and then. In between, a row is drawn by its old weight, which can only be
 * too large, and kept with probability (weight now) / (weight then): what is kept has exactly the wanted distribution.
 *
 * @see Arthur, Vassilvitskii: k-means++: The Advantages of Careful Seeding. SODA 2007.
 */
import { type Control, reportDone } from '../contract/background.js';
import { EUCLIDEAN } from '../contract/codes.js';
import type { BadgeOutcome, SelectionOutcome } from '../contract/engine.js';
import type { RowRule } from '../contract/rows.js';
import type { FloatMatrixView, MatrixView } from '../matrix.js';
import { RowPairs } from './distance.js';
import { gradientFactors } from './gradient-factors.js';
import { Pace } from './pace.js';
import { philox4x32, STREAM_D2 } from './philox.js';
import { lowestUnusable } from './points.js';
import { takeLowestRemaining } from './remaining.js';
import { drawUniform } from './sample-rows.js';

/** Rows of one partial sum, picks and rejections between two refreshes: all part of which rows a seed draws. */
const SUM_ROWS = 1024;
const MOST_PENDING = 64;
const MOST_REJECTIONS = 64;

interface Geometry {
  /** Squared distance of two rows. */
  readonly distance: (row: number, centre: number) => number;
  /** Elements that it looks at. */
  readonly cols: number;
}

class D2Sampler {
  readonly #geometry: Geometry;
  /** Squared distance to the nearest centre at the last refresh. */
  readonly #weights: Float64Array;
  readonly #sums: Float64Array;
  readonly #key: readonly [number, number];
  readonly #pace: Pace;
  readonly #words = new Uint32Array(4);
  #pending: number[] = [];
  #rejections = 0;
  #total = 0;

  /** @param weights Infinity, or 0 for rows that are never drawn. */
  constructor(geometry: Geometry, weights: Float64Array, seed: bigint, pace: Pace) {
    this.#geometry = geometry;
    this.#weights = weights;
    this.#sums = new Float64Array(Math.ceil(weights.length / SUM_ROWS));
    this.#key = [Number(seed & 0xffff_ffffn), Number(seed >> 32n)];
    this.#pace = pace;
  }

  add(centre: number): void {
    this.#pending.push(centre);
  }

  /** Bring weights and sums up to date. False when stopped. */
  async refresh(): Promise<boolean> {
    const weights = this.#weights;
    const { distance, cols } = this.#geometry;
    for (const centre of this.#pending) {
      const isComplete = await this.#pace.visitRows(weights.length, cols, (i) => {
        weights[i] = Math.min(weights[i] as number, distance(i, centre));
      });
      if (!isComplete) return false;
    }
    this.#pending = [];
    this.#rejections = 0;
    this.#total = 0;
    for (let block = 0; block < this.#sums.length; block++) {
      let sum = 0;
      for (const weight of weights.subarray(block * SUM_ROWS, (block + 1) * SUM_ROWS)) sum += weight;
      this.#sums[block] = sum;
      this.#total += sum;
    }
    return true;
  }

  /** Draw pick number `pick`: a row; -1 when no row has any weight; null when stopped. */
  async draw(pick: number): Promise<number | null> {
    for (let attempt = 0; ; attempt++) {
      const isOld = this.#pending.length === MOST_PENDING || this.#rejections === MOST_REJECTIONS;
      if (isOld && !(await this.refresh())) return null;
      if (!(this.#total > 0)) return -1;
      if (!(await this.#pace.goOn())) return null;
      const [w0, w1, w2, w3] = philox4x32(...this.#key, pick, attempt, STREAM_D2, 0, this.#words);
      const row = this.#propose(unit(w0 as number, w1 as number) * this.#total);
      const then = this.#weights[row] as number;
      const { distance } = this.#geometry;
      const now = this.#pending.reduce((least, centre) => Math.min(least, distance(centre, row)), then);
      if (unit(w2 as number, w3 as number) * then < now) return row;
      this.#rejections += 1;
    }
  }

  /** The row in which the running sum of weights passes `target`. */
  #propose(target: number): number {
    let before = 0;
    let found = -1;
    let lastPositive = 0;
    for (let block = 0; block < this.#sums.length && found < 0; block++) {
      const sum = this.#sums[block] as number;
      if (target < before + sum) found = block;
      else before += sum;
      if (sum > 0) lastPositive = block;
    }
    const begin = (found < 0 ? lastPositive : found) * SUM_ROWS;
    const end = Math.min(this.#weights.length, begin + SUM_ROWS);
    let running = 0;
    let lastRow = begin;
    for (let i = begin; i < end; i++) {
      const weight = this.#weights[i] as number;
      running += weight;
      if (weight > 0) lastRow = i;
      if (found >= 0 && target - before < running) return i;
    }
    return lastRow; // rounding has let the walk run out
  }
}

/** A multiple of 2^-53 in [0, 1). */
function unit(high: number, low: number): number {
  return ((high >>> 5) * 2 ** 26 + (low >>> 6)) * 2 ** -53;
}

/** Draw until there are `k` picks. */
async function drawRows(
  sampler: D2Sampler,
  rows: number,
  excluded: Uint32Array | null,
  k: number,
  picks: number[],
  control: Control,
): Promise<void> {
  if (picks.length >= k) return;
  picks.forEach((row) => sampler.add(row));
  if (!(await sampler.refresh())) return;
  while (picks.length < k) {
    const row = await sampler.draw(picks.length);
    if (row === null) return;
    if (row < 0) return takeLowestRemaining(rows, excluded ?? [], k, picks);
    picks.push(row);
    sampler.add(row);
    reportDone(control, picks.length);
  }
}

export interface KMeansPlusPlus {
  readonly points: MatrixView;
  /** Centres to begin with; null: none, and the first pick is uniform. */
  readonly labeled: Uint32Array | null;
  readonly k: number;
  readonly seed: bigint;
  readonly control: Control;
}

export async function kMeansPlusPlusRows(task: KMeansPlusPlus): Promise<SelectionOutcome> {
  const { points, labeled, k, seed, control } = task;
  const pace = new Pace(control);
  const badRow = await lowestUnusable(points, EUCLIDEAN, pace);
  if (badRow >= 0 || k === 0) return { indices: new Uint32Array(0), badRow };
  const pairs = new RowPairs(points);
  const weights = new Float64Array(points.rows).fill(Infinity);
  const geometry: Geometry = { distance: (i, j) => pairs.sq(i, j), cols: points.cols };
  const sampler = new D2Sampler(geometry, weights, seed, pace);
  const picks: number[] = [];
  if (labeled === null) {
    const [first] = uniformRow(points.rows, seed);
    picks.push(first as number);
  } else {
    for (const row of new Set(labeled)) sampler.add(row);
  }
  await drawRows(sampler, points.rows, labeled, k, picks, control);
  return { indices: Uint32Array.from(picks), badRow };
}

function uniformRow(rows: number, seed: bigint): Uint32Array {
  const out = new Uint32Array(1);
  drawUniform(rows, 1, seed, out);
  return out;
}

export interface Badge {
  readonly probs: FloatMatrixView;
  readonly rule: RowRule;
  readonly points: MatrixView;
  readonly excluded: Uint32Array | null;
  readonly k: number;
  readonly seed: bigint;
  readonly control: Control;
}

/**
 * D² sampling of gradient embeddings a ⊗ h, with a = p - onehot(argmax p) and h the embedding:
 *     |a ⊗ h - a' ⊗ h'|² = |a|²|h|² + |a'|²|h'|² - 2 (a·a')(h·h')
 */
export async function badgeRows(task: Badge): Promise<BadgeOutcome> {
  const { probs, rule, points, excluded, k, seed, control } = task;
  const pace = new Pace(control);
  const { factors, badRow: badPrediction } = await gradientFactors(probs, rule, pace);
  const badRow = badPrediction >= 0 ? badPrediction : await lowestUnusable(points, EUCLIDEAN, pace);
  if (badRow >= 0 || k === 0) {
    return { indices: new Uint32Array(0), badRow, badPrediction: badPrediction >= 0 };
  }
  const a = new RowPairs(factors);
  const h = new RowPairs(points);
  const cols = probs.cols + points.cols;
  const norms = new Float64Array(points.rows);
  await pace.visitRows(points.rows, cols, (i) => (norms[i] = a.dot(i, i) * h.dot(i, i)));
  const distance = (i: number, j: number): number => {
    if (i === j) return 0;
    return Math.max(0, (norms[i] as number) + (norms[j] as number) - 2 * (a.dot(i, j) * h.dot(i, j)));
  };
  const weights = new Float64Array(points.rows).fill(Infinity);
  for (const row of excluded ?? []) weights[row] = 0;
  const sampler = new D2Sampler({ distance, cols }, weights, seed, pace);
  const picks = [longestRow(norms, weights)];
  await drawRows(sampler, points.rows, excluded, k, picks, control);
  return { indices: Uint32Array.from(picks), badRow, badPrediction: false };
}

/** The lowest of the eligible rows of largest norm. */
function longestRow(norms: Float64Array, weights: Float64Array): number {
  let longest = -1;
  for (let i = 0; i < norms.length; i++) {
    if (weights[i] === 0) continue;
    if (longest < 0 || (norms[i] as number) > (norms[longest] as number)) longest = i;
  }
  return longest;
}
