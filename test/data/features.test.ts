import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { type Dataset, loadDataset, QuerentError } from '../../src/index.js';
import { npyHeaderBytes, type NpyDtype } from '../../src/pool/npy-header.js';
import { dataFolder } from '../helpers/data.js';
import { zipOf } from '../helpers/files.js';

function npyOf(dtype: NpyDtype, shape: readonly number[], data: ArrayBufferView): Buffer {
  return Buffer.concat([npyHeaderBytes(dtype, shape), new Uint8Array(data.buffer, data.byteOffset, data.byteLength)]);
}

const npzOf = (arrays: Readonly<Record<string, Buffer>>): Buffer =>
  zipOf(Object.entries(arrays).map(([name, data]) => ({ name: `${name}.npy`, data })));

async function folderOf(files: Readonly<Record<string, Uint8Array | string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'querent-features-'));
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return folder;
}

const load = (dataDir: string, options: object): Promise<Dataset> => loadDataset('features', { dataDir, options });

/** Ten rows [i, i / 2] of the classes 0, 1, 2, 0, … */
const X = Float32Array.from({ length: 20 }, (_, at) => (at % 2 === 0 ? at / 2 : (at - 1) / 4));
const Y = BigInt64Array.from({ length: 10 }, (_, row) => BigInt(row % 3));

function checkRows(t: { deepEqual(a: unknown, b: unknown): unknown }, { pool, ids }: Dataset): void {
  const rows = (ids as (string | number)[]).map(Number);
  t.deepEqual(
    [...(pool.samples.data as Float32Array)],
    rows.flatMap((row) => [row, row / 2]),
  );
  t.deepEqual(
    [...pool.labels],
    rows.map((row) => row % 3),
  );
}

const csv = (label: (row: number) => string): string =>
  ['a,label,b,id', ...Array.from({ length: 10 }, (_, i) => `${i},${label(i)},${i / 2},${i}`)].join('\n');
const jsonl = Array.from({ length: 10 }, (_, i) => JSON.stringify({ id: i, features: [i, i / 2], label: i % 3 })).join(
  '\n',
);

test('the same rows come out of every kind of file', async (t) => {
  const dataDir = await folderOf({
    'x.npy': npyOf('f4', [10, 2], X),
    'x8.npy': npyOf('f8', [10, 2], Float64Array.from(X)),
    'y.npy': npyOf('i8', [10], Y),
    'y.txt': [...Y].join('\n'),
    'y.csv': `label\n${[...Y].join('\n')}\n`,
    'both.npz': npzOf({ y: npyOf('i8', [10], Y), x: npyOf('f4', [10, 2], X) }),
    'named.npz': npzOf({ first: npyOf('f4', [10, 2], X), second: npyOf('i8', [10, 1], Y) }),
    'table.csv': csv((row) => String(row % 3)),
    'bare.csv': csv((row) => String(row % 3))
      .split('\n')
      .slice(1)
      .join('\n'),
    'lines.jsonl': jsonl,
  });
  const forms: object[] = [
    { path: 'x.npy', labelPath: 'y.npy' },
    { path: 'x8.npy', labelPath: 'y.txt' },
    { path: 'x.npy', labelPath: 'y.csv' },
    { path: 'both.npz' },
    { path: 'named.npz', features: 'first', labels: 'second' },
    { path: 'table.csv', idColumn: 'id' },
    { path: 'bare.csv', labelColumn: 1, idColumn: -1 },
    { path: 'lines.jsonl', idColumn: 'id' },
  ];
  for (const form of forms) {
    const dataset = await load(dataDir, form);
    t.deepEqual(
      [dataset.sampleShape, dataset.classes, dataset.classNames],
      [[2], 3, ['0', '1', '2']],
      JSON.stringify(form),
    );
    t.is(dataset.pool.samples.rows + dataset.test.samples.rows, 10);
    checkRows(t, dataset);
  }
});

test('labels that are text, or numbers with gaps, become classes in order', async (t) => {
  const names = ['wolf', 'cat', 'eel'];
  const dataDir = await folderOf({
    'text.csv': csv((row) => names[row % 3]!),
    'gaps.csv': csv((row) => String([7, -2, 10][row % 3])),
  });
  const text = await load(dataDir, { path: 'text.csv', idColumn: 'id' });
  t.deepEqual(text.classNames, ['cat', 'eel', 'wolf']);
  text.pool.labels.forEach((label, at) => t.is(text.classNames?.[label], names[Number(text.ids?.[at]) % 3]));
  const gaps = await load(dataDir, { path: 'gaps.csv', idColumn: 'id' });
  t.deepEqual(gaps.classNames, ['-2', '7', '10']);
  const code = 'ERR_QUERENT_VALUE';
  await t.throwsAsync(load(dataDir, { path: 'gaps.csv', idColumn: 'id', classes: 11 }), {
    code,
    message: /labels from 0 to 10 as the option classes says, got -2 in row 1 of the pool/,
  });
});

test('the test set can be a file of its own, or arrays beside the others', async (t) => {
  const held = npyOf('f4', [2, 2], Float32Array.from([1, 2, 3, 4]));
  const dataDir = await folderOf({
    'x.npy': npyOf('f4', [10, 2], X),
    'y.npy': npyOf('i8', [10], Y),
    'held.npy': held,
    'held.txt': '2\n0\n',
    'wide.npy': npyOf('f4', [2, 3], new Float32Array(6)),
    'all.npz': npzOf({
      x_train: npyOf(
        'u1',
        [2, 2, 3],
        Uint8Array.from({ length: 12 }, (_, at) => at * 20),
      ),
      y_train: npyOf('u1', [2], Uint8Array.from([0, 1])),
      x_test: npyOf('u1', [1, 2, 3], Uint8Array.from([255, 0, 51, 102, 153, 204])),
      y_test: npyOf('u1', [1], Uint8Array.from([1])),
    }),
  });
  const options = { path: 'x.npy', labelPath: 'y.npy', testPath: 'held.npy', testLabelPath: 'held.txt' };
  const dataset = await load(dataDir, options);
  checkRows(t, dataset);
  t.is(dataset.pool.samples.rows, 10);
  t.deepEqual([...(dataset.test.samples.data as Float32Array)], [1, 2, 3, 4]);
  t.deepEqual([...dataset.test.labels], [2, 0]);
  const images = await load(dataDir, { path: 'all.npz', scale: 255 });
  t.deepEqual(images.sampleShape, [2, 3, 1]);
  t.deepEqual(
    [...(images.test.samples.data as Float32Array)].map((value) => Math.round(value * 10)),
    [10, 0, 2, 4, 6, 8],
  );
  await t.throwsAsync(load(dataDir, { ...options, testPath: 'wide.npy' }), {
    code: 'ERR_QUERENT_SHAPE',
    message: /test samples of 2 numbers, got 3/,
  });
  await t.throwsAsync(load(dataDir, { path: 'x.npy', labelPath: 'y.npy', testLabelPath: 'held.txt' }), {
    code: 'ERR_QUERENT_ARGUMENT',
    message: /expected testPath beside testLabelPath/,
  });
});

test('groups stay together, and are refused where they are on both sides', async (t) => {
  const rows = (from: number, count: number): string =>
    ['x,label,patient', ...Array.from({ length: count }, (_, i) => `${i},${i % 2},p${from + (i % 5)}`)].join('\n');
  const dataDir = await folderOf({ 'a.csv': rows(0, 20), 'b.csv': rows(4, 5), 'c.csv': rows(5, 5) });
  const { pool, test: held, groups } = await load(dataDir, { path: 'a.csv', groupColumn: 'patient' });
  t.deepEqual([pool.samples.rows, held.samples.rows, groups?.length, new Set(groups).size], [16, 4, 16, 4]);
  t.is(pool.samples.cols, 1);
  const apart = await load(dataDir, { path: 'a.csv', groupColumn: 'patient', testPath: 'c.csv' });
  t.deepEqual([apart.pool.samples.rows, apart.test.samples.rows], [20, 5]);
  await t.throwsAsync(load(dataDir, { path: 'a.csv', groupColumn: 'patient', testPath: 'b.csv' }), {
    code: 'ERR_QUERENT_VALUE',
    message: /got p4 both in the pool and in the test set/,
  });
});

test('files that do not say what is needed are errors that say what is missing', async (t) => {
  const dataDir = await folderOf({
    'x.npy': npyOf('f4', [10, 2], X),
    'nan.npy': npyOf('f4', [2, 2], Float32Array.from([1, 2, NaN, 4])),
    'flat.npy': npyOf('f4', [20], X),
    'y.npy': npyOf('i8', [10], Y),
    'y9.txt': '1\n'.repeat(8),
    'half.npy': npyOf('f8', [2], Float64Array.from([0, 0.5])),
    'two.txt': '0\n1\n',
    'blank.txt': '0\n \n',
    'one.csv': 'a,label\n1,x\n2,x\n',
    'bad.csv': 'a,label\n1,x\nlots,y\n',
    'gap.csv': 'a,label\n1,x\n2,\n',
    'a.npz': npzOf({ a: npyOf('f4', [10, 2], X) }),
    'x.npz': npzOf({ x: npyOf('f4', [10, 2], X) }),
    'x.txt': '1 2 3',
    'ids.csv': ['a,label', ...Array.from({ length: 2002 }, (_, i) => `${i},id${i}`)].join('\n'),
    'lines.jsonl': '{"features": [1], "label": "a"}\n{"features": [2], "label": null}\n',
  });
  const cases: [object, string, RegExp][] = [
    [{ path: 'x.npy' }, 'STORAGE', /expected labels beside the features; name the file that holds them with labelPath/],
    [{ path: 'x.npz' }, 'STORAGE', /name the file that holds them with labelPath/],
    [{ path: 'none.npy' }, 'STORAGE', /none\.npy, found neither/],
    [{ path: 'x.npy', labelPath: 'none' }, 'STORAGE', /none, found neither/],
    [{ path: 'x.npy', labelPath: 'y9.txt' }, 'SHAPE', /y9\.txt: expected 10 labels, one per row, got 8/],
    [{ path: 'nan.npy', labelPath: 'two.txt' }, 'FORMAT', /finite numbers, got NaN in row 1, column 0/],
    [{ path: 'nan.npy', labelPath: 'half.npy' }, 'FORMAT', /whole numbers for labels, got 0\.5 in row 1/],
    [{ path: 'nan.npy', labelPath: 'blank.txt' }, 'FORMAT', /the label of row 1 is blank/],
    [{ path: 'flat.npy', labelPath: 'y.npy' }, 'SHAPE', /a matrix \[rows, features\], got shape \(20,\)/],
    [{ path: 'one.csv' }, 'VALUE', /at least two classes, got x/],
    [{ path: 'bad.csv' }, 'FORMAT', /line 3, column 1: expected a finite number, got "lots"/],
    [{ path: 'gap.csv' }, 'FORMAT', /line 3, column 2 is empty/],
    [{ path: 'bad.csv', labelColumn: 'class' }, 'FORMAT', /column class of its own for the labels, found a, label/],
    [{ path: 'bad.csv', labelColumn: 2 }, 'FORMAT', /column 2 of its own for the labels/],
    [{ path: 'a.npz' }, 'FORMAT', /an array named x, X, .* found a/],
    [{ path: 'a.npz', features: 'b' }, 'FORMAT', /an array named b, found a/],
    [{ path: 'x.txt' }, 'FORMAT', /a file named \.npy, \.npz, \.csv, \.tsv or \.jsonl/],
    [{ path: 'ids.csv' }, 'VALUE', /got 2002 different labels for 2002 rows; is it the right column/],
    [{ path: 'lines.jsonl' }, 'FORMAT', /line 2: expected text or a number in "label"/],
    [{ path: 'x.npy', labelpath: 'y.npy' }, 'ARGUMENT', /unknown option 'labelpath'; the options are path, labelPath/],
    [{ path: 'x.npy', testShare: 1 }, 'ARGUMENT', /testShare/],
  ];
  for (const [options, code, message] of cases) {
    await t.throwsAsync(load(dataDir, options), { code: `ERR_QUERENT_${code}`, message }, JSON.stringify(options));
  }
});

test('a file cut short anywhere is a typed error or fewer rows, never a crash', async (t) => {
  const files = {
    'x.npz': npzOf({ x: npyOf('f4', [10, 2], X), y: npyOf('i8', [10], Y) }),
    'x.csv': Buffer.from(csv((row) => `c${row % 3}`)),
    'x.jsonl': Buffer.from(jsonl),
  };
  const dataDir = await folderOf(files);
  for (const [path, whole] of Object.entries(files)) {
    for (let length = 0; length < whole.length; length += 3) {
      await writeFile(join(dataDir, path), whole.subarray(0, length));
      const { rows } = await load(dataDir, { path }).then(
        ({ pool, test: held }) => ({ rows: pool.samples.rows + held.samples.rows }),
        (error: unknown) => {
          if (error instanceof QuerentError) return { rows: 0 };
          throw error;
        },
      );
      t.true(rows <= 10);
    }
  }
});

test('the published digits read as features are the embedded digits', async (t) => {
  const folder = dataFolder('digits');
  if (folder === null) {
    t.log('skipped: no digits.npz in QUERENT_DATA_DIR');
    return t.pass();
  }
  const path = join(folder, 'digits', 'digits.npz');
  const own = await loadDataset('features', { options: { path, features: 'images', labels: 'labels', scale: 16 } });
  const { pool: embedded, test: rest } = await loadDataset('digits');
  t.deepEqual(own.sampleShape, [8, 8, 1]);
  t.is(own.pool.samples.rows + own.test.samples.rows, embedded.samples.rows + rest.samples.rows);
  const row = (own.ids as number[]).indexOf(4); // digits: row 4 is the pool's fourth, 3 went to the test set
  const at = (data: unknown, from: number): number[] => [...(data as Float32Array).subarray(from * 64, from * 64 + 64)];
  t.true(row >= 0);
  t.deepEqual(at(own.pool.samples.data, row), at(embedded.samples.data, 3));
  t.is(own.pool.labels[row], embedded.labels[3]);
});
