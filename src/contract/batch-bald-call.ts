/** What `batchBald` does once an engine is chosen. */
import { ValueError } from '../errors.js';
import { type FloatDType, widenRow } from '../matrix.js';
import { inBackground, sharedElements } from './background.js';
import { ASYNC_KEYS, type AsyncOptions, checkAsync } from './blocks.js';
import { checkChoice, checkCount, checkEnough, checkExclude, checkOptions, checkSeed } from './check.js';
import { CHECK, DIVIDE, type Normalize, NORMALIZE, type Source } from './codes.js';
import type { Engine } from './engine.js';
import { type PassesPlan, planMcDropout, readSamplesAsync, type SamplesLike } from './passes-plan.js';
import { invalidRow, rowFault, type RowRule } from './rows.js';

/** Options of `batchBald`. */
export interface BatchBaldOptions extends AsyncOptions {
  /** T, how many stochastic passes. May be left out, with rows and cols, when `samples` is a tensor that knows its shape. */
  readonly passes?: number | undefined;
  /** N, samples of the pool. */
  readonly rows?: number | undefined;
  /** C, classes. */
  readonly cols?: number | undefined;
  /** Required for 16-bit floats in a Uint16Array. */
  readonly dtype?: FloatDType | undefined;
  /** What the rows hold; default 'probabilities'. */
  readonly from?: Source | undefined;
  /** Refuse rows that do not sum to one (default), divide them by their sum, or take them as they are. */
  readonly normalize?: Normalize | undefined;
  /** Joint entropies are exact while the rows picked so far have at most this many configurations, then sampled; default 10000. */
  readonly numSamples?: number | undefined;
  /** Of the sampled configurations: a safe integer or a bigint below 2^64; default 0. */
  readonly seed?: number | bigint | undefined;
  /** Row numbers that are not looked at; duplicates are fine. */
  readonly exclude?: Uint32Array | readonly number[] | undefined;
  /** At most this many threads; default all of the machine. The result does not depend on it. */
  readonly threads?: number | undefined;
}

/** A batch in the order in which it was picked. */
export interface BatchBaldResult {
  readonly indices: Uint32Array;
  /** Joint mutual information of the batch up to and including each pick, in nats. */
  readonly scores: Float64Array;
  /** What each pick added to it. */
  readonly gains: Float64Array;
}

const KEYS = ['passes', 'rows', 'cols', 'dtype', 'from', 'normalize', 'numSamples', 'seed', 'exclude', 'threads'];
const DEFAULT_SAMPLES = 10_000;
const MOST_SAMPLES = 2 ** 24;

export async function batchBaldWith(
  engine: Engine,
  where: string,
  samples: SamplesLike,
  k: number,
  options: BatchBaldOptions,
): Promise<BatchBaldResult> {
  checkAsync(where, options);
  checkOptions(where, options, [...KEYS, ...ASYNC_KEYS]);
  const { passes, rows, cols, dtype, from, normalize, threads, signal } = options ?? {};
  const code = checkChoice(where, 'normalize', normalize ?? 'check', NORMALIZE);
  const plan = planMcDropout(where, await readSamplesAsync(where, samples), {
    passes,
    rows,
    cols,
    dtype,
    from,
    normalize: code === CHECK ? 'check' : 'none',
    threads,
  });
  const rule: RowRule = { ...plan, normalize: code };
  const numSamples = checkCount(where, 'numSamples', options?.numSamples ?? DEFAULT_SAMPLES, 1, MOST_SAMPLES);
  const seed = checkSeed(where, options?.seed);
  const exclude = checkExclude(where, options?.exclude, plan.rows);
  const excluded = new Set(exclude ?? []).size;
  checkCount(where, 'k', k);
  checkEnough(where, k, plan.rows - excluded, `${plan.rows} rows, ${excluded} excluded`);
  if (k === 0) return { indices: new Uint32Array(0), scores: new Float64Array(0), gains: new Float64Array(0) };
  // copied before the first turn of the event loop: the caller's list may change during the call
  const held = exclude?.slice() ?? null;
  const data = await sharedElements(where, 'samples', plan.view.data, signal);
  const { indices, scores, gains, badRow } = await inBackground(k, options, (control) =>
    engine.batchBald(
      data,
      plan.dtype,
      plan.passes,
      plan.rows,
      plan.cols,
      plan.from,
      code,
      plan.tolerance,
      held,
      k,
      numSamples,
      seed,
      plan.threads,
      control,
    ),
  );
  if (badRow >= 0) throw badSample({ ...plan, view: { ...plan.view, data } }, rule, badRow);
  checkFinite(where, indices, scores);
  return { indices, scores, gains };
}

/** The error for a row that is unusable in at least one pass: it names the first such pass. */
function badSample(plan: PassesPlan, rule: RowRule, row: number): ValueError {
  const values = new Float64Array(plan.cols);
  for (let t = 0; t < plan.passes; t++) {
    widenRow(plan.view, t * plan.rows + row, values);
    if (rowFault(values, rule) !== null) {
      return invalidRow(plan.where, `row ${row} of pass ${t}`, values, rule, false);
    }
  }
  return invalidRow(plan.where, `row ${row}`, null, rule, false);
}

function checkFinite(where: string, indices: Uint32Array, scores: Float64Array): void {
  const at = scores.findIndex((score) => !Number.isFinite(score));
  if (at < 0) return;
  throw new ValueError(
    `${where}: expected rows that sum to about 1, got products beyond 1e308 at row ${indices[at] ?? 0}; ` +
      `pass normalize: '${NORMALIZE[DIVIDE] ?? ''}'`,
  );
}
