import { checkCount } from '../../contract/check.js';
import { expected, show } from '../../contract/text.js';
import { ArgumentError, ShapeError, ValueError } from '../../errors.js';
import { SKIPPED } from '../../strategies/strategy.js';
import { ORACLE_NOISE, uniformOf } from '../seeds.js';
import { askOracle, type Oracle, toOracle } from './oracle.js';

interface NoiseChoices {
  /** Decides which answers are wrong; default 0. */
  readonly seed?: number | bigint | undefined;
  /**
   * Asked about a sample again in a later round, the answer is the 'same' (default: the mistake is in the sample) or
   * drawn afresh (the mistake is in the moment).
   */
  readonly repeat?: 'same' | 'fresh' | undefined;
}

/** How answers go wrong. */
export type NoiseOptions = NoiseChoices &
  (
    | {
        /** Share of wrong answers, each of the other classes alike, from 0 to 1. */
        readonly rate: number;
        readonly classes: number;
      }
    | {
        /** [C][C]: row c holds how often a sample of class c is called each class; rows sum to 1. */
        readonly confusion: readonly (readonly number[])[];
      }
  );

/**
 * An oracle that errs now and then. Whether it does is a function of (seed, sample), so that two strategies that ask
 * about the same sample hear the same, and a run that is resumed hears it again. Refusals are passed on.
 *
 * @param of The oracle that knows, or the labels of the whole pool.
 */
export function noisyOracle(of: Oracle | ArrayLike<number>, options: NoiseOptions): Oracle {
  const inner = toOracle('noisyOracle', of);
  const { seed = 0, repeat = 'same' } = options;
  if (repeat !== 'same' && repeat !== 'fresh') throw expected('noisyOracle', "'same' or 'fresh'", 'repeat', repeat);
  const confusion = 'confusion' in options ? checkConfusion(options.confusion) : evenNoise(options);
  const answer: Oracle = async (indices, around) => {
    const answers = await askOracle(inner, indices, around, confusion.length);
    const moment = repeat === 'fresh' ? (around.round ?? 0) : 0;
    const labels = answers.labels.map((label, at) => {
      if (label === SKIPPED) return label;
      return drawn(
        confusion[label] as readonly number[],
        uniformOf(seed, ORACLE_NOISE, answers.indices[at] as number, moment),
      );
    });
    return { ...answers, labels };
  };
  return Object.assign(answer, inner.price && { price: inner.price });
}

/** The class at `u` of the way through the row. */
function drawn(row: readonly number[], u: number): number {
  let sum = 0;
  for (let c = 0; c < row.length; c++) {
    sum += row[c] as number;
    if (u < sum) return c;
  }
  return row.findLastIndex((share) => share > 0); // the row sums to a little less than one
}

function evenNoise({ rate, classes }: { rate: number; classes: number }): number[][] {
  checkCount('noisyOracle', 'classes', classes, 2);
  if (typeof rate !== 'number' || !(rate >= 0 && rate <= 1)) {
    throw expected('noisyOracle', 'a share from 0 to 1', 'rate', rate);
  }
  return Array.from({ length: classes }, (_, right) =>
    Array.from({ length: classes }, (_, c) => (c === right ? 1 - rate : rate / (classes - 1))),
  );
}

function checkConfusion(confusion: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const where = 'noisyOracle';
  if (!Array.isArray(confusion)) throw expected(where, 'a row per class', 'confusion', confusion);
  if (confusion.length < 2) throw new ArgumentError(`${where}: expected at least 2 classes in confusion`);
  for (const [c, row] of confusion.entries()) {
    if (!Array.isArray(row) || row.length !== confusion.length) {
      throw new ShapeError(`${where}: expected ${confusion.length} shares in confusion[${c}], got ${show(row)}`);
    }
    const shares = row as readonly number[];
    const sum = shares.reduce((total, share) => total + share, 0);
    if (!shares.every((share) => share >= 0) || !(Math.abs(sum - 1) <= 1e-6)) {
      throw new ValueError(`${where}: expected shares that sum to 1 in confusion[${c}], got a sum of ${sum}`);
    }
  }
  return confusion;
}
