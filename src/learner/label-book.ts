import { expected } from '../contract/text.js';
import { ArgumentError, ShapeError, ValueError } from '../errors.js';
import { checkLabels } from '../models/samples.js';
import { SKIPPED } from '../strategies/strategy.js';
import { checkIndices, isTypedList } from './lists.js';
import { Units } from './units.js';

/** What a book keeps apart from the labels themselves. */
export interface BookRules {
  readonly units?: Units | undefined;
  /** Price of a label by pool index; default 1 each. */
  readonly prices?: Float64Array | undefined;
  /** Price of a refused answer as a share of the label's; default 0. */
  readonly skipCost?: number | undefined;
  /** Samples held for validation: neither asked about nor trained on. */
  readonly held?: Uint32Array | undefined;
}

/** What changed when answers were written down. */
export interface Entry {
  /** Newly labelled, in order. */
  readonly fresh: Uint32Array;
  /** Newly refused, in order. */
  readonly refused: Uint32Array;
}

/** Everything a book knows, as plain JSON. */
export interface BookState {
  readonly labeled: readonly number[];
  readonly labels: readonly number[];
  /** Samples whose label was bought, whether they have it still or not. */
  readonly paid: readonly number[];
  readonly refused: readonly number[];
  /** Released samples and their known answers. */
  readonly known: readonly (readonly [number, number])[];
  readonly cost: number;
}

/**
 * Which samples of a pool have labels, which were refused, and what was paid. Samples with the same id are one thing: the
 * lowest index stands for it and is the only one that is offered; its label is the label of all.
 *     offered → labelled ⇄ taken back (offered again, and free)          offered → refused
 */
export class LabelBook {
  readonly size: number;
  readonly classes: number;
  readonly units: Units;
  readonly #prices: Float64Array | undefined;
  readonly #skipCost: number;
  readonly #held: Uint8Array;
  /** Thing to class, in the order in which labels came. */
  readonly #labels = new Map<number, number>();
  readonly #paid = new Set<number>();
  readonly #refused = new Set<number>();
  /** Answers of labels that were released: they are known, and need not be asked for again. */
  readonly #known = new Map<number, number>();
  #cost = 0;
  /** Of {@link unlabeled}, until something changes. */
  #offered: Uint32Array | undefined;

  constructor(size: number, classes: number, rules: BookRules = {}) {
    this.size = size;
    this.classes = classes;
    this.units = rules.units ?? new Units(size);
    this.#prices = rules.prices;
    this.#skipCost = rules.skipCost ?? 0;
    this.#held = new Uint8Array(size);
    for (const index of rules.held ?? []) this.#held[index] = 1;
  }

  /** Things with a label. */
  get count(): number {
    return this.#labels.size;
  }

  /** Labels bought so far, those taken back included. */
  get bought(): number {
    return this.#paid.size;
  }

  /** Paid so far, for labels and refusals. */
  get cost(): number {
    return this.#cost;
  }

  has(index: number): boolean {
    return this.#labels.has(this.units.first(index));
  }

  labelOf(index: number): number | undefined {
    return this.#labels.get(this.units.first(index));
  }

  isPaid(index: number): boolean {
    return this.#paid.has(this.units.first(index));
  }

  /** The answer about a sample whose label was released. */
  known(index: number): number | undefined {
    return this.#known.get(index);
  }

  /** True for a sample that can be asked about. */
  isOffered(index: number): boolean {
    const stands = Number.isInteger(index) && index >= 0 && index < this.size && this.units.first(index) === index;
    return stands && !this.#labels.has(index) && !this.#refused.has(index) && this.#held[index] === 0;
  }

  /** What a label of the sample would cost now. */
  price(index: number): number {
    return this.#paid.has(index) ? 0 : (this.#prices?.[index] ?? 1);
  }

  /** In the order in which labels came; samples with the same id next to each other. */
  labeled(): Uint32Array {
    return Uint32Array.from([...this.#labels.keys()].flatMap((thing) => Array.from(this.units.twins(thing))));
  }

  /** Class of each of {@link labeled}. */
  labels(): Uint32Array {
    return Uint32Array.from(
      [...this.#labels].flatMap(([thing, label]) => Array.from(this.units.twins(thing), () => label)),
    );
  }

  /** What can be asked about, ascending. */
  unlabeled(): Uint32Array {
    this.#offered ??= Uint32Array.from({ length: this.size }, (_, index) => index).filter((i) => this.isOffered(i));
    return this.#offered.slice();
  }

  /** What can be asked about when nothing is labelled or refused yet, ascending. */
  askable(): Uint32Array {
    const isAskable = (index: number): boolean => this.units.first(index) === index && this.#held[index] === 0;
    return Uint32Array.from({ length: this.size }, (_, index) => index).filter(isAskable);
  }

  /** Samples that the oracle refused, in the order in which it did. */
  refused(): Uint32Array {
    return Uint32Array.from(this.#refused);
  }

  /**
   * Write answers down; all of them or, when one is wrong, none. A sample that has a label already is corrected, for
   * nothing; one that was refused may be labelled after all.
   *
   * @param labels Class of each index, or SKIPPED.
   * @param costs What each answer cost; default its price, and of a refusal the agreed share of it.
   * @throws {ArgumentError} Indices outside the pool, named twice or held for validation; SKIPPED for a labelled sample.
   * @throws {ValueError} A label that is no class; a cost above the price.
   * @throws {ShapeError} As many labels as indices are needed.
   */
  teach(where: string, indices: ArrayLike<number>, labels: ArrayLike<number>, costs?: Float64Array): Entry {
    const things = this.#things(where, indices);
    if (!isTypedList(labels)) throw expected(where, 'a list of class numbers', 'labels', labels);
    if (labels.length !== things.length) {
      throw new ShapeError(`${where}: expected one label per sample (${things.length}), got ${labels.length}`);
    }
    // skipped ones count as class 0 for the check, so that positions in its sentence are right
    const classes = checkLabels(
      where,
      Array.from(labels, (label) => (label === SKIPPED ? 0 : label)),
      things.length,
      this.classes,
    );
    const spent = Array.from(things, (thing, at) => this.#spending(where, thing, labels[at] as number, costs?.[at]));
    const fresh: number[] = [];
    const refused: number[] = [];
    things.forEach((thing, at) => {
      if (labels[at] === SKIPPED) {
        if (!this.#refused.has(thing)) refused.push(thing);
        this.#refused.add(thing);
      } else {
        if (!this.#labels.has(thing)) fresh.push(thing);
        this.#labels.set(thing, classes[at] as number);
        this.#paid.add(thing);
        this.#refused.delete(thing);
        this.#known.delete(thing);
      }
      this.#cost += spent[at] as number;
    });
    this.#offered = undefined;
    return { fresh: Uint32Array.from(fresh), refused: Uint32Array.from(refused) };
  }

  /** What one answer adds to the cost. */
  #spending(where: string, thing: number, label: number, cost: number | undefined): number {
    const price = this.price(thing);
    if (label === SKIPPED) {
      if (this.#labels.has(thing)) {
        throw new ArgumentError(
          `${where}: expected samples without labels to skip, got ${thing}; remove its label first`,
        );
      }
      if (this.#refused.has(thing)) return 0;
    } else if (this.#paid.has(thing)) return 0;
    if (cost !== undefined && cost > price && price > 0) {
      throw new ValueError(
        `${where}: expected an answer about sample ${thing} to cost at most ${price}, got ${cost}; ` +
          'pass costs, or give the oracle a price',
      );
    }
    return Math.min(cost ?? (label === SKIPPED ? this.#skipCost * price : price), price);
  }

  /**
   * Take labels back: the samples are offered again. They stay paid, and their next label is free.
   *
   * @throws {ArgumentError} A sample without a label.
   */
  remove(where: string, indices: ArrayLike<number>): Uint32Array {
    const things = this.#labelledThings(where, indices);
    for (const thing of things) this.#labels.delete(thing);
    this.#offered = undefined;
    return things;
  }

  /** As {@link remove}, and the answers are remembered. */
  release(where: string, indices: ArrayLike<number>): Uint32Array {
    const things = this.#labelledThings(where, indices);
    for (const thing of things) this.#known.set(thing, this.#labels.get(thing) as number);
    for (const thing of things) this.#labels.delete(thing);
    this.#offered = undefined;
    return things;
  }

  #labelledThings(where: string, indices: ArrayLike<number>): Uint32Array {
    const things = this.#things(where, indices);
    const bare = things.find((thing) => !this.#labels.has(thing));
    if (bare !== undefined) {
      throw new ArgumentError(`${where}: expected samples with labels, got ${bare}, which has none`);
    }
    return things;
  }

  /** Distinct things of the pool that labels may be written for. */
  #things(where: string, indices: ArrayLike<number>): Uint32Array {
    const things = checkIndices(where, 'indices', indices, this.size).map((index) => this.units.first(index));
    if (this.units.things !== undefined && new Set(things).size < things.length) {
      throw new ArgumentError(`${where}: expected every id once, got two samples with the same one`);
    }
    const held = things.find((thing) => this.#held[thing] === 1);
    if (held !== undefined) {
      throw new ArgumentError(`${where}: expected samples of the pool, got ${held}, which is held for validation`);
    }
    return things;
  }

  state(): BookState {
    return {
      labeled: [...this.#labels.keys()],
      labels: [...this.#labels.values()],
      paid: [...this.#paid],
      refused: [...this.#refused],
      known: [...this.#known],
      cost: this.#cost,
    };
  }

  /** @throws {ArgumentError | ValueError} A state of another pool. */
  restore(where: string, { labeled, labels, paid, refused, known, cost }: BookState): void {
    this.teach(where, labeled, labels);
    checkIndices(where, 'paid', paid, this.size);
    checkIndices(where, 'refused', refused, this.size);
    this.#paid.clear();
    for (const thing of paid) this.#paid.add(thing);
    for (const thing of refused) this.#refused.add(thing);
    for (const [thing, label] of known) this.#known.set(thing, label);
    this.#cost = cost;
    this.#offered = undefined;
  }
}
