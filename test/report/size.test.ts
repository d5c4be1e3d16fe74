import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { writeReport } from '../../src/index.js';
import { needData } from '../helpers/data.js';
import { runFolder } from './folders.js';

test.serial('twelve strategies, five seeds and a pool of 60 000 images make a page below 3 MB', async (t) => {
  const dataDir = needData(t, 'mnist');
  if (dataDir === null) return;
  const strategies = ['random', ...Array.from({ length: 11 }, (_, at) => `strategy-${at}`)];
  const dir = await runFolder({ strategies, seeds: [0, 1, 2, 3, 4], rounds: 15, dataset: 'mnist', dataDir });
  const out = join(dir, 'report.html');
  await writeReport([dir], out, { dataDir, map: 'pca' });
  const { size } = await stat(out);
  t.log(`${(size / 1e6).toFixed(2)} MB`);
  t.true(size < 3e6);
});
