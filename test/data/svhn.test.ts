import { createHash } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { md5 } from '../../src/data/files.js';
import { parseSvhn, svhnDataset } from '../../src/data/svhn.js';
import { loadDataset, QuerentError } from '../../src/index.js';
import { matOf } from '../helpers/files.js';

/** Pixel of image n at row r, column c, channel k, in MATLAB's order: the row is fastest. */
const value = (n: number, r: number, c: number, k: number): number => (7 * n + 3 * r + 5 * c + 80 * k) % 256;

function digits(labels: readonly number[], dims = [32, 32, 3, labels.length]): Buffer {
  const data = new Uint8Array(dims.reduce((product, size) => product * size, 1));
  for (let at = 0; at < data.length; at++) {
    const [r, c, k, n] = [at % 32, (at >> 5) % 32, (at >> 10) % 3, Math.floor(at / 3072)];
    data[at] = value(n, r, c, k);
  }
  return matOf({ X: { dims, data }, y: { dims: [labels.length, 1], data: Uint8Array.from(labels) } });
}

test('cropped digits come row by row, and label 10 is the digit 0', async (t) => {
  const { pixels, labels } = await parseSvhn(digits([1, 10, 9]), 'x');
  t.deepEqual([...labels], [1, 0, 9]);
  for (const [n, r, c] of [
    [0, 0, 0],
    [1, 31, 2],
    [2, 4, 30],
  ] as const) {
    const at = ((n * 32 + r) * 32 + c) * 3;
    t.deepEqual(
      [...pixels.subarray(at, at + 3)],
      [0, 1, 2].map((k) => value(n, r, c, k)),
    );
  }
  const single = await parseSvhn(digits([4], [32, 32, 3]), 'x'); // MATLAB drops a last axis of 1
  t.deepEqual([...single.labels], [4]);
});

test('other variables than expected are errors that say so', async (t) => {
  const y = { dims: [2, 1], data: Uint8Array.from([1, 2]) };
  const cases: [Buffer, RegExp][] = [
    [digits([0]), /labels from 1 to 10, got 0 for image 0/],
    [digits([3, 11]), /labels from 1 to 10, got 11 for image 1/],
    [
      matOf({ X: { dims: [32, 32, 3, 1], data: new Uint8Array(3072) }, y }),
      /X of 32 x 32 x 3 x 2, .* got Uint8Array of 32 x 32 x 3 x 1/,
    ],
    [matOf({ X: { dims: [28, 28], data: new Uint8Array(784) }, y }), /got Uint8Array of 28 x 28/],
    [matOf({ y }), /expected a variable named X, found y/],
  ];
  for (const [bytes, message] of cases)
    await t.throwsAsync(parseSvhn(bytes, 'x'), { code: 'ERR_QUERENT_FORMAT', message });
});

test('cut short anywhere it is a typed error', async (t) => {
  const whole = digits([1, 2]);
  for (let length = 0; length < whole.length; length++) {
    await t.throwsAsync(parseSvhn(whole.subarray(0, length), 'x'), { instanceOf: QuerentError });
  }
});

test('two such files are a data set', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'querent-svhn-'));
  const [train, held] = [digits([1, 2, 10, 4]), digits([5, 6])];
  await writeFile(join(dataDir, 'train.mat'), train);
  await writeFile(join(dataDir, 'test.mat'), held);
  const file = (name: string, bytes: Buffer): Parameters<typeof svhnDataset>[1]['train'] => {
    const checksum = md5(createHash('md5').update(bytes).digest('hex'));
    return { name, bytes: bytes.length, checksum, served: { name } };
  };
  const type = svhnDataset(
    { name: 'small-svhn', description: '', licence: '', source: 'a test' },
    { train: file('train.mat', train), test: file('test.mat', held) },
  );
  const { pool, test: heldOut, sampleShape, classes } = await type.load({ dataDir });
  t.deepEqual([sampleShape, classes, pool.samples.rows, heldOut.samples.rows], [[32, 32, 3], 10, 4, 2]);
  t.deepEqual([...pool.labels, ...heldOut.labels], [1, 2, 0, 4, 5, 6]);
  t.is((pool.samples.data as Float32Array)[3072 + 3], Math.fround(value(1, 0, 1, 0) / 255));
});

test('svhn without its files says where they come from', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'querent-svhn-'));
  await t.throwsAsync(loadDataset('svhn', { dataDir }), {
    code: 'ERR_QUERENT_STORAGE',
    message: /train_32x32\.mat.* "querent data svhn --download" fetches it from ufldl\.stanford\.edu/,
  });
});
