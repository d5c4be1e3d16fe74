import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { type JsonlRecord, readJsonl, readJsonlPool } from '../../src/pool/jsonl.js';

let folder = '';
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'querent-jsonl-'));
});
test.after.always(() => rm(folder, { recursive: true, force: true }));

let files = 0;
async function fileOf(content: string | Uint8Array): Promise<string> {
  const path = join(folder, `${files++}.jsonl`);
  await writeFile(path, content);
  return path;
}

async function readAll(path: string, options = {}): Promise<JsonlRecord[]> {
  const records: JsonlRecord[] = [];
  for await (const record of readJsonl(path, options)) records.push(record);
  return records;
}

test('objects come with the number of their line, whatever the line ends look like', async (t) => {
  const path = await fileOf('\ufeff{"id": "a"}\r\n\n  \n{"id": "ü"}');
  t.deepEqual(await readAll(path), [
    { value: { id: 'a' }, line: 1 },
    { value: { id: 'ü' }, line: 4 },
  ]);
  t.deepEqual(await readAll(await fileOf('')), []);
});

test('lines are put together across blocks of the file', async (t) => {
  const long = 'x'.repeat(3 << 20);
  const path = await fileOf(`{"a": "${long}"}\n{"a": 1}\n{"a": "${long}"}`);
  const records = await readAll(path);
  t.deepEqual(
    records.map(({ line, value }) => [line, String(value['a']).length]),
    [
      [1, long.length],
      [2, 1],
      [3, long.length],
    ],
  );
});

const damages: [string, string | Uint8Array, RegExp][] = [
  ['a torn last line', '{"a": 1}\n{"a": ', /line 2 is not valid JSON/],
  ['a list', '[1, 2]\n', /line 1 is \[1, 2\]; expected one JSON object per line/],
  ['null', '{}\n\nnull\n', /line 3 is null/],
  ['other than UTF-8', Uint8Array.from([0x7b, 0xff, 0x7d]), /line 1 is not UTF-8/],
];
for (const [name, content, message] of damages) {
  test(`${name} is an error that names the line`, async (t) => {
    await t.throwsAsync(readAll(await fileOf(content)), { code: 'ERR_QUERENT_FORMAT', message });
  });
}

test('a line without an end is refused instead of filling the memory', async (t) => {
  const path = await fileOf(Buffer.alloc((64 << 20) + (1 << 20), '9'));
  await t.throwsAsync(readAll(path), { code: 'ERR_QUERENT_FORMAT', message: /line 1 is longer than 67108864 bytes/ });
});

test('a missing file and an abort are what they are', async (t) => {
  await t.throwsAsync(readAll(join(folder, 'none')), { code: 'ERR_QUERENT_STORAGE', message: /no such file/ });
  const reason = new Error('enough');
  await t.throwsAsync(readAll(await fileOf('{}\n'), { signal: AbortSignal.abort(reason) }), { is: reason });
});

test('the numbers of a field become rows, and leave the records', async (t) => {
  const path = await fileOf('{"id": 1, "features": [1, 2.5]}\n\n{"id": 2, "features": [-3, 0]}\n');
  const { records, lines, data, rows, cols } = await readJsonlPool(path, 'features');
  t.deepEqual(records, [{ id: 1 }, { id: 2 }]);
  t.deepEqual([...lines], [1, 3]);
  t.deepEqual([...data], [1, 2.5, -3, 0]);
  t.deepEqual([rows, cols], [2, 2]);
  const plain = await readJsonlPool(path);
  t.deepEqual([plain.rows, plain.cols, plain.data.length], [2, 0, 0]);
});

test('lists that are no rows of one matrix name their line', async (t) => {
  const cases: [string, string, RegExp][] = [
    ['{"x": [1]}\n{}\n', 'ERR_QUERENT_FORMAT', /line 2: expected a list of numbers in "x", got no such field/],
    ['{"x": "1"}\n', 'ERR_QUERENT_FORMAT', /line 1: expected a list of numbers in "x", got "1"/],
    ['{"x": [1, null]}\n', 'ERR_QUERENT_FORMAT', /finite number at position 1 of "x", got null/],
    ['{"x": [1e60]}\n', 'ERR_QUERENT_FORMAT', /finite number at position 0/],
    ['{"x": [1, 2]}\n{"x": [1]}\n', 'ERR_QUERENT_SHAPE', /line 2 has 1 numbers in "x", expected 2 as in line 1/],
  ];
  for (const [content, code, message] of cases) {
    await t.throwsAsync(readJsonlPool(await fileOf(content), 'x'), { code, message });
  }
});

test('what JSON.stringify writes is read back', async (t) => {
  const property = fc.asyncProperty(
    fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { maxLength: 5 }),
    async (list) => {
      const path = await fileOf(list.map((value) => `${JSON.stringify(value)}\n`).join(''));
      const read = await readAll(path);
      return JSON.stringify(read.map(({ value }) => value)) === JSON.stringify(list);
    },
  );
  await t.notThrowsAsync(fc.assert(property, { numRuns: 60 }));
});
