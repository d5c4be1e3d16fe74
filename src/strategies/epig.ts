import { z } from 'zod';
import { sampleWithoutReplacement } from '../kernels/index.js';
import { deriveSeed } from '../reference/philox.js';
import { passScore } from './bayesian-scores.js';
import { epigScores, prepareTargets } from './epig-score.js';
import { best, passesOption, scoreMembers } from './member-scores.js';
import { STREAM_TARGETS } from './seeds.js';
import { type QueryContext, type QueryResult } from './strategy.js';
import { strategyType } from './types.js';

/** Candidates whose members are held at a time. */
const BLOCK_ROWS = 512;
/** BALD comes from an f32 kernel; a bound must not cut off what rounding moved. */
const SLACK = 1e-5;

const epigOptions = z.strictObject({
  passes: passesOption,
  /** Samples drawn from the pool that predictions are to become better on. */
  targets: z.int().min(1).default(100),
  /** Samples of highest BALD that are scored; never fewer than asked for. */
  candidates: z.int().min(1).default(10_000),
});

/**
 * EPIG: samples whose label says most about the labels of other samples, of `targets` drawn from the pool by the round's
 * seed. BALD asks about everything the model does not know, EPIG about what matters for samples like the pool's.
 * BALD is an upper bound of EPIG, so candidates are scored in the order of BALD until no other one can be among the best n.
 * Differs from the paper: targets come from the unlabelled pool; `candidates` bounds the work.
 *
 * @see Bickford Smith, Kirsch, Farquhar, Gal, Foster, Rainforth: Prediction-Oriented Bayesian Active Learning. AISTATS 2023,
 *   arXiv:2304.08151.
 */
export const epig = strategyType({
  name: 'epig',
  description: 'label that says most about the labels of other samples',
  needs: ['members'],
  options: epigOptions,
  create: (options) => ({ query: (context, n, { signal } = {}) => query(options, context, n, signal) }),
});

async function query(
  { passes, targets: wantedTargets, candidates }: z.output<typeof epigOptions>,
  context: QueryContext,
  n: number,
  signal: AbortSignal | undefined,
): Promise<QueryResult> {
  const { unlabeled, seed } = context;
  const count = Math.min(n, unlabeled.length);
  const drawn = sampleWithoutReplacement(unlabeled.length, Math.min(wantedTargets, unlabeled.length), {
    seed: deriveSeed(seed, STREAM_TARGETS, 0),
  });
  const targets = prepareTargets(
    await context.members(
      drawn.map((at) => unlabeled[at] as number),
      passes,
    ),
  );
  const bald = await scoreMembers(context, unlabeled, passes, passScore('bald'), { signal });
  const ranked = await best(unlabeled, bald, Math.max(candidates, count), { signal });
  const scores = new Float64Array(ranked.indices.length).fill(NaN);
  const leaders = new Leaders(count);
  for (let from = 0; from < scores.length; from += BLOCK_ROWS) {
    const bound = (row: number): number => (ranked.scores?.[from + row] as number) * (1 + SLACK) + SLACK;
    if (bound(0) < leaders.least) break;
    const members = await context.members(ranked.indices.subarray(from, from + BLOCK_ROWS), passes);
    const block = await epigScores(members, targets, {
      signal,
      wanted: (row) => bound(row) >= leaders.least,
      onScore: (_, score) => leaders.add(score),
    });
    scores.set(block, from);
  }
  const order = Array.from(ranked.indices.keys()).sort((a, b) => (ranked.indices[a] ?? 0) - (ranked.indices[b] ?? 0));
  return best(
    Uint32Array.from(order, (at) => ranked.indices[at] as number),
    Float64Array.from(order, (at) => scores[at] as number),
    count,
    { signal },
  );
}

/** The largest n scores so far; `least` is the one to beat. */
class Leaders {
  readonly #scores: number[] = [];
  readonly #size: number;

  constructor(size: number) {
    this.#size = size;
  }

  get least(): number {
    return this.#scores.length < this.#size ? -Infinity : (this.#scores[0] as number);
  }

  /** Ascending order, by insertion: most scores are not among the best. */
  add(score: number): void {
    if (score <= this.least) return;
    let [low, high] = [0, this.#scores.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#scores[middle] as number) < score) low = middle + 1;
      else high = middle;
    }
    this.#scores.splice(low, 0, score);
    if (this.#scores.length > this.#size) this.#scores.shift();
  }
}
