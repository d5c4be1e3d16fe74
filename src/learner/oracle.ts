import { isTypedList } from './lists.js';
import { ArgumentError } from '../errors.js';
import { show } from '../contract/text.js';

/** Answers which classes the asked samples have: a person, a service, or known labels. One class per index, in order. */
export type Oracle = (
  indices: Uint32Array,
  options: { readonly signal?: AbortSignal | undefined },
) => ArrayLike<number> | Promise<ArrayLike<number>>;

/** An oracle that looks the answers up in labels known for the whole pool. */
export function simulatedOracle(labels: ArrayLike<number>): Oracle {
  return (indices) => Uint32Array.from(indices, (index) => labels[index] as number);
}

/** A function as it is; known labels of the whole pool as a simulated oracle. */
export function toOracle(where: string, oracle: Oracle | ArrayLike<number>, poolSize: number): Oracle {
  if (typeof oracle === 'function') return oracle;
  if (!isTypedList(oracle)) {
    throw new ArgumentError(`${where}: expected a function or the labels of the pool for oracle, got ${show(oracle)}`);
  }
  if (oracle.length !== poolSize) {
    throw new ArgumentError(
      `${where}: expected one label per pool sample (${poolSize}) for oracle, got ${oracle.length}`,
    );
  }
  return simulatedOracle(oracle);
}
