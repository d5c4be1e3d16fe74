/**
 * Acquisition scores of single rows in plain f64: the definitions that every native kernel is held to.
 *
 *     entropy           H = -Σ p ln p                         nats, [0, ln C]
 *     margin            (1 - p1) + p2,  p1 >= p2 largest      [0, 1]
 *     least-confidence  1 - p1                                [0, 1 - 1/C]
 *
 * Confident rows are where naive forms lose every digit (1 - p1 with p1 ≈ 1), so logits and normalised counts go
 * through the sum over all classes but the first largest one, which is small exactly then.
 */
import { DIVIDE, ENTROPY, LEAST_CONFIDENCE, LOGITS, MARGIN, MULTILABEL } from '../contract/codes.js';
import { rowFault, type RowRule } from '../contract/rows.js';
import { type MatrixView, widenRow } from '../matrix.js';

export interface ScoreRule extends RowRule {
  readonly method: number;
}

/**
 * Score rows [begin, end) of `view` into out[0 … end - begin). Invalid rows get NaN.
 *
 * @returns The lowest invalid row, counted from `begin`, or -1.
 */
export function scoreRows(
  view: MatrixView,
  rule: ScoreRule,
  begin: number,
  end: number,
  out: Float32Array | Float64Array,
): number {
  const row = new Float64Array(view.cols);
  let invalid = -1;
  for (let r = begin; r < end; r++) {
    const score = scoreRow(widenRow(view, r, row), rule);
    if (Number.isNaN(score) && invalid < 0) invalid = r - begin;
    out[r - begin] = score;
  }
  return invalid;
}

/** The score of one row [C]; NaN when the row is invalid. */
export function scoreRow(row: Float64Array, rule: ScoreRule): number {
  if (rowFault(row, rule) !== null) return NaN;
  if (rule.kind === MULTILABEL) return labelScore(row, rule);
  if (rule.from === LOGITS) return logitScore(row, rule.method);
  return rule.normalize === DIVIDE ? dividedScore(row, rule.method) : probabilityScore(row, rule.method);
}

function probabilityScore(p: Float64Array, method: number): number {
  if (method === ENTROPY) return entropyOf(p);
  const { first, second } = topTwo(p);
  return method === MARGIN ? 1 - (p[first] as number) + (p[second] as number) : 1 - (p[first] as number);
}

/** -Σ p ln p, with 0 ln 0 = 0; the entropy of a single class is 0 whatever rounding left of its one. */
export function entropyOf(p: Float64Array): number {
  if (p.length === 1) return 0;
  let entropy = 0;
  for (let c = 0; c < p.length; c++) {
    const value = p[c] as number;
    if (value > 0) entropy -= value * Math.log(value);
  }
  return entropy;
}

/** Scores of p / Σp. The top class is one minus the rest, so its share is taken from the rest where that is small. */
function dividedScore(p: Float64Array, method: number): number {
  const { first, second } = topTwo(p);
  let rest = 0;
  for (let c = 0; c < p.length; c++) if (c !== first) rest += p[c] as number;
  const sum = rest + (p[first] as number);
  const doubt = rest / sum;
  if (method === LEAST_CONFIDENCE) return doubt;
  if (method === MARGIN) return (rest + (p[second] as number)) / sum;
  let entropy = -(1 - doubt) * Math.log1p(-doubt);
  for (let c = 0; c < p.length; c++) {
    const share = (p[c] as number) / sum;
    if (c !== first && share > 0) entropy -= share * Math.log(share);
  }
  return entropy;
}

/**
 * With z = x - max x, S = Σ' e^z and T = Σ z e^z over all classes but the first largest:
 *     H = ln(1 + S) - T / (1 + S)      1 - p1 = S / (1 + S)      1 - p1 + p2 = (S + e^z2) / (1 + S)
 */
function logitScore(x: Float64Array, method: number): number {
  const { first, second } = topTwo(x);
  const max = x[first] as number;
  let others = 0;
  let weighted = 0;
  for (let c = 0; c < x.length; c++) {
    const z = (x[c] as number) - max;
    if (c === first || z === -Infinity) continue;
    const e = Math.exp(z);
    others += e;
    weighted += z * e;
  }
  if (method === ENTROPY) return Math.log1p(others) - weighted / (1 + others);
  if (method === LEAST_CONFIDENCE) return others / (1 + others);
  return (others + Math.exp((x[second] as number) - max)) / (1 + others);
}

/** Mean over labels of the binary score of p and 1 - p. */
function labelScore(row: Float64Array, rule: ScoreRule): number {
  let sum = 0;
  for (let c = 0; c < row.length; c++) {
    const value = row[c] as number;
    sum += rule.from === LOGITS ? binaryLogitScore(value, rule.method) : binaryScore(value, rule.method);
  }
  return sum / row.length;
}

function binaryScore(p: number, method: number): number {
  if (method !== ENTROPY) return Math.min(p, 1 - p) * (method === MARGIN ? 2 : 1);
  if (p === 0 || p === 1) return 0;
  return -p * Math.log(p) - (1 - p) * Math.log1p(-p);
}

/** With e = exp(-|x|): p of the less likely answer is e / (1 + e). */
function binaryLogitScore(x: number, method: number): number {
  const e = Math.exp(-Math.abs(x));
  if (method === MARGIN) return (2 * e) / (1 + e);
  if (method === LEAST_CONFIDENCE) return e / (1 + e);
  return e === 0 ? 0 : Math.log1p(e) + (Math.abs(x) * e) / (1 + e);
}

/** Columns of the largest and second largest value; the lowest column wins ties. `second` is -1 for a single column. */
export function topTwo(values: ArrayLike<number>): { first: number; second: number } {
  let first = 0;
  let second = -1;
  for (let c = 1; c < values.length; c++) {
    if ((values[c] as number) > (values[first] as number)) {
      second = first;
      first = c;
    } else if (second < 0 || (values[c] as number) > (values[second] as number)) {
      second = c;
    }
  }
  return { first, second };
}
