import { createHash } from 'node:crypto';
import test from 'ava';
import { datasets, loadDataset } from '../../src/index.js';
import { dataFolder } from '../helpers/data.js';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';

test('digits has 1348 pool images and 449 test images of 64 pixels between 0 and 1', async (t) => {
  const { pool, test: held, classes, sampleShape } = await loadDataset('digits');
  t.is(pool.samples.rows, 1348);
  t.is(held.samples.rows, 449);
  t.is(pool.labels.length, 1348);
  t.is(held.labels.length, 449);
  t.is(classes, 10);
  t.deepEqual(sampleShape, [8, 8, 1]);
  for (const { samples } of [pool, held]) {
    t.is(samples.cols, 64);
    const values = samples.data as Float32Array;
    t.is(values.length, samples.rows * 64);
    t.is(Math.min(...values), 0);
    t.is(Math.max(...values), 1);
    t.true(values.every((value) => Number.isInteger(value * 16)));
  }
});

test('every class of digits is in the pool and in the test set in about its share', async (t) => {
  const { pool, test: held } = await loadDataset('digits');
  for (const labels of [pool.labels, held.labels]) {
    for (let digit = 0; digit < 10; digit++) {
      const share = [...labels].filter((label) => label === digit).length / labels.length;
      t.true(share > 0.075 && share < 0.125, `digit ${digit}: ${share}`);
    }
  }
});

test('the test set of digits is every fourth image, and each image has its own label', async (t) => {
  const { pool, test: held } = await loadDataset('digits');
  const images = new Uint8Array(1797 * 64);
  const labels = new Uint8Array(1797);
  for (let index = 0, fromPool = 0, fromTest = 0; index < 1797; index++) {
    const [part, row] = index % 4 === 3 ? [held, fromTest++] : [pool, fromPool++];
    labels[index] = part.labels[row]!;
    for (let p = 0; p < 64; p++) images[index * 64 + p] = (part.samples.data as Float32Array)[row * 64 + p]! * 16;
  }
  const sha256 = createHash('sha256').update(images).update(labels).digest('hex');
  t.is(sha256, '87ff0c9e40dc7e2c0e34e7257799c2e3f3aec1a016363bb11cad869ec428a826');
});

test('the embedded digits equal the published file', async (t) => {
  const folder = dataFolder('digits');
  if (folder === null) {
    t.log('skipped: no digits.npz in QUERENT_DATA_DIR');
    return t.pass();
  }
  const published = readZipEntry(readFileSync(join(folder, 'digits', 'digits.npz')), 'images.npy').subarray(128);
  const { pool } = await loadDataset('digits');
  t.deepEqual(
    Uint8Array.from((pool.samples.data as Float32Array).subarray(0, 3 * 64), (value) => value * 16),
    Uint8Array.from(published.subarray(0, 3 * 64)),
  );
});

test('an unknown data set is an error that lists the known ones', async (t) => {
  const error = await t.throwsAsync(loadDataset('digit'), { code: 'ERR_QUERENT_ARGUMENT' });
  for (const name of datasets.keys()) t.true(error.message.includes(`'${name}'`));
});

/** One file out of a zip, by its central directory. */
function readZipEntry(zip: Buffer, name: string): Buffer {
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  let at = zip.readUInt32LE(end + 16);
  for (let entry = zip.readUInt16LE(end + 10); entry > 0; entry--) {
    const nameLength = zip.readUInt16LE(at + 28);
    if (zip.toString('latin1', at + 46, at + 46 + nameLength) === name) {
      const start = zip.readUInt32LE(at + 42);
      const data = start + 30 + zip.readUInt16LE(start + 26) + zip.readUInt16LE(start + 28);
      const packed = zip.subarray(data, data + zip.readUInt32LE(at + 20));
      return zip.readUInt16LE(at + 10) === 0 ? packed : inflateRawSync(packed);
    }
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  throw new Error(`no ${name}`);
}
