import { z } from 'zod';
import { ValueError } from '../errors.js';
import { philox4x32, seedKey } from '../reference/philox.js';
import { STREAM_GUMBEL } from './seeds.js';

/** Options of strategies that draw a batch by score instead of taking the best. */
export const stochasticOptions = {
  /** How scores become chances: 'power' s^β, 'softmax' exp(β s), 'rank' rank^-β, of which 1 is the best. */
  mode: z.enum(['power', 'softmax', 'rank']).default('power'),
  /** How greedy the draw is: 0 is uniform, large values take the best scores. */
  beta: z.number().min(0).default(1),
};

/** Stands for the logarithm of zero: such samples come last, and in random order. */
const SMALLEST_SCORE = 2 ** -149;

/**
 * Scores such that taking the n largest draws n samples without replacement, one after the other, with chances by `mode`:
 * β · log of the unscaled chance, plus Gumbel noise that is a function of (seed, pool index).
 *
 * @param scores [candidates.length].
 * @throws {ValueError} A negative score in mode 'power'.
 * @see Kirsch, Farquhar, Atighehchian, Jesson, Branchaud-Charron, Gal: Stochastic Batch Acquisition: A Simple Baseline for
 *   Deep Active Learning. TMLR 2023, arXiv:2106.12059, table 1.
 */
export function gumbelScores(
  where: string,
  scores: Float32Array | Float64Array,
  candidates: Uint32Array,
  { mode, beta }: { readonly mode: 'power' | 'softmax' | 'rank'; readonly beta: number },
  seed: number,
): Float64Array {
  const [key0, key1] = seedKey(seed);
  const words = new Uint32Array(4);
  const chances = mode === 'rank' ? logRanks(scores) : Float64Array.from(scores);
  return chances.map((value, at) => {
    if (mode === 'power' && value < 0) {
      throw new ValueError(
        `${where}: expected scores of at least 0 in mode power, got ${value} for sample ${candidates[at]}; ` +
          'take mode softmax or rank',
      );
    }
    const [high = 0, low = 0] = philox4x32(key0, key1, candidates[at] as number, 0, STREAM_GUMBEL, 0, words);
    const uniform = ((high >>> 5) * 0x400_0000 + (low >>> 6) + 0.5) / 0x20_0000_0000_0000;
    const log = mode === 'power' ? Math.log(Math.max(value, SMALLEST_SCORE)) : value;
    return (beta === 0 ? 0 : beta * log) - Math.log(-Math.log(uniform));
  });
}

/** -ln rank, 1 for the largest score; the lower place wins ties. */
function logRanks(scores: Float32Array | Float64Array): Float64Array {
  const order = Array.from(scores.keys()).sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || a - b);
  const logs = new Float64Array(scores.length);
  order.forEach((at, rank) => (logs[at] = -Math.log(rank + 1)));
  return logs;
}
