/** What `tsne` does once an engine is chosen. */
import { ShapeError, ValueError } from '../errors.js';
import { dtypeCode, type MatrixView, widenRow } from '../matrix.js';
import { inBackground } from './background.js';
import { ASYNC_KEYS, checkAsync } from './blocks.js';
import { checkChoice, checkCount, checkOptions, checkSeed, checkThreads } from './check.js';
import type { Engine } from './engine.js';
import { invalidEmbedding } from './rows.js';
import { type SelectionOptions, sharedMatrix } from './selection-plan.js';
import { type MatrixLike, readMatrixAsync } from './tensor-like.js';
import { expected } from './text.js';

/** Options of `tsne`. */
export interface TsneOptions extends SelectionOptions {
  /**
   * About how many neighbours of each row count; from 1 to (N - 1) / 3. Default 30, or (N - 1) / 3 where there are fewer
   * than 91 rows.
   */
  readonly perplexity?: number | undefined;
  /**
   * Accuracy of Barnes-Hut, from 0 to 1: the largest side of a square of points, in distances to it, that acts as one.
   * Default 0.5. 0: all pairs, exact, for at most 20000 rows.
   */
  readonly theta?: number | undefined;
  /** Steps of gradient descent; default 1000. Of these the first 250, at most half, exaggerate the affinities. */
  readonly iterations?: number | undefined;
  /** What affinities are multiplied by early on, so that clusters form; at least 1, default 12. */
  readonly earlyExaggeration?: number | undefined;
  /** Default 'auto': N / earlyExaggeration / 4, at least 50. */
  readonly learningRate?: number | 'auto' | undefined;
  /** Draws the start of `init: 'random'`: a safe integer or a bigint below 2^64; default 0. */
  readonly seed?: number | bigint | undefined;
  /** The start: the first two principal components (default), or random numbers. A component without a spread is random. */
  readonly init?: 'pca' | 'random' | undefined;
}

/** What `tsne` gives. */
export interface TsneLayout {
  /** [N, 2], row by row. */
  readonly embedding: Float32Array;
  /** Kullback-Leibler divergence of the layout's affinities from those of the rows, in nats. */
  readonly kl: number;
}

interface TsnePlan {
  readonly perplexity: number;
  readonly theta: number;
  readonly iterations: number;
  readonly exaggeration: number;
  readonly learningRate: number;
  readonly seed: bigint;
  readonly fromPrincipal: boolean;
  readonly threads: number;
}

const KEYS = [
  'perplexity',
  'theta',
  'iterations',
  'earlyExaggeration',
  'learningRate',
  'seed',
  'init',
  'threads',
  ...ASYNC_KEYS,
];
const INITS = ['pca', 'random'] as const;
const LEAST_ROWS = 4;
/** With all pairs these take 3.2 GB. */
export const MOST_EXACT_ROWS = 20000;

export async function tsneWith(
  engine: Engine,
  where: string,
  points: MatrixLike,
  options: TsneOptions | undefined,
): Promise<TsneLayout> {
  checkAsync(where, options);
  const view = await readMatrixAsync(where, 'points', points);
  const plan = planTsne(where, view, options ?? {});
  const held = await sharedMatrix(where, 'points', view, options?.signal);
  const found = await inBackground(plan.iterations, options, (control) =>
    engine.tsne(
      held.data,
      dtypeCode(held.dtype),
      held.rows,
      held.cols,
      held.stride,
      plan.perplexity,
      plan.theta,
      plan.iterations,
      plan.exaggeration,
      plan.learningRate,
      plan.seed,
      plan.fromPrincipal,
      plan.threads,
      control,
    ),
  );
  if (found.badRow >= 0) {
    const row = widenRow(held, found.badRow, new Float64Array(held.cols));
    throw invalidEmbedding(where, `row ${found.badRow} of points`, row, false);
  }
  if (found.divergedAt >= 0) {
    throw new ValueError(
      `${where}: expected a layout of finite size, got one that flew apart at iteration ${found.divergedAt}; ` +
        `take a learningRate below ${plan.learningRate}`,
    );
  }
  return { embedding: Float32Array.from(found.points), kl: found.kl };
}

function planTsne(where: string, { rows, cols }: MatrixView, options: TsneOptions): TsnePlan {
  checkOptions(where, options, KEYS);
  if (rows < LEAST_ROWS) throw new ShapeError(`${where}: expected at least ${LEAST_ROWS} rows of points, got ${rows}`);
  if (cols < 1) throw new ShapeError(`${where}: expected at least 1 column of points, got ${cols}`);
  const theta = checkRange(where, 'theta', options.theta ?? 0.5, 0, 1);
  if (theta === 0 && rows > MOST_EXACT_ROWS) {
    throw new ShapeError(
      `${where}: expected at most ${MOST_EXACT_ROWS} rows with theta 0, got ${rows}; take theta: 0.5`,
    );
  }
  const exaggeration = checkRange(where, 'earlyExaggeration', options.earlyExaggeration ?? 12, 1, 1e6);
  const rate = options.learningRate ?? 'auto';
  const most = (rows - 1) / 3;
  return {
    perplexity: checkRange(where, 'perplexity', options.perplexity ?? Math.min(30, most), 1, most),
    theta,
    iterations: checkCount(where, 'iterations', options.iterations ?? 1000, 1, 1e6),
    exaggeration,
    learningRate:
      rate === 'auto' ? Math.max(rows / exaggeration / 4, 50) : checkRange(where, 'learningRate', rate, 1e-6, 1e9),
    seed: checkSeed(where, options.seed),
    fromPrincipal: checkChoice(where, 'init', options.init ?? 'pca', INITS) === 0,
    threads: checkThreads(where, options.threads),
  };
}

function checkRange(where: string, name: string, value: unknown, least: number, most: number): number {
  if (typeof value === 'number' && value >= least && value <= most) return value;
  throw expected(where, `a number from ${least} to ${most}`, name, value);
}
