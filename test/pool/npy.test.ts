import { createHash } from 'node:crypto';
import { mkdtemp, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { ArgumentError, FormatError, StorageError } from '../../src/errors.js';
import { createNpyWriter, openNpy, readNpy, writeNpy } from '../../src/pool/npy.js';
import { npyHeaderBytes, readNpyHeader } from '../../src/pool/npy-header.js';

let folder = '';
let files = 0;
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'querent-npy-'));
});
test.after.always(() => rm(folder, { recursive: true, force: true }));
const fresh = (name = 'file.npy'): string => join(folder, `${files++}-${name}`);

/** A .npy file built byte by byte, with any header text and version. */
function rawNpy(dict: string, data: Uint8Array, major = 1): Uint8Array {
  const text = Buffer.from(dict);
  const prefix = Buffer.alloc(major === 1 ? 10 : 12);
  prefix.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, major, 0]);
  if (major === 1) prefix.writeUInt16LE(text.length, 8);
  else prefix.writeUInt32LE(text.length, 8);
  return Buffer.concat([prefix, text, data]);
}

const dict = (descr: string, shape: string, fortran = 'False'): string =>
  `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }\n`;
const bytesOf = (array: ArrayBufferView): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

async function save(bytes: Uint8Array): Promise<string> {
  const path = fresh();
  await writeFile(path, bytes);
  return path;
}

test('the header is written as NumPy 2 writes it, byte for byte', (t) => {
  // np.save(f, np.zeros((3, 4), np.float32))
  const numpy = `\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`;
  const expected = Buffer.from(`${numpy.padEnd(127)}\n`, 'latin1');
  t.deepEqual(Buffer.from(npyHeaderBytes('f4', [3, 4])), expected);
  t.true(Buffer.from(npyHeaderBytes('u1', [5])).includes(`'|u1'`));
  t.true(Buffer.from(npyHeaderBytes('u1', [5])).includes(`(5,)`));
});

test('versions 1, 2 and 3, one to three axes, and headers far larger than usual are read', async (t) => {
  const data = Float32Array.from({ length: 24 }, (_, i) => i / 2);
  for (const major of [1, 2, 3]) {
    for (const [text, shape] of [
      ['(24,)', [24]],
      ['(6, 4)', [6, 4]],
      ['(2L, 3L, 4L)', [2, 3, 4]],
    ] as const) {
      const file = await readNpy(await save(rawNpy(dict('<f4', text), bytesOf(data), major)));
      t.deepEqual(file.shape, shape);
      t.deepEqual([...file.data], [...data]);
    }
  }
  const padded = dict('<f4', '(24,)').trimEnd().padEnd(70_000) + '\n';
  t.deepEqual([...(await readNpy(await save(rawNpy(padded, bytesOf(data), 2)))).data], [...data]);
});

test('every element type comes back exactly', async (t) => {
  for (const [descr, array] of [
    ['<f2', Uint16Array.of(0x3c00, 0xfc00, 1)],
    ['<f4', Float32Array.of(0.1, -Infinity, 3)],
    ['<f8', Float64Array.of(0.1, NaN, 3)],
    ['|i1', Int8Array.of(-128, 0, 127)],
    ['<i2', Int16Array.of(-32768, 0, 32767)],
    ['<i4', Int32Array.of(-(2 ** 31), 0, 5)],
    ['<i8', BigInt64Array.of(-(2n ** 63n), 0n, 5n)],
    ['|u1', Uint8Array.of(0, 1, 255)],
    ['<u2', Uint16Array.of(0, 1, 65535)],
    ['<u4', Uint32Array.of(0, 1, 2 ** 32 - 1)],
    ['<u8', BigUint64Array.of(0n, 1n, 2n ** 64n - 1n)],
  ] as const) {
    const file = await readNpy(await save(rawNpy(dict(descr, '(3,)'), bytesOf(array))));
    t.is(file.dtype, descr.slice(1) as typeof file.dtype);
    t.is(file.data.constructor, array.constructor);
    t.deepEqual([...file.data], [...array]);
  }
});

test('a file cut short anywhere says where it ends and what was expected', async (t) => {
  const whole = rawNpy(dict('<f4', '(5, 3)').padEnd(117) + '\n', bytesOf(new Float32Array(15)));
  for (const length of [0, 5, 11, 12, 60, whole.length - 61, whole.length - 60, whole.length - 7, whole.length - 1]) {
    const error = await t.throwsAsync(openNpy(await save(whole.subarray(0, length))), { instanceOf: FormatError });
    t.true(error.message.includes(`byte ${length}`), `${length}: ${error.message}`);
  }
  const error = await t.throwsAsync(openNpy(await save(whole.subarray(0, whole.length - 4))));
  t.regex(error.message, new RegExp(`expected ${whole.length} .*4 bytes are missing`));
});

test('bytes after the array are refused, they are rows that nobody would see', async (t) => {
  const bytes = rawNpy(dict('<f4', '(5, 3)'), new Uint8Array(64));
  await t.throwsAsync(openNpy(await save(bytes)), { instanceOf: FormatError, message: /has \d+ bytes, expected \d+/ });
});

test('Fortran order is refused with the cure, unless it means the same', async (t) => {
  const data = bytesOf(Float32Array.from({ length: 6 }, (_, i) => i));
  const refused = openNpy(await save(rawNpy(dict('<f4', '(2, 3)', 'True'), data)));
  await t.throwsAsync(refused, { instanceOf: FormatError, message: /Fortran order.*np\.ascontiguousarray/ });
  for (const shape of ['(6,)', '(6, 1)', '(1, 6)', '(1, 6, 1)']) {
    const file = await readNpy(await save(rawNpy(dict('<f4', shape, 'True'), data)));
    t.deepEqual([...file.data], [0, 1, 2, 3, 4, 5]);
  }
});

test('files that are something else are named as such', async (t) => {
  const cases: [Uint8Array, RegExp][] = [
    [Buffer.from('index,score\n1,2\n'), /not a \.npy file, byte 0/],
    [Buffer.from('PK\x03\x04 a zip archive'), /looks like an \.npz archive/],
    [rawNpy(dict('<f4', '(1,)'), new Uint8Array(4), 9), /version 9\.0 at byte 6/],
    [rawNpy(dict('>f4', '(1,)'), new Uint8Array(4)), /big-endian.*astype\('<f4'\)/],
    [rawNpy(dict('<c8', '(1,)'), new Uint8Array(8)), /"<c8" are not supported/],
    [rawNpy(dict('|O', '(1,)'), new Uint8Array(8)), /"\|O" are not supported/],
    [rawNpy(dict('|b1', '(1,)'), new Uint8Array(1)), /np\.flatnonzero/],
    [rawNpy(dict('<f4', '()'), new Uint8Array(4)), /0 axes/],
    [rawNpy(dict('<f4', '(1, 1, 1, 1)'), new Uint8Array(4)), /4 axes/],
    [rawNpy(dict('<f4', '(-1, 3)'), new Uint8Array(4)), /lacks descr, fortran_order or shape/],
    [rawNpy(dict('<f4', '(99999999999, 99999999999)'), new Uint8Array(4)), /not a list of usable sizes/],
    [rawNpy('{}', new Uint8Array(40)), /lacks descr/],
    [rawNpy(`{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }`, new Uint8Array(4)), /"record"/],
  ];
  for (const [bytes, message] of cases) {
    await t.throwsAsync(openNpy(await save(bytes)), { instanceOf: FormatError, message });
  }
  const huge = rawNpy(dict('<f4', '(1,)'), new Uint8Array(4), 2);
  Buffer.from(huge.buffer, huge.byteOffset).writeUInt32LE(0xffff_ffff, 8);
  await t.throwsAsync(openNpy(await save(huge)), { message: /claims 4294967295 bytes at byte 8/ });
});

test('a header is read from a view into a larger buffer', (t) => {
  const bytes = rawNpy(dict('<f8', '(2, 3)'), new Uint8Array(48));
  const shifted = new Uint8Array(bytes.length + 5);
  shifted.set(bytes, 5);
  t.deepEqual(readNpyHeader(shifted.subarray(5), 'x'), readNpyHeader(bytes, 'x'));
});

test('missing files, folders and pipes are storage errors', async (t) => {
  const options = { instanceOf: StorageError };
  await t.throwsAsync(openNpy(join(folder, 'none.npy')), { ...options, message: /no such file/ });
  await t.throwsAsync(openNpy(folder), options);
  await t.throwsAsync(openNpy('/dev/null'), { ...options, message: /regular file/ });
});

test('blocks of any size give the rows in order and overlap the reading with the work', async (t) => {
  const data = Float64Array.from({ length: 1000 * 3 }, (_, i) => i);
  const path = fresh();
  await writeNpy(path, data, 'f8', [1000, 3]);
  const file = await openNpy(path);
  for (const blockBytes of [1, 24, 100, 4096, 1 << 20]) {
    const seen: number[] = [];
    for await (const block of file.blocks({ blockBytes })) {
      t.is(block.begin * 3, seen.length);
      t.is(block.data.length, block.rows * 3);
      t.true(block.data.buffer instanceof SharedArrayBuffer);
      seen.push(...(block.data as Float64Array));
    }
    t.is(seen.length, 3000);
    t.true(seen.every((value, i) => value === i));
  }
  await file.close();
  await t.throwsAsync(file.readRows(0, 1), { instanceOf: StorageError });
});

test('a caller that stops early leaves no read behind', async (t) => {
  const path = fresh();
  await writeNpy(path, new Float32Array(100_000), 'f4', [10_000, 10]);
  const file = await openNpy(path);
  for await (const block of file.blocks({ blockBytes: 4000 })) {
    if (block.begin > 0) break;
  }
  await t.notThrowsAsync(file.close());
});

test('files without rows or without columns are read as empty', async (t) => {
  for (const shape of [[0], [0, 10], [5, 0], [0, 2, 3]]) {
    const path = fresh();
    await writeNpy(path, [], 'f4', shape);
    const file = await openNpy(path);
    t.deepEqual(file.shape, shape);
    let rows = 0;
    for await (const block of file.blocks()) rows += block.rows;
    t.is(rows, shape[0] as number);
    t.is((await file.readAll()).length, 0);
    await file.close();
  }
});

test('a file that shrinks while it is read is an error, whenever that happens', async (t) => {
  const path = fresh();
  await writeNpy(path, new Float32Array(200_000), 'f4', [20_000, 10]);
  const file = await openNpy(path);
  const error = await t.throwsAsync(
    async () => {
      for await (const block of file.blocks({ blockBytes: 40_000 })) {
        if (block.begin === 0) await truncate(path, 300_000);
      }
    },
    { instanceOf: FormatError },
  );
  t.regex(error.message, /data ends at byte 300000, expected 800128; .*while it was being read/);
  await file.close();
});

test('an abort ends the reading', async (t) => {
  const path = fresh();
  await writeNpy(path, new Float32Array(1000), 'f4', [100, 10]);
  const file = await openNpy(path);
  const abort = new AbortController();
  await t.throwsAsync(
    async () => {
      for await (const block of file.blocks({ blockBytes: 400, signal: abort.signal })) {
        if (block.begin >= 20) abort.abort();
      }
    },
    { any: true, name: 'AbortError' },
  );
  await file.close();
});

test('rows outside the file and buffers that do not fit are refused', async (t) => {
  const path = fresh();
  await writeNpy(path, new Float32Array(20), 'f4', [10, 2]);
  const file = await openNpy(path);
  for (const [begin, end] of [
    [-1, 2],
    [3, 2],
    [0, 11],
    [0.5, 1],
  ] as const) {
    await t.throwsAsync(file.readRows(begin, end), { instanceOf: ArgumentError });
  }
  await t.throwsAsync(file.readRows(0, 2, new Float32Array(3)), { instanceOf: ArgumentError });
  await t.throwsAsync(file.readRows(0, 2, new Float64Array(4)), { instanceOf: ArgumentError });
  const into = new Float32Array(6);
  t.is((await file.readRows(0, 2, into)).buffer, into.buffer);
  t.is((await file.readRows(10, 10)).length, 0);
  await file.close();
});

test('what is written is read back: f4, f8, u4 and int64 from 32-bit row numbers', async (t) => {
  await t.notThrowsAsync(
    fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 2 ** 31 - 1 })), async (values) => {
        for (const dtype of ['f8', 'u4', 'i8', 'i4'] as const) {
          const path = fresh();
          await writeNpy(path, values, dtype);
          const { data } = await readNpy(path);
          if (!(data.length === values.length && values.every((value, i) => Number(data[i]) === value))) return false;
        }
        return true;
      }),
      { numRuns: 20 },
    ),
  );
  const path = fresh();
  await writeNpy(path, Uint32Array.of(0, 7, 2 ** 32 - 1), 'i8');
  t.deepEqual([...(await readNpy(path)).data], [0n, 7n, 4294967295n]);
});

test('a file written in pieces appears only when it is whole', async (t) => {
  const path = fresh('pieces.npy');
  const writer = await createNpyWriter(path, 'f4', [6]);
  await writer.write(Float32Array.of(1, 2, 3));
  await t.throwsAsync(stat(path), { code: 'ENOENT' });
  await writer.write(Float64Array.of(4, 5, 6));
  await writer.commit();
  t.deepEqual([...(await readNpy(path)).data], [1, 2, 3, 4, 5, 6]);

  const before = createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
  const short = await createNpyWriter(path, 'f4', [6]);
  await short.write([1]);
  await t.throwsAsync(short.commit(), { instanceOf: ArgumentError, message: /holds 6 elements, 1 were written/ });
  t.is(
    createHash('sha256')
      .update(await readFile(path))
      .digest('hex'),
    before,
  );
  t.false((await readdir(folder)).some((name) => name.includes('pieces') && name.endsWith('.tmp')));
});

test('a file that is larger than a block of memory is read at any place', async (t) => {
  const path = fresh('sparse.npy');
  const rows = 300_000_000; // 12 GB of holes, no disk is used
  const header = npyHeaderBytes('f4', [rows, 10]);
  const handle = await open(path, 'w');
  await handle.write(header);
  await handle.truncate(header.length + rows * 40);
  await handle.write(bytesOf(Float32Array.of(7)), 0, 4, header.length + (rows - 1) * 40);
  await handle.close();
  const file = await openNpy(path);
  t.is((await file.readRows(rows - 1, rows))[0], 7);
  await file.close();
});
