import test from 'ava';
import fc from 'fast-check';
import * as querent from '../../src/index.js';
import * as reference from '../../src/reference/index.js';
import { widenRow } from '../../src/matrix.js';
import { addonTest } from '../helpers/addon.js';
import { implementations } from '../helpers/implementations.js';
import { anyPoints, POINT_DTYPES, points } from '../helpers/points.js';

function square(x: Float64Array, y: Float64Array): number {
  return x.reduce((sum, value, c) => sum + (value - (y[c] as number)) ** 2, 0);
}

for (const [name, { kMeans }] of implementations) {
  test(`${name}: k-means by hand`, async (t) => {
    const line = querent.matrix(Float32Array.of(0, 1, 2, 10, 11, 15), 6, 1);
    const found = await kMeans(line, 2, { init: [[0], [1]] });
    t.deepEqual([...found.assignments], [0, 0, 0, 1, 1, 1]);
    t.deepEqual([...(found.centroids.data as Float32Array)], [1, 12]);
    t.is(found.inertia, 1 + 1 + 4 + 1 + 9);
    t.deepEqual([...found.nearest], [1, 4]);
    t.is(found.iterations, 2);
    const stopped = await kMeans(line, 2, { init: [[0], [1]], maxIterations: 1 });
    t.is(stopped.iterations, 1);
    t.deepEqual([...(stopped.centroids.data as Float32Array)], [0, Math.fround(39 / 5)]);
    t.deepEqual([...stopped.assignments], [0, 0, 0, 1, 1, 1]);
    const none = await kMeans(line, 2, { init: [[0], [10]], maxIterations: 0 });
    t.deepEqual([...none.assignments], [0, 0, 0, 1, 1, 1]);
    t.is(none.iterations, 0);
  });

  test(`${name}: an empty cluster takes the farthest row; equal rows share the lowest centroid`, async (t) => {
    const line = querent.matrix(Float32Array.of(0, 1, 2, 30), 4, 1);
    const found = await kMeans(line, 2, { init: [[1], [-500]], tolerance: 0 });
    t.deepEqual([...found.assignments], [0, 0, 0, 1]);
    const same = querent.matrix(new Float32Array(12).fill(2), 6, 2);
    const equal = await kMeans(same, 3);
    t.deepEqual([...equal.assignments], [0, 0, 0, 0, 0, 0]);
    t.deepEqual([...equal.nearest], [0, 1, 2]);
    t.is(equal.inertia, 0);
    t.true((equal.centroids.data as Float32Array).every((x) => x === 2));
  });

  test(`${name}: what k-means returns belongs together`, async (t) => {
    for (const dtype of POINT_DTYPES) {
      const view = points({ rows: 120, cols: 5, dtype, seed: 7, gap: 1 });
      const { centroids, assignments, inertia, nearest } = await kMeans(view, 7, { seed: 3 });
      t.deepEqual([centroids.rows, centroids.cols, centroids.dtype], [7, 5, dtype === 'f64' ? 'f64' : 'f32']);
      const rows = Array.from({ length: 120 }, (_, r) => widenRow(view, r, new Float64Array(5)));
      const means = Array.from({ length: 7 }, (_, j) => widenRow(centroids, j, new Float64Array(5)));
      let sum = 0;
      rows.forEach((row, i) => {
        const own = square(row, means[assignments[i] as number] as Float64Array);
        sum += own;
        for (const mean of means) if (square(row, mean) < own * (1 - 1e-5) - 1e-9) t.fail(`row ${i} has a nearer one`);
      });
      t.true(Math.abs(sum - inertia) <= 1e-5 * inertia);
      t.is(new Set(nearest).size, 7);
      means.forEach((mean, j) => {
        const best = Math.min(...rows.map((row) => square(row, mean)));
        t.true(square(rows[nearest[j] as number] as Float64Array, mean) <= best * (1 + 1e-4) + 1e-9);
      });
    }
  });

  test(`${name}: every row its own cluster`, async (t) => {
    const view = points({ rows: 9, cols: 3, seed: 2 });
    const { assignments, nearest, inertia } = await kMeans(view, 9, { seed: 5 });
    t.is(new Set(assignments).size, 9);
    t.is(new Set(nearest).size, 9);
    t.is(inertia, 0);
  });

  test(`${name}: k-means refuses what it cannot use, stops when asked, tells its progress`, async (t) => {
    const view = points({ rows: 20, cols: 4 });
    const broken = view.data.slice() as Float32Array;
    broken[4 * 7 + 2] = NaN;
    for (const init of ['k-means++', view] as const) {
      await t.throwsAsync(kMeans({ ...view, data: broken }, 20, { init }), {
        code: 'ERR_QUERENT_VALUE',
        message: /row 7 of embeddings/,
      });
    }
    await t.throwsAsync(kMeans(view, 21), { code: 'ERR_QUERENT_SHAPE' });
    await t.throwsAsync(kMeans(view, 2, { init: [[1, 2, 3, 4]] }), {
      message: /expected 2 rows of 4 numbers for init, got 1 of 4/,
    });
    await t.throwsAsync(kMeans(view, 1, { init: [[1, 2, NaN, 4]] }), { message: /row 0 of init .*element 2 is NaN/ });
    await t.throwsAsync(kMeans(view, 1, { init: 'random' as never }), {
      message: /expected 'k-means\+\+' or a matrix for init/,
    });
    await t.throwsAsync(kMeans(view, 1, { tolerance: -1 }), { code: 'ERR_QUERENT_ARGUMENT' });
    await t.throwsAsync(kMeans(view, 1, { maxIterations: 1.5 }), { code: 'ERR_QUERENT_ARGUMENT' });
    await t.throwsAsync(kMeans(view, 1, { clusters: 1 } as never), { code: 'ERR_QUERENT_ARGUMENT' });
    const empty = await kMeans(view, 0);
    t.deepEqual([empty.centroids.rows, empty.assignments.length, empty.nearest.length], [0, 0, 0]);
    const stop = new AbortController();
    stop.abort(new Error('enough'));
    await t.throwsAsync(kMeans(view, 2, { signal: stop.signal }), { message: 'enough' });
    let last = 0;
    await kMeans(view, 3, { onProgress: ({ done }) => void (last = done) });
    t.is(last, 100);
  });
}

addonTest('k-means gives the bits of the reference, at every level and with any number of threads', async (t) => {
  const run = fc.asyncProperty(
    anyPoints({ rows: 160, cols: 70 }),
    fc.integer({ min: 1, max: 40 }),
    fc.constantFrom(0, 1e-4, 0.1),
    fc.constantFrom(0, 2, 100),
    fc.constantFrom(1, 2, 3),
    async (view, wanted, tolerance, maxIterations, threads) => {
      const k = Math.min(wanted, view.rows);
      const options = { tolerance, maxIterations, seed: wanted };
      const expected = await reference.kMeans(view, k, options);
      for (const level of querent.runtimeInfo().levels) {
        querent.setLevel(level);
        t.deepEqual(await querent.kMeans(view, k, { ...options, threads }), expected, level);
      }
      querent.setLevel('auto');
    },
  );
  await fc.assert(run, { numRuns: 40, seed: 13 });
});
