/**
 * t-SNE with all pairs, every sum in the order of the addon: the same bits as its exact method.
 *
 * @see van der Maaten, Hinton: Visualizing Data using t-SNE. JMLR 9, 2008.
 */
import { type Control, isStopped, reportDone } from '../contract/background.js';
import { EUCLIDEAN } from '../contract/codes.js';
import type { TsneOutcome } from '../contract/engine.js';
import { MOST_EXACT_ROWS } from '../contract/tsne-call.js';
import { UnavailableError } from '../errors.js';
import { type MatrixView, widenRow } from '../matrix.js';
import { sq } from './distance.js';
import { exactExp, exactLog } from './exact-math.js';
import { Pace } from './pace.js';
import { philox4x32, STREAM_LAYOUT } from './philox.js';
import { lowestUnusable } from './points.js';
import { principalComponents } from './principal.js';

export interface TsneTask {
  readonly points: MatrixView;
  readonly perplexity: number;
  readonly iterations: number;
  readonly exaggeration: number;
  readonly learningRate: number;
  readonly seed: bigint;
  readonly fromPrincipal: boolean;
  readonly control: Control;
}

const MOST_STEPS = 100;
const ENTROPY_TOLERANCE = 1e-5;
const EXAGGERATED = 250;
const START_SPREAD = 1e-4;
const FLAT = 1e-8;
const FARTHEST = 1e50;

export async function tsneRows(task: TsneTask): Promise<TsneOutcome> {
  const { points, iterations, control } = task;
  if (points.rows > MOST_EXACT_ROWS) {
    throw new UnavailableError(
      `tsne: expected at most ${MOST_EXACT_ROWS} rows without the native addon, got ${points.rows}; build the addon, or lay out a sample of the rows`,
    );
  }
  const pace = new Pace(control);
  const outcome = { points: new Float64Array(0), kl: 0, badRow: -1, divergedAt: -1 };
  outcome.badRow = await lowestUnusable(points, EUCLIDEAN, pace);
  if (outcome.badRow >= 0) return outcome;
  const affinities = await denseAffinities(points, task.perplexity, pace);
  const layout = new Layout(affinities, firstPoints(task), pace);
  const exaggerated = Math.min(EXAGGERATED, Math.floor(iterations / 2));
  for (let i = 0; i < iterations; i++) {
    if (!(await layout.act())) return outcome;
    const isEarly = i < exaggerated;
    if (!layout.step(isEarly ? task.exaggeration : 1, isEarly ? 0.5 : 0.8, task.learningRate)) {
      return { ...outcome, divergedAt: i + 1 };
    }
    reportDone(control, i + 1);
  }
  if (!(await layout.act()) || isStopped(control)) return outcome;
  return { ...outcome, points: layout.points, kl: layout.divergence() };
}

/** From squared distances of a row to others, in place, to the probabilities of its neighbourhood. */
function solveNeighbourhood(distances: Float64Array, target: number): void {
  const least = distances.reduce((a, b) => Math.min(a, b), Infinity);
  const span = distances.reduce((a, b) => Math.max(a, b), -Infinity) - least;
  if (!(span > 0)) {
    distances.fill(1 / distances.length);
    return;
  }
  const u = distances.map((distance) => (distance - least) / span);
  let beta = 1;
  let low = 0;
  let high = Infinity;
  let sum = 0;
  for (let step = 0; step < MOST_STEPS; step++) {
    sum = 0;
    let weighted = 0;
    for (let j = 0; j < u.length; j++) {
      const e = exactExp(-beta * (u[j] as number));
      distances[j] = e;
      sum += e;
      weighted += e * (u[j] as number);
    }
    const excess = exactLog(sum) + beta * (weighted / sum) - target;
    if (Math.abs(excess) <= ENTROPY_TOLERANCE) break;
    if (excess > 0) low = beta;
    else high = beta;
    beta = high === Infinity ? beta * 2 : (low + high) / 2;
  }
  for (let j = 0; j < u.length; j++) distances[j] = (distances[j] as number) / sum;
}

/** [rows, rows], symmetric; its sum is 1. Half done when stopped. */
async function denseAffinities(points: MatrixView, perplexity: number, pace: Pace): Promise<Float64Array> {
  const { rows, cols } = points;
  const target = exactLog(perplexity);
  const affinities = new Float64Array(rows * rows);
  const x = new Float64Array(cols);
  const y = new Float64Array(cols);
  const others = new Float64Array(rows - 1);
  await pace.visitRows(rows, cols * rows, (i) => {
    widenRow(points, i, x);
    for (let j = 0; j < rows; j++) {
      if (j !== i) others[j < i ? j : j - 1] = sq(x, widenRow(points, j, y));
    }
    solveNeighbourhood(others, target);
    for (let j = 0; j < rows; j++) if (j !== i) affinities[i * rows + j] = others[j < i ? j : j - 1] as number;
  });
  for (let i = 0; i < rows; i++) {
    for (let j = i + 1; j < rows; j++) {
      const both = (affinities[i * rows + j] as number) + (affinities[j * rows + i] as number);
      affinities[i * rows + j] = affinities[j * rows + i] = both / (2 * rows);
    }
  }
  return affinities;
}

/** Nearly normal: the sum of twelve uniform numbers. */
function randomNumber(seed: bigint, index: number): number {
  const words = new Uint32Array(4);
  let sum = -6;
  for (let draw = 0; draw < 3; draw++) {
    philox4x32(Number(seed & 0xffff_ffffn), Number(seed >> 32n), index, 0, STREAM_LAYOUT, 2 + draw, words);
    for (const word of words) sum += word * 2 ** -32;
  }
  return sum;
}

function spread(points: Float64Array, d: number): number {
  const rows = points.length / 2;
  let mean = 0;
  for (let i = 0; i < rows; i++) mean += points[2 * i + d] as number;
  mean /= rows;
  let squares = 0;
  for (let i = 0; i < rows; i++) squares += ((points[2 * i + d] as number) - mean) ** 2;
  return Math.sqrt(squares / rows);
}

/** A spread of 1e-4. Components without a spread are random instead. */
function firstPoints({ points, seed, fromPrincipal }: TsneTask): Float64Array {
  const start = fromPrincipal ? principalComponents(points) : new Float64Array(2 * points.rows);
  const first = spread(start, 0);
  const isFlat = [!(first > 0), !(spread(start, 1) > FLAT * first)];
  return start.map((value, at) =>
    isFlat[at % 2] ? randomNumber(seed, at) * START_SPREAD : (value / first) * START_SPREAD,
  );
}

class Layout {
  readonly points: Float64Array;
  readonly #affinities: Float64Array;
  readonly #pace: Pace;
  readonly #moves: Float64Array;
  readonly #gains: Float64Array;
  readonly #pull: Float64Array;
  readonly #push: Float64Array;
  #total = 0;

  constructor(affinities: Float64Array, points: Float64Array, pace: Pace) {
    this.points = points;
    this.#affinities = affinities;
    this.#pace = pace;
    this.#moves = new Float64Array(points.length);
    this.#gains = new Float64Array(points.length).fill(1);
    this.#pull = new Float64Array(points.length);
    this.#push = new Float64Array(points.length);
  }

  /** The forces on all points. False when stopped. */
  async act(): Promise<boolean> {
    const rows = this.points.length / 2;
    this.#total = 0;
    return this.#pace.visitRows(rows, rows, (i) => this.#actOn(i, rows));
  }

  #actOn(i: number, rows: number): void {
    const y = this.points;
    const x0 = y[2 * i] as number;
    const y0 = y[2 * i + 1] as number;
    let [pullX, pullY, pushX, pushY, sum] = [0, 0, 0, 0, 0];
    for (let j = 0; j < rows; j++) {
      const dx = x0 - (y[2 * j] as number);
      const dy = y0 - (y[2 * j + 1] as number);
      const q = 1 / (1 + (dx * dx + dy * dy));
      sum += q;
      const pull = (this.#affinities[i * rows + j] as number) * q;
      pullX += pull * dx;
      pullY += pull * dy;
      const push = q * q;
      pushX += push * dx;
      pushY += push * dy;
    }
    this.#pull[2 * i] = pullX;
    this.#pull[2 * i + 1] = pullY;
    this.#push[2 * i] = pushX;
    this.#push[2 * i + 1] = pushY;
    this.#total += sum - 1; // without itself
  }

  /** Gradient descent with momentum and a gain for each coordinate. False when one is no usable number any more. */
  step(exaggeration: number, momentum: number, rate: number): boolean {
    const [y, moves, gains] = [this.points, this.#moves, this.#gains];
    let isGood = true;
    for (let at = 0; at < y.length; at++) {
      const push = (this.#push[at] as number) / this.#total;
      const gradient = 4 * (exaggeration * (this.#pull[at] as number) - push);
      const move = moves[at] as number;
      const gain = gains[at] as number;
      gains[at] = Math.max(move * gradient < 0 ? gain + 0.2 : gain * 0.8, 0.01);
      moves[at] = momentum * move - rate * ((gains[at] as number) * gradient);
      y[at] = (y[at] as number) + (moves[at] as number);
      isGood &&= Math.abs(y[at] as number) <= FARTHEST;
    }
    return isGood;
  }

  /** Kullback–Leibler divergence of the layout from the affinities. */
  divergence(): number {
    const rows = this.points.length / 2;
    let kl = 0;
    for (let i = 0; i < rows; i++) {
      let sum = 0;
      for (let j = 0; j < rows; j++) {
        const p = this.#affinities[i * rows + j] as number;
        if (!(p > 0)) continue;
        const dx = (this.points[2 * i] as number) - (this.points[2 * j] as number);
        const dy = (this.points[2 * i + 1] as number) - (this.points[2 * j + 1] as number);
        sum += p * (exactLog(p) + exactLog(1 + (dx * dx + dy * dy)));
      }
      kl += sum;
    }
    return kl + exactLog(this.#total);
  }
}
