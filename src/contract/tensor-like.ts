/**
 * Tensors of other packages, recognised by their shape alone: nothing here imports those packages, and nothing here
 * disposes, keeps or writes to what the caller owns.
 */
import { ArgumentError, DetachedError, ShapeError, ValueError } from '../errors.js';
import { checkElements, checkMatrix, type DType, type FloatData, type Matrix, type MatrixView } from '../matrix.js';
import { expected, show } from './text.js';

/** A tfjs tensor. `dataSync` is missing or throws on backends that can only be read asynchronously. */
export interface TfjsTensorLike {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly isDisposed?: boolean;
  data(): Promise<ArrayBufferView>;
  dataSync?(): ArrayBufferView;
}

/** An onnxruntime or transformers.js tensor. Off the CPU (`location`), only `getData` reads it. */
export interface OrtTensorLike {
  readonly dims: readonly number[];
  readonly type: string;
  readonly data: unknown;
  readonly location?: string;
  getData?(): Promise<unknown>;
}

/** A scijs or stdlib ndarray; strides and offset count elements. */
export interface NdarrayLike {
  readonly data: ArrayBufferView;
  readonly shape: readonly number[];
  readonly dtype?: unknown;
  readonly stride?: readonly number[];
  readonly strides?: readonly number[];
  readonly offset?: number;
}

interface ArrowChunkLike {
  readonly length: number;
  readonly nullCount?: number;
  readonly values?: unknown;
  readonly children: readonly ArrowChunkLike[];
  readonly type?: { readonly precision?: number };
}

/** An Arrow vector of fixed-size lists of floats: one list per row. */
export interface ArrowVectorLike {
  readonly length: number;
  readonly type: { readonly listSize: number };
  readonly data: readonly ArrowChunkLike[];
}

/** Whatever is taken where a matrix is expected. Plain nested arrays are read as f64. */
export type MatrixLike =
  Matrix | TfjsTensorLike | OrtTensorLike | NdarrayLike | ArrowVectorLike | readonly (readonly number[])[];

/** Checked row-major elements of any rank. */
export interface TensorView {
  readonly data: FloatData | Uint8Array;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

type Fields = Readonly<Record<string, unknown>>;

function isSizes(value: unknown): value is readonly number[] {
  return (
    (Array.isArray(value) || ArrayBuffer.isView(value)) &&
    Array.from(value as Iterable<unknown>).every(Number.isSafeInteger)
  );
}

function isTfjs(value: Fields): boolean {
  return isSizes(value.shape) && typeof value.dtype === 'string' && typeof value.data === 'function';
}

function isOrt(value: Fields): boolean {
  return isSizes(value.dims) && typeof value.type === 'string';
}

function isNdarray(value: Fields): boolean {
  return isSizes(value.shape) && ArrayBuffer.isView(value.data);
}

function isArrow(value: Fields): boolean {
  const type = value.type as { listSize?: unknown } | null | undefined;
  return Array.isArray(value.data) && typeof type === 'object' && typeof type?.listSize === 'number';
}

function isMatrix(value: Fields): boolean {
  return 'rows' in value && 'cols' in value && !('dims' in value) && ArrayBuffer.isView(value.data);
}

/** True for the tensors that {@link readTensor} takes: those that carry their own shape. */
export function isTensorLike(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false;
  const fields = value as Fields;
  return isOrt(fields) || isTfjs(fields) || isNdarray(fields);
}

/** Read a matrix, or anything that looks like one, in this turn of the event loop. */
export function readMatrix(where: string, name: string, value: unknown): MatrixView {
  if (Array.isArray(value)) return fromRows(where, name, value);
  if (typeof value !== 'object' || value === null) throw notAMatrix(where, name, value);
  const fields = value as Fields;
  if (isMatrix(fields)) return checkMatrix(where, name, value as Matrix);
  if (isOrt(fields)) return asRows(where, name, readTensor(where, name, value));
  if (isArrow(fields)) return fromArrow(where, name, value as ArrowVectorLike);
  if (isNdarray(fields)) {
    const strided = ndarrayRows(where, name, value as NdarrayLike);
    if (strided) return strided;
  }
  if (isTensorLike(value)) return asRows(where, name, readTensor(where, name, value));
  throw notAMatrix(where, name, value);
}

/** As {@link readMatrix}, also for tensors that live off the CPU. */
export async function readMatrixAsync(where: string, name: string, value: unknown): Promise<MatrixView> {
  if (!needsAwait(value)) return readMatrix(where, name, value);
  return asRows(where, name, await readTensorAsync(where, name, value));
}

function needsAwait(value: unknown): boolean {
  return isTensorLike(value) && (isOrt(value as Fields) || isTfjs(value as Fields));
}

/** Read a tensor of any rank in this turn of the event loop. */
export function readTensor(where: string, name: string, value: unknown): TensorView {
  const fields = value as Fields;
  if (isOrt(fields)) {
    const tensor = value as OrtTensorLike;
    if (!onCpu(tensor)) throw offCpu(where, name, `an onnxruntime tensor at '${String(tensor.location)}'`);
    return typedTensor(where, name, tensor.data, tensor.dims, tensor.type);
  }
  if (isTfjs(fields)) {
    const tensor = checkAlive(where, name, value as TfjsTensorLike);
    if (typeof tensor.dataSync !== 'function') throw offCpu(where, name, 'a tensor without dataSync');
    return typedTensor(where, name, tensor.dataSync(), tensor.shape, tensor.dtype);
  }
  return fromNdarray(where, name, value as NdarrayLike);
}

/** As {@link readTensor}, also for tensors that live off the CPU. */
export async function readTensorAsync(where: string, name: string, value: unknown): Promise<TensorView> {
  const fields = value as Fields;
  if (isOrt(fields)) {
    const tensor = value as OrtTensorLike;
    if (onCpu(tensor)) return readTensor(where, name, value);
    if (typeof tensor.getData !== 'function') throw expected(where, 'a tensor with getData()', name, value);
    return typedTensor(where, name, await tensor.getData(), tensor.dims, tensor.type);
  }
  if (isTfjs(fields)) {
    const tensor = checkAlive(where, name, value as TfjsTensorLike);
    return typedTensor(where, name, await tensor.data(), tensor.shape, tensor.dtype);
  }
  return readTensor(where, name, value);
}

function onCpu(tensor: OrtTensorLike): boolean {
  return tensor.location === undefined || tensor.location === 'cpu' || tensor.location === 'cpu-pinned';
}

function checkAlive(where: string, name: string, tensor: TfjsTensorLike): TfjsTensorLike {
  if (tensor.isDisposed)
    throw new DetachedError(`${where}: expected a live tensor for ${name}, got one that was disposed`);
  return tensor;
}

function offCpu(where: string, name: string, what: string): ArgumentError {
  return new ArgumentError(
    `${where}: expected a tensor that can be read at once for ${name}, got ${what}; call the Async form, which awaits it`,
  );
}

function notAMatrix(where: string, name: string, value: unknown): ArgumentError {
  return expected(
    where,
    'a matrix { data, rows, cols }, a tensor, an ndarray, an Arrow vector or an array of rows',
    name,
    value,
  );
}

const FLOAT_TYPES: Readonly<Record<string, DType>> = {
  float16: 'f16',
  bfloat16: 'bf16',
  float32: 'f32',
  float64: 'f64',
  uint8: 'u8',
};

function typedTensor(
  where: string,
  name: string,
  data: unknown,
  shape: readonly number[],
  type: string | undefined,
): TensorView {
  const dtype = type === undefined ? undefined : FLOAT_TYPES[type];
  if (type !== undefined && dtype === undefined) throw expected(where, 'a tensor of floats', name, `a ${type} tensor`);
  const elements = checkElements(where, name, data, dtype);
  const sizes = Array.from(shape);
  if (sizes.some((size) => size < 0))
    throw new ShapeError(`${where}: expected sizes >= 0 for ${name}, got [${sizes.join(', ')}]`);
  const count = sizes.reduce((product, size) => product * size, 1);
  if (elements.data.length < count) {
    throw new ShapeError(
      `${where}: expected ${count} elements for ${name} of shape [${sizes.join(', ')}], got ${elements.data.length}`,
    );
  }
  return { dtype: elements.dtype, data: elements.data.subarray(0, count), shape: sizes };
}

function asRows(where: string, name: string, tensor: TensorView): MatrixView {
  const [rows, cols] = tensor.shape;
  if (tensor.shape.length !== 2 || rows === undefined || cols === undefined) {
    throw new ShapeError(`${where}: expected a shape [rows, cols] for ${name}, got [${tensor.shape.join(', ')}]`);
  }
  return checkMatrix(where, name, { data: tensor.data, dtype: tensor.dtype, rows, cols });
}

function ndarrayLayout(array: NdarrayLike): { type: string | undefined; strides: readonly number[]; offset: number } {
  const shape = Array.from(array.shape);
  const packed = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const type = typeof array.dtype === 'string' && array.dtype in FLOAT_TYPES ? array.dtype : undefined;
  return { type, strides: Array.from(array.strides ?? array.stride ?? packed), offset: array.offset ?? 0 };
}

/** An ndarray whose rows are contiguous is read in place. Null: it has to be gathered. */
function ndarrayRows(where: string, name: string, array: NdarrayLike): MatrixView | null {
  const { type, strides, offset } = ndarrayLayout(array);
  const [rows, cols] = Array.from(array.shape);
  const [stride, step] = strides;
  if (array.shape.length !== 2 || rows === undefined || cols === undefined || stride === undefined) return null;
  if ((step !== 1 && cols > 1) || stride < cols || offset < 0) return null;
  const { data, dtype } = checkElements(where, name, array.data, type === undefined ? undefined : FLOAT_TYPES[type]);
  return checkMatrix(where, name, { data: data.subarray(offset), dtype, rows, cols, stride });
}

/** Gather any strided ndarray into packed row-major order. */
function fromNdarray(where: string, name: string, array: NdarrayLike): TensorView {
  const { type, strides, offset } = ndarrayLayout(array);
  const shape = Array.from(array.shape);
  const { data, dtype } = checkElements(where, name, array.data, type === undefined ? undefined : FLOAT_TYPES[type]);
  if (strides.length !== shape.length) throw expected(where, `${shape.length} strides`, name, array);
  const count = shape.reduce((product, size) => product * size, 1);
  const reach = shape.map((size, axis) => (size - 1) * (strides[axis] ?? 0));
  const lowest = offset + reach.reduce((sum, extent) => sum + Math.min(extent, 0), 0);
  const highest = offset + reach.reduce((sum, extent) => sum + Math.max(extent, 0), 0);
  if (count > 0 && (lowest < 0 || highest >= data.length)) {
    throw new ShapeError(
      `${where}: expected strides inside the ${data.length} elements of ${name}, got ${lowest} to ${highest}`,
    );
  }
  const packed = new (data.constructor as new (length: number) => FloatData | Uint8Array)(count);
  const at = shape.map(() => 0);
  let source = offset;
  for (let i = 0; i < count; i++) {
    packed[i] = data[source] as number;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const next = (at[axis] as number) + 1;
      source += strides[axis] as number;
      at[axis] = next;
      if (next < (shape[axis] as number)) break;
      source -= next * (strides[axis] as number);
      at[axis] = 0;
    }
  }
  return { data: packed, dtype, shape };
}

function fromArrow(where: string, name: string, vector: ArrowVectorLike): MatrixView {
  const cols = vector.type.listSize;
  const parts = vector.data.map((chunk) => arrowChunk(where, name, chunk, cols));
  const [first] = parts;
  if (first === undefined) return checkMatrix(where, name, { data: new Float32Array(0), rows: 0, cols });
  if (parts.length === 1) return checkMatrix(where, name, { ...first, rows: vector.length, cols });
  const all = new (first.data.constructor as new (length: number) => FloatData)(vector.length * cols);
  let end = 0;
  for (const part of parts) {
    all.set(part.data, end);
    end += part.data.length;
  }
  return checkMatrix(where, name, { data: all, dtype: first.dtype, rows: vector.length, cols });
}

function arrowChunk(
  where: string,
  name: string,
  chunk: ArrowChunkLike,
  cols: number,
): { data: FloatData | Uint8Array; dtype: DType } {
  const values = chunk.children[0];
  if (values === undefined) throw expected(where, 'an Arrow vector of fixed-size lists', name, chunk);
  if ((chunk.nullCount ?? 0) > 0 || (values.nullCount ?? 0) > 0) {
    throw new ValueError(
      `${where}: expected an Arrow vector without nulls for ${name}; drop or fill its null rows first`,
    );
  }
  const isHalf = values.values instanceof Uint16Array && values.type?.precision === 0;
  const { data, dtype } = checkElements(where, name, values.values, isHalf ? 'f16' : undefined);
  return { data: data.subarray(0, chunk.length * cols), dtype };
}

function fromRows(where: string, name: string, rows: readonly unknown[]): MatrixView {
  const first: unknown = rows[0];
  const cols = Array.isArray(first) || ArrayBuffer.isView(first) ? (first as unknown as ArrayLike<number>).length : 0;
  const data = new Float64Array(rows.length * cols);
  rows.forEach((row, r) => {
    if (!Array.isArray(row) && !(ArrayBuffer.isView(row) && !(row instanceof DataView))) {
      throw expected(where, 'an array of numbers', `${name}[${r}]`, row);
    }
    const cells = row as unknown as ArrayLike<unknown>;
    if (cells.length !== cols) {
      throw new ShapeError(
        `${where}: expected ${cols} numbers for ${name}[${r}] as in row 0, got ${show(cells.length)}`,
      );
    }
    for (let c = 0; c < cols; c++) {
      const cell = cells[c];
      if (typeof cell !== 'number') throw expected(where, 'a number', `${name}[${r}][${c}]`, cell);
      data[r * cols + c] = cell;
    }
  });
  return checkMatrix(where, name, { data, rows: rows.length, cols });
}
