/**
 * BatchBALD in plain f64 loops: every candidate is evaluated for every pick.
 *
 *     a(B) = H(y_B) - Σ_{i in B} mean_t H(y_i | t)      nats
 *     p(y_B) = mean_t Π_i p_t(y_i)
 *
 * @see Kirsch, van Amersfoort, Gal: BatchBALD. NeurIPS 2019, arXiv:1906.08158.
 */
import { isStopped, reportDone, type Control } from '../contract/background.js';
import { DIVIDE, LOGITS, NONE } from '../contract/codes.js';
import type { BatchBaldOutcome } from '../contract/engine.js';
import { rowFault, type RowRule } from '../contract/rows.js';
import { nextTurn } from '../contract/turn.js';
import { type FloatMatrixView, widenRow } from '../matrix.js';
import { softmax } from './passes.js';
import { philox4x32, seedKey, STREAM_CONFIGURATIONS } from './philox.js';

/** Gains this close count as equal: rounding must not decide between copies of a row. */
const EQUAL_GAINS = 1e-11;
/** Products of predictions between two turns of the event loop. */
const PRODUCTS_PER_TURN = 1_000_000;

export interface BatchBaldTask {
  /** All passes as one matrix of T·N rows. */
  readonly view: FloatMatrixView;
  readonly passes: number;
  readonly rule: RowRule;
  readonly exclude: Uint32Array | null;
  readonly k: number;
  readonly numSamples: number;
  readonly seed: bigint;
  readonly control: Control;
}

/** One row of the pool. */
interface Candidate {
  /** T predictions [C]. */
  readonly passes: readonly Float64Array[];
  /** mean_t H(y | t) */
  readonly expectedEntropy: number;
}

/** What is known of the rows picked so far. */
interface Joint {
  /** Configurations that one candidate is multiplied with. */
  readonly size: number;
  /** a(B); null where it is the sum of the gains so far. */
  readonly score: number | null;
  /** a(B + candidate) - a(B) */
  gain(candidate: Candidate): number;
}

export async function pickBatch(task: BatchBaldTask): Promise<BatchBaldOutcome> {
  const { passes, k, control } = task;
  const rows = task.view.rows / passes;
  const { cols } = task.view;
  const left = new Set(Array.from({ length: rows }, (_, row) => row));
  for (const row of task.exclude ?? []) left.delete(row);
  for (const row of left) {
    if (predictions(task, row) === null) return outcome([], [], [], row);
  }
  const batch: Candidate[] = [];
  const picks: number[] = [];
  const scores: number[] = [];
  const gains: number[] = [];
  let untilTurn = PRODUCTS_PER_TURN;
  while (picks.length < k && !isStopped(control)) {
    const joint = jointOf(task, batch);
    const found = new Map<number, number>();
    for (const row of left) {
      found.set(row, passes === 1 || cols === 1 ? 0 : joint.gain(candidateAt(task, row)));
      untilTurn -= joint.size * cols * passes;
      if (untilTurn > 0) continue;
      untilTurn = PRODUCTS_PER_TURN;
      await nextTurn();
      if (isStopped(control)) break;
    }
    const row = lowestOfBest(found);
    const raw = found.get(row) as number;
    const gain = Math.abs(raw) <= EQUAL_GAINS ? 0 : raw;
    const last = scores.at(-1) ?? 0;
    picks.push(row);
    scores.push((joint.score ?? last) + gain);
    gains.push(joint.score === null ? gain : joint.score + gain - last);
    left.delete(row);
    batch.push(candidateAt(task, row));
    reportDone(control, picks.length);
  }
  return outcome(picks, scores, gains, -1);
}

function outcome(picks: number[], scores: number[], gains: number[], badRow: number): BatchBaldOutcome {
  return {
    indices: Uint32Array.from(picks),
    scores: Float64Array.from(scores),
    gains: Float64Array.from(gains),
    badRow,
  };
}

/** Predictions of one row as probabilities, or null when some pass of it is unusable. */
function predictions(task: BatchBaldTask, row: number): Float64Array[] | null {
  const { view, passes, rule } = task;
  const rows = view.rows / passes;
  const isHalf = view.dtype === 'f16' || view.dtype === 'bf16';
  const all: Float64Array[] = [];
  for (let t = 0; t < passes; t++) {
    const p = widenRow(view, t * rows + row, new Float64Array(view.cols));
    if (rowFault(p, rule) !== null) return null;
    if (rule.from === LOGITS) softmax(p);
    else if (rule.normalize === DIVIDE || (isHalf && rule.normalize !== NONE)) divideBySum(p);
    all.push(p);
  }
  return all;
}

function candidateAt(task: BatchBaldTask, row: number): Candidate {
  const passes = predictions(task, row) ?? [];
  const expectedEntropy = passes.reduce((sum, p) => sum + entropyOf(p), 0) / passes.length;
  return { passes, expectedEntropy };
}

function divideBySum(p: Float64Array): void {
  const sum = p.reduce((total, x) => total + x, 0);
  for (let c = 0; c < p.length; c++) p[c] = (p[c] as number) / sum;
}

/** -y ln y, 0 at 0. */
function term(y: number): number {
  return y > 0 ? -y * Math.log(y) : 0;
}

function entropyOf(p: Float64Array): number {
  let entropy = 0;
  for (const y of p) entropy += term(y);
  return entropy;
}

function lowestOfBest(gains: ReadonlyMap<number, number>): number {
  let best = -Infinity;
  for (const gain of gains.values()) best = Math.max(best, Number.isFinite(gain) ? gain : Infinity);
  let lowest = Infinity;
  for (const [row, gain] of gains) {
    const ties = !Number.isFinite(gain) || gain >= best - EQUAL_GAINS;
    if (ties && row < lowest) lowest = row;
  }
  return lowest;
}

function jointOf(task: BatchBaldTask, batch: readonly Candidate[]): Joint {
  let configurations = 1;
  for (let i = 0; i < batch.length; i++) {
    if (configurations > task.numSamples / task.view.cols) return new SampledJoint(task, batch);
    configurations *= task.view.cols;
  }
  return new ExactJoint(task.passes, batch);
}

/** All C^b configurations: H(y_B) from its definition. */
class ExactJoint implements Joint {
  /** For each configuration, Π_i p_t(y_i) by pass. */
  readonly #products: readonly Float64Array[];
  readonly #entropy: number;
  readonly score = null;

  constructor(passes: number, batch: readonly Candidate[]) {
    let products = [new Float64Array(passes).fill(1)];
    for (const candidate of batch) {
      products = products.flatMap((product) =>
        Array.from(candidate.passes[0] as Float64Array, (_, c) =>
          product.map((y, t) => y * (candidate.passes[t] as Float64Array)[c]!),
        ),
      );
    }
    this.#products = products;
    this.#entropy = products.reduce((sum, product) => sum + term(mean(product)), 0);
  }

  get size(): number {
    return this.#products.length;
  }

  gain(candidate: Candidate): number {
    const { passes } = candidate;
    const cols = (passes[0] as Float64Array).length;
    let entropy = 0;
    for (const product of this.#products) {
      for (let c = 0; c < cols; c++) {
        let y = 0;
        for (let t = 0; t < passes.length; t++) y += (product[t] as number) * (passes[t] as Float64Array)[c]!;
        entropy += term(y / passes.length);
      }
    }
    return entropy - this.#entropy - candidate.expectedEntropy;
  }
}

/**
 * M configurations drawn from the mixture q = mean_t Π p_t, the same number from every pass:
 *     H(y_B, y_i) ≈ 1/M Σ_m Σ_c -(y/q) ln y,    y = mean_t Π p_t · p_t(c)
 * With r(c) = y/q this is the mean of -ln q, which estimates H(y_B) and is the same for all candidates that sum to one, and
 * the mean of Σ_c -r ln r, which estimates H(y_i | y_B) and makes the gain. For the score of B itself, the sum of
 * ln p_t(y_B) of the passes t that were drawn from stands for the entropies that are subtracted, whose estimate it is:
 *     a(B) ≈ 1/M Σ_m ln(p_t(y_B) / q)
 * so that the noise of both cancels, and no term exceeds ln T. Passes are kept as shares p_t / (T q): the products
 * themselves would underflow.
 */
class SampledJoint implements Joint {
  readonly #weights: readonly Float64Array[];
  /** What row sums beside one add: mean over m of -ln q times the weights. */
  readonly #slope: Float64Array;
  readonly score: number;

  constructor(task: BatchBaldTask, batch: readonly Candidate[]) {
    const { passes } = task;
    const perPass = Math.ceil(task.numSamples / passes);
    const [key0, key1] = seedKey(task.seed);
    const words = new Uint32Array(4);
    this.#slope = new Float64Array(passes);
    this.#weights = Array.from({ length: perPass * passes }, (_, m) => {
      const weights = new Float64Array(passes).fill(1 / passes);
      let logMass = 0;
      batch.forEach((candidate, member) => {
        philox4x32(key0, key1, m, member, STREAM_CONFIGURATIONS, 0, words);
        const u = ((words[0] as number) * 2 ** 20 + ((words[1] as number) >>> 12) + 0.5) * 2 ** -52;
        const c = drawClass(candidate.passes[Math.floor(m / perPass)] as Float64Array, u);
        let mass = 0;
        for (let t = 0; t < passes; t++) mass += (weights[t] as number) * (candidate.passes[t] as Float64Array)[c]!;
        if (!(mass > 0)) return;
        logMass += Math.log(mass);
        for (let t = 0; t < passes; t++) {
          weights[t] = ((weights[t] as number) * (candidate.passes[t] as Float64Array)[c]!) / mass;
        }
      });
      for (let t = 0; t < passes; t++) {
        this.#slope[t] = this.#slope[t]! - (logMass / (perPass * passes)) * (weights[t] as number);
      }
      return weights;
    });
    const told = this.#weights.map((weights, m) =>
      Math.log(passes * Math.max(weights[Math.floor(m / perPass)] as number, 2 ** -1022)),
    );
    this.score = told.reduce((sum, nats) => sum + nats, 0) / told.length;
  }

  get size(): number {
    return this.#weights.length;
  }

  gain(candidate: Candidate): number {
    const { passes } = candidate;
    const cols = (passes[0] as Float64Array).length;
    let entropy = 0;
    for (const weights of this.#weights) {
      for (let c = 0; c < cols; c++) {
        let r = 0;
        for (let t = 0; t < passes.length; t++) r += (weights[t] as number) * (passes[t] as Float64Array)[c]!;
        entropy += term(r);
      }
    }
    let gain = entropy / this.#weights.length - candidate.expectedEntropy;
    passes.forEach((p, t) => {
      gain += this.#slope[t]! * (p.reduce((sum, x) => sum + x, 0) - 1);
    });
    return gain;
  }
}

/** The first class whose running sum exceeds u times the whole; the last one that adds anything where rounding left none. */
function drawClass(p: Float64Array, u: number): number {
  const running = new Float64Array(p.length);
  let sum = 0;
  for (let c = 0; c < p.length; c++) running[c] = sum += p[c] as number;
  const found = running.findIndex((x) => x > u * sum);
  return found >= 0 ? found : running.indexOf(sum);
}

function mean(values: Float64Array): number {
  return values.reduce((sum, x) => sum + x, 0) / values.length;
}
