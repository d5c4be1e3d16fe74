/**
 * Measures of disagreement between repeated predictions p_t(c), t = 1..T, of one sample, in f64.
 *
 *     m                     mean over t of p_t                           (per class)
 *     bald, kl              mean over t of KL(p_t || m)                  nats, >= 0
 *     max-kl                max over t of KL(p_t || m)
 *     predictive-entropy    H(m)          (consensus-entropy of a committee)
 *     expected-entropy      mean over t of H(p_t)
 *     mean-std              mean over c of the population standard deviation of p_t(c)
 *     variation-ratio       1 - (votes of the modal class) / T
 *     mean-variation-ratio  1 - max m
 *     vote-entropy          -Σ (v_c / T) ln(v_c / T), v_c = how often c was the (lowest) argmax
 *
 * @see Houlsby et al., arXiv:1112.5745 (BALD); Gal, Islam, Ghahramani, arXiv:1703.02910; McCallum, Nigam, ICML 1998.
 */
import { type AnyMeasure, LOGITS } from '../contract/codes.js';
import { rowFault, type RowRule } from '../contract/rows.js';
import { entropyOf, scoreRow, topTwo } from './score-rows.js';

/** How close r = p / m - 1 must be to zero for the series: beyond it the log1p form keeps at least 12 digits. */
const SERIES_LIMIT = 0.01;

/**
 * One term of the generalised Kullback–Leibler divergence: p ln(p/m) - p + m, never negative, 0 only at p = m.
 * Plain p ln(p/m) terms have both signs and cancel; these do not, and the extra -p + m sums to nothing.
 */
export function divergenceTerm(p: number, m: number): number {
  if (p === 0 || m === 0) return m;
  const r = (p - m) / m;
  if (r < -0.5 || r > 1) return p / m > 0 ? p * Math.log(p / m) - p + m : m;
  if (Math.abs(r) >= SERIES_LIMIT) return Math.max(0, m * ((1 + r) * Math.log1p(r) - r));
  // (1 + r) ln(1 + r) - r = r²/2 - r³/6 + r⁴/12 - … = Σ (-r)^n / (n (n - 1))
  const series = 1 / 2 - r * (1 / 6 - r * (1 / 12 - r * (1 / 20 - r * (1 / 30 - r * (1 / 42 - r / 56)))));
  return m * r * r * series;
}

/** Σ_c of {@link divergenceTerm}; p and m hold C numbers. */
export function divergence(p: Float64Array, m: Float64Array): number {
  let sum = 0;
  for (let c = 0; c < p.length; c++) sum += divergenceTerm(p[c] as number, m[c] as number);
  return sum;
}

/** Turn a row of logits into probabilities, in place. */
export function softmax(row: Float64Array): void {
  let max = -Infinity;
  for (const x of row) max = Math.max(max, x);
  let sum = 0;
  for (let c = 0; c < row.length; c++) {
    row[c] = Math.exp((row[c] as number) - max);
    sum += row[c] as number;
  }
  for (let c = 0; c < row.length; c++) row[c] = (row[c] as number) / sum;
}

/** Entropy of one pass as it was given: from logits without a detour over rounded probabilities. */
export function passEntropy(row: Float64Array, rule: RowRule): number {
  return scoreRow(row, { ...rule, method: 0 });
}

/** Entropy of the mean. From logits it sums to one exactly, so the top class may be taken as one minus the rest. */
export function meanEntropy(mean: Float64Array, from: number): number {
  if (from !== LOGITS) return entropyOf(mean);
  const doubt = meanDoubt(mean, from);
  const { first } = topTwo(mean);
  let entropy = -(1 - doubt) * Math.log1p(-doubt);
  for (let c = 0; c < mean.length; c++) {
    const m = mean[c] as number;
    if (c !== first && m > 0) entropy -= m * Math.log(m);
  }
  return entropy + 0;
}

/** 1 - max m; from logits as the sum of the others, which keeps its digits when m is nearly certain. */
export function meanDoubt(mean: Float64Array, from: number): number {
  const { first } = topTwo(mean);
  if (from !== LOGITS) return 1 - (mean[first] as number);
  let rest = 0;
  for (let c = 0; c < mean.length; c++) if (c !== first) rest += mean[c] as number;
  return rest;
}

/** -Σ (v/T) ln(v/T) of vote counts [C]. */
export function voteCountEntropy(counts: ArrayLike<number>, total: number): number {
  let entropy = 0;
  for (let c = 0; c < counts.length; c++) {
    const share = (counts[c] as number) / total;
    if (share > 0) entropy -= share * Math.log(share);
  }
  return entropy + 0;
}

/**
 * All measures of one sample.
 *
 * @param rows T rows [C] as they were given; logits are turned into probabilities in place.
 * @returns One number per measure, or null when a row is invalid.
 */
export function measureSample(
  rows: readonly Float64Array[],
  rule: RowRule,
  measures: readonly AnyMeasure[],
): number[] | null {
  if (rows.some((row) => rowFault(row, rule) !== null)) return null;
  const entropies = measures.includes('expected-entropy') ? rows.map((row) => passEntropy(row, rule)) : [];
  if (rule.from === LOGITS) rows.forEach(softmax);
  const cols = rows[0]?.length ?? 0;
  const mean = new Float64Array(cols);
  for (const p of rows) for (let c = 0; c < cols; c++) mean[c] = (mean[c] as number) + (p[c] as number);
  for (let c = 0; c < cols; c++) mean[c] = (mean[c] as number) / rows.length;
  return measures.map((measure) => oneMeasure(measure, rows, mean, entropies, rule.from));
}

function oneMeasure(
  measure: AnyMeasure,
  rows: readonly Float64Array[],
  mean: Float64Array,
  entropies: readonly number[],
  from: number,
): number {
  switch (measure) {
    case 'bald':
      return average(rows.map((p) => divergence(p, mean)));
    case 'max-kl':
      return rows.reduce((largest, p) => Math.max(largest, divergence(p, mean)), 0);
    case 'predictive-entropy':
      return meanEntropy(mean, from);
    case 'expected-entropy':
      return average(entropies);
    case 'mean-std':
      return average(Array.from(mean, (m, c) => Math.sqrt(average(rows.map((p) => ((p[c] as number) - m) ** 2)))));
    case 'variation-ratio':
      return (rows.length - countVotes(rows).reduce((most, count) => Math.max(most, count), 0)) / rows.length;
    case 'mean-variation-ratio':
      return meanDoubt(mean, from);
    case 'vote-entropy':
      return voteCountEntropy(countVotes(rows), rows.length);
  }
}

function countVotes(rows: readonly Float64Array[]): Uint32Array {
  const counts = new Uint32Array(rows[0]?.length ?? 0);
  for (const p of rows) {
    const { first } = topTwo(p);
    counts[first] = (counts[first] as number) + 1;
  }
  return counts;
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
