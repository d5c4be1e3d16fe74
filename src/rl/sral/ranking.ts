import { sampleWithoutReplacement, scoreAsync, topKAsync } from '../../kernels/index.js';
import type { QueryContext } from '../../strategies/strategy.js';
import type { SralOptions } from './options.js';

/**
 * The order in which the pool is offered: most uncertain first (lowest index on ties), or drawn at random.
 *
 * @param candidates Pool indices.
 * @param most So many of the best are enough.
 * @param seed Of the random order.
 */
export async function rankCandidates(
  context: QueryContext,
  candidates: Uint32Array,
  ranking: SralOptions['ranking'],
  most: number,
  seed: number,
  signal: AbortSignal | undefined,
): Promise<Uint32Array> {
  const count = Math.min(most, candidates.length);
  if (count === 0) return new Uint32Array(0);
  if (ranking === 'random') return take(candidates, sampleWithoutReplacement(candidates.length, count, { seed }));
  const scores = await scoreAsync(await context.predict(candidates), { method: ranking, signal });
  return take(candidates, (await topKAsync(scores, count, { signal })).indices);
}

function take(values: Uint32Array, places: Uint32Array): Uint32Array {
  return places.map((place) => values[place] as number);
}
