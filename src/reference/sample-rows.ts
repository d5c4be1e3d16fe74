/** Drawing rows without replacement; the addon draws the same rows in the same order. */
import type { ScoreArray } from '../contract/engine.js';
import { boundedWord, philox4x32, STREAM_SAMPLE, STREAM_WEIGHTED } from './philox.js';

/** Draw `k` of 0..n-1, all equally likely: a Fisher–Yates shuffle that stops after k swaps. Moved slots live in a map. */
export function drawUniform(n: number, k: number, seed: bigint, out: Uint32Array): number {
  const key0 = Number(seed & 0xffff_ffffn);
  const key1 = Number(seed >> 32n);
  const words = new Uint32Array(4);
  const moved = new Map<number, number>();
  for (let i = 0; i < k; i++) {
    let taken = 0;
    const nextWord = (): number => {
      if (taken % 4 === 0) philox4x32(key0, key1, i, 0, STREAM_SAMPLE, taken / 4, words);
      return words[taken++ % 4] as number;
    };
    const j = i + boundedWord(nextWord, n - i);
    out[i] = moved.get(j) ?? j;
    moved.set(j, moved.get(i) ?? i);
    moved.delete(i);
  }
  return k;
}

/**
 * Draw `k` rows with probability proportional to `weights` among those left: the k smallest of -ln(u) / w, ascending.
 *
 * @returns How many could be drawn (rows of weight 0 never are), or -1 - i for an unusable weight at i.
 * @see Efraimidis, Spirakis: Weighted random sampling with a reservoir. Inf. Process. Lett. 97(5), 2006.
 */
export function drawWeighted(weights: ScoreArray, k: number, seed: bigint, out: Uint32Array): number {
  const key0 = Number(seed & 0xffff_ffffn);
  const key1 = Number(seed >> 32n);
  const words = new Uint32Array(4);
  const keys = new Float64Array(weights.length);
  const rows: number[] = [];
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i] as number;
    if (!(weight >= 0 && weight < Infinity)) return -1 - i;
    if (weight === 0) continue;
    philox4x32(key0, key1, i, 0, STREAM_WEIGHTED, 0, words);
    const uniform = ((words[0] as number) * 2 ** 20 + ((words[1] as number) >>> 12) + 0.5) * 2 ** -52;
    keys[i] = -Math.log(uniform) / weight;
    rows.push(i);
  }
  rows.sort((a, b) => (keys[a] as number) - (keys[b] as number) || a - b);
  const drawn = Math.min(k, rows.length);
  for (let i = 0; i < drawn; i++) out[i] = rows[i] as number;
  return drawn;
}
