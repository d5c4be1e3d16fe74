import { expected } from '../../contract/text.js';
import { SKIPPED } from '../../strategies/strategy.js';
import { ORACLE_REFUSAL, uniformOf } from '../seeds.js';
import { askOracle, type Oracle, toOracle } from './oracle.js';

/** Which questions are refused. */
export interface RefusalOptions {
  /** Share of samples that are refused, from 0 to 1, or a function that says which. */
  readonly refuse: number | ((index: number) => boolean);
  /** Decides which samples are refused at a share; default 0. */
  readonly seed?: number | bigint | undefined;
}

/**
 * An oracle that does not answer about some samples: they are unreadable, ambiguous, not its business. Which ones is a
 * function of (seed, sample). The oracle behind it is not asked about them.
 *
 * @param of The oracle that knows, or the labels of the whole pool.
 */
export function refusingOracle(of: Oracle | ArrayLike<number>, { refuse, seed = 0 }: RefusalOptions): Oracle {
  const where = 'refusingOracle';
  const inner = toOracle(where, of);
  if (typeof refuse !== 'function' && !(typeof refuse === 'number' && refuse >= 0 && refuse <= 1)) {
    throw expected(where, 'a share from 0 to 1 or a function', 'refuse', refuse);
  }
  const refuses =
    typeof refuse === 'function' ? refuse : (index: number) => uniformOf(seed, ORACLE_REFUSAL, index, 0) < refuse;
  const answer: Oracle = async (indices, around) => {
    const refused = indices.filter((index) => refuses(index));
    const rest = indices.filter((index) => !refuses(index));
    const skipped = { indices: refused, labels: new Int32Array(refused.length).fill(SKIPPED) };
    if (rest.length === 0) return skipped;
    const answers = await askOracle(inner, rest, around);
    return {
      indices: [...skipped.indices, ...answers.indices],
      labels: [...skipped.labels, ...answers.labels],
      ...(answers.costs && { costs: [...new Float64Array(refused.length), ...answers.costs] }),
    };
  };
  return Object.assign(answer, inner.price && { price: inner.price });
}
