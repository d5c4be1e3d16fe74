import { readMatrixAsync, readTensorAsync, type MatrixLike, isTensorLike } from '../contract/tensor-like.js';
import { expected } from '../contract/text.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { elementReader, type MatrixView } from '../matrix.js';
import type { FloatRows, MemberPredictions } from '../models/model.js';
import { checkFinite, denseRows } from '../models/samples.js';

/** What is known about a pool, one row per sample, from whatever model or framework. */
export interface PoolArrays {
  /** Class probabilities [N, C]. */
  readonly probabilities?: MatrixLike | undefined;
  /** What the model makes of each sample inside, [N, E]. */
  readonly embeddings?: MatrixLike | undefined;
  /** Class probabilities of T committee members or dropout passes: a tensor [T, N, C], its packed numbers, or T matrices. */
  readonly members?: MembersLike | undefined;
  /** The samples themselves, [N, features]. */
  readonly samples?: MatrixLike | undefined;
}

/** Predictions of several members, in any of the forms in which people have them. */
export type MembersLike = MemberPredictions | MatrixLike | readonly MatrixLike[];

/** {@link PoolArrays}, checked: all of the same number of rows, all finite. */
export interface CheckedArrays {
  readonly rows: number;
  readonly probabilities?: FloatRows | undefined;
  readonly embeddings?: FloatRows | undefined;
  readonly members?: MemberPredictions | undefined;
  readonly samples?: MatrixView | undefined;
}

const NAMES = ['probabilities', 'embeddings', 'members', 'samples'] as const;

/**
 * @throws {ArgumentError} No array at all, or something that is none.
 * @throws {ShapeError} Arrays of different numbers of rows, or without any.
 * @throws {ValueError} A number that is not finite.
 */
export async function readArrays(where: string, arrays: PoolArrays): Promise<CheckedArrays> {
  const { probabilities, embeddings, members, samples } = arrays;
  const dense = async (name: string, value: MatrixLike | undefined): Promise<FloatRows | undefined> =>
    value === undefined ? undefined : toRows(await readFinite(where, name, value));
  const read = {
    probabilities: await dense('probabilities', probabilities),
    embeddings: await dense('embeddings', embeddings),
    members: members === undefined ? undefined : await readMembers(where, members),
    samples: samples === undefined ? undefined : await readFinite(where, 'samples', samples),
  };
  const given = NAMES.filter((name) => read[name] !== undefined);
  const [first] = given;
  if (first === undefined) throw new ArgumentError(`${where}: expected at least one of ${NAMES.join(', ')}, got none`);
  const rows = read[first]?.rows ?? 0;
  for (const name of given) {
    const found = read[name]?.rows;
    if (found !== rows) {
      throw new ShapeError(`${where}: expected one row per sample (${rows}, as in ${first}) for ${name}, got ${found}`);
    }
  }
  if (rows === 0) throw new ShapeError(`${where}: expected at least one sample in ${first}, got none`);
  return { rows, ...read };
}

async function readFinite(where: string, name: string, value: MatrixLike): Promise<MatrixView> {
  const view = await readMatrixAsync(where, name, value);
  checkFinite(where, view, name);
  return view;
}

function toRows(view: MatrixView): FloatRows {
  return { data: denseRows(view, 0, view.rows), rows: view.rows, cols: view.cols };
}

async function readMembers(where: string, value: MembersLike): Promise<MemberPredictions> {
  if (Array.isArray(value)) return stack(where, value as readonly MatrixLike[]);
  if (isTensorLike(value)) {
    const { data, dtype, shape } = await readTensorAsync(where, 'members', value);
    const [passes, rows, cols] = shape;
    if (shape.length !== 3 || passes === undefined || rows === undefined || cols === undefined || passes === 0) {
      throw new ShapeError(`${where}: expected a shape [T, N, C] for members, got [${shape.join(', ')}]`);
    }
    const view: MatrixView = { data, dtype, rows: passes * rows, cols, stride: cols };
    checkFinite(where, view, 'members');
    const read = elementReader(data, dtype);
    return { data: Float32Array.from({ length: passes * rows * cols }, (_, i) => read(i)), passes, rows, cols };
  }
  const { passes, rows, cols, data } = value as MemberPredictions;
  if (!Number.isInteger(passes) || passes < 1) {
    throw expected(where, 'a tensor [T, N, C], { data, passes, rows, cols } or T matrices', 'members', value);
  }
  const all = await readFinite(where, 'members', { data, rows: passes * rows, cols });
  return { data: toRows(all).data, passes, rows, cols };
}

/** Matrices [N, C] of T members on top of each other. */
async function stack(where: string, members: readonly MatrixLike[]): Promise<MemberPredictions> {
  const parts: FloatRows[] = [];
  for (const [at, member] of members.entries()) parts.push(toRows(await readFinite(where, `members[${at}]`, member)));
  const [first] = parts;
  if (first === undefined) throw new ShapeError(`${where}: expected at least one member in members, got none`);
  const { rows, cols } = first;
  const data = new Float32Array(parts.length * rows * cols);
  for (const [at, part] of parts.entries()) {
    if (part.rows !== rows || part.cols !== cols) {
      throw new ShapeError(
        `${where}: expected ${rows} x ${cols} numbers for members[${at}] as in members[0], got ${part.rows} x ${part.cols}`,
      );
    }
    data.set(part.data, at * rows * cols);
  }
  return { data, passes: parts.length, rows, cols };
}

/** Chosen rows of a dense matrix. */
export function rowsAt({ data, cols }: FloatRows, indices: Uint32Array): FloatRows {
  const taken = new Float32Array(indices.length * cols);
  indices.forEach((index, at) => taken.set(data.subarray(index * cols, (index + 1) * cols), at * cols));
  return { data: taken, rows: indices.length, cols };
}

/** Chosen rows of every member. */
export function membersAt({ data, passes, rows, cols }: MemberPredictions, indices: Uint32Array): MemberPredictions {
  const taken = new Float32Array(passes * indices.length * cols);
  for (let pass = 0; pass < passes; pass++) {
    const part = rowsAt({ data: data.subarray(pass * rows * cols, (pass + 1) * rows * cols), rows, cols }, indices);
    taken.set(part.data, pass * indices.length * cols);
  }
  return { data: taken, passes, rows: indices.length, cols };
}
