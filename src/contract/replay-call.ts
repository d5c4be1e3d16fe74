/** The replay buffer over either engine; what goes to and from files is added where there are files. */
import { ArgumentError, QuerentError, ShapeError, ValueError } from '../errors.js';
import { checkAttached, checkCount, checkOptions, MAX_ROWS } from './check.js';
import type { Engine, NativeReplayStore, ReplayState } from './engine.js';
import {
  checkBetween,
  planReplay,
  type ReplayArray,
  type ReplayArrays,
  type ReplayColumn,
  type ReplayDtype,
  type ReplayField,
  type ReplayFields,
  type ReplayOptions,
  type ReplayPlan,
} from './replay-plan.js';
import { expected, show } from './text.js';

type ArrayOf<Field extends ReplayField, Memory extends ArrayBufferLike> = Field extends {
  readonly dtype: infer Name extends ReplayDtype;
}
  ? ReplayArrays<Memory>[Name]
  : ReplayField extends Field
    ? ReplayArrays<Memory>[ReplayDtype] // the fields are not known while this is compiled: a buffer from a file
    : Float32Array<Memory>;

/** Rows to add: per field B rows, one after the other, in the field's own kind of array or as plain numbers. */
export type ReplayRows<Fields extends ReplayFields> = {
  readonly [Name in keyof Fields]: ArrayOf<Fields[Name], ArrayBufferLike> | readonly number[] | number;
};

/** Rows drawn from a replay buffer: an array for every field, and where they came from. */
export type ReplayBatch<Fields extends ReplayFields> = {
  /** [n] rows of the buffer, for `updatePriorities`. */
  readonly indices: Uint32Array<ArrayBuffer>;
  /** [n] importance weights, the largest is 1; prioritised buffers only. */
  readonly weights?: Float32Array<ArrayBuffer>;
  /** [n] discount^(rows of the window), the factor of the value of what follows; with `nStep` only. */
  readonly discounts?: Float32Array<ArrayBuffer>;
} & { readonly [Name in keyof Fields]: ArrayOf<Fields[Name], ArrayBuffer> };

/** Options of `ReplayBuffer.sample`. */
export interface ReplaySampleOptions {
  /** Instead of the buffer's own. */
  readonly beta?: number | undefined;
}

const SINGLE = 0;
const DOUBLE = 1;
const INTEGER = 2;
const NO_FIELD = -1;

/** Ring of transitions, drawn with replacement, alike or in proportion to priorities. */
export class ReplayCore<const Fields extends ReplayFields = ReplayFields> {
  /** For files: the options as they are meant, and the memory. */
  protected readonly plan: ReplayPlan;
  protected readonly store: NativeReplayStore;
  #size = 0;
  #writersWaiting = 0;

  protected constructor(engine: Engine, options: ReplayOptions<Fields>) {
    this.plan = planReplay('ReplayBuffer', options as unknown as ReplayOptions);
    this.store = makeStore(engine, this.plan);
  }

  /** Rows held. */
  get size(): number {
    return this.#size;
  }

  get capacity(): number {
    return this.plan.capacity;
  }

  /**
   * Add rows in order; once the buffer is full each one overwrites the oldest. In a prioritised buffer they get the
   * largest |priority| so far (1 at the start).
   *
   * @param rows Per field a typed array of B · (numbers of a row), B the same for all.
   * @returns [B] where the rows lie now.
   * @throws {ShapeError} Lengths that are not whole rows, or not the same number of them.
   * @throws {ArgumentError} A field that is missing, unknown or in another kind of array.
   */
  add(rows: ReplayRows<Fields>): Uint32Array<ArrayBuffer> {
    const where = 'ReplayBuffer.add';
    this.#checkFree(where);
    const { columns, capacity } = this.plan;
    const arrays = columnsOf(where, rows, columns);
    const count = rowCount(where, arrays, columns);
    let at = this.store.add(count, arrays);
    this.#size = Math.min(capacity, this.#size + count);
    const indices = new Uint32Array(count);
    for (let i = 0; i < count; i++) {
      indices[i] = at;
      at = at + 1 === capacity ? 0 : at + 1;
    }
    return indices;
  }

  /**
   * Draw rows with replacement, each draw on its own. The draws depend on the seed, the number of calls before this one
   * and what the buffer holds; on nothing else.
   *
   * @param n How many; 0 gives empty arrays.
   * @returns `indices`, the fields, and for prioritised buffers `weights` = (N·P(i))^-beta over its largest value.
   * @throws {ShapeError} The buffer is empty, or all its priorities are zero.
   */
  sample(n: number, options?: ReplaySampleOptions): ReplayBatch<Fields> {
    const where = 'ReplayBuffer.sample';
    const { columns, prioritized, nStep } = this.plan;
    checkCount(where, 'n', n, 0, MAX_ROWS);
    const beta = this.#betaOf(where, options);
    const batch = allocateBatch(where, n, this.plan);
    const { indices, weights, discounts, arrays } = batch;
    if (!this.store.sample(beta, indices, weights, arrays, discounts)) {
      throw new ShapeError(
        this.#size === 0
          ? `${where}: expected a buffer with rows to draw ${n} from, got an empty one`
          : `${where}: expected a priority above zero to draw ${n} rows by, got ${this.#size} rows of priority zero`,
      );
    }
    const result: Record<string, unknown> = { indices };
    if (prioritized !== null) result['weights'] = weights;
    if (nStep !== null) result['discounts'] = discounts;
    for (let i = 0; i < columns.length; i++) result[(columns[i] as ReplayColumn).name] = arrays[i];
    return result as ReplayBatch<Fields>;
  }

  /**
   * Set priorities, usually to new TD errors. A row is stored with (|priority| + epsilon)^alpha, except that a priority
   * of exactly zero is stored as zero: that row is not drawn again until it gets another one. Where a row is repeated
   * the last priority counts.
   *
   * @param indices Rows as `sample` and `add` return them.
   * @param priorities As many; finite, of either sign.
   * @throws {ValueError} NaN, an infinity, or a number too large for alpha; nothing has changed then.
   */
  updatePriorities(
    indices: Uint32Array | readonly number[],
    priorities: Float32Array | Float64Array | readonly number[],
  ): void {
    const where = 'ReplayBuffer.updatePriorities';
    this.#checkFree(where);
    if (this.plan.prioritized === null) {
      throw new ArgumentError(`${where}: expected a buffer made with the option prioritized`);
    }
    const rows = rowsOf(where, indices, this.#size);
    const values = valuesOf(where, priorities);
    if (rows.length !== values.length) {
      throw new ShapeError(`${where}: expected one priority per row (${rows.length}), got ${values.length}`);
    }
    const wrong = this.store.setPriorities(rows, values);
    if (wrong >= 0) throw this.#refusal(where, wrong, rows[wrong] as number, values[wrong] as number);
  }

  #refusal(where: string, at: number, row: number, priority: number): QuerentError {
    if (row >= this.#size) return expected(where, `rows below ${this.#size}`, `indices[${at}]`, row);
    const wanted = Number.isFinite(priority)
      ? `(|priority| + epsilon)^alpha of at most 2^960`
      : 'finite numbers for priorities';
    return new ValueError(`${where}: expected ${wanted}, got ${priority} at ${at}`);
  }

  #betaOf(where: string, options: ReplaySampleOptions | undefined): number {
    if (options === undefined) return this.plan.prioritized?.beta ?? 0;
    checkOptions(where, options, ['beta']);
    if (options.beta === undefined) return this.plan.prioritized?.beta ?? 0;
    if (this.plan.prioritized === null) {
      throw new ArgumentError(`${where}: expected beta for prioritised buffers only, got ${show(options.beta)}`);
    }
    return checkBetween(where, 'beta', options.beta, Number.MAX_VALUE);
  }

  #checkFree(where: string): void {
    if (this.#writersWaiting === 0) return;
    throw new QuerentError('ERR_QUERENT_BUSY', `${where}: the buffer is being saved; wait for the promise of save`);
  }

  /** Keep rows and priorities as they are while `work` reads them. */
  protected async unchanged(work: () => Promise<void>): Promise<void> {
    this.#writersWaiting += 1;
    try {
      await work();
    } finally {
      this.#writersWaiting -= 1;
    }
  }

  /** After rows and priorities were written to the store. False when they cannot be what was saved. */
  protected restored({ size, next, samples, largest }: ReplayState): boolean {
    if (this.store.restore(size, next, samples, largest) >= 0) return false;
    this.#size = size;
    return true;
  }
}

function makeStore(engine: Engine, plan: ReplayPlan): NativeReplayStore {
  const { capacity, columns, prioritized, nStep, seed } = plan;
  const bytes = Float64Array.from(columns, ({ elements, array }) => elements * array.BYTES_PER_ELEMENT);
  const place = (name: string | undefined): number => columns.findIndex((column) => column.name === name);
  const number = (at: number): number => {
    const dtype = columns[at]?.dtype;
    return dtype === 'f32' ? SINGLE : dtype === 'f64' ? DOUBLE : INTEGER;
  };
  const reward = nStep === null ? 0 : place(nStep.reward);
  const done = nStep === null ? 0 : place(nStep.done);
  const cut = nStep?.truncated === undefined ? NO_FIELD : place(nStep.truncated);
  const last = columns.map(
    ({ name }) => nStep !== null && (nStep.next.includes(name) || name === nStep.done || name === nStep.truncated),
  );
  try {
    return new engine.ReplayStore(
      capacity,
      bytes,
      seed,
      prioritized !== null,
      prioritized?.alpha ?? 0,
      prioritized?.epsilon ?? 0,
      nStep?.steps ?? 0,
      nStep?.discount ?? 1,
      reward,
      nStep === null ? SINGLE : number(reward),
      done,
      nStep === null ? SINGLE : number(done),
      cut,
      cut === NO_FIELD ? SINGLE : number(cut),
      Uint8Array.from(last, Number),
    );
  } catch (error) {
    const rowBytes = bytes.reduce((sum, field) => sum + field, 0);
    throw new ShapeError(
      `ReplayBuffer: expected a size that fits into memory, got ${capacity} rows of ${rowBytes} bytes`,
      { cause: error },
    );
  }
}

function allocateBatch(
  where: string,
  n: number,
  { columns, prioritized, nStep }: ReplayPlan,
): {
  indices: Uint32Array<ArrayBuffer>;
  weights: Float32Array<ArrayBuffer> | null;
  discounts: Float32Array<ArrayBuffer> | null;
  arrays: ReplayArray[];
} {
  try {
    const arrays: ReplayArray[] = [];
    for (let i = 0; i < columns.length; i++) {
      const { array, elements } = columns[i] as ReplayColumn;
      arrays.push(new array(n * elements));
    }
    return {
      indices: new Uint32Array(n),
      weights: prioritized === null ? null : new Float32Array(n),
      discounts: nStep === null ? null : new Float32Array(n),
      arrays,
    };
  } catch (error) {
    throw new ShapeError(`${where}: expected a number of rows that fits into memory for n, got ${n}`, { cause: error });
  }
}

function columnsOf(where: string, rows: unknown, columns: readonly ReplayColumn[]): ReplayArray[] {
  if (typeof rows !== 'object' || rows === null) throw expected(where, 'an object of fields', 'rows', rows);
  const given = rows as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(given)) {
    if (!columns.some((column) => column.name === name)) {
      const known = columns.map((column) => column.name).join(', ');
      throw new ArgumentError(`${where}: expected only the fields ${known}, got ${show(name)}`);
    }
  }
  return columns.map((column) => columnOf(where, column, given[column.name]));
}

function columnOf(where: string, column: ReplayColumn, value: unknown): ReplayArray {
  const { name, array, elements, dtype } = column;
  if (value instanceof array) {
    checkAttached(where, name, value);
    return value;
  }
  const list: unknown = typeof value === 'number' && elements === 1 ? [value] : value;
  if (!Array.isArray(list)) throw expected(where, `a ${array.name} (dtype ${dtype})`, name, value);
  const numbers = array.from(list as number[]);
  const isInteger = !(numbers instanceof Float32Array || numbers instanceof Float64Array);
  for (let i = 0; i < numbers.length; i++) {
    const element: unknown = list[i];
    // an integer array wraps around what it cannot hold
    if (typeof element !== 'number' || (isInteger && numbers[i] !== element)) {
      throw expected(where, isInteger ? `whole numbers that fit ${dtype}` : 'numbers', `${name}[${i}]`, element);
    }
  }
  return numbers;
}

function rowCount(where: string, arrays: readonly ReplayArray[], columns: readonly ReplayColumn[]): number {
  const [first] = columns as readonly [ReplayColumn];
  const count = (arrays[0] as ReplayArray).length / first.elements;
  columns.forEach(({ name, elements }, i) => {
    const { length } = arrays[i] as ReplayArray;
    if (length % elements !== 0) {
      throw new ShapeError(`${where}: expected whole rows of ${elements} for ${name}, got ${length} numbers`);
    }
    if (length !== count * elements) {
      throw new ShapeError(
        `${where}: expected as many rows as ${first.name} has (${count}) for ${name}, got ${length / elements}`,
      );
    }
  });
  return count;
}

function rowsOf(where: string, indices: unknown, size: number): Uint32Array {
  if (indices instanceof Uint32Array) {
    checkAttached(where, 'indices', indices);
    return indices;
  }
  if (!Array.isArray(indices)) throw expected(where, 'a Uint32Array', 'indices', indices);
  (indices as unknown[]).forEach((row, i) => {
    if (typeof row !== 'number' || !Number.isInteger(row) || row < 0 || row >= size) {
      throw expected(where, `rows below ${size}`, `indices[${i}]`, row);
    }
  });
  return Uint32Array.from(indices as number[]);
}

function valuesOf(where: string, priorities: unknown): Float32Array | Float64Array {
  if (priorities instanceof Float32Array || priorities instanceof Float64Array) {
    checkAttached(where, 'priorities', priorities);
    return priorities;
  }
  if (!Array.isArray(priorities)) {
    throw expected(where, 'a Float32Array, a Float64Array or an array of numbers', 'priorities', priorities);
  }
  (priorities as unknown[]).forEach((priority, i) => {
    if (typeof priority !== 'number') throw expected(where, 'numbers', `priorities[${i}]`, priority);
  });
  return Float64Array.from(priorities as number[]);
}
