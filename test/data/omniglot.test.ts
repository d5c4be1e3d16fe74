import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { drawingPixels, readDrawings } from '../../src/data/omniglot.js';
import { loadDataset, QuerentError } from '../../src/index.js';
import { needData } from '../helpers/data.js';
import { pngOf, zipOf, type ZipSpec } from '../helpers/files.js';

const golden = JSON.parse(readFileSync(new URL('../golden/omniglot.json', import.meta.url), 'utf8')) as Record<
  string,
  { drawings: number; sha256: string; ink: number }
>;

/** White paper of 105 x 105 with one black row per drawing. */
function drawing(row: number): Buffer {
  const data = Buffer.alloc(14 * 105, 0xff);
  data.fill(0, 14 * row, 14 * (row + 1));
  return pngOf({ width: 105, height: 105, depth: 1, data });
}

function alphabet(name: string, characters: number, people = 20): ZipSpec[] {
  return Array.from({ length: characters * people }, (_, at) => {
    const [character, person] = [Math.floor(at / people) + 1, (at % people) + 1];
    const two = (number: number): string => String(number).padStart(2, '0');
    const path = `images_background_x/${name}/character${two(character)}/0${two(character)}7_${two(person)}.png`;
    return { name: path, data: drawing(character * 20 + person) };
  });
}

async function fileOf(specs: readonly ZipSpec[]): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), 'querent-omniglot-')), 'x.zip');
  await writeFile(path, zipOf(specs));
  return path;
}

test('drawings come sorted, whatever the order and the rest of the archive', async (t) => {
  const extra = [
    { name: 'images_background_x/', data: new Uint8Array(0) },
    { name: '__MACOSX/a/Zulu/character01/1_01.png', data: new Uint8Array(3) },
    { name: 'images_background_x/README.txt', data: Buffer.from('hello') },
  ];
  const drawings = await readDrawings(await fileOf([...alphabet('B', 1), ...extra, ...alphabet('A', 2).reverse()]));
  t.is(drawings.length, 60);
  t.deepEqual(
    drawings.filter(({ drawer }) => drawer === 20).map(({ character }) => character),
    ['A/character01', 'A/character02', 'B/character01'],
  );
  t.deepEqual(
    drawings.slice(0, 20).map(({ drawer }) => drawer),
    Array.from({ length: 20 }, (_, at) => at + 1),
  );
  const pixels = drawingPixels(drawings[4]!, 105, true); // character 1, person 5: black row 25
  t.deepEqual([pixels[25 * 105 + 50], pixels[24 * 105 + 50]], [255, 0]);
  t.deepEqual([drawingPixels(drawings[4]!, 105, false)[25 * 105]], [0]);
});

test('archives that lack drawings or hold something else say so', async (t) => {
  const code = 'ERR_QUERENT_FORMAT';
  const [whole, short] = [alphabet('A', 2), alphabet('A', 1, 19)];
  await t.throwsAsync(readDrawings(await fileOf(short)), { code, message: /20 drawings of A\/character01, got 19/ });
  await t.throwsAsync(readDrawings(await fileOf([])), { code, message: /drawings of some characters, got 0/ });
  await t.throwsAsync(readDrawings(await fileOf(whole), { characters: 3 }), {
    code,
    message: /of 3 characters, got 2/,
  });
  await t.throwsAsync(readDrawings(await fileOf(whole), { sha256: '0' }), {
    code,
    message: /SHA-256 0, got .*other ones/,
  });
  const [first] = await readDrawings(await fileOf(whole));
  const small = { ...first!, png: pngOf({ width: 2, height: 1, data: new Uint8Array(2) }) };
  t.throws(() => drawingPixels(small, 28, true), {
    code,
    message: /A\/character01 by drawer 1: .*105 x 105, got 2 x 1 x 1/,
  });
});

test('cut short anywhere it is a typed error', async (t) => {
  const whole = zipOf(alphabet('A', 1));
  const path = await fileOf([]);
  for (let length = 0; length < whole.length; length += length < whole.length - 200 ? 61 : 1) {
    await writeFile(path, whole.subarray(0, length));
    await t.throwsAsync(readDrawings(path), { instanceOf: QuerentError });
  }
});

for (const [part, { drawings, sha256 }] of Object.entries(golden)) {
  test(`${part} made small has the bytes that Pillow gives`, async (t) => {
    const folder = needData(t, 'omniglot');
    if (folder === null) return;
    const read = await readDrawings(join(folder, 'omniglot', `images_background_${part}.zip`));
    const hash = createHash('sha256');
    for (const one of read) hash.update(drawingPixels(one, 28, true));
    t.is(read.length, drawings);
    t.is(hash.digest('hex'), sha256);
  });
}

test('omniglot: characters are classes, the first people draw the pool, the last the test set', async (t) => {
  const dataDir = needData(t, 'omniglot');
  if (dataDir === null) return;
  const { pool, test: held, classes, classNames, sampleShape, ids } = await loadDataset('omniglot', { dataDir });
  t.deepEqual([classes, sampleShape, pool.samples.rows, held.samples.rows], [136, [28, 28, 1], 136 * 15, 136 * 5]);
  t.deepEqual([classNames?.[0], classNames?.[135]], ['Balinese/character01', 'Latin/character26']);
  t.deepEqual(
    [ids?.[0], ids?.[14], ids?.[15]],
    ['Balinese/character01/1', 'Balinese/character01/15', 'Balinese/character02/1'],
  );
  t.deepEqual([...pool.labels.subarray(0, 16)], [...new Array<number>(15).fill(0), 1]);
});

test('omniglot: alphabets of both small sets are taken once, and can be left out', async (t) => {
  const dataDir = needData(t, 'omniglot');
  if (dataDir === null) return;
  const options = { size: 14, testDrawers: 10, poolSize: 100, testSize: 50 };
  const both = await loadDataset('omniglot', { dataDir, options: { ...options, parts: ['small1', 'small2'] } });
  t.is(both.classes, 136 + 106);
  const unseen = { ...options, parts: ['small2'], without: ['Greek', 'Latin'] };
  const rest = await loadDataset('omniglot', { dataDir, options: unseen });
  t.deepEqual([rest.classes, rest.pool.samples.rows, rest.test.samples.rows], [106, 100, 50]);
  t.deepEqual(
    [...new Set(rest.classNames?.map((name) => name.split('/')[0]))],
    ['Japanese_(katakana)', 'Sanskrit', 'Tagalog'],
  );
  await t.throwsAsync(loadDataset('omniglot', { dataDir, options: { without: ['Klingon'] } }), {
    code: 'ERR_QUERENT_ARGUMENT',
    message: /no alphabet Klingon to leave out; expected Balinese, Early_Aramaic/,
  });
  await t.throwsAsync(loadDataset('omniglot', { dataDir, options: { parts: ['background'] } }), {
    code: 'ERR_QUERENT_STORAGE',
    message: /images_background\.zip.* fetches it from github\.com/,
  });
});
