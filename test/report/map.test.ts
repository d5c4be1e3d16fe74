import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { loadDataset } from '../../src/index.js';
import { choosePoints, MAP_GRID, mapSamples } from '../../src/report/map.js';

test('a small pool is on the map as it is; of a large one every pick of the first seed, and no more than fit', (t) => {
  const property = fc.property(
    fc.integer({ min: 1, max: 400 }),
    fc.integer({ min: 1, max: 120 }),
    fc.array(fc.array(fc.nat(10_000), { maxLength: 60 }), { minLength: 1, maxLength: 4 }),
    (rows, most, raw) => {
      const picks = raw.map((list) => list.map((value) => value % rows));
      const points = choosePoints(rows, picks, { most });
      const isAscending = points.every((value, at) => at === 0 || value > points[at - 1]!);
      const first = [...new Set(picks[0])];
      const holdsFirst = first.length > most || first.every((index) => points.includes(index));
      return (
        isAscending && holdsFirst && points.length === Math.min(rows, most) && points.every((index) => index < rows)
      );
    },
  );
  t.notThrows(() => fc.assert(property, { numRuns: 300, seed: 11 }));
});

test('positions are on the grid, repeat, and are read back from the folder', async (t) => {
  const { pool } = await loadDataset('digits');
  const folder = await mkdtemp(join(tmpdir(), 'querent-map-'));
  const indices = Uint32Array.from({ length: 200 }, (_, at) => 5 * at);
  const first = await mapSamples(folder, pool.samples, indices, { method: 'pca' });
  t.true(first.positions.every((value) => value <= MAP_GRID));
  const [file = ''] = await readdir(folder);
  const kept = await readFile(join(folder, file), 'utf8');
  await writeFile(join(folder, file), kept.replace(/"positions":"..../, '"positions":"AQAC')); // to see whether it is read
  const second = await mapSamples(folder, pool.samples, indices, { method: 'pca' });
  t.is(second.positions[0], 1);
  t.deepEqual(second.positions.subarray(2), first.positions.subarray(2));
  const other = await mapSamples(folder, pool.samples, indices, { method: 'pca', seed: 3 });
  t.deepEqual(other.positions.length, 400); // another key, so made anew
  await writeFile(join(folder, file), '{"key":');
  const third = await mapSamples(folder, pool.samples, indices, { method: 'pca' });
  t.deepEqual(third.positions, first.positions);
});

test('a folder that cannot be written costs only the memory of the map', async (t) => {
  const { pool } = await loadDataset('digits');
  const indices = Uint32Array.from({ length: 30 }, (_, at) => at);
  const map = await mapSamples('/nowhere/at/all', pool.samples, indices, { method: 'pca' });
  t.is(map.positions.length, 60);
});

test('a single sample, and samples that are all alike, have a place', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'querent-map-'));
  const samples = { data: new Float32Array(60).fill(2), rows: 20, cols: 3 };
  const one = await mapSamples(folder, samples, Uint32Array.of(4));
  t.deepEqual([...one.positions], [500, 500]);
  const all = await mapSamples(
    folder,
    samples,
    Uint32Array.from({ length: 20 }, (_, at) => at),
    { method: 'pca' },
  );
  t.true(all.positions.every((value) => value === 500));
});
