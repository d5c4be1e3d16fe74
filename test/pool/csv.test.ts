import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { FormatError, StorageError } from '../../src/errors.js';
import { readCsv, readCsvBlocks } from '../../src/pool/csv.js';
import { readIndexFile } from '../../src/pool/index-files.js';
import { writeNpy } from '../../src/pool/npy.js';

let folder = '';
let files = 0;
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'querent-csv-'));
});
test.after.always(() => rm(folder, { recursive: true, force: true }));
async function save(text: string | Uint8Array, name = 'a.csv'): Promise<string> {
  const path = join(folder, `${files++}-${name}`);
  await writeFile(path, text);
  return path;
}

test('rows of numbers are read with and without a header, BOM, CRLF, quotes and a missing last newline', async (t) => {
  const expected = { data: Float64Array.of(0.25, 0.75, 1e-3, 0.999), rows: 2, cols: 2 };
  for (const text of [
    '0.25,0.75\n1e-3,0.999\n',
    '0.25,0.75\n1e-3,0.999',
    '0.25, 0.75 \r\n.001,+0.999\r\n\r\n\n',
    '\ufeff0.25,0.75\n1e-3,0.999\n',
    'cat,dog\n0.25,0.75\n1e-3,0.999\n',
    '"a ""quoted"" name","two\nlines"\n"0.25","0.75"\n1e-3,0.999\n',
  ]) {
    t.deepEqual(await readCsv(await save(text)), expected, JSON.stringify(text));
  }
  t.deepEqual(await readCsv(await save('0.25\t0.75\n1e-3\t0.999\n', 'a.tsv')), expected);
});

test('the header can be asserted or denied where it is made of numbers', async (t) => {
  const path = await save('0,1\n0.25,0.75\n');
  t.is((await readCsv(path)).rows, 2);
  t.is((await readCsv(path, { header: true })).rows, 1);
  await t.throwsAsync(readCsv(await save('a,b\n1,2\n'), { header: false }), { message: /line 1, column 1 is "a"/ });
});

test('nan and inf as NumPy and Python write them are numbers', async (t) => {
  const { data } = await readCsv(await save('nan,-inf\nNaN,Infinity\n'));
  t.deepEqual([...data], [NaN, -Infinity, NaN, Infinity]);
});

test('an empty file and a lone header have no rows', async (t) => {
  t.is((await readCsv(await save(''))).rows, 0);
  t.is((await readCsv(await save('a,b\n'))).rows, 0);
});

test('damage is an error that names line and column', async (t) => {
  const cases: [string, RegExp][] = [
    ['a,b\n1,2\n3,x\n', /line 3, column 2 is "x", not a number/],
    ['1,2\n3,\n', /line 2, column 2 is empty/],
    ['1,2\n3\n', /line 2 has 1 columns, expected 2/],
    ['1,2\n3,4,5\n', /line 2 has 3 columns, expected 2/],
    ['id,1\n2,3\n', /line 1, column 1 is "id"/],
    ['1,2\n\n3,4\n', /line 2 is blank/],
    ['0x10,1\n', /line 1, column 1 is "0x10"/],
    ['1,2\n1e,4\n', /line 2, column 1 is "1e"/],
    ['0.1 0.9\n0.2 0.8\n', /separated by ","|as in the first/],
    ['1,2\n"3,4\n', /line \d+ cannot be read as CSV/],
  ];
  for (const [text, message] of cases) {
    await t.throwsAsync(readCsv(await save(text), { header: 'auto' }), { instanceOf: FormatError, message }, text);
  }
  await t.throwsAsync(readCsv(join(folder, 'none.csv')), { instanceOf: StorageError, message: /no such file/ });
});

test('a file of spaces instead of commas is not taken for one header', async (t) => {
  await t.throwsAsync(readCsv(await save('0.1 0.9\n0.2 0.8\n')), { instanceOf: FormatError });
});

test('what JavaScript prints is read back exactly, cut into any blocks', async (t) => {
  const matrix = fc
    .integer({ min: 1, max: 5 })
    .chain((cols) =>
      fc.array(fc.array(fc.double({ noNaN: true }), { minLength: cols, maxLength: cols }), { minLength: 1 }),
    );
  const property = fc.asyncProperty(matrix, fc.integer({ min: 1, max: 7 }), async (rows, blockRows) => {
    const path = await save(
      rows.map((row) => row.map((cell) => (Object.is(cell, -0) ? '-0' : cell)).join(',')).join('\n'),
    );
    const read: number[] = [];
    for await (const block of readCsvBlocks(path, { blockRows })) {
      if (block.begin * block.cols !== read.length) return false;
      read.push(...block.data);
    }
    const flat = rows.flat();
    return read.length === flat.length && flat.every((cell, i) => Object.is(cell, read[i]));
  });
  await t.notThrowsAsync(fc.assert(property, { numRuns: 50 }));
});

test('an abort ends the reading of a long file', async (t) => {
  const path = await save('0.5,0.5\n'.repeat(200_000));
  const abort = new AbortController();
  let rows = 0;
  await t.throwsAsync(
    async () => {
      for await (const block of readCsvBlocks(path, { signal: abort.signal, blockRows: 1000 })) {
        rows += block.rows;
        if (block.begin === 2000) abort.abort();
      }
    },
    { any: true, name: 'AbortError' },
  );
  t.is(rows, 3000);
});

test('index files: one integer per line, .npy of any integer type, and what score writes', async (t) => {
  const numbers = [3, 0, 7, 3];
  const expected = Uint32Array.from(numbers);
  t.deepEqual(await readIndexFile(await save('3\n0\n7\r\n3\n\n', 'a.txt')), expected);
  t.deepEqual(await readIndexFile(await save('index,score\n3,0.5\n0,0.4\n7,\n3,0\n', 'a.csv')), expected);
  t.deepEqual(await readIndexFile(await save('{"indices":[3,0,7,3],"scores":[1,2,3,null]}', 'a.json')), expected);
  t.deepEqual(await readIndexFile(await save('[3,0,7,3]', 'b.json')), expected);
  for (const dtype of ['i8', 'u4', 'i4', 'u1'] as const) {
    const path = join(folder, `${dtype}.npy`);
    await writeNpy(path, numbers, dtype, dtype === 'u1' ? [4, 1] : [4]);
    t.deepEqual(await readIndexFile(path), expected);
  }
  t.is((await readIndexFile(await save('', 'empty.txt'))).length, 0);
});

test('entries that are no row numbers are named', async (t) => {
  const options = { instanceOf: FormatError };
  await t.throwsAsync(readIndexFile(await save('1\n-2\n', 'a.txt')), {
    ...options,
    message: /line 2 is "-2", expected/,
  });
  await t.throwsAsync(readIndexFile(await save('1.5\n', 'a.txt')), { ...options, message: /line 1/ });
  await t.throwsAsync(readIndexFile(await save('4294967296\n', 'a.txt')), { ...options, message: /to 4294967295/ });
  await t.throwsAsync(readIndexFile(await save('{"indices":[1,"2"]}', 'a.json')), { ...options, message: /entry 1/ });
  await t.throwsAsync(readIndexFile(await save('{"picks":[1]}', 'a.json')), { ...options, message: /indices/ });
  const path = join(folder, 'floats.npy');
  await writeNpy(path, [1, 2], 'f4');
  await t.throwsAsync(readIndexFile(path), { ...options, message: /must be integers, found f4/ });
  await writeNpy(path, [1, -2], 'i4');
  await t.throwsAsync(readIndexFile(path), { ...options, message: /entry 1 is -2/ });
  await writeNpy(path, [1, 2, 3, 4], 'i4', [2, 2]);
  await t.throwsAsync(readIndexFile(path), { ...options, message: /one axis/ });
});
