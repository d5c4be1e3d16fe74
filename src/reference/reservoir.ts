/** Samples of streams whose length is not known beforehand. */
import { checkCount, checkOptions } from '../contract/check.js';
import { checkAsync } from '../contract/blocks.js';
import { expected } from '../contract/text.js';
import { nextTurn } from '../contract/turn.js';
import { ShapeError, ValueError } from '../errors.js';
import { exactExp, exactLog, exactLog1p } from './exact-math.js';
import { Random, STREAM_RESERVOIR } from './philox.js';

/** Options of `reservoirSample`. */
export interface ReservoirOptions<Item = unknown> {
  /**
   * Relative chances, finite and >= 0, by position or as a function of the item; an item of weight zero is never drawn.
   * Default: all alike.
   */
  readonly weights?: ArrayLike<number> | ((item: Item, position: number) => number) | undefined;
  /** A safe integer or a bigint below 2^64; default 0. */
  readonly seed?: number | bigint | undefined;
  /** Rejects with `signal.reason` as soon as it is aborted, also while an item is awaited. */
  readonly signal?: AbortSignal | undefined;
}

/** What `reservoirSample` drew. */
export interface ReservoirSample<Item> {
  /** [k] in the order of the stream. */
  readonly items: Item[];
  /** [k] where they stood, counted from 0; ascending. */
  readonly positions: number[];
}

/** Items between two turns of the event loop, for streams that never wait. */
const TURN_ITEMS = 16384;

/** Decides item by item which ones to hold. */
interface Reservoir {
  /** The slot that item number `position` of the stream takes, or -1. */
  take(position: number, weight: number): number;
}

/**
 * Draw k items of a stream in one pass, without replacement, holding no more than k: with equal chances, or as if drawn
 * one after the other with chances in proportion to the weights that are left. The same seed gives the same positions on
 * every machine.
 *
 * @param stream Any iterable or async iterable. It is read to its end (for k = 0 not at all) and closed after an error.
 * @param k How many.
 * @throws {ShapeError} The stream has fewer than k items, or fewer than k of positive weight.
 * @throws {ValueError} A weight that is negative, NaN or infinite.
 * @see Li: Reservoir-sampling algorithms of time complexity O(n(1 + log(N/n))). ACM TOMS 20(4), 1994 (algorithm L).
 * @see Efraimidis, Spirakis: Weighted random sampling with a reservoir. Inf. Process. Lett. 97(5), 2006 (A-ExpJ).
 */
export async function reservoirSample<Item>(
  stream: Iterable<Item> | AsyncIterable<Item>,
  k: number,
  options?: ReservoirOptions<Item>,
): Promise<ReservoirSample<Item>> {
  const where = 'reservoirSample';
  checkOptions(where, options, ['weights', 'seed', 'signal']);
  checkCount(where, 'k', k);
  checkAsync(where, { signal: options?.signal });
  const weightOf = weightsOf(where, options?.weights);
  const random = new Random(options?.seed ?? 0, STREAM_RESERVOIR);
  const slots: { item: Item; position: number }[] = [];
  const source = sourceOf(where, stream);
  if (k > 0) {
    const reservoir = weightOf === null ? new UniformReservoir(k, random) : new WeightedReservoir(k, random);
    await forEach(source, options?.signal, (item, position) => {
      const slot = reservoir.take(
        position,
        weightOf === null ? 1 : checkWeight(where, weightOf(item, position), position),
      );
      if (slot >= 0) slots[slot] = { item, position };
    });
  }
  if (slots.length < k) {
    const drawable = weightOf === null ? 'items' : 'items of positive weight';
    throw new ShapeError(`${where}: expected at most the ${slots.length} ${drawable} of the stream for k, got ${k}`);
  }
  slots.sort((a, b) => a.position - b.position);
  return { items: slots.map(({ item }) => item), positions: slots.map(({ position }) => position) };
}

/** Uniform in (0, 1), an odd multiple of 2^-53. */
function openUniform(random: Random): number {
  const high = random.uint32();
  return (high * 2 ** 20 + (random.uint32() >>> 12) + 0.5) * 2 ** -52;
}

/** Algorithm L: the number of items to skip is drawn at once. */
class UniformReservoir implements Reservoir {
  readonly #k: number;
  readonly #random: Random;
  /** Distributed as the largest of k uniform numbers that decide which items are held. */
  #bound = 1;
  #next = Infinity;

  constructor(k: number, random: Random) {
    this.#k = k;
    this.#random = random;
  }

  take(position: number): number {
    if (position < this.#k) {
      if (position === this.#k - 1) this.#skipFrom(position);
      return position;
    }
    if (position < this.#next) return -1;
    const slot = this.#random.below(this.#k);
    this.#skipFrom(position);
    return slot;
  }

  #skipFrom(position: number): void {
    this.#bound *= exactExp(exactLog(openUniform(this.#random)) / this.#k);
    this.#next = position + 1 + Math.floor(exactLog(openUniform(this.#random)) / exactLog1p(-this.#bound));
  }
}

/** A-ExpJ with the keys log(u) / weight, of which the k largest stay: u^(1 / weight) itself would underflow. */
class WeightedReservoir implements Reservoir {
  readonly #k: number;
  readonly #random: Random;
  /** Binary heap, the smallest key on top. */
  readonly #heap: { key: number; slot: number }[] = [];
  /** Weight to pass over before the next item is taken. */
  #jump = 0;

  constructor(k: number, random: Random) {
    this.#k = k;
    this.#random = random;
  }

  take(_position: number, weight: number): number {
    if (weight === 0) return -1;
    if (this.#heap.length < this.#k) {
      const slot = this.#heap.length;
      this.#heap.push({ key: exactLog(openUniform(this.#random)) / weight, slot });
      if (this.#heap.length === this.#k) {
        for (let place = (this.#k >> 1) - 1; place >= 0; place--) this.#sink(place);
        this.#drawJump();
      }
      return slot;
    }
    this.#jump -= weight;
    if (this.#jump > 0) return -1;
    const top = this.#heap[0] as { key: number; slot: number };
    // the key of this item, given that it is above the smallest: log(u) / weight with u uniform in (e^(key weight), 1)
    const span = oneMinusExp(top.key * weight);
    top.key = exactLog1p(-openUniform(this.#random) * span) / weight;
    this.#sink(0);
    this.#drawJump();
    return top.slot;
  }

  #drawJump(): void {
    this.#jump = exactLog(openUniform(this.#random)) / (this.#heap[0] as { key: number }).key;
  }

  #sink(from: number): void {
    const heap = this.#heap;
    const moving = heap[from] as { key: number; slot: number };
    let place = from;
    for (let child = 2 * place + 1; child < heap.length; child = 2 * place + 1) {
      const right = heap[child + 1];
      if (right !== undefined && right.key < (heap[child] as { key: number }).key) child++;
      const smaller = heap[child] as { key: number; slot: number };
      if (moving.key <= smaller.key) break;
      heap[place] = smaller;
      place = child;
    }
    heap[place] = moving;
  }
}

/** 1 - e^x for x <= 0, without cancellation near 0. */
function oneMinusExp(x: number): number {
  return x > -1e-5 ? -x * (1 + (x / 2) * (1 + x / 3)) : 1 - exactExp(x);
}

type WeightOf<Item> = (item: Item, position: number) => unknown;

function weightsOf<Item>(where: string, weights: ReservoirOptions<Item>['weights']): WeightOf<Item> | null {
  if (weights === undefined) return null;
  if (typeof weights === 'function') return weights;
  const isList = Array.isArray(weights) || (ArrayBuffer.isView(weights) && !(weights instanceof DataView));
  if (!isList) throw expected(where, 'an array of numbers or a function', 'weights', weights);
  return (_item, position) => weights[position];
}

function checkWeight(where: string, weight: unknown, position: number): number {
  if (typeof weight === 'number' && weight >= 0 && weight < Infinity) return weight;
  throw new ValueError(`${where}: expected finite numbers >= 0 for weights, got ${String(weight)} at ${position}`);
}

type Source<Item> =
  | { readonly isAsync: true; readonly open: () => AsyncIterator<Item> }
  | { readonly isAsync: false; readonly open: () => Iterator<Item> };

function sourceOf<Item>(where: string, stream: Iterable<Item> | AsyncIterable<Item>): Source<Item> {
  const either = stream as Partial<Iterable<Item> & AsyncIterable<Item>> | null | undefined;
  const openAsync = either?.[Symbol.asyncIterator];
  if (typeof openAsync === 'function') {
    return { isAsync: true, open: () => openAsync.call(stream as AsyncIterable<Item>) };
  }
  const open = either?.[Symbol.iterator];
  if (typeof open === 'function') return { isAsync: false, open: () => open.call(stream as Iterable<Item>) };
  throw expected(where, 'an iterable or async iterable', 'stream', stream);
}

/** Visit all items; an abort ends the wait for the next one at once, and an iterator that is left early is closed. */
async function forEach<Item>(
  source: Source<Item>,
  signal: AbortSignal | undefined,
  visit: (item: Item, position: number) => void,
): Promise<void> {
  let stopWaiting: (reason: unknown) => void = () => undefined;
  const hearAbort = (): void => stopWaiting(signal?.reason);
  const settled = (step: Promise<IteratorResult<Item>>): Promise<IteratorResult<Item>> =>
    new Promise((resolve, reject) => {
      stopWaiting = reject;
      step.then(resolve, reject);
    });
  signal?.addEventListener('abort', hearAbort, { once: true });
  const iterator = source.open();
  try {
    for (let position = 0; ; position++) {
      if (position % TURN_ITEMS === TURN_ITEMS - 1) await nextTurn();
      signal?.throwIfAborted();
      const step = iterator.next();
      const result = source.isAsync ? await settled(Promise.resolve(step)) : (step as IteratorResult<Item>);
      if (result.done === true) return;
      visit(result.value, position);
    }
  } catch (error) {
    close(iterator);
    throw error;
  } finally {
    signal?.removeEventListener('abort', hearAbort);
  }
}

/** Not awaited: a generator that waits for its next item closes only once that has come. */
function close(iterator: Iterator<unknown> | AsyncIterator<unknown>): void {
  try {
    const closing: unknown = iterator.return?.();
    if (closing instanceof Promise) closing.catch(() => undefined);
  } catch {
    // the error that led here is the one to tell
  }
}
