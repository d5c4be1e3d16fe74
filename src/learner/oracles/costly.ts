import { expected } from '../../contract/text.js';
import { ArgumentError, ValueError } from '../../errors.js';
import { SKIPPED } from '../../strategies/strategy.js';
import { isTypedList } from '../lists.js';
import { askOracle, type Oracle, toOracle } from './oracle.js';

/** What answers cost. */
export interface PriceOptions {
  /** One price for all, one per pool sample, a function of the index, or one per class: then known only afterwards. */
  readonly price: number | ArrayLike<number> | ((index: number) => number) | { readonly perClass: ArrayLike<number> };
  /** Price of a refusal; default 0. At most the price of the sample. */
  readonly refusal?: number | undefined;
}

/**
 * An oracle whose answers have prices. A learner takes them for its costs: before it asks, it sets aside the most that the
 * answer may cost (of prices per class, the highest), so that no budget is overshot.
 *
 * @param of The oracle that knows, or the labels of the whole pool.
 */
export function costlyOracle(of: Oracle | ArrayLike<number>, { price, refusal = 0 }: PriceOptions): Oracle {
  const where = 'costlyOracle';
  const inner = toOracle(where, of);
  if (!Number.isFinite(refusal) || refusal < 0) throw expected(where, 'a price of at least 0', 'refusal', refusal);
  const perClass = typeof price === 'object' && 'perClass' in price ? checkPerClass(where, price.perClass) : undefined;
  const most = perClass === undefined ? perSample(where, price) : () => Math.max(...perClass);
  const answer: Oracle = async (indices, around) => {
    const answers = await askOracle(inner, indices, around, perClass?.length);
    const costs = Float64Array.from(answers.labels, (label, at) => {
      const highest = most(answers.indices[at] as number);
      if (label === SKIPPED) return Math.min(refusal, highest);
      return perClass === undefined ? highest : (perClass[label] as number);
    });
    return { ...answers, costs };
  };
  return Object.assign(answer, { price: most });
}

function perSample(where: string, price: PriceOptions['price']): (index: number) => number {
  if (typeof price === 'function') return price;
  if (typeof price === 'number' && Number.isFinite(price) && price > 0) return () => price;
  if (!isTypedList(price)) throw expected(where, 'a price, prices, a function or { perClass }', 'price', price);
  return (index) => {
    const found = price[index];
    if (found === undefined)
      throw new ArgumentError(`${where}: expected a price for sample ${index}, got ${price.length} prices`);
    return found;
  };
}

function checkPerClass(where: string, prices: ArrayLike<number>): readonly number[] {
  const list = Array.from(prices);
  if (list.length < 2) throw expected(where, 'a price for each class', 'perClass', prices);
  const bad = list.findIndex((price) => !(Number.isFinite(price) && price > 0));
  if (bad >= 0) throw new ValueError(`${where}: expected a positive price for class ${bad}, got ${list[bad]}`);
  return list;
}
