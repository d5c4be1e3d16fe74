/** The rule that a row of predictions must follow, and what is wrong with one that does not. */
import { ValueError } from '../errors.js';
import type { FloatDType } from '../matrix.js';
import { CHECK, DIVIDE, LOGITS, MULTILABEL } from './codes.js';

/** How a row is read; the numbers are the codes of contract/codes.ts. */
export interface RowRule {
  readonly from: number;
  readonly kind: number;
  readonly normalize: number;
  /** Largest |sum - 1| under 'check'. */
  readonly tolerance: number;
}

/** Rounding of the stored type: a 16-bit softmax does not sum to one as closely as a 32-bit one. */
export function sumTolerance(dtype: FloatDType): number {
  return dtype === 'bf16' ? 1e-2 : dtype === 'f16' ? 2e-3 : 1e-3;
}

/** What makes `row` [cols] unusable, as the middle of a sentence; null when it is fine. */
export function rowFault(row: Float64Array, rule: RowRule): string | null {
  return rule.from === LOGITS ? logitFault(row, rule) : probabilityFault(row, rule);
}

function logitFault(row: Float64Array, rule: RowRule): string | null {
  let max = -Infinity;
  for (let c = 0; c < row.length; c++) {
    const x = row[c] as number;
    if (!(x < Infinity)) return `its logit of class ${c} is ${x}`;
    if (x > max) max = x;
  }
  if (max === -Infinity && rule.kind !== MULTILABEL) return 'every logit is -Infinity, so no class is left';
  return null;
}

function probabilityFault(row: Float64Array, rule: RowRule): string | null {
  let sum = 0;
  for (let c = 0; c < row.length; c++) {
    const p = row[c] as number;
    if (!Number.isFinite(p)) return `its probability of class ${c} is ${p}`;
    if (p < 0) return `its probability of class ${c} is negative (${p})`;
    if (rule.kind === MULTILABEL && p > 1) return `its probability of label ${c} is above 1 (${p})`;
    sum += p;
  }
  if (rule.kind === MULTILABEL) return null;
  if (sum === Infinity || (rule.normalize === DIVIDE && sum === 0)) return `its probabilities sum to ${sum}`;
  if (rule.normalize !== CHECK) return null;
  return Math.abs(sum - 1) <= rule.tolerance
    ? null
    : `its probabilities sum to ${sum}, not to 1 within ${rule.tolerance}`;
}

/**
 * The error for a row that a kernel found invalid. The row is read again to say why; when it looks fine by now (the
 * caller changed or transferred the memory meanwhile) the sentence says only that.
 *
 * @param place The row as the caller counts it: `row 17`, or `row 17 of pass 3`.
 * @param canExclude Whether the call has the option `onInvalid`.
 */
export function invalidRow(
  where: string,
  place: string,
  row: Float64Array | null,
  rule: RowRule,
  canExclude = true,
): ValueError {
  const fault = (row && rowFault(row, rule)) ?? 'it was invalid when it was read';
  const sums = rule.from !== LOGITS && rule.normalize === CHECK && rule.kind !== MULTILABEL;
  const cures = sums
    ? ["pass from: 'logits' for raw network outputs", "normalize: 'divide' for counts"]
    : ["fix the model's output"];
  if (canExclude) cures.push(`${sums ? '' : 'pass '}onInvalid: 'exclude' to go on without it`);
  else if (!sums) cures.push('leave the row out');
  const advice = `${cures.slice(0, -1).join(', ')}, or ${cures.at(-1)}`;
  return new ValueError(`${where}: ${place} is not usable: ${fault}; ${advice}`);
}

/** Elements of embeddings are at most this large, so that squared distances stay finite. */
const LARGEST_ELEMENT = 1e100;

/** What makes a row of embeddings unusable, as the middle of a sentence; null when it is fine. */
export function embeddingFault(row: Float64Array, isCosine: boolean): string | null {
  let squares = 0;
  for (let c = 0; c < row.length; c++) {
    const x = row[c] as number;
    if (!(Math.abs(x) <= LARGEST_ELEMENT)) {
      return `its element ${c} is ${x}${Number.isFinite(x) ? ', beyond 1e100' : ''}`;
    }
    squares += x * x;
  }
  return isCosine && squares === 0 ? 'its length is 0, so it has no direction' : null;
}

/** The error for a row of embeddings that a kernel found unusable; see {@link invalidRow}. */
export function invalidEmbedding(where: string, place: string, row: Float64Array, isCosine: boolean): ValueError {
  const fault = embeddingFault(row, isCosine) ?? 'it was unusable when it was read';
  return new ValueError(`${where}: ${place} is not usable: ${fault}; mend it or leave the row out`);
}
