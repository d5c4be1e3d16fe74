/** Plans of the kernels over repeated predictions [T, N, C]: Monte Carlo dropout, ensembles, committees. */
import { ArgumentError, ShapeError } from '../errors.js';
import {
  checkElements,
  dtypeCode,
  type FloatDType,
  type FloatMatrixView,
  type MatrixData,
  type MatrixView,
} from '../matrix.js';
import { checkAttached, checkChoice, checkCount, checkOptions, checkThreads, MAX_COLS, MAX_ROWS } from './check.js';
import {
  type AnyMeasure,
  COMMITTEE_MEASURES,
  type CommitteeMeasure,
  MC_MEASURES,
  type McMeasure,
  MEASURE_BITS,
  type OnInvalid,
  type Source,
} from './codes.js';
import type { IntegerData } from './engine.js';
import type { RowRule } from './rows.js';
import { checkFloats, planPasses } from './score-plan.js';
import {
  isTensorLike,
  type NdarrayLike,
  type OrtTensorLike,
  readTensor,
  readTensorAsync,
  type TensorView,
  type TfjsTensorLike,
} from './tensor-like.js';
import { choices, expected, show } from './text.js';

/** Repeated predictions: packed numbers [T, N, C], or a tensor of that shape. */
export type SamplesLike = MatrixData | TfjsTensorLike | OrtTensorLike | NdarrayLike;

/** What all kernels of repeated predictions take. */
export interface PassOptions {
  /** What the rows hold; default 'probabilities'. */
  readonly from?: Source | undefined;
  /** Refuse rows that do not sum to one (default), or take them as they are. */
  readonly normalize?: 'check' | 'none' | undefined;
  /** A row that is unusable in any pass: an error (default), or NaN results. */
  readonly onInvalid?: OnInvalid | undefined;
}

/** Options of `mcDropout`. */
export interface McDropoutOptions extends PassOptions {
  /** T, how many stochastic passes. May be left out, with rows and cols, when `samples` is a tensor that knows its shape. */
  readonly passes?: number | undefined;
  /** N, samples of the pool. */
  readonly rows?: number | undefined;
  /** C, classes. */
  readonly cols?: number | undefined;
  /** What to compute; default ['bald']. */
  readonly measures?: readonly McMeasure[] | undefined;
  /** Required for 16-bit floats in a Uint16Array. */
  readonly dtype?: FloatDType | undefined;
  /** At most this many threads; default all of the machine. The result does not depend on it. */
  readonly threads?: number | undefined;
}

/** Options of `committee`. */
export interface CommitteeOptions extends PassOptions {
  /** L, how many members. */
  readonly members: number;
  /** N, samples of the pool. */
  readonly rows: number;
  /** C, classes. */
  readonly cols: number;
  readonly measure: CommitteeMeasure;
  /** Required for 16-bit floats in a Uint16Array; without it a Uint16Array holds votes. */
  readonly dtype?: FloatDType | undefined;
  /** At most this many threads; default all of the machine. The result does not depend on it. */
  readonly threads?: number | undefined;
}

/** Checked predictions [T, N, C], packed. */
export interface PassesPlan extends RowRule {
  readonly where: string;
  /** All passes as one matrix of T·N rows, so that row t·N + n is row n of pass t. */
  readonly view: FloatMatrixView;
  readonly dtype: number;
  readonly passes: number;
  readonly rows: number;
  readonly cols: number;
  readonly measures: readonly AnyMeasure[];
  /** Measures as bits, see MEASURE_BITS. */
  readonly mask: number;
  readonly throwsOnInvalid: boolean;
  readonly threads: number;
}

/** Checked votes [L, N]. */
export interface VotesPlan {
  readonly where: string;
  readonly votes: IntegerData;
  readonly members: number;
  readonly rows: number;
  readonly cols: number;
  readonly threads: number;
}

const PASS_KEYS = ['from', 'normalize', 'onInvalid'];
const MC_KEYS = ['passes', 'rows', 'cols', 'measures', 'dtype', 'threads', ...PASS_KEYS];
const COMMITTEE_KEYS = ['members', 'rows', 'cols', 'measure', 'dtype', 'threads', ...PASS_KEYS];
export const ACCUMULATOR_KEYS: readonly string[] = ['measures', 'dtype', 'threads', ...PASS_KEYS];

/** Measures in bit order, without repeats: the order in which the addon takes its outputs. */
export function checkMeasures(where: string, measures: unknown): McMeasure[] {
  if (measures === undefined) return ['bald'];
  if (!Array.isArray(measures) || measures.length === 0) {
    throw expected(where, `a list of ${choices(MC_MEASURES)}`, 'measures', measures);
  }
  for (const measure of measures) checkChoice(where, 'measures', measure, MC_MEASURES);
  return MC_MEASURES.filter((measure) => measures.includes(measure));
}

/** The samples themselves, read at once; flat arrays pass through. */
export function readSamples(where: string, samples: unknown): unknown {
  return isTensorLike(samples) ? readTensor(where, 'samples', samples) : samples;
}

export async function readSamplesAsync(where: string, samples: unknown): Promise<unknown> {
  return isTensorLike(samples) ? readTensorAsync(where, 'samples', samples) : samples;
}

/** @param samples What {@link readSamples} returned. */
export function planMcDropout(
  where: string,
  samples: unknown,
  options: McDropoutOptions,
  extraKeys: readonly string[] = [],
): PassesPlan {
  checkOptions(where, options, [...MC_KEYS, ...extraKeys]);
  const shape = shapeOf(where, samples, { passes: options?.passes, rows: options?.rows, cols: options?.cols });
  return planPredictions(where, samples, shape, checkMeasures(where, options?.measures), options ?? {});
}

/** Votes for integer arrays, predictions for floating ones. */
export function planCommittee(
  where: string,
  samples: unknown,
  options: CommitteeOptions,
  extraKeys: readonly string[] = [],
): PassesPlan | VotesPlan {
  if (options === undefined)
    throw expected(where, 'an object with members, rows, cols and measure', 'options', options);
  checkOptions(where, options, [...COMMITTEE_KEYS, ...extraKeys]);
  const measure = COMMITTEE_MEASURES[checkChoice(where, 'measure', options.measure, COMMITTEE_MEASURES)];
  const shape = shapeOf(where, samples, { members: options.members, rows: options.rows, cols: options.cols });
  if (!isVotes(samples, options.dtype)) {
    const wanted: AnyMeasure =
      measure === 'consensus-entropy' ? 'predictive-entropy' : measure === 'kl' ? 'bald' : measure!;
    return planPredictions(where, samples, shape, [wanted], options);
  }
  if (measure !== 'vote-entropy') {
    throw new ArgumentError(
      `${where}: expected floating-point probabilities for measure '${measure}', got ${show(samples)}`,
    );
  }
  checkAttached(where, 'votes', samples);
  const [members, rows, cols] = shape;
  if (samples.length !== members * rows) {
    throw new ShapeError(`${where}: expected members x rows = ${members * rows} votes, got ${samples.length}`);
  }
  return { where, votes: samples, members, rows, cols, threads: checkThreads(where, options.threads) };
}

function isVotes(samples: unknown, dtype: unknown): samples is IntegerData {
  if (samples instanceof Uint16Array) return dtype === undefined;
  return (
    samples instanceof Uint8Array ||
    samples instanceof Int8Array ||
    samples instanceof Int16Array ||
    samples instanceof Uint32Array ||
    samples instanceof Int32Array
  );
}

function asTensor(samples: unknown): TensorView | null {
  return typeof samples === 'object' && samples !== null && 'shape' in samples ? (samples as TensorView) : null;
}

/** Sizes from the options, or from a tensor that knows them; when both speak they must agree. */
function shapeOf(where: string, samples: unknown, given: Record<string, number | undefined>): [number, number, number] {
  const tensor = asTensor(samples);
  const names = Object.keys(given);
  if (tensor && tensor.shape.length !== 3) {
    throw new ShapeError(`${where}: expected a tensor [${names.join(', ')}], got shape [${tensor.shape.join(', ')}]`);
  }
  const sizes = Object.entries(given).map(([name, size], axis) => {
    const own = tensor?.shape[axis];
    const value = checkCount(where, name, size ?? own, axis === 1 ? 0 : 1, axis === 2 ? MAX_COLS : MAX_ROWS);
    if (own !== undefined && own !== value) {
      throw new ShapeError(`${where}: expected ${own} for ${name} as in the tensor's shape, got ${value}`);
    }
    return value;
  });
  return sizes as [number, number, number];
}

function planPredictions(
  where: string,
  samples: unknown,
  [passes, rows, cols]: readonly [number, number, number],
  measures: readonly AnyMeasure[],
  options: PassOptions & { dtype?: FloatDType | undefined; threads?: number | undefined },
): PassesPlan {
  const tensor = asTensor(samples);
  const { data, dtype } = tensor ?? checkElements(where, 'samples', samples, options.dtype);
  const total = passes * rows * cols;
  if (!(passes * rows <= MAX_ROWS)) {
    throw new ShapeError(`${where}: expected passes x rows up to ${MAX_ROWS}, got ${passes} x ${rows}`);
  }
  if (!Number.isSafeInteger(total) || data.length !== total) {
    throw new ShapeError(
      `${where}: expected ${passes} x ${rows} x ${cols} = ${total} elements for samples, got ${data.length}`,
    );
  }
  const all: MatrixView = { data, dtype, rows: passes * rows, cols, stride: cols };
  const view = checkFloats(where, 'samples', all);
  return {
    where,
    view,
    dtype: dtypeCode(view.dtype),
    passes,
    rows,
    cols,
    measures,
    mask: measures.reduce((mask, measure) => mask | MEASURE_BITS[measure], 0),
    ...planPasses(where, options, view.dtype),
    threads: checkThreads(where, options.threads),
  };
}
