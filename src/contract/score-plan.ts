import { ArgumentError, ShapeError, UnavailableError } from '../errors.js';
import { dtypeCode, type FloatMatrixView, type MatrixView } from '../matrix.js';
import { checkChoice, checkOptions, checkThreads } from './check.js';
import {
  type Device,
  DEVICES,
  ENTROPY,
  type Kind,
  KINDS,
  type Method,
  METHODS,
  MULTICLASS,
  type Normalize,
  NORMALIZE,
  ON_INVALID,
  type OnInvalid,
  type Source,
  SOURCES,
} from './codes.js';
import { type RowRule, sumTolerance } from './rows.js';
import { expected } from './text.js';

/** How predictions become one acquisition score per row. */
export interface ScoringOptions {
  /** Entropy in nats; margin = 1 - (p1 - p2); least-confidence = 1 - p1. Higher = ask first. */
  readonly method: Method;
  /** What the rows hold; default 'probabilities'. Logits need no softmax first and keep full accuracy. */
  readonly from?: Source | undefined;
  /** 'multilabel': every column is an independent yes/no, and the score is the mean over labels. Default 'multiclass'. */
  readonly kind?: Kind | undefined;
  /** What to do about rows that do not sum to one: refuse them (default), divide by the sum, or take them as they are. */
  readonly normalize?: Normalize | undefined;
  /** A row with NaN, a negative probability or a wrong sum: an error (default), or a NaN score. */
  readonly onInvalid?: OnInvalid | undefined;
  /** 'auto' takes what is there; 'cuda' is an error where it is missing. Default 'cpu'. */
  readonly device?: Device | undefined;
  /** At most this many threads; default all of the machine. The result does not depend on it. */
  readonly threads?: number | undefined;
}

/** Checked scoring options beside the matrix they apply to. */
export interface ScorePlan extends RowRule {
  readonly where: string;
  readonly view: FloatMatrixView;
  readonly dtype: number;
  readonly method: number;
  readonly throwsOnInvalid: boolean;
  readonly threads: number;
}

export const SCORING_KEYS: readonly string[] = [
  'method',
  'from',
  'kind',
  'normalize',
  'onInvalid',
  'device',
  'threads',
];

/** Check scoring options that may hold `extraKeys` as well. The options object is only read. */
export function planScore(
  where: string,
  matrix: MatrixView,
  options: ScoringOptions,
  extraKeys: readonly string[] = [],
): ScorePlan {
  if (options === undefined) throw expected(where, "an object such as { method: 'entropy' }", 'options', options);
  checkOptions(where, options, [...SCORING_KEYS, ...extraKeys]);
  const view = checkFloats(where, 'probs', matrix);
  const method = checkChoice(where, 'method', options.method, METHODS);
  const kind = checkChoice(where, 'kind', options.kind ?? 'multiclass', KINDS);
  checkDevice(where, options.device);
  if (view.rows > 0 || view.cols > 0) checkClasses(where, view.cols, method, kind);
  return {
    where,
    view,
    dtype: dtypeCode(view.dtype),
    method,
    kind,
    ...planRows(where, options, view.dtype),
    threads: checkThreads(where, options.threads),
  };
}

/** The part of a plan that says which rows are valid and what happens to the others. */
export function planRows(
  where: string,
  options: Pick<ScoringOptions, 'from' | 'normalize' | 'onInvalid'>,
  dtype: FloatMatrixView['dtype'],
): Omit<RowRule, 'kind'> & { throwsOnInvalid: boolean } {
  return {
    from: checkChoice(where, 'from', options.from ?? 'probabilities', SOURCES),
    normalize: checkChoice(where, 'normalize', options.normalize ?? 'check', NORMALIZE),
    tolerance: sumTolerance(dtype),
    throwsOnInvalid: checkChoice(where, 'onInvalid', options.onInvalid ?? 'throw', ON_INVALID) === 0,
  };
}

/** Predictions of repeated passes: 'divide' has no meaning there, because the passes are averaged first. */
export function planPasses(
  where: string,
  options: Pick<ScoringOptions, 'from' | 'normalize' | 'onInvalid'>,
  dtype: FloatMatrixView['dtype'],
): RowRule & { throwsOnInvalid: boolean } {
  if (options.normalize === 'divide') throw expected(where, "'check' or 'none'", 'normalize', options.normalize);
  return { kind: MULTICLASS, ...planRows(where, options, dtype) };
}

export function checkFloats(where: string, name: string, view: MatrixView): FloatMatrixView {
  if (view.dtype === 'u8') throw expected(where, 'floating-point elements (f32, f64, f16 or bf16)', name, view.data);
  return view as FloatMatrixView;
}

export function checkDevice(where: string, device: unknown): void {
  if (device === undefined) return;
  checkChoice(where, 'device', device, DEVICES);
  if (device === 'cuda') {
    throw new UnavailableError(
      `${where}: expected a CUDA back end for device 'cuda', got none in this build; use device 'auto' or 'cpu'`,
      { code: 'ERR_QUERENT_CUDA_UNAVAILABLE' },
    );
  }
}

function checkClasses(where: string, cols: number, method: number, kind: number): void {
  const least = kind === MULTICLASS && method !== ENTROPY ? 2 : 1;
  if (cols >= least) return;
  if (cols === 1) {
    throw new ArgumentError(
      `${where}: expected at least 2 classes for ${METHODS[method] ?? 'this method'}, got 1 column; ` +
        "for yes/no outputs pass kind: 'multilabel'",
    );
  }
  throw new ShapeError(`${where}: expected at least ${least} columns for probs, got ${cols}`);
}
