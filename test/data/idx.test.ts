import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { md5, readContent, sha256 } from '../../src/data/files.js';
import { parseIdx } from '../../src/data/idx.js';
import { idxDataset, type IdxFiles } from '../../src/data/mnist.js';
import { loadDataset } from '../../src/index.js';
import { needData } from '../helpers/data.js';
import { idxOf } from '../helpers/files.js';

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

test('plain and gzipped files are told apart by content, and their checksum is of the inflated bytes', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'querent-idx-'));
  const checksum = sha256(createHash('sha256').update(WHOLE).digest('hex'));
  await writeFile(join(dir, 'plain'), WHOLE);
  await writeFile(join(dir, 'packed'), gzipSync(WHOLE));
  for (const name of ['plain', 'packed']) {
    t.deepEqual(new Uint8Array(await readContent(join(dir, name), { checksum, bytes: 28 })), WHOLE);
  }
  const code = 'ERR_QUERENT_FORMAT';
  const other = { checksum: sha256('f'.repeat(64)) };
  await t.throwsAsync(readContent(join(dir, 'plain'), other), { code, message: /SHA-256 f+, got 28 bytes with/ });
  await t.throwsAsync(readContent(join(dir, 'plain'), { bytes: 27 }), {
    code,
    message: /expected 27 bytes of content, got 28/,
  });
  await t.throwsAsync(readContent(join(dir, 'packed'), { bytes: 20 }), {
    code,
    message: /holds more than the expected 20 bytes/,
  });
  await writeFile(join(dir, 'torn'), gzipSync(WHOLE).subarray(0, 20));
  await t.throwsAsync(readContent(join(dir, 'torn'), { checksum }), { code, message: /gzip data is damaged/ });
  const reason = new Error('enough');
  await t.throwsAsync(readContent(join(dir, 'plain'), {}, { signal: AbortSignal.abort(reason) }), { is: reason });
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
  for (const name of ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte']) await writeFile(join(dir, name), WHOLE);
  await t.throwsAsync(loadDataset('mnist', { dataDir: dir }), {
    code: 'ERR_QUERENT_FORMAT',
    message: /damaged or another file/,
  });
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

/** Two data sets of MNIST's layout: 5 + 3 images of 2 x 3. */
const TRAIN = Uint8Array.from({ length: 30 }, (_, i) => i * 8);
const HELD = Uint8Array.from({ length: 18 }, (_, i) => 255 - i);

function smallSet(contents: Readonly<Record<keyof IdxFiles, Uint8Array>>): ReturnType<typeof idxDataset> {
  const file = (key: keyof IdxFiles): IdxFiles[keyof IdxFiles] => {
    const checksum = md5(createHash('md5').update(contents[key]).digest('hex'));
    return { name: key, checksum, served: { name: `${key}.gz` } };
  };
  const about = { name: 'small', description: '', licence: '', source: 'a test', classNames: ['a', 'b', 'c'] };
  return idxDataset(about, {
    trainImages: file('trainImages'),
    trainLabels: file('trainLabels'),
    testImages: file('testImages'),
    testLabels: file('testLabels'),
  });
}

async function folderOf(contents: Readonly<Record<string, Uint8Array>>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'querent-small-'));
  await mkdir(join(dir, 'small'));
  for (const [name, bytes] of Object.entries(contents)) await writeFile(join(dir, 'small', name), bytes);
  return dir;
}

const GOOD = {
  trainImages: idxOf([5, 2, 3], TRAIN),
  trainLabels: idxOf([5], Uint8Array.from([2, 0, 1, 1, 2])),
  testImages: idxOf([3, 2, 3], HELD),
  testLabels: idxOf([3], Uint8Array.from([0, 1, 2])),
};

test('four IDX files are a data set: pixels / 255, the training set is the pool', async (t) => {
  const {
    pool,
    test: held,
    sampleShape,
    classes,
    classNames,
  } = await smallSet(GOOD).load({ dataDir: await folderOf(GOOD) });
  t.deepEqual(pool.samples, { data: Float32Array.from(TRAIN, (v) => v / 255), rows: 5, cols: 6 });
  t.deepEqual(held.samples, { data: Float32Array.from(HELD, (v) => v / 255), rows: 3, cols: 6 });
  t.deepEqual(
    [[...pool.labels], [...held.labels]],
    [
      [2, 0, 1, 1, 2],
      [0, 1, 2],
    ],
  );
  t.deepEqual([sampleShape, classes, classNames], [[2, 3, 1], 3, ['a', 'b', 'c']]);
});

test('fewer samples are drawn by seed, keep their order and say where they were', async (t) => {
  const dataDir = await folderOf(GOOD);
  const type = smallSet(GOOD);
  const load = (seed: number): ReturnType<typeof type.load> =>
    type.load({ dataDir, options: { poolSize: 3, testSize: 2, seed } });
  const part = await load(4);
  const rows = part.ids as number[];
  t.is(rows.length, 3);
  t.deepEqual(rows, [...rows].sort());
  const expected = rows.flatMap((row) => [...TRAIN.subarray(row * 6, row * 6 + 6)].map((v) => Math.fround(v / 255)));
  t.deepEqual([...(part.pool.samples.data as Float32Array)], expected);
  t.deepEqual(
    [...part.pool.labels],
    rows.map((row) => [2, 0, 1, 1, 2][row]!),
  );
  t.is(part.test.samples.rows, 2);
  t.deepEqual((await load(4)).ids, part.ids);
  const others = await Promise.all([5, 6, 7, 8].map(load));
  t.true(others.some(({ ids }) => String(ids) !== String(rows)));
  const code = 'ERR_QUERENT_ARGUMENT';
  await t.throwsAsync(type.load({ dataDir, options: { poolSize: 6 } }), {
    code,
    message: /at most 5 for poolSize, got 6/,
  });
  await t.throwsAsync(type.load({ dataDir, options: { testSize: 0 } }), { code, message: /testSize/ });
  await t.throwsAsync(type.load({ dataDir, options: { pool: 1 } }), {
    code,
    message: /data set small: unknown option 'pool'/,
  });
});

test('files that do not fit together are errors that say so', async (t) => {
  const cases: [Partial<typeof GOOD>, RegExp][] = [
    [{ trainLabels: idxOf([4], new Uint8Array(4)) }, /expected 5 labels, as many as images, got 4/],
    [{ trainLabels: idxOf([5], Uint8Array.from([0, 1, 2, 3, 0])) }, /labels from 0 to 2, got 3 for image 3/],
    [{ testImages: idxOf([3, 3, 2], HELD) }, /2 x 3 for training and 3 x 2 for testing/],
    [{ testImages: idxOf([18], HELD) }, /expected images \[count, height, width\], got shape 18/],
  ];
  for (const [change, message] of cases) {
    const contents = { ...GOOD, ...change };
    await t.throwsAsync(smallSet(contents).load({ dataDir: await folderOf(contents) }), {
      code: 'ERR_QUERENT_FORMAT',
      message,
    });
  }
});

test('an IDX file cut short anywhere is a typed error', (t) => {
  for (let length = 0; length < WHOLE.length; length++) {
    t.throws(() => parseIdx(WHOLE.subarray(0, length), 'x'), { code: 'ERR_QUERENT_FORMAT' });
  }
});

test('fashion-mnist wants its own files and says where they come from', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'querent-fashion-'));
  await t.throwsAsync(loadDataset('fashion-mnist', { dataDir: dir }), {
    code: 'ERR_QUERENT_STORAGE',
    message: /"querent data fashion-mnist --download" fetches it from fashion-mnist\.s3-website/,
  });
  const dataDir = needData(t, 'mnist');
  if (dataDir === null) return;
  await t.throwsAsync(loadDataset('fashion-mnist', { dataDir: join(dataDir, 'mnist') }), {
    code: 'ERR_QUERENT_FORMAT',
    message: /MD5 f4a8712d7a061bf5bd6d2ca38dc4d50a.*damaged or another file/,
  });
});
