/** Streaming form of the measures in passes.ts: O(N·C) memory for any number of passes, all in f64. */
import { LOGITS, type McMeasure } from '../contract/codes.js';
import { rowFault, type RowRule } from '../contract/rows.js';
import { type MatrixView, widenRow } from '../matrix.js';
import { divergence, meanDoubt, meanEntropy, passEntropy, softmax } from './passes.js';
import { topTwo } from './score-rows.js';

/** State after some passes; see `mcAccumulate` in bindings/native.d.ts. Parts that no measure needs are null. */
export interface PassState {
  /** Mean so far [N, C]. */
  readonly mean: Float64Array;
  /** Σ over passes of KL(pass || mean so far) [N]. */
  readonly kl: Float64Array | null;
  /** Σ over passes of their entropies [N]. */
  readonly entropy: Float64Array | null;
  /** Σ over passes of squared deviations from the mean so far [N, C]. */
  readonly m2: Float64Array | null;
  /** Argmax counts [N, C]. */
  readonly votes: Uint32Array | null;
}

/**
 * Add pass number `pass` (0-based). With m and m' the mean before and after it:
 *     KL sum   S <- S + t·KL(m || m') + KL(p || m')        every term is >= 0; running sums of p ln p would cancel
 *     M2      M2 <- M2 + (p - m)(p - m')                   Welford
 * Rows that are invalid turn NaN for good.
 *
 * @returns The lowest row that is invalid in this pass, or -1.
 */
export function addPass(view: MatrixView, rule: RowRule, pass: number, state: PassState): number {
  const { rows, cols } = view;
  const p = new Float64Array(cols);
  const before = new Float64Array(cols);
  let invalid = -1;
  for (let n = 0; n < rows; n++) {
    widenRow(view, n, p);
    const mean = state.mean.subarray(n * cols, (n + 1) * cols);
    if (rowFault(p, rule) !== null) {
      if (invalid < 0) invalid = n;
      mean.fill(NaN);
    }
    if (Number.isNaN(mean[0])) {
      if (state.kl) state.kl[n] = NaN;
      if (state.entropy) state.entropy[n] = NaN;
      continue;
    }
    if (state.entropy) state.entropy[n] = (state.entropy[n] as number) + passEntropy(p, rule);
    if (rule.from === LOGITS) softmax(p);
    before.set(mean);
    for (let c = 0; c < cols; c++) {
      const step = (p[c] as number) - (before[c] as number);
      mean[c] = (before[c] as number) + step / (pass + 1);
      if (state.m2) {
        state.m2[n * cols + c] = (state.m2[n * cols + c] as number) + step * ((p[c] as number) - (mean[c] as number));
      }
    }
    if (state.kl) {
      const moved = pass === 0 ? 0 : pass * divergence(before, mean);
      state.kl[n] = (state.kl[n] as number) + moved + divergence(p, mean);
    }
    if (state.votes) {
      const vote = n * cols + topTwo(p).first;
      state.votes[vote] = (state.votes[vote] as number) + 1;
    }
  }
  return invalid;
}

/** Read one measure off the state after `passes` passes, into out [N]; rows that were ever invalid give NaN. */
export function finishMeasure(
  measure: McMeasure,
  state: PassState,
  passes: number,
  rows: number,
  cols: number,
  from: number,
): Float32Array {
  const out = new Float32Array(rows);
  for (let n = 0; n < rows; n++) {
    const mean = state.mean.subarray(n * cols, (n + 1) * cols);
    out[n] = Number.isNaN(mean[0]) ? NaN : finishRow(measure, state, mean, passes, n, from);
  }
  return out;
}

function finishRow(
  measure: McMeasure,
  state: PassState,
  mean: Float64Array,
  passes: number,
  n: number,
  from: number,
): number {
  const cols = mean.length;
  switch (measure) {
    case 'bald':
      return (state.kl?.[n] as number) / passes;
    case 'predictive-entropy':
      return meanEntropy(mean, from);
    case 'expected-entropy':
      return (state.entropy?.[n] as number) / passes;
    case 'mean-std': {
      let sum = 0;
      for (let c = 0; c < cols; c++) sum += Math.sqrt((state.m2?.[n * cols + c] as number) / passes);
      return sum / cols;
    }
    case 'variation-ratio': {
      let most = 0;
      for (let c = 0; c < cols; c++) most = Math.max(most, state.votes?.[n * cols + c] as number);
      return (passes - most) / passes;
    }
    case 'mean-variation-ratio':
      return meanDoubt(mean, from);
  }
}
