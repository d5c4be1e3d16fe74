import { ArgumentError } from '../../errors.js';
import type { Oracle } from './oracle.js';

/** An oracle that looks the answers up in labels known for the whole pool. */
export function simulatedOracle(labels: ArrayLike<number>): Oracle {
  return (indices) =>
    Int32Array.from(indices, (index) => {
      const label = labels[index];
      if (label === undefined) {
        throw new ArgumentError(
          `simulatedOracle: expected labels of the whole pool, got ${labels.length}, none for ${index}`,
        );
      }
      return label;
    });
}
