/**
 * The class side of gradient embeddings: the gradient of the cross-entropy of the predicted class by the logits.
 *
 * @see Ash, Zhang, Krishnamurthy, Langford, Agarwal: Deep Batch Active Learning by Diverse, Uncertain Gradient Lower
 *   Bounds. ICLR 2020, arXiv:1906.03671.
 */
import { DIVIDE, LOGITS } from '../contract/codes.js';
import { rowFault, type RowRule } from '../contract/rows.js';
import { type FloatMatrixView, widenRow } from '../matrix.js';
import { exactExp } from './exact-math.js';
import type { Pace } from './pace.js';
import { topTwo } from './score-rows.js';

/**
 * p - onehot(argmax p) of every row, [N, C] in f32, and the lowest unusable row (-1: none). From logits, the entry of the
 * predicted class is minus the sum of the others, so that confident rows keep their digits.
 */
export async function gradientFactors(
  probs: FloatMatrixView,
  rule: RowRule,
  pace: Pace,
): Promise<{ factors: FloatMatrixView; badRow: number }> {
  const { rows, cols } = probs;
  const data = new Float32Array(rows * cols);
  const row = new Float64Array(cols);
  let badRow = -1;
  await pace.visitRows(rows, cols, (r) => {
    if (badRow >= 0) return;
    const out = data.subarray(r * cols, (r + 1) * cols);
    if (rowFault(widenRow(probs, r, row), rule) !== null) badRow = r;
    else if (rule.from === LOGITS) fromLogits(row, out);
    else fromProbabilities(row, rule, out);
  });
  return { factors: { data, dtype: 'f32', rows, cols, stride: cols }, badRow };
}

function fromProbabilities(p: Float64Array, rule: RowRule, out: Float32Array): void {
  const predicted = topTwo(p).first;
  const sum = rule.normalize === DIVIDE ? p.reduce((total, value) => total + value, 0) : 1;
  for (let c = 0; c < p.length; c++) out[c] = (p[c] as number) / sum;
  out[predicted] = (p[predicted] as number) / sum - 1;
}

function fromLogits(z: Float64Array, out: Float32Array): void {
  const predicted = topTwo(z).first;
  const e = z.map((value) => exactExp(value - (z[predicted] as number)));
  let sum = 0;
  let rest = 0;
  for (let c = 0; c < e.length; c++) {
    sum += e[c] as number;
    if (c !== predicted) rest += e[c] as number;
  }
  for (let c = 0; c < e.length; c++) out[c] = (e[c] as number) / sum;
  out[predicted] = -(rest / sum);
}
