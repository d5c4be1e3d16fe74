import { checkCount, checkSeed } from '../contract/check.js';
import { expected } from '../contract/text.js';
import { ShapeError } from '../errors.js';
import { sampleWithoutReplacement } from '../kernels/index.js';
import { type Key, leaders } from './units.js';

/** Two parts of a set; both ascending. */
export interface GroupSplit {
  /** About the share that was asked for, never more. */
  readonly held: Uint32Array;
  readonly rest: Uint32Array;
}

/**
 * Split samples into two parts so that no group is in both: a model that has seen one picture of a patient is not
 * measured on another one. Groups are taken in an order drawn from the seed as long as they fit into the share.
 *
 * @param groups A key per sample.
 * @param share Of the samples, above 0 and below 1.
 * @throws {ShapeError} No group fits into the share, or nothing would be left.
 */
export function splitByGroups(
  groups: ArrayLike<Key>,
  share: number,
  options: { readonly seed?: number | bigint | undefined } = {},
): GroupSplit {
  const where = 'splitByGroups';
  checkCount(where, 'groups.length', groups?.length, 1);
  return splitUnits(where, leaders(where, 'groups', groups, groups.length), share, checkSeed(where, options.seed));
}

/** @param leader What {@link leaders} gives. */
export function splitUnits(where: string, leader: Uint32Array, share: number, seed: number | bigint): GroupSplit {
  if (typeof share !== 'number' || !(share > 0 && share < 1)) {
    throw expected(where, 'a share above 0 and below 1', 'the validation share', share);
  }
  const sizes = new Map<number, number>();
  for (const first of leader) sizes.set(first, (sizes.get(first) ?? 0) + 1);
  const units = [...sizes.keys()];
  const target = Math.round(share * leader.length);
  const chosen = new Set<number>();
  let count = 0;
  for (const at of sampleWithoutReplacement(units.length, units.length, { seed })) {
    const unit = units[at] as number;
    const size = sizes.get(unit) as number;
    if (count + size > target) continue;
    chosen.add(unit);
    count += size;
  }
  if (count === 0 || count === leader.length) {
    throw new ShapeError(
      `${where}: expected samples on both sides of a split at ${share}, got ${count} of ${leader.length} ` +
        `in ${units.length} groups; choose another share, or smaller groups`,
    );
  }
  const all = Uint32Array.from(leader, (_, index) => index);
  const isHeld = (index: number): boolean => chosen.has(leader[index] as number);
  return { held: all.filter(isHeld), rest: all.filter((index) => !isHeld(index)) };
}
