import { createHash } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { parseIdx, readIdx } from '../../src/data/idx.js';
import { loadDataset } from '../../src/index.js';
import { needData } from '../helpers/data.js';

/** Two images of 2 x 3. */
const WHOLE = Uint8Array.from([
  0,
  0,
  8,
  3,
  0,
  0,
  0,
  2,
  0,
  0,
  0,
  2,
  0,
  0,
  0,
  3,
  ...Array.from({ length: 12 }, (_, i) => i),
]);

test('an IDX file gives its sizes and its bytes', (t) => {
  const { data, shape } = parseIdx(WHOLE, 'x');
  t.deepEqual(shape, [2, 2, 3]);
  t.deepEqual([...data], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
});

test('an IDX file is read through a view that starts inside its buffer', (t) => {
  const shifted = new Uint8Array(WHOLE.length + 5);
  shifted.set(WHOLE, 5);
  t.deepEqual(parseIdx(shifted.subarray(5), 'x').shape, [2, 2, 3]);
});

const damages: [string, Uint8Array, RegExp][] = [
  ['an empty file', new Uint8Array(0), /0 bytes, an IDX header needs at least 4/],
  ['no zero bytes at the start', Uint8Array.from([1, ...WHOLE.subarray(1)]), /two zero bytes at byte 0/],
  ['another element type', Uint8Array.from([0, 0, 13, 3, ...WHOLE.subarray(4)]), /0x08.*got 0xd/],
  ['no axes', Uint8Array.from([0, 0, 8, 0]), /0 axes/],
  ['sizes cut short', WHOLE.subarray(0, 10), /3 axes up to byte 16, got 10/],
  ['data cut short', WHOLE.subarray(0, 27), /expected 28 bytes for shape 2 x 2 x 3, got 27/],
  ['data too long', Uint8Array.from([...WHOLE, 0]), /expected 28 bytes for shape 2 x 2 x 3, got 29/],
];
for (const [name, bytes, message] of damages) {
  test(`${name} is an IDX error that says so`, (t) => {
    t.throws(() => parseIdx(bytes, 'x'), { code: 'ERR_QUERENT_FORMAT', message });
  });
}

test('plain and gzipped IDX files are told apart by content, and their checksum is of the inflated bytes', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'querent-idx-'));
  const sha256 = createHash('sha256').update(WHOLE).digest('hex');
  await writeFile(join(dir, 'plain'), WHOLE);
  await writeFile(join(dir, 'packed'), gzipSync(WHOLE));
  for (const name of ['plain', 'packed']) t.deepEqual((await readIdx(join(dir, name), sha256)).shape, [2, 2, 3]);
  await t.throwsAsync(readIdx(join(dir, 'plain'), 'f'.repeat(64)), { message: /SHA-256 f+, got/ });
  await writeFile(join(dir, 'torn'), gzipSync(WHOLE).subarray(0, 20));
  await t.throwsAsync(readIdx(join(dir, 'torn'), sha256), { message: /gzip data is damaged/ });
});

test('mnist without its files says where it looked and what it wanted', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'querent-mnist-'));
  await t.throwsAsync(loadDataset('mnist', { dataDir: dir }), {
    code: 'ERR_QUERENT_STORAGE',
    message: new RegExp(`train-images-idx3-ubyte or train-images-idx3-ubyte.gz in ${dir}`),
  });
});

test('files that look like mnist and are something else are refused', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'querent-mnist-'));
  await writeFile(join(dir, 'train-images-idx3-ubyte'), WHOLE);
  await t.throwsAsync(loadDataset('mnist', { dataDir: dir }), { code: 'ERR_QUERENT_FORMAT', message: /another file/ });
});

test('mnist has 60000 pool images and 10000 test images', async (t) => {
  const dataDir = needData(t, 'mnist');
  if (dataDir === null) return;
  const { pool, test: held, sampleShape } = await loadDataset('mnist', { dataDir });
  t.deepEqual([pool.samples.rows, held.samples.rows, pool.samples.cols], [60000, 10000, 784]);
  t.deepEqual(sampleShape, [28, 28, 1]);
  t.deepEqual([...pool.labels.subarray(0, 5)], [5, 0, 4, 1, 9]);
  t.deepEqual([...held.labels.subarray(0, 5)], [7, 2, 1, 0, 4]);
});
