import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { cifarDataset, parseCifar } from '../../src/data/cifar.js';
import { type DataFile, md5 } from '../../src/data/files.js';
import { loadDataset } from '../../src/index.js';
import { needData } from '../helpers/data.js';
import { tarOf } from '../helpers/files.js';

/** Image k: label k % 10, red = row, green = column, blue = k. */
function batch(first: number, count: number): Buffer {
  const records = Array.from({ length: count }, (_, i) => {
    const record = Buffer.alloc(3073);
    record[0] = (first + i) % 10;
    for (let pixel = 0; pixel < 1024; pixel++) {
      record[1 + pixel] = pixel >> 5;
      record[1025 + pixel] = pixel & 31;
      record[2049 + pixel] = first + i;
    }
    return record;
  });
  return Buffer.concat(records);
}

test('planes of red, green and blue become pixels', (t) => {
  const { pixels, labels } = parseCifar(batch(8, 3), 'x');
  t.deepEqual([...labels], [8, 9, 0]);
  t.is(pixels.length, 3 * 3072);
  for (const [row, column, image] of [
    [0, 0, 0],
    [5, 17, 1],
    [31, 31, 2],
  ] as const) {
    const at = ((image * 32 + row) * 32 + column) * 3;
    t.deepEqual([...pixels.subarray(at, at + 3)], [row, column, 8 + image]);
  }
});

test('a batch cut short anywhere, or with a wrong label, says so', (t) => {
  const whole = batch(0, 2);
  for (let length = 0; length < whole.length; length++) {
    if (length === 3073) continue; // a whole record: sizes and checksums of batches tell
    t.throws(() => parseCifar(whole.subarray(0, length), 'x'), {
      code: 'ERR_QUERENT_FORMAT',
      message: /records of 3073/,
    });
  }
  whole[3073] = 10;
  t.throws(() => parseCifar(whole, 'x'), {
    code: 'ERR_QUERENT_FORMAT',
    message: /labels from 0 to 9, got 10 for image 1/,
  });
});

const BATCHES = { 'data_batch_1.bin': batch(0, 4), 'data_batch_2.bin': batch(4, 3), 'test_batch.bin': batch(20, 2) };
const ARCHIVE = gzipSync(
  tarOf(Object.fromEntries(Object.entries(BATCHES).map(([name, data]) => [`cifar-10-batches-bin/${name}`, data]))),
);

const hex = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');
const fileOf = (name: keyof typeof BATCHES): DataFile => ({
  name,
  folder: 'cifar-10-batches-bin',
  bytes: BATCHES[name].length,
  checksum: md5(hex(BATCHES[name])),
  served: { name: 'small.tar.gz', checksum: md5(hex(ARCHIVE)) },
});
const small = cifarDataset(
  { name: 'small-cifar', description: '', licence: '', source: 'a test' },
  {
    train: [fileOf('data_batch_1.bin'), fileOf('data_batch_2.bin')],
    test: fileOf('test_batch.bin'),
    archive: { name: 'small.tar.gz', served: { name: 'small.tar.gz' } },
  },
);

async function folderOf(files: Readonly<Record<string, Uint8Array>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'querent-cifar-'));
  for (const [name, data] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), data);
  }
  return folder;
}

test('batches are read plain, gzipped, unpacked from the archive and inside of it', async (t) => {
  const entries = Object.entries(BATCHES);
  const layouts = {
    plain: BATCHES,
    packed: Object.fromEntries(entries.map(([name, data]) => [`small-cifar/${name}.gz`, gzipSync(data)])),
    unpacked: Object.fromEntries(entries.map(([name, data]) => [`small-cifar/cifar-10-batches-bin/${name}`, data])),
    archive: { 'small-cifar/small.tar.gz': ARCHIVE },
  };
  for (const [name, files] of Object.entries(layouts)) {
    const { pool, test: held, sampleShape, classNames } = await small.load({ dataDir: await folderOf(files) });
    t.deepEqual([...pool.labels], [0, 1, 2, 3, 4, 5, 6], name);
    t.deepEqual([...held.labels], [0, 1], name);
    t.deepEqual(sampleShape, [32, 32, 3]);
    t.is(classNames?.[6], 'frog');
    const { data } = pool.samples as { data: Float32Array };
    const at = ((5 * 32 + 7) * 32 + 9) * 3; // image 5, row 7, column 9
    t.deepEqual(
      [...data.subarray(at, at + 3)],
      [7, 9, 5].map((value) => Math.fround(value / 255)),
    );
  }
});

test('a damaged or incomplete archive says what is wrong with what', async (t) => {
  const code = 'ERR_QUERENT_FORMAT';
  const other = gzipSync(tarOf({ 'data_batch_1.bin': batch(1, 4) }));
  await t.throwsAsync(small.load({ dataDir: await folderOf({ 'small.tar.gz': other }) }), {
    code,
    message: /small\.tar\.gz: data_batch_1\.bin: expected .* MD5 .*damaged or another file/,
  });
  const without = gzipSync(tarOf({ 'data_batch_1.bin': BATCHES['data_batch_1.bin'] }));
  await t.throwsAsync(small.load({ dataDir: await folderOf({ 'small.tar.gz': without }) }), {
    code,
    message: /expected data_batch_2\.bin in it, found none/,
  });
  await t.throwsAsync(small.load({ dataDir: await folderOf({ 'small.tar.gz': ARCHIVE.subarray(0, 300) }) }), {
    code,
    message: /gzip data is damaged/,
  });
});

test('cifar-10 without its files names the archive and where it comes from', async (t) => {
  const dataDir = await folderOf({});
  await t.throwsAsync(loadDataset('cifar-10', { dataDir }), {
    code: 'ERR_QUERENT_STORAGE',
    message: /cifar-10-binary\.tar\.gz in .*"querent data cifar-10 --download" fetches it from www\.cs\.toronto\.edu/,
  });
});

test('the JPEG-decoded subset has 2000 images of each class, and is not taken for CIFAR-10', async (t) => {
  const dataDir = needData(t, 'cifar-10-jpeg');
  if (dataDir === null) return;
  const { pool, test: held, source } = await loadDataset('cifar-10-jpeg', { dataDir, options: { testSize: 100 } });
  t.is(pool.samples.rows, 20_000);
  t.is(held.samples.rows, 100);
  const counts = new Array<number>(10).fill(0);
  for (const label of pool.labels) counts[label]!++;
  t.deepEqual(counts, new Array<number>(10).fill(2000));
  t.regex(source, /JPEG-decoded subset/);
  // the mean of CIFAR-10's training images is 0.4914, 0.4822, 0.4465
  const sums = [0, 0, 0];
  const { data } = pool.samples as { data: Float32Array };
  for (let i = 0; i < data.length; i++) sums[i % 3]! += data[i]!;
  const means = sums.map((sum) => (sum * 3) / data.length);
  for (const [c, mean] of [0.4914, 0.4822, 0.4465].entries()) t.true(Math.abs(means[c]! - mean) < 0.005, String(means));
  await t.throwsAsync(loadDataset('cifar-10', { dataDir: join(dataDir, 'cifar-10-jpeg') }), {
    code: 'ERR_QUERENT_FORMAT',
    message: /MD5 5dd7e06a14cb22eb9f671a540d1b7c25/,
  });
});
