import test from 'ava';
import { ArgumentError, DetachedError, matrix, type MatrixLike, ShapeError, ValueError } from '../../src/index.js';
import { readMatrix, readMatrixAsync } from '../../src/contract/tensor-like.js';
import { bfloat16ToNumber, halfToNumber, type MatrixView, widenRow } from '../../src/matrix.js';
import { implementations } from '../helpers/implementations.js';
import { toBfloat16, toHalf } from '../helpers/values.js';

function rowsOf(view: MatrixView): number[][] {
  return Array.from({ length: view.rows }, (_, r) => [...widenRow(view, r, new Float64Array(view.cols))]);
}

const DATA = Float32Array.of(1, 2, 3, 4, 5, 6);

test('every kind of matrix is read by its shape, without a copy where rows are contiguous', (t) => {
  const chunk = (values: Float32Array, length: number) => ({
    length,
    nullCount: 0,
    children: [{ length: 3, values, children: [] }],
  });
  const alike: Record<string, MatrixLike> = {
    matrix: { data: DATA, rows: 2, cols: 3 },
    tfjs: { shape: [2, 3], dtype: 'float32', data: () => Promise.resolve(DATA), dataSync: () => DATA },
    onnxruntime: { dims: [2, 3], type: 'float32', data: DATA, location: 'cpu' },
    scijs: { data: DATA, shape: [2, 3], stride: [3, 1], offset: 0 },
    stdlib: { data: DATA, shape: [2, 3], strides: [3, 1], offset: 0, dtype: 'float32' },
    arrow: { length: 2, type: { listSize: 3 }, data: [chunk(DATA, 2)] },
  };
  for (const [name, value] of Object.entries(alike)) {
    const view = readMatrix('test', 'probs', value);
    t.deepEqual(
      rowsOf(view),
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      name,
    );
    t.is(view.data.buffer, DATA.buffer, `${name} is not copied`);
  }
  t.deepEqual(
    rowsOf(
      readMatrix('test', 'probs', [
        [1, 2, 3],
        [4, 5, 6],
      ]),
    ),
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
  );
});

test('strided, reversed and transposed ndarrays are gathered', (t) => {
  t.deepEqual(rowsOf(readMatrix('test', 'x', { data: DATA, shape: [3, 2], stride: [1, 3], offset: 0 })), [
    [1, 4],
    [2, 5],
    [3, 6],
  ]);
  t.deepEqual(rowsOf(readMatrix('test', 'x', { data: DATA, shape: [2, 2], stride: [3, 1], offset: 1 })), [
    [2, 3],
    [5, 6],
  ]);
  t.deepEqual(rowsOf(readMatrix('test', 'x', { data: DATA, shape: [2, 3], stride: [-3, -1], offset: 5 })), [
    [6, 5, 4],
    [3, 2, 1],
  ]);
  t.throws(() => readMatrix('test', 'x', { data: DATA, shape: [4, 2], stride: [1, 3], offset: 0 }), {
    instanceOf: ShapeError,
  });
});

test('arrow vectors of several chunks are joined, nulls are refused', (t) => {
  const chunk = (values: Float32Array, nullCount: number) => ({
    length: 1,
    nullCount,
    children: [{ length: 3, values, children: [] }],
  });
  const vector = {
    length: 2,
    type: { listSize: 3 },
    data: [chunk(DATA.subarray(0, 3), 0), chunk(DATA.subarray(3), 0)],
  };
  t.deepEqual(rowsOf(readMatrix('test', 'x', vector)), [
    [1, 2, 3],
    [4, 5, 6],
  ]);
  const withNull = { ...vector, data: [chunk(DATA, 1)] };
  t.throws(() => readMatrix('test', 'x', withNull), { instanceOf: ValueError, message: /without nulls/ });
});

test('tensors off the CPU are taken by the asynchronous forms only', async (t) => {
  const webgpu = { shape: [2, 3], dtype: 'float32', data: () => Promise.resolve(DATA) };
  const gpu = { dims: [2, 3], type: 'float32', location: 'gpu-buffer', getData: () => Promise.resolve(DATA) } as const;
  const guarded = Object.defineProperty({ ...gpu }, 'data', {
    get() {
      throw new Error('not on the CPU');
    },
  }) as unknown as MatrixLike;
  for (const tensor of [webgpu, guarded]) {
    t.throws(() => readMatrix('score', 'probs', tensor), { instanceOf: ArgumentError, message: /call the Async form/ });
    t.deepEqual(rowsOf(await readMatrixAsync('score', 'probs', tensor)), [
      [1, 2, 3],
      [4, 5, 6],
    ]);
  }
  const disposed = { ...webgpu, isDisposed: true };
  await t.throwsAsync(readMatrixAsync('score', 'probs', disposed), { instanceOf: DetachedError });
});

test('what is no matrix is refused with a sentence', (t) => {
  const wrong: [unknown, RegExp][] = [
    [null, /^f: expected a matrix .* for x, got null$/],
    [new Float32Array(3), /^f: expected a matrix .* got Float32Array\(3\)$/],
    [{ rows: 1 }, /got an object with rows$/],
    [[[1], [1, 2]], /^f: expected 1 numbers for x\[1\] as in row 0, got 2$/],
    [[[1], ['2']], /^f: expected a number for x\[1\]\[0\], got '2'$/],
    [{ data: new Uint16Array(2), rows: 1, cols: 2 }, /expected dtype 'f16' or 'bf16' beside a Uint16Array/],
    [
      { data: new Float32Array(2), rows: 1, cols: 2, dtype: 'f64' },
      /expected dtype 'f32' for x in a Float32Array, got 'f64'/,
    ],
    [{ data: new Float32Array(2), rows: 1.5, cols: 2 }, /x\.rows, got 1\.5/],
    [{ dims: [2], type: 'float32', data: new Float32Array(2) }, /expected a shape \[rows, cols\] for x, got \[2\]/],
    [
      { dims: [1, 2], type: 'int64', data: new BigInt64Array(2) },
      /expected a tensor of floats for x, got 'a int64 tensor'/,
    ],
  ];
  for (const [value, message] of wrong) t.throws(() => readMatrix('f', 'x', value), { message });
});

test('a detached buffer is refused everywhere', (t) => {
  for (const [name, { score, topK, committee }] of implementations) {
    const data = new Float32Array(4).fill(0.5);
    const held = matrix(data, 2, 2);
    structuredClone(data.buffer, { transfer: [data.buffer] });
    t.throws(() => matrix(data, 2, 2), { instanceOf: DetachedError });
    t.throws(() => score(held, { method: 'entropy' }), { instanceOf: DetachedError }, name);
    t.throws(() => topK(data, 1), { instanceOf: DetachedError }, name);
    const votes = new Uint8Array(4);
    structuredClone(votes.buffer, { transfer: [votes.buffer] });
    t.throws(() => committee(votes, { members: 2, rows: 2, cols: 2, measure: 'vote-entropy' }), {
      instanceOf: DetachedError,
    });
  }
});

test('16-bit floats widen exactly', (t) => {
  t.is(halfToNumber(0x3c00), 1);
  t.is(halfToNumber(0x0001), 2 ** -24);
  t.is(halfToNumber(0x7bff), 65504);
  t.is(halfToNumber(0xfc00), -Infinity);
  t.true(Number.isNaN(halfToNumber(0x7e00)));
  t.is(bfloat16ToNumber(0x3f80), 1);
  t.is(bfloat16ToNumber(0xff80), -Infinity);
  for (let bits = 0; bits < 0x10000; bits++) {
    const half = halfToNumber(bits);
    if (!Number.isNaN(half) && toHalf(half) !== bits) t.fail(`f16 ${bits}`);
    const brain = bfloat16ToNumber(bits);
    if (!Number.isNaN(brain) && toBfloat16(brain) !== bits) t.fail(`bf16 ${bits}`);
  }
});

test('Float16Array is taken where Node has it', (t) => {
  const Float16 = (globalThis as { Float16Array?: { from(values: number[]): never } }).Float16Array;
  if (!Float16) return t.pass('this Node has none');
  t.deepEqual(rowsOf(matrix(Float16.from([0.5, 0.25]), 1, 2)), [[0.5, 0.25]]);
});

test('a tensor of passes brings its own sizes', (t) => {
  for (const [name, { mcDropout }] of implementations) {
    const data = Float32Array.of(1, 0, 0, 1);
    const tensor = { shape: [2, 1, 2], dtype: 'float32', data: () => Promise.resolve(data), dataSync: () => data };
    t.is(mcDropout(tensor, {}).bald[0], Math.fround(Math.log(2)), name);
    t.throws(() => mcDropout(tensor, { rows: 2 }), { instanceOf: ShapeError, message: /expected 1 for rows/ });
  }
});

test('allocMatrix gives shared, zeroed memory of every type', (t) => {
  for (const [name, { allocMatrix, score }] of implementations) {
    const probs = allocMatrix(3, 2);
    t.true(probs.data.buffer instanceof SharedArrayBuffer, name);
    t.deepEqual([...probs.data], [0, 0, 0, 0, 0, 0]);
    probs.data.fill(0.5);
    t.is(score(probs, { method: 'margin' })[2], 1);
    for (const dtype of ['f64', 'f16', 'bf16', 'u8'] as const) t.is(allocMatrix(2, 5, dtype).data.length, 10);
    t.is(allocMatrix(0, 5).data.length, 0);
    t.throws(() => allocMatrix(2 ** 32 - 2, 2 ** 24), { instanceOf: ShapeError, message: /fits into memory/ });
  }
});
