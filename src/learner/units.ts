import { expected, show } from '../contract/text.js';
import { ArgumentError, ShapeError } from '../errors.js';

/** A name of what a sample belongs to: a patient, a document, an item. */
export type Key = number | string;

/**
 * Which samples of a pool are one thing (the same id) and which belong together (the same group). Both are kept as
 * leaders: `leader[i]` is the lowest index that shares the key of sample i.
 */
export class Units {
  readonly size: number;
  /** [N] by id, or undefined: every sample is a thing of its own. */
  readonly things: Uint32Array | undefined;
  /** [N] by group, or undefined: no groups. */
  readonly groups: Uint32Array | undefined;
  readonly #twins: ReadonlyMap<number, Uint32Array>;
  readonly #members: ReadonlyMap<number, Uint32Array>;

  constructor(size: number, things?: Uint32Array, groups?: Uint32Array) {
    this.size = size;
    this.things = things;
    this.groups = groups;
    this.#twins = things === undefined ? new Map() : membersByLeader(things);
    this.#members = groups === undefined ? new Map() : membersByLeader(groups);
  }

  /**
   * @param ids Samples with equal ids are one thing.
   * @param groups Samples with equal groups belong together.
   * @throws {ShapeError} Not one key per sample.
   * @throws {ArgumentError} A key that is neither a string nor a number; one thing in two groups.
   */
  static read(where: string, size: number, ids: ArrayLike<Key> | undefined, groups: ArrayLike<Key> | undefined): Units {
    const things = ids === undefined ? undefined : leaders(where, 'ids', ids, size);
    const together = groups === undefined ? undefined : leaders(where, 'groups', groups, size);
    if (things !== undefined && together !== undefined) {
      const at = things.findIndex((first, index) => together[first] !== together[index]);
      if (at >= 0) {
        throw new ArgumentError(
          `${where}: expected samples with the same id in one group, got ${things[at]} and ${at} in two`,
        );
      }
    }
    return new Units(size, things, together);
  }

  /** The lowest index that is the same thing. */
  first(index: number): number {
    return this.things === undefined ? index : (this.things[index] as number);
  }

  /** All samples that are the same thing as `first`, ascending; `first` is one that {@link first} gives. */
  twins(first: number): ArrayLike<number> {
    return this.#twins.get(first) ?? [first];
  }

  /** All samples of the group of `index`, ascending; without groups, the sample alone. */
  groupOf(index: number): ArrayLike<number> {
    if (this.groups === undefined) return [index];
    return this.#members.get(this.groups[index] as number) ?? [index];
  }
}

/** Index of the first sample with the same key, for every sample. */
export function leaders(where: string, name: string, keys: ArrayLike<Key>, size: number): Uint32Array {
  if (typeof keys !== 'object' || keys === null || typeof keys.length !== 'number') {
    throw expected(where, 'a list with a string or number per sample', name, keys);
  }
  if (keys.length !== size) {
    throw new ShapeError(`${where}: expected one key per sample (${size}) for ${name}, got ${keys.length}`);
  }
  const first = new Map<Key, number>();
  return Uint32Array.from({ length: size }, (_, index) => {
    const key = keys[index] as Key;
    if (typeof key !== 'string' && !(typeof key === 'number' && !Number.isNaN(key))) {
      throw new ArgumentError(`${where}: expected strings or numbers in ${name}, got ${show(key)} for sample ${index}`);
    }
    const leader = first.get(key);
    if (leader === undefined) first.set(key, index);
    return leader ?? index;
  });
}

/** Only leaders with more than themselves. */
function membersByLeader(leader: Uint32Array): Map<number, Uint32Array> {
  const lists = new Map<number, number[]>();
  leader.forEach((first, index) => {
    if (first === index) return;
    const list = lists.get(first);
    if (list === undefined) lists.set(first, [first, index]);
    else list.push(index);
  });
  return new Map([...lists].map(([first, list]) => [first, Uint32Array.from(list)]));
}
