import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { Campaign, type CampaignOptions } from '../../src/index.js';
import { readPool } from '../../src/campaign/pool.js';
import { poolSource } from '../../src/campaign/create.js';
import { dealFolds } from '../../src/campaign/quality.js';
import { scaled, scalingOf } from '../../src/campaign/scaling.js';
import { writeNpy } from '../../src/pool/npy.js';
import { encodePng } from '../../src/report/png.js';
import { temporaryFolder } from '../helpers/campaigns.js';

function poolFrom(
  t: ExecutionContext,
  name: string,
  text: string,
  options: CampaignOptions = {},
): ReturnType<typeof readPool> {
  const path = join(temporaryFolder(t), name);
  writeFileSync(path, text);
  return readPool(poolSource({ ...options, pool: path }), null);
}

/** Grey images of one brightness each, and one in colour. */
function writeImages(folder: string, sizes: readonly number[] = [4, 4, 4]): void {
  mkdirSync(join(folder, 'sub'), { recursive: true });
  sizes.forEach((size, at) => {
    const channels = at === 1 ? 3 : 1;
    const data = new Uint8Array(size * size * channels).fill(51 * at);
    writeFileSync(
      join(folder, at === 2 ? 'sub/c d.png' : `${at}.png`),
      encodePng({ width: size, height: size, channels, data }),
    );
  });
}

test('a table: numbers are features, the rest is shown; columns by name', async (t) => {
  const text = 'id,age,note,size,label,group\n007,1.5,"a, b",2,cat,p1\n008,2e1,c,-3,,p2\n';
  const pool = await poolFrom(t, 'pool.csv', text);
  t.deepEqual(pool.ids, ['007', '008']);
  t.deepEqual([...(pool.features!.data as Float32Array)], [1.5, 2, 20, -3]);
  t.deepEqual([pool.kind, pool.shown(0), pool.fields(0)], ['text', 'a, b', {}]);
  t.deepEqual(pool.labels, ['cat', null]);
  t.deepEqual(pool.groups, ['p1', 'p2']);
  const chosen = await poolFrom(t, 'pool.csv', text, { features: ['size'], text: 'group', id: 'note' });
  t.deepEqual([...(chosen.features!.data as Float32Array)], [2, -3]);
  t.deepEqual([chosen.ids[1], chosen.shown(1), chosen.fields(1)], ['c', 'p2', { id: '008', age: '2e1' }]);
  t.not(pool.checksum, null);
});

test('JSON lines: lists are features, text that looks like a number is not', async (t) => {
  const text =
    '{"id":7,"html":"<b>x</b>","v":[1,2],"zip":"01234"}\n{"id":"8","html":"y","v":[3,4],"zip":"2","more":{"a":1}}\n';
  const pool = await poolFrom(t, 'pool.jsonl', text);
  t.deepEqual([...(pool.features!.data as Float32Array)], [1, 2, 3, 4]);
  t.deepEqual([pool.kind, pool.ids[0], pool.shown(1)], ['html', '7', 'y']);
  t.deepEqual(pool.fields(1), { zip: '2', more: { a: 1 } });
  await t.throwsAsync(poolFrom(t, 'pool.jsonl', '{"v":[1,2]}\n{"v":[1]}\n'), {
    message: /line 2: expected 2 numbers in v/,
  });
});

test('a folder of images: pixels, or features beside it; addresses for Label Studio', async (t) => {
  const folder = join(temporaryFolder(t), 'images of');
  writeImages(folder);
  const pool = await readPool(poolSource({ pool: folder }), null);
  t.deepEqual(pool.ids, ['0.png', '1.png', 'sub/c d.png']);
  t.deepEqual(pool.sampleShape, [4, 4, 3]);
  t.is((pool.features!.data as Float32Array)[48], Math.fround(51 / 255));
  const beside = join(folder, '..', 'features.npy');
  await writeNpy(beside, [1, 2, 3, 4, 5, 6], 'f4', [3, 2]);
  t.is((await readPool(poolSource({ pool: folder, features: beside }), null)).features!.cols, 2);
  await writeNpy(beside, [1, 2], 'f4', [1, 2]);
  await t.throwsAsync(readPool(poolSource({ pool: folder, features: beside }), null), {
    message: /each of the 3 images/,
  });

  const image = async (imageUrl: string | undefined): Promise<string> => {
    const dir = join(temporaryFolder(t), 'c');
    const campaign = await Campaign.create(dir, { pool: folder, classNames: ['a', 'b'], imageUrl });
    const { files } = await campaign.ask();
    const tasks = JSON.parse(readFileSync(files[0]!, 'utf8')) as { data: { image: string; querent_id: string } }[];
    return tasks.find(({ data }) => data.querent_id === 'sub/c d.png')!.data.image;
  };
  t.is(await image('https://host/x/'), 'https://host/x/sub/c%20d.png');
  t.regex(await image(undefined), /^\/data\/local-files\/\?d=[^/].*images%20of\/sub\/c%20d\.png$/);
  t.regex(await image('embed'), /^data:image\/png;base64,iVBOR/);
});

test('images of several sizes need one', async (t) => {
  const folder = join(temporaryFolder(t), 'images');
  writeImages(folder, [4, 6, 4]);
  await t.throwsAsync(readPool(poolSource({ pool: folder }), null), {
    message: /expected 4 x 4 pixels as in 0\.png, got 6 x 6/,
  });
  const pool = await readPool(poolSource({ pool: folder, imageSize: [5, 3] }), null);
  t.deepEqual(pool.sampleShape, [3, 5, 3]);
});

test('columns are brought to mean 0 and spread 1; equal ones to 0', (t) => {
  const features = { data: Float64Array.from([1, 7, 3, 7, 5, 7]), dtype: 'f64', rows: 3, cols: 2, stride: 2 } as const;
  const { data } = scaled(features, scalingOf('here', features));
  const spread = Math.sqrt(8 / 3);
  t.deepEqual([...data], [-2 / spread, 0, 0, 0, 2 / spread, 0].map(Math.fround));
  const broken = { ...features, data: Float64Array.from([1, NaN, 3, 7, 5, 7]) };
  t.throws(() => scalingOf('here', broken), { message: /got NaN for item 0, column 1/ });
});

test('folds: groups stay whole, classes are spread', (t) => {
  const count = 40;
  const labels = Uint32Array.from({ length: count }, (_, at) => at % 2);
  const common = {
    indices: Uint32Array.from(labels.keys()),
    labels,
    samples: { data: new Float32Array(count), rows: count, cols: 1 },
    isRandom: [],
  };
  const folds = dealFolds({ ...common, groups: null }, 5, 1);
  for (let fold = 0; fold < 5; fold++) {
    const held = [...labels].filter((_, at) => folds[at] === fold);
    t.deepEqual([held.length, held.filter((label) => label === 1).length], [8, 4]);
  }
  const groups = Array.from({ length: count }, (_, at) => `patient ${at % 7}`);
  const grouped = dealFolds({ ...common, groups }, 5, 1);
  for (let group = 0; group < 7; group++) t.is(new Set(grouped.filter((_, at) => at % 7 === group)).size, 1);
});
