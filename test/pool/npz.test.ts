import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { QuerentError } from '../../src/errors.js';
import { npyHeaderBytes } from '../../src/pool/npy-header.js';
import { parseNpy, withNpz } from '../../src/pool/npz.js';
import { withZip } from '../../src/pool/zip.js';
import { zipOf, type ZipSpec } from '../helpers/files.js';

interface Golden {
  npz: { name: string; file: string; arrays: Record<string, { shape: number[]; data: number[] }> }[];
  zip64: string;
}
const golden = JSON.parse(readFileSync(new URL('../golden/files.json', import.meta.url), 'utf8')) as Golden;

let folder = '';
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'querent-npz-'));
});
test.after.always(() => rm(folder, { recursive: true, force: true }));

let files = 0;
async function fileOf(bytes: Uint8Array): Promise<string> {
  const path = join(folder, `${files++}.npz`);
  await writeFile(path, bytes);
  return path;
}

const readAll = (path: string): Promise<Record<string, Uint8Array>> =>
  withZip(path, async (members) => {
    const read: Record<string, Uint8Array> = {};
    for (const [name, member] of members) read[name] = await member.read();
    return read;
  });

for (const { name, file, arrays } of golden.npz) {
  test(`what numpy wrote is read back: ${name}`, async (t) => {
    const path = await fileOf(Buffer.from(file, 'base64'));
    await withNpz(path, async ({ names, read }) => {
      t.deepEqual([...names].sort(), Object.keys(arrays).sort());
      for (const [array, { shape, data }] of Object.entries(arrays)) {
        const content = await read(array);
        t.deepEqual(content.shape, shape);
        t.deepEqual(Array.from(content.data, Number), data);
      }
      await t.throwsAsync(read('z'), { code: 'ERR_QUERENT_FORMAT', message: /expected an array named z, found x, y/ });
    });
  });
}

test('members with 64-bit sizes and places are read, python’s and ours', async (t) => {
  const text = Buffer.from('written with 64-bit sizes');
  t.deepEqual(await readAll(await fileOf(Buffer.from(golden.zip64, 'base64'))), { 'a.txt': new Uint8Array(text) });
  const own = await fileOf(
    zipOf(
      [
        { name: 'a', data: text },
        { name: 'b', data: text, stored: true },
      ],
      true,
    ),
  );
  t.deepEqual(await readAll(own), { a: new Uint8Array(text), b: new Uint8Array(text) });
});

test('an array in memory is read at any address', (t) => {
  const file = Buffer.concat([npyHeaderBytes('f8', [2]), new Uint8Array(Float64Array.from([1.5, -2]).buffer)]);
  for (let shift = 0; shift < 9; shift++) {
    const moved = Buffer.concat([Buffer.alloc(shift), file]).subarray(shift);
    t.deepEqual([...parseNpy(moved, 'x').data], [1.5, -2]);
  }
  t.throws(() => parseNpy(file.subarray(0, -1), 'x'), { message: /x: the data ends at byte 143, expected 144/ });
  t.throws(() => parseNpy(Buffer.concat([file, Buffer.alloc(1)]), 'x'), { message: /ends at byte 145, expected 144/ });
});

const data = Buffer.from('some bytes that repeat, repeat, repeat');
const damages: [string, ZipSpec[], RegExp][] = [
  [
    'two members of one name',
    [
      { name: 'a', data },
      { name: 'a', data },
    ],
    /two members named a/,
  ],
  ['a wrong checksum', [{ name: 'a', data, crc: 1 }], /a: expected CRC-32 1, got/],
  ['a size that is too small', [{ name: 'a', data, size: 5 }], /a: the packed data is damaged/],
  ['a size that is too large', [{ name: 'a', data, size: 500 }], /a unpacks to 38 bytes, expected 500/],
  [
    'a size that cannot be',
    [{ name: 'a', data, size: 0x7fffffff }],
    /claims 2147483647 bytes out of \d+, which cannot be/,
  ],
  ['an unknown method', [{ name: 'a', data, method: 12 }], /packed with method 12, expected 0 \(stored\) or 8/],
  ['encryption', [{ name: 'a', data, flags: 0x801 }], /a is encrypted/],
  ['a name that climbs out', [{ name: '../a', data }], /not a usable zip archive/],
];
for (const [name, specs, message] of damages) {
  test(`${name} is an error of the archive that says so`, async (t) => {
    await t.throwsAsync(readAll(await fileOf(zipOf(specs))), { code: 'ERR_QUERENT_FORMAT', message });
  });
}

test('an archive cut short anywhere, or with any byte changed, is a typed error or gives the right bytes', async (t) => {
  const whole = zipOf([
    { name: 'a.npy', data },
    { name: 'b', data: data.subarray(0, 9), stored: true },
  ]);
  const expected = await readAll(await fileOf(whole));
  const path = join(folder, 'damaged.npz');
  const damaged = [
    ...Array.from({ length: whole.length }, (_, length) => whole.subarray(0, length)),
    ...Array.from({ length: whole.length }, (_, at) => {
      const changed = Buffer.from(whole);
      changed[at]! ^= 0x41;
      return changed;
    }),
  ];
  for (const bytes of damaged) {
    await writeFile(path, bytes);
    try {
      const read = await readAll(path);
      // bytes that no reader needs: times, versions, names; what is read passed its checksum
      for (const content of Object.values(read)) {
        t.true(Object.values(expected).some((right) => Buffer.compare(right, content) === 0));
      }
    } catch (error) {
      if (!(error instanceof QuerentError)) throw error;
    }
  }
  t.pass();
});

test('a missing file and an abort are what they are', async (t) => {
  await t.throwsAsync(readAll(join(folder, 'none')), { code: 'ERR_QUERENT_STORAGE', message: /no such file/ });
  await t.throwsAsync(readAll(folder), { code: 'ERR_QUERENT_STORAGE' });
  const reason = new Error('enough');
  const path = await fileOf(zipOf([{ name: 'a', data }]));
  await t.throwsAsync(
    withZip(path, () => Promise.resolve(), { signal: AbortSignal.abort(reason) }),
    { is: reason },
  );
});
