import { nextTurn } from '../contract/turn.js';
import type { MemberPredictions } from '../models/model.js';

/** The event loop gets a turn this often. */
const TURN_MS = 10;

/** Predictions of the targets, ready for many candidates. */
export interface Targets {
  readonly passes: number;
  readonly count: number;
  readonly classes: number;
  /** [M, C, T]: p_t(y* | x*) with the passes side by side. */
  readonly byPass: Float64Array;
  /** [M, C]: logarithm of the mean over passes; -Infinity where it is zero. */
  readonly logMean: Float64Array;
}

export function prepareTargets(targets: MemberPredictions): Targets {
  const { passes, rows, cols } = targets;
  const byPass = passesLast(targets);
  const logMean = new Float64Array(rows * cols);
  for (let at = 0; at < logMean.length; at++) logMean[at] = Math.log(meanOf(byPass, at * passes, passes));
  return { passes, count: rows, classes: cols, byPass, logMean };
}

/** [T, N, C] to [N, C, T]. */
function passesLast({ data, passes, rows, cols }: MemberPredictions): Float64Array {
  const size = rows * cols;
  const turned = new Float64Array(data.length);
  for (let t = 0; t < passes; t++)
    for (let at = 0; at < size; at++) turned[at * passes + t] = data[t * size + at] as number;
  return turned;
}

function meanOf(values: Float64Array, start: number, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += values[start + i] as number;
  return sum / count;
}

/**
 * Expected predictive information gain of candidates:
 *     EPIG(x) = mean over targets x* of KL( p(y, y*) || p(y) p(y*) ),    p(y, y*) = mean_t of p_t(y | x) p_t(y* | x*)
 * in nats: how much the label of x would say about the labels of the targets. At most the BALD score of x.
 *
 * @param members Predictions [T, n, C] of the candidates by the members that predicted the targets.
 * @param wanted Called with each candidate before its turn; false skips it, and its score is NaN.
 * @param onScore Called with each score.
 * @throws The signal's reason, when it aborts.
 * @see Bickford Smith, Kirsch, Farquhar, Gal, Foster, Rainforth: Prediction-Oriented Bayesian Active Learning. AISTATS 2023,
 *   arXiv:2304.08151, equation 11.
 */
export async function epigScores(
  members: MemberPredictions,
  targets: Targets,
  options: {
    readonly signal?: AbortSignal | undefined;
    readonly wanted?: (row: number) => boolean;
    readonly onScore?: (row: number, score: number) => void;
  } = {},
): Promise<Float64Array> {
  const { signal, wanted, onScore } = options;
  const candidates = passesLast(members);
  const scores = new Float64Array(members.rows).fill(NaN);
  const size = members.cols * members.passes;
  let turn = performance.now() + TURN_MS;
  for (let row = 0; row < members.rows; row++) {
    if (wanted?.(row) === false) continue;
    const score = epigScore(candidates.subarray(row * size, (row + 1) * size), targets);
    scores[row] = score;
    onScore?.(row, score);
    if (performance.now() >= turn) {
      await nextTurn();
      signal?.throwIfAborted();
      turn = performance.now() + TURN_MS;
    }
  }
  return scores;
}

/** @param candidate [C, T]. */
function epigScore(candidate: Float64Array, { passes, count, classes, byPass, logMean }: Targets): number {
  let information = 0;
  for (let c = 0; c < classes; c++) {
    const start = c * passes;
    const mean = meanOf(candidate, start, passes);
    if (mean === 0) continue;
    const logOwn = Math.log(mean);
    for (let at = 0; at < count * classes; at++) {
      let joint = 0;
      for (let t = 0, other = at * passes; t < passes; t++, other++) {
        joint += (candidate[start + t] as number) * (byPass[other] as number);
      }
      joint /= passes;
      if (joint > 0) information += joint * (Math.log(joint) - logOwn - (logMean[at] as number));
    }
  }
  return Math.max(0, information / count); // zero may come out as -1e-17
}
