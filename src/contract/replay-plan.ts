/** What the options of a replay buffer mean: fields, priorities, windows; shared by both implementations. */
import { ArgumentError } from '../errors.js';
import { checkChoice, checkCount, checkOptions, checkSeed, MAX_COLS, MAX_ROWS } from './check.js';
import { choices, expected, show } from './text.js';

/** The array that holds a field. 16-bit floats are carried as their bits. */
export const REPLAY_ARRAYS = {
  f32: Float32Array,
  f64: Float64Array,
  f16: Uint16Array,
  bf16: Uint16Array,
  u8: Uint8Array,
  i8: Int8Array,
  u16: Uint16Array,
  i16: Int16Array,
  u32: Uint32Array,
  i32: Int32Array,
} as const;

/** Types of a replay buffer's numbers. */
export type ReplayDtype = keyof typeof REPLAY_ARRAYS;

/** The same as types, on one kind of memory. */
export interface ReplayArrays<Memory extends ArrayBufferLike> extends Record<ReplayDtype, ArrayBufferView> {
  f32: Float32Array<Memory>;
  f64: Float64Array<Memory>;
  f16: Uint16Array<Memory>;
  bf16: Uint16Array<Memory>;
  u8: Uint8Array<Memory>;
  i8: Int8Array<Memory>;
  u16: Uint16Array<Memory>;
  i16: Int16Array<Memory>;
  u32: Uint32Array<Memory>;
  i32: Int32Array<Memory>;
}
export type ReplayArray = ReplayArrays<ArrayBufferLike>[ReplayDtype];

/** What one field of a row holds. */
export interface ReplayField {
  /** Sizes of one row's value; `[]` is a single number, and a number n stands for `[n]`. */
  readonly shape: number | readonly number[];
  /** Default f32. */
  readonly dtype?: ReplayDtype | undefined;
}
/** Fields of a row, by name. */
export type ReplayFields = Readonly<Record<string, ReplayField>>;

/** Prioritised draws. */
export interface PriorityOptions {
  /** How strongly priorities count: 0 not at all, 1 in proportion; 0 to 10. */
  readonly alpha: number;
  /** How much of the resulting bias the importance weights take back: 0 nothing, 1 all. `sample` may name another. */
  readonly beta: number;
  /** Added to every |priority| that is not exactly zero; default 1e-6. */
  readonly epsilon?: number | undefined;
}

/** Windows of rows that follow one another, with their rewards added up. */
export interface NStepOptions<Name extends string = string> {
  /** Rows of a window at most. */
  readonly steps: number;
  /** Factor of a reward from row to row, 0 to 1. */
  readonly discount: number;
  /** The field of rewards, f32 or f64. */
  readonly reward: Name;
  /** The field, one number a row, that is not zero in the last row of an episode. */
  readonly done: Name;
  /** Fields that are read from the last row of the window: what the transition leads to. */
  readonly next: readonly Name[];
  /** A field, one number a row, that is not zero where an episode was cut short without being done. */
  readonly truncated?: Name | undefined;
}

/** Options of {@link ReplayBuffer}. */
export interface ReplayOptions<Fields extends ReplayFields = ReplayFields> {
  /** Rows held; the oldest are overwritten. */
  readonly capacity: number;
  readonly fields: Fields;
  /** Draw in proportion to priorities; left out: all rows alike. */
  readonly prioritized?: PriorityOptions | undefined;
  /** Return windows of several rows of one stream of transitions; left out: single rows. */
  readonly nStep?: NStepOptions<keyof Fields & string> | undefined;
  /** A safe integer or a bigint below 2^64; default 0. */
  readonly seed?: number | bigint | undefined;
}

/** One field as it is stored. */
export interface ReplayColumn {
  readonly name: string;
  readonly dtype: ReplayDtype;
  readonly shape: readonly number[];
  /** Numbers of one row. */
  readonly elements: number;
  readonly array: (typeof REPLAY_ARRAYS)[ReplayDtype];
}

export interface ReplayPlan {
  readonly capacity: number;
  readonly columns: readonly ReplayColumn[];
  readonly prioritized: Required<PriorityOptions> | null;
  readonly nStep: Required<NStepOptions> | null;
  readonly seed: bigint;
}

/** Names that `sample` gives to what is no field. */
const TAKEN = ['indices', 'weights', 'discounts', '__proto__'];
/** Bounds that keep every stored priority far from overflow. */
const MOST_ALPHA = 10;
const MOST_EPSILON = 1e20;
const DEFAULT_EPSILON = 1e-6;
const MOST_STEPS = 2 ** 16;

export function planReplay(where: string, options: ReplayOptions): ReplayPlan {
  if (options === undefined) throw expected(where, 'an object', 'options', options);
  checkOptions(where, options, ['capacity', 'fields', 'prioritized', 'nStep', 'seed']);
  const capacity = checkCount(where, 'capacity', options.capacity, 1, MAX_ROWS);
  const columns = planColumns(where, options.fields);
  return {
    capacity,
    columns,
    prioritized: planPriorities(where, options.prioritized),
    nStep: planWindows(where, options.nStep, columns),
    seed: checkSeed(where, options.seed),
  };
}

/** The options that give this plan again; plain JSON. */
export function optionsOf(plan: ReplayPlan): Omit<ReplayOptions, 'seed'> & { readonly seed: string } {
  const { capacity, columns, prioritized, nStep, seed } = plan;
  const { truncated, ...windows } = nStep ?? { truncated: undefined };
  return {
    capacity,
    fields: Object.fromEntries(columns.map(({ name, shape, dtype }) => [name, { shape, dtype }])),
    ...(prioritized === null ? {} : { prioritized }),
    ...(nStep === null
      ? {}
      : { nStep: { ...(windows as NStepOptions), ...(truncated === undefined ? {} : { truncated }) } }),
    seed: seed.toString(),
  };
}

function planColumns(where: string, fields: unknown): ReplayColumn[] {
  if (typeof fields !== 'object' || fields === null || Object.keys(fields).length === 0) {
    throw expected(where, 'an object with one entry per field', 'fields', fields);
  }
  return Object.entries(fields as ReplayFields).map(([name, field]) => {
    const at = `fields.${name}`;
    if (TAKEN.includes(name)) {
      throw new ArgumentError(`${where}: expected a name other than ${choices(TAKEN)} for a field, got ${show(name)}`);
    }
    if (typeof field !== 'object' || field === null) throw expected(where, '{ shape, dtype? }', at, field);
    checkOptions(`${where}: ${at}`, field, ['shape', 'dtype']);
    const dtype = field.dtype ?? 'f32';
    checkChoice(where, `${at}.dtype`, dtype, Object.keys(REPLAY_ARRAYS));
    const shape = typeof field.shape === 'number' ? [field.shape] : field.shape;
    if (!Array.isArray(shape)) throw expected(where, 'a size or an array of sizes', `${at}.shape`, shape);
    (shape as unknown[]).forEach((size, i) => checkCount(where, `${at}.shape[${i}]`, size, 1, MAX_COLS));
    const elements = (shape as number[]).reduce((product, size) => product * size, 1);
    checkCount(where, `the product of ${at}.shape`, elements, 1, MAX_COLS);
    return { name, dtype, shape: [...(shape as number[])], elements, array: REPLAY_ARRAYS[dtype] };
  });
}

function planPriorities(where: string, options: PriorityOptions | undefined): Required<PriorityOptions> | null {
  if (options === undefined) return null;
  checkOptions(`${where}: prioritized`, options, ['alpha', 'beta', 'epsilon']);
  return {
    alpha: checkBetween(where, 'prioritized.alpha', options.alpha, MOST_ALPHA),
    beta: checkBetween(where, 'prioritized.beta', options.beta, Number.MAX_VALUE),
    epsilon: checkBetween(where, 'prioritized.epsilon', options.epsilon ?? DEFAULT_EPSILON, MOST_EPSILON),
  };
}

/** A finite number from 0 to `most`. */
export function checkBetween(where: string, name: string, value: unknown, most: number): number {
  if (typeof value === 'number' && value >= 0 && value <= most) return value;
  throw expected(where, most === Number.MAX_VALUE ? 'a finite number >= 0' : `a number from 0 to ${most}`, name, value);
}

function planWindows(
  where: string,
  options: NStepOptions | undefined,
  columns: readonly ReplayColumn[],
): Required<NStepOptions> | null {
  if (options === undefined) return null;
  checkOptions(`${where}: nStep`, options, ['steps', 'discount', 'reward', 'done', 'next', 'truncated']);
  const find = (option: string, name: unknown): ReplayColumn => {
    const names = columns.map((column) => column.name);
    return columns[checkChoice(where, `nStep.${option}`, name, names)] as ReplayColumn;
  };
  const flag = (option: string, name: unknown): string => {
    const { elements, dtype } = find(option, name);
    if (elements === 1 && !isHalf(dtype)) return name as string;
    throw expected(where, 'a field of one number a row, not f16 or bf16', `nStep.${option}`, name);
  };
  const steps = checkCount(where, 'nStep.steps', options.steps, 1, MOST_STEPS);
  const discount = checkBetween(where, 'nStep.discount', options.discount, 1);
  const { dtype } = find('reward', options.reward);
  if (dtype !== 'f32' && dtype !== 'f64') throw expected(where, 'an f32 or f64 field', 'nStep.reward', options.reward);
  const done = flag('done', options.done);
  const truncated = options.truncated === undefined ? undefined : flag('truncated', options.truncated);
  if (!Array.isArray(options.next)) throw expected(where, 'an array of field names', 'nStep.next', options.next);
  const next = (options.next as unknown[]).map((name, i) => find(`next[${i}]`, name).name);
  if (next.includes(options.reward)) {
    throw expected(where, 'fields other than the reward', 'nStep.next', options.reward);
  }
  if (done === options.reward || truncated === options.reward) {
    throw expected(where, 'a field other than done and truncated', 'nStep.reward', options.reward);
  }
  return { steps, discount, reward: options.reward, done, next, truncated };
}

function isHalf(dtype: ReplayDtype): boolean {
  return dtype === 'f16' || dtype === 'bf16';
}
