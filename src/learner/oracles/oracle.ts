import { expected, show } from '../../contract/text.js';
import { ArgumentError, ShapeError, ValueError } from '../../errors.js';
import { SKIPPED } from '../../strategies/strategy.js';
import { checkIndices, isTypedList } from '../lists.js';
import { simulatedOracle } from './simulated.js';

/** What an oracle is told beside the questions. */
export interface OracleOptions {
  /** Aborts when the run does. Whoever answers in part then has the answers kept. */
  readonly signal?: AbortSignal | undefined;
  /** The round that the answers will begin, from 0. */
  readonly round?: number | undefined;
}

/** Answers that are more than one class per question. */
export interface DetailedAnswers {
  /** Which of the asked samples are answered, in any order; default all, in the order of the questions. */
  readonly indices?: ArrayLike<number> | undefined;
  /** Class of each, or SKIPPED (-1) for one that the oracle refuses. */
  readonly labels: ArrayLike<number>;
  /** What each answer cost; at most the price that was known before. Default that price. */
  readonly costs?: ArrayLike<number> | undefined;
}

/** One class per question, in order, SKIPPED (-1) for a refusal; or answers to some of them. */
export type Answers = ArrayLike<number> | DetailedAnswers;

/** Answers which classes the asked samples have: a person, a service, or known labels. */
export interface Oracle {
  (indices: Uint32Array, options: OracleOptions): Answers | Promise<Answers>;
  /** The most that an answer about a sample may cost, known before asking; default 1. */
  readonly price?: ((index: number) => number) | undefined;
}

/** {@link Answers}, checked. */
export interface CheckedAnswers {
  /** Distinct, all of them asked about. */
  readonly indices: Uint32Array;
  /** Class of each, or SKIPPED. */
  readonly labels: Int32Array;
  readonly costs?: Float64Array | undefined;
}

/** A function as it is; known labels of the whole pool as a simulated oracle. */
export function toOracle(where: string, oracle: Oracle | ArrayLike<number>, poolSize?: number): Oracle {
  if (typeof oracle === 'function') return oracle;
  if (!isTypedList(oracle)) {
    throw new ArgumentError(`${where}: expected a function or the labels of the pool for oracle, got ${show(oracle)}`);
  }
  if (poolSize !== undefined && oracle.length !== poolSize) {
    throw new ArgumentError(
      `${where}: expected one label per pool sample (${poolSize}) for oracle, got ${oracle.length}`,
    );
  }
  return simulatedOracle(oracle);
}

/**
 * Ask, and check what comes back.
 *
 * @param classes Number of classes; left out, any class number is taken.
 * @throws {ShapeError} Not one answer per question, nor answers that say which ones they are.
 * @throws {ValueError} An answer that is neither a class nor SKIPPED, or a cost that is none.
 */
export async function askOracle(
  oracle: Oracle,
  asked: Uint32Array,
  options: OracleOptions,
  classes: number = Infinity,
): Promise<CheckedAnswers> {
  return readAnswers(await oracle(asked.slice(), options), asked, classes);
}

function readAnswers(answers: Answers, asked: Uint32Array, classes: number): CheckedAnswers {
  const where = 'oracle';
  const detailed = isTypedList(answers) ? { labels: answers } : answers;
  if (typeof detailed !== 'object' || detailed === null || !isTypedList(detailed.labels)) {
    throw expected(where, 'one class per question, or { indices, labels }', 'its answers', answers);
  }
  const indices = detailed.indices === undefined ? asked : readAnswered(where, detailed.indices, asked);
  const { labels, costs } = detailed;
  if (labels.length !== indices.length) {
    throw new ShapeError(`${where}: expected one answer per question (${indices.length}), got ${labels.length}`);
  }
  for (let i = 0; i < labels.length; i++) {
    const label: unknown = labels[i];
    if (label === SKIPPED) continue;
    if (typeof label !== 'number' || !Number.isInteger(label) || label < 0 || label >= classes) {
      throw new ValueError(
        `${where}: expected a class${classes < Infinity ? ` from 0 to ${classes - 1}` : ''}, or ${SKIPPED} to skip, ` +
          `for sample ${indices[i]}, got ${show(label)}`,
      );
    }
  }
  if (costs === undefined) return { indices, labels: Int32Array.from(labels) };
  return { indices, labels: Int32Array.from(labels), costs: readCosts(where, costs, indices) };
}

function readAnswered(where: string, answered: ArrayLike<number>, asked: Uint32Array): Uint32Array {
  const questions = new Set(asked);
  const indices = checkIndices(where, 'answered indices', answered, 2 ** 32);
  const stray = indices.find((index) => !questions.has(index));
  if (stray !== undefined) {
    throw new ArgumentError(`${where}: expected answers about the samples that were asked, got one about ${stray}`);
  }
  return indices;
}

function readCosts(where: string, costs: ArrayLike<number>, indices: Uint32Array): Float64Array {
  if (costs.length !== indices.length) {
    throw new ShapeError(`${where}: expected one cost per answer (${indices.length}), got ${costs.length}`);
  }
  const checked = Float64Array.from(costs);
  const at = checked.findIndex((cost) => !Number.isFinite(cost) || cost < 0);
  if (at >= 0) {
    throw new ValueError(`${where}: expected a cost of at least 0 for sample ${indices[at]}, got ${checked[at]}`);
  }
  return checked;
}
