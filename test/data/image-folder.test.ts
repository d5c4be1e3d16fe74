import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'ava';
import sharp from 'sharp';
import { loadDataset } from '../../src/index.js';
import { pngOf } from '../helpers/files.js';

/** A PNG of one colour. */
function flat(width: number, height: number, red: number, green = red, blue = red): Buffer {
  const data = Buffer.alloc(width * height * 3);
  for (let at = 0; at < data.length; at += 3) data.set([red, green, blue], at);
  return pngOf({ width, height, colour: 2, data });
}

async function folderOf(files: Readonly<Record<string, Uint8Array | string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'querent-images-'));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
}

const manyImages = (classes: readonly string[], each: number): Record<string, Buffer> =>
  Object.fromEntries(
    classes.flatMap((name, c) =>
      Array.from(
        { length: each },
        (_, i) => [`${name}/${String(i).padStart(2, '0')}.png`, flat(2, 2, c * 50 + i)] as const,
      ),
    ),
  );

test('folders are classes, files are samples with their paths as ids', async (t) => {
  const path = await folderOf(manyImages(['dog', 'cat', 'eel'], 10));
  const {
    pool,
    test: held,
    classes,
    classNames,
    ids,
    sampleShape,
  } = await loadDataset('image-folder', { options: { path } });
  t.deepEqual([classes, classNames, sampleShape], [3, ['cat', 'dog', 'eel'], [2, 2, 3]]);
  t.deepEqual([pool.samples.rows, held.samples.rows], [24, 6]);
  for (const label of [0, 1, 2]) t.is([...held.labels].filter((one) => one === label).length, 2);
  const { data } = pool.samples as { data: Float32Array };
  const grey: Record<string, number> = { dog: 0, cat: 50, eel: 100 };
  (ids as string[]).forEach((id, row) => {
    const [name = '', file = ''] = id.split('/');
    t.is(data[row * 12], Math.fround((grey[name]! + Number.parseInt(file)) / 255));
    t.is(classNames?.[pool.labels[row]!], name);
  });
  t.deepEqual([...(ids as string[])].sort(), ids);
  const again = await loadDataset('image-folder', { options: { path } });
  t.deepEqual(again.ids, ids);
  const other = await loadDataset('image-folder', { options: { path, seed: 1, testShare: 0.5 } });
  t.notDeepEqual(other.ids, ids);
  t.is(other.test.samples.rows, 15);
});

test('a folder of its own can be the test set, in the order of the pool’s classes', async (t) => {
  const dataDir = await folderOf({
    'pool/a/1.png': flat(2, 2, 1),
    'pool/b/2.png': flat(2, 2, 2),
    'held/b/3.png': flat(2, 2, 3),
    'wrong/c/4.png': flat(2, 2, 4),
  });
  const options = { path: 'pool', testPath: 'held' };
  const { pool, test: held, classNames } = await loadDataset('image-folder', { dataDir, options });
  t.deepEqual([[...pool.labels], [...held.labels], classNames], [[0, 1], [1], ['a', 'b']]);
  await t.throwsAsync(loadDataset('image-folder', { dataDir, options: { path: 'pool', testPath: 'wrong' } }), {
    code: 'ERR_QUERENT_FORMAT',
    message: /expected a class of the pool, a, b; got c/,
  });
});

test('images of several shapes are brought to one, by their middle or as a whole', async (t) => {
  // red left third, green middle, blue right: the middle of it is green
  const stripes = Buffer.alloc(9 * 3 * 3);
  for (let pixel = 0; pixel < 27; pixel++) stripes[pixel * 3 + Math.floor((pixel % 9) / 3)] = 255;
  const path = await folderOf({
    'a/1.png': pngOf({ width: 9, height: 3, colour: 2, data: stripes }),
    'a/2.png': flat(3, 3, 9),
    'b/1.jpg': await sharp({ create: { width: 12, height: 6, channels: 3, background: '#102030' } })
      .jpeg()
      .toBuffer(),
    'b/2.webp': await sharp({ create: { width: 5, height: 5, channels: 3, background: '#102030' } })
      .webp()
      .toBuffer(),
  });
  await t.throwsAsync(loadDataset('image-folder', { options: { path } }), {
    code: 'ERR_QUERENT_SHAPE',
    message: /expected \d+ x \d+ pixels as the first image has, got .*option size/,
  });
  const held = await folderOf({ 'a/x.png': flat(6, 6, 7) });
  const read = async (options: object): Promise<number[]> => {
    const { pool, sampleShape } = await loadDataset('image-folder', { options: { path, testPath: held, ...options } });
    t.deepEqual(sampleShape.slice(0, 2), [3, 3]);
    t.is(pool.samples.rows, 4);
    return [...(pool.samples.data as Float32Array).subarray(0, 27)].map((value) => Math.round(value * 255));
  };
  t.deepEqual((await read({ size: 3 })).slice(0, 9), [0, 255, 0, 0, 255, 0, 0, 255, 0]);
  const whole = await read({ size: [3, 3], fit: 'stretch' });
  t.true(whole[0]! > 180 && whole[4]! > 180 && whole[8]! > 180, String(whole));
  const grey = await loadDataset('image-folder', { options: { path, testPath: held, size: 3, channels: 1 } });
  t.deepEqual(grey.sampleShape, [3, 3, 1]);
  t.is(Math.round((grey.pool.samples.data as Float32Array)[0]! * 255), 150); // green weighs 0.587
});

test('images that belong together are on one side of the split', async (t) => {
  const files = Object.fromEntries(
    Array.from({ length: 40 }, (_, at) => [`${at % 2 ? 'ill' : 'well'}/patient${at % 8}/${at}.png`, flat(2, 2, at)]),
  );
  const path = await folderOf(files);
  const { pool, test: held, groups } = await loadDataset('image-folder', { options: { path, groups: 'folder' } });
  t.is(pool.samples.rows + held.samples.rows, 40);
  t.is(groups?.length, pool.samples.rows);
  t.is(held.samples.rows, 10); // whole patients of 5 until a fifth is reached
  t.is(new Set(groups).size, 6);
});

test('folders that are no data set say why', async (t) => {
  const cases: [Record<string, Uint8Array | string>, string, RegExp][] = [
    [{ 'a/1.txt': '' }, 'ERR_QUERENT_STORAGE', /expected images/],
    [{ 'a/1.png': flat(1, 1, 1) }, 'ERR_QUERENT_FORMAT', /folders of at least two classes, got 1/],
    [{ 'a/1.png': flat(1, 1, 1), 'b.png': flat(1, 1, 1) }, 'ERR_QUERENT_FORMAT', /b\.png: expected images in folders/],
    [
      { 'a/1.png': flat(1, 1, 1), 'b/1.png': flat(1, 1, 1) },
      'ERR_QUERENT_ARGUMENT',
      /at least two samples of one class/,
    ],
    [
      { ...manyImages(['a', 'b'], 3), 'a/01.png': 'broken' },
      'ERR_QUERENT_FORMAT',
      /a\/01\.png: expected a PNG, JPEG or WebP/,
    ],
  ];
  for (const [files, code, message] of cases) {
    const path = await folderOf(files);
    await t.throwsAsync(loadDataset('image-folder', { options: { path } }), { code, message });
  }
  await t.throwsAsync(loadDataset('image-folder'), { code: 'ERR_QUERENT_ARGUMENT', message: /string for path/ });
  await t.throwsAsync(loadDataset('image-folder', { dataDir: '/d', options: { path: 'nowhere' } }), {
    code: 'ERR_QUERENT_STORAGE',
    message: /expected .*nowhere or \/d\/nowhere, found neither/,
  });
  const reason = new Error('enough');
  const path = await folderOf(manyImages(['a', 'b'], 30));
  const controller = new AbortController();
  const { signal } = controller;
  const onProgress = (): void => controller.abort(reason);
  await t.throwsAsync(loadDataset('image-folder', { signal, onProgress, options: { path } }), { is: reason });
});

const CLASSES = ['n01', 'n02', 'n03'];

test('mini-imagenet is read from class folders and from images with lists, the same', async (t) => {
  const folders = await folderOf(
    Object.fromEntries(
      ['train', 'val', 'test'].flatMap((part) =>
        Object.entries(manyImages(CLASSES, 5)).map(([name, data]) => [`mini-imagenet/${part}/${part}-${name}`, data]),
      ),
    ),
  );
  const listed: Record<string, Uint8Array | string> = {};
  for (const part of ['train', 'val', 'test']) {
    const lines = ['filename,label'];
    for (const [name, data] of Object.entries(manyImages(CLASSES, 5))) {
      const file = `${part}-${name.replace('/', '-')}`;
      listed[`images/${file}`] = data;
      lines.push(`${file},${part}-${name.split('/')[0]}`);
    }
    listed[`${part}.csv`] = lines.join('\n');
  }
  const lists = await folderOf(listed);
  for (const options of [{ size: 4 }, { size: 4, parts: ['train', 'test'], poolSize: 7, seed: 3 }]) {
    const [one, two] = [
      await loadDataset('mini-imagenet', { dataDir: folders, options }),
      await loadDataset('mini-imagenet', { dataDir: lists, options }),
    ];
    t.deepEqual(one.classNames, two.classNames);
    t.is(one.classes, options.parts === undefined ? 3 : 6);
    t.deepEqual(one.pool, two.pool);
    t.deepEqual(one.test, two.test);
    t.deepEqual(one.sampleShape, [4, 4, 3]);
  }
});

test('mini-imagenet says what is missing', async (t) => {
  const code = 'ERR_QUERENT_STORAGE';
  await t.throwsAsync(loadDataset('mini-imagenet', { dataDir: await folderOf({}) }), {
    code,
    message: /expected the folder train, or images with train\.csv in .*put your copy there/,
  });
  const lists = await folderOf({ 'images/a.png': '', 'train.csv': 'filename,label\na.png,x\nb.png,y\n' });
  await t.throwsAsync(loadDataset('mini-imagenet', { dataDir: lists }), {
    code,
    message: /line 3 names b\.png, expected/,
  });
  const columns = await folderOf({ 'images/a.png': '', 'train.csv': 'file,label\n' });
  await t.throwsAsync(loadDataset('mini-imagenet', { dataDir: columns }), {
    code: 'ERR_QUERENT_FORMAT',
    message: /expected the columns filename and label, got file, label/,
  });
});
