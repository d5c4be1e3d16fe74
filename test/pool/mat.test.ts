import { readFileSync } from 'node:fs';
import test from 'ava';
import { QuerentError } from '../../src/errors.js';
import { parseMat, readMat } from '../../src/pool/mat.js';
import { matOf } from '../helpers/files.js';

interface Golden {
  mat: { name: string; file: string; arrays: Record<string, { dims: number[]; data: number[] }> }[];
}
const golden = JSON.parse(readFileSync(new URL('../golden/files.json', import.meta.url), 'utf8')) as Golden;

for (const { name, file, arrays } of golden.mat) {
  test(`what scipy wrote is read as scipy reads it: ${name}`, async (t) => {
    const read = await parseMat(Buffer.from(file, 'base64'), 'x.mat', Object.keys(arrays));
    for (const [variable, { dims, data }] of Object.entries(arrays)) {
      t.deepEqual(read.get(variable)?.dims, dims);
      t.deepEqual([...(read.get(variable)?.data ?? [])], data);
    }
    t.true(read.get('X')?.data instanceof Uint8Array);
    t.true(read.get('small')?.data instanceof Float64Array);
  });

  test(`variables that are missing or no numbers are errors that say so: ${name}`, async (t) => {
    const bytes = Buffer.from(file, 'base64');
    const cases: [string, RegExp][] = [
      ['Z', /expected a variable named Z, found X, y, double/],
      ['label', /expected real numbers in label, got class 4/],
      ['complex', /expected real numbers in complex, got complex ones/],
    ];
    for (const [variable, message] of cases) {
      await t.throwsAsync(parseMat(bytes, 'x.mat', [variable]), { code: 'ERR_QUERENT_FORMAT', message });
    }
  });

  test(`cut short anywhere it is a typed error: ${name}`, async (t) => {
    const bytes = Buffer.from(file, 'base64');
    for (let length = 0; length < bytes.length; length++) {
      const error = await t.throwsAsync(
        parseMat(bytes.subarray(0, length), 'x.mat', Object.keys({ ...arrays, label: 0 })),
      );
      if (!(error instanceof QuerentError)) throw error;
    }
  });

  test(`with any byte changed it is a typed error or numbers, never a crash: ${name}`, async (t) => {
    const bytes = Buffer.from(file, 'base64');
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 0x15;
      await parseMat(changed, 'x.mat', ['X', 'y']).catch((error: unknown) => {
        if (!(error instanceof QuerentError)) throw error;
      });
    }
    t.pass();
  });
}

test('other files say what they are', async (t) => {
  const whole = matOf({ y: { dims: [1, 1], data: Uint8Array.from([1]) } });
  const bigEndian = Buffer.from(whole);
  bigEndian.set([1, 0, 0x4d, 0x49], 124);
  const cases: [Uint8Array, RegExp][] = [
    [Buffer.alloc(0), /expected "MATLAB 5.0 MAT-file" at byte 0/],
    [Buffer.from('PK\x03\x04'), /expected "MATLAB 5.0 MAT-file" at byte 0/],
    [Buffer.concat([Buffer.from('MATLAB 7.3 MAT-file'), Buffer.alloc(200)]), /MATLAB 7\.3 file \(HDF5\).*save -v7/],
    [whole.subarray(0, 100), /ends at byte 100, inside the header of 128 bytes/],
    [bigEndian, /expected version 0x0100 and "IM" \(little-endian\)/],
  ];
  for (const [bytes, message] of cases) {
    await t.throwsAsync(parseMat(bytes, 'x.mat', ['y']), { code: 'ERR_QUERENT_FORMAT', message });
  }
  await t.throwsAsync(readMat('/nowhere/x.mat', []), { code: 'ERR_QUERENT_STORAGE' });
  const reason = new Error('enough');
  const path = new URL(import.meta.url).pathname;
  await t.throwsAsync(readMat(path, [], { signal: AbortSignal.abort(reason) }), { is: reason });
});
