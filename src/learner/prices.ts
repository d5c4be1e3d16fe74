import { expected, show } from '../contract/text.js';
import { ShapeError, ValueError } from '../errors.js';
import { isTypedList } from './lists.js';

/** What a label costs: a price per pool sample, or a function of its index. Positive, in any unit. */
export type Costs = ArrayLike<number> | ((index: number) => number);

/**
 * Prices as a list, one per sample.
 *
 * @throws {ShapeError} Not one per sample.
 * @throws {ValueError} A price that is not positive and finite.
 */
export function checkPrices(where: string, costs: Costs, size: number): Float64Array {
  if (typeof costs !== 'function' && !isTypedList(costs)) {
    throw expected(where, 'a price per pool sample, or a function of the index', 'costs', costs);
  }
  if (typeof costs !== 'function' && costs.length !== size) {
    throw new ShapeError(`${where}: expected one price per pool sample (${size}) for costs, got ${costs.length}`);
  }
  const prices = new Float64Array(size);
  for (let index = 0; index < size; index++) {
    const price = typeof costs === 'function' ? costs(index) : (costs[index] as number);
    if (typeof price !== 'number' || !Number.isFinite(price) || price <= 0) {
      throw new ValueError(
        `${where}: expected a positive price for every sample, got ${show(price)} for sample ${index}`,
      );
    }
    prices[index] = price;
  }
  return prices;
}
