import { pairwiseDistancesAsync } from '../kernels/index.js';
import type { Matrix } from '../matrix.js';
import type { FloatRows } from '../models/model.js';
import { likeliest } from '../models/likeliest.js';

/** Why a sample was picked, for people. What is not known, as before the first training, is missing. */
export interface PickExplanation {
  /** Pool index. */
  readonly index: number;
  /** From 1, the most wanted. */
  readonly rank: number;
  /** Acquisition score, where the strategy has one. */
  readonly score?: number | undefined;
  /** Class that the model holds for likeliest, lowest on ties. */
  readonly predicted?: number | undefined;
  /** Probability of `predicted`. */
  readonly confidence?: number | undefined;
  /** Pool index of the nearest labelled sample, lowest on ties. */
  readonly nearestLabeled?: number | undefined;
  /** Euclidean distance to it: between embeddings where there are any, else between samples. */
  readonly nearestDistance?: number | undefined;
}

/** What can be asked about the picks; all optional. */
export interface Witnesses {
  readonly labeled: Uint32Array;
  readonly predict?: ((indices: Uint32Array) => Promise<FloatRows>) | undefined;
  /** Where samples lie: embeddings or samples, one row each. */
  readonly place?: ((indices: Uint32Array) => Promise<Matrix>) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Distances that are held at once. */
const BLOCK_PAIRS = 1 << 22;

/** Picks by rank and score alone: costs nothing. */
export function listPicks(indices: Uint32Array, scores: ArrayLike<number> | undefined): PickExplanation[] {
  return Array.from(indices, (index, at) => {
    const score = scores?.[at];
    return { index, rank: at + 1, ...(score === undefined || Number.isNaN(score) ? {} : { score }) };
  });
}

/**
 * Explain picks: one prediction per pick, and its distance to every labelled sample.
 *
 * @param indices Pool indices, the most wanted first.
 * @param scores Of each, or undefined; NaN for one without.
 */
export async function explainPicks(
  indices: Uint32Array,
  scores: ArrayLike<number> | undefined,
  { labeled, predict, place, signal }: Witnesses,
): Promise<PickExplanation[]> {
  const picks = listPicks(indices, scores);
  if (picks.length === 0) return picks;
  const predictions = await predict?.(indices);
  const nearest =
    place === undefined || labeled.length === 0 ? undefined : await nearestRows(indices, labeled, place, signal);
  return picks.map((pick, at) => {
    const view = predictions && predictionOf(predictions, at);
    const labeledAt = nearest?.rows[at];
    const place =
      labeledAt === undefined ? {} : { nearestLabeled: labeledAt, nearestDistance: nearest?.distances[at] as number };
    return { ...pick, ...view, ...place };
  });
}

function predictionOf({ data, cols }: FloatRows, row: number): { predicted: number; confidence: number } {
  const predicted = likeliest(data, row * cols, cols);
  return { predicted, confidence: data[row * cols + predicted] as number };
}

/** For each pick the nearest of `labeled`, by index on ties. */
async function nearestRows(
  picks: Uint32Array,
  labeled: Uint32Array,
  place: (indices: Uint32Array) => Promise<Matrix>,
  signal: AbortSignal | undefined,
): Promise<{ rows: Uint32Array; distances: Float32Array }> {
  const candidates = labeled.slice().sort();
  const rows = new Uint32Array(picks.length).fill(candidates[0] as number);
  const distances = new Float32Array(picks.length).fill(Infinity);
  const from = await place(picks);
  const size = Math.max(1, Math.floor(BLOCK_PAIRS / picks.length));
  for (let start = 0; start < candidates.length; start += size) {
    const block = candidates.subarray(start, start + size);
    const table = await pairwiseDistancesAsync(from, await place(block), { signal });
    for (let pick = 0; pick < picks.length; pick++) {
      for (let at = 0; at < block.length; at++) {
        const distance = table[pick * block.length + at] as number;
        if (distance >= (distances[pick] as number)) continue;
        distances[pick] = distance;
        rows[pick] = block[at] as number;
      }
    }
  }
  return { rows, distances };
}
