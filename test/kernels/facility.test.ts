import test from 'ava';
import fc from 'fast-check';
import * as querent from '../../src/index.js';
import * as reference from '../../src/reference/index.js';
import { widenRow } from '../../src/matrix.js';
import { addonTest } from '../helpers/addon.js';
import { implementations } from '../helpers/implementations.js';
import { anyPoints, manyRows, POINT_DTYPES, points } from '../helpers/points.js';
import { bitsOf, firstDifference } from '../helpers/values.js';

const METRICS = ['euclidean', 'cosine'] as const;

/** Similarities as they are defined, the plain way. */
function similarities(view: querent.MatrixView, metric: querent.Metric, neighbours = view.rows): number[][] {
  const rows = Array.from({ length: view.rows }, (_, r) => widenRow(view, r, new Float64Array(view.cols)));
  const dot = (x: Float64Array, y: Float64Array): number =>
    x.reduce((sum, value, c) => sum + value * (y[c] as number), 0);
  const square = (x: Float64Array, y: Float64Array): number =>
    x.reduce((sum, value, c) => sum + (value - (y[c] as number)) ** 2, 0);
  const distance = rows.map((x) => rows.map((y) => square(x, y)));
  const largest = Math.max(0, ...distance.flat());
  const full = rows.map((x, i) =>
    rows.map((y, j) => {
      if (metric === 'euclidean') return largest - (distance[i]?.[j] as number);
      return 1 + dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y));
    }),
  );
  return full.map((row) => {
    const kept = row.map((s, j) => ({ s, j })).sort((a, b) => b.s - a.s || a.j - b.j);
    const isKept = new Set(kept.slice(0, neighbours).map(({ j }) => j));
    return row.map((s, j) => (isKept.has(j) ? s : 0));
  });
}

/** What the picks reach, added up the plain way. */
function reached(similarity: number[][], picks: Uint32Array, count: number): number {
  return similarity.reduce(
    (sum, row) => sum + Math.max(0, ...[...picks.subarray(0, count)].map((j) => row[j] as number)),
    0,
  );
}

for (const [name, { facilityLocation }] of implementations) {
  test(`${name}: facility location by hand`, async (t) => {
    // on a line: 3 reaches most on average; then the far end
    const line = Float32Array.of(0, 1, 2, 3, 10);
    const { indices, gains } = await facilityLocation(querent.matrix(line, 5, 1), 5);
    t.deepEqual([...indices], [3, 4, 0, 1, 2]);
    t.deepEqual([...gains], [500 - (9 + 4 + 1 + 49), 49, 9 + 3, 1, 1]);
    t.is((await facilityLocation(querent.matrix(line, 5, 1), 0)).indices.length, 0);
    const one = await facilityLocation([[3, 4]], 1);
    t.deepEqual([[...one.indices], [...one.gains]], [[0], [0]]);
    const direction = await facilityLocation([[3, 4]], 1, { metric: 'cosine' });
    t.deepEqual([[...direction.indices], [...direction.gains]], [[0], [2]]);
    t.is((await facilityLocation(querent.matrix(new Float32Array(0), 0, 3), 0)).gains.length, 0);
  });

  test(`${name}: equal rows are picked in order, with no gain after the first`, async (t) => {
    const same = querent.matrix(new Float32Array(40 * 3).fill(7), 40, 3);
    for (const metric of METRICS) {
      const { indices, gains } = await facilityLocation(same, 40, { metric });
      t.deepEqual(
        [...indices],
        Array.from({ length: 40 }, (_, i) => i),
      );
      t.true(gains.subarray(1).every((gain) => gain === 0));
    }
  });

  test(`${name}: gains are what the picks add, and never grow`, async (t) => {
    for (const metric of METRICS) {
      for (const neighbours of [undefined, 1, 7, 60]) {
        const view = points({ rows: 60, cols: 5, seed: 3, dtype: 'f64' });
        const { indices, gains } = await facilityLocation(view, 30, { metric, neighbours });
        const table = similarities(view, metric, neighbours);
        let before = 0;
        const added = Array.from(gains, (_, i) => {
          const after = reached(table, indices, i + 1);
          const gain = after - before;
          before = after;
          return gain;
        });
        t.is(firstDifference(gains, added, 1e-9, 1e-9), '', `${metric}, ${neighbours}`);
        t.true(gains.every((gain, i) => i === 0 || gain <= (gains[i - 1] as number) * (1 + 1e-12)));
        t.is(new Set(indices).size, 30);
        // no other first pick would have added more
        const alone = table.map((_, j) => table.reduce((sum, row) => sum + (row[j] as number), 0));
        t.true(Math.max(...alone) <= (gains[0] as number) * (1 + 1e-12));
      }
    }
  });

  test(`${name}: facility location refuses what it cannot use`, async (t) => {
    const view = points({ rows: 20, cols: 4 });
    const broken = view.data.slice() as Float32Array;
    broken[4 * 7 + 2] = NaN;
    broken[4 * 9] = Infinity;
    await t.throwsAsync(facilityLocation({ ...view, data: broken }, 2), {
      code: 'ERR_QUERENT_VALUE',
      message: /^facilityLocation: row 7 of embeddings is not usable: its element 2 is NaN/,
    });
    await t.throwsAsync(
      facilityLocation(
        [
          [1, 2],
          [0, 0],
        ],
        1,
        { metric: 'cosine' },
      ),
      { message: /row 1 .*length is 0/ },
    );
    await t.throwsAsync(facilityLocation([[1e101]], 1), { message: /element 0 is 1e\+101, beyond 1e100/ });
    await t.throwsAsync(facilityLocation(view, 21), {
      code: 'ERR_QUERENT_SHAPE',
      message: /at most the 20 eligible rows for k, got 21/,
    });
    await t.throwsAsync(facilityLocation(view, 1, { metric: 'manhattan' as never }), { code: 'ERR_QUERENT_ARGUMENT' });
    await t.throwsAsync(facilityLocation(view, 1, { neighbours: 0 }), {
      message: /from 1 to .* for neighbours, got 0/,
    });
    await t.throwsAsync(facilityLocation(view, 1, { neighbors: 3 } as never), {
      message: /only the options .*, got 'neighbors'/,
    });
    await t.throwsAsync(facilityLocation(view, 1, { memoryLimit: NaN }), { code: 'ERR_QUERENT_ARGUMENT' });
    await t.throwsAsync(facilityLocation(view, 1, { onNotice: 1 as never }), { code: 'ERR_QUERENT_ARGUMENT' });
    await t.throwsAsync(facilityLocation(querent.matrix(new Float32Array(0), 3, 0), 1), { code: 'ERR_QUERENT_SHAPE' });
    const gone = new Float32Array(8);
    structuredClone(gone, { transfer: [gone.buffer] });
    await t.throwsAsync(facilityLocation({ data: gone, rows: 4, cols: 2 }, 1), { code: 'ERR_QUERENT_DETACHED' });
  });

  test(`${name}: beyond the memory limit it says so and takes the nearest neighbours`, async (t) => {
    const view = points({ rows: 200, cols: 3, seed: 8 });
    const notices: string[] = [];
    const onNotice = (message: string): void => void notices.push(message);
    const limited = await facilityLocation(view, 10, { memoryLimit: 50_000, onNotice });
    t.is(notices.length, 1);
    t.regex(
      notices[0] as string,
      /^facilityLocation: dense similarities of 200 rows need 0\.\d MB, above the limit of 0\.1 MB; using the 10 nearest neighbours of each row$/,
    );
    const asked = await facilityLocation(view, 10, { neighbours: 10 });
    t.deepEqual(limited, asked);
    await facilityLocation(view, 10, { memoryLimit: 400_000, onNotice });
    t.is(notices.length, 1);
    await t.throwsAsync(facilityLocation(view, 1, { memoryLimit: 100, onNotice }), {
      code: 'ERR_QUERENT_SHAPE',
      message: /raise memoryLimit/,
    });
    await t.throwsAsync(facilityLocation(view, 1, { memoryLimit: 1000, neighbours: 20 }), {
      code: 'ERR_QUERENT_SHAPE',
      message: /20 neighbours of 200 rows need 0.1 MB, above the limit of 0.0 MB/,
    });
  });

  test(`${name}: facility location stops when asked and tells its progress`, async (t) => {
    const view = points({ rows: 300, cols: 6 });
    const stop = new AbortController();
    stop.abort(new Error('enough'));
    await t.throwsAsync(facilityLocation(view, 5, { signal: stop.signal }), { message: 'enough' });
    const later = new AbortController();
    const running = facilityLocation(manyRows(6000, 100), 500, { signal: later.signal, threads: 1 });
    setTimeout(() => later.abort(new Error('later')), 5);
    await t.throwsAsync(running, { message: 'later' });
    const seen: number[] = [];
    await facilityLocation(view, 5, { onProgress: ({ done, total }) => void seen.push(done, total) });
    t.deepEqual(seen.slice(-2), [5, 5]);
  });
}

addonTest(
  'facility location gives the picks and gains of the reference, all similarities or the nearest',
  async (t) => {
    const run = fc.asyncProperty(
      anyPoints({ rows: 230, cols: 70 }),
      fc.constantFrom(...METRICS),
      fc.constantFrom(0, 1, 5, 33),
      fc.constantFrom(1, 2),
      fc.nat(60),
      async (view, metric, neighbours, threads, wanted) => {
        const k = Math.min(wanted, view.rows);
        const options = { metric, neighbours: neighbours || undefined };
        const got = await querent.facilityLocation(view, k, { ...options, threads });
        const expected = await reference.facilityLocation(view, k, options);
        t.deepEqual(got.indices, expected.indices);
        t.is(bitsOf(got.gains), bitsOf(expected.gains));
      },
    );
    await fc.assert(run, { numRuns: 60, seed: 11 });
  },
);

addonTest(
  'facility location: the same bits at every level and thread count, on private and shared memory',
  async (t) => {
    for (const dtype of POINT_DTYPES) {
      const view = points({ rows: 403, cols: 37, dtype, seed: 2, distinct: 300 });
      const shared = querent.allocMatrix(403, 37, dtype);
      shared.data.set(view.data);
      for (const neighbours of [undefined, 20]) {
        const wanted = await querent.facilityLocation(view, 50, { neighbours });
        for (const level of querent.runtimeInfo().levels) {
          querent.setLevel(level);
          for (const threads of [1, 2, 3]) {
            const got = await querent.facilityLocation(threads === 2 ? shared : view, 50, { neighbours, threads });
            t.deepEqual(got, wanted, `${dtype} ${level} ${threads}`);
          }
        }
        querent.setLevel('auto');
      }
    }
  },
);

addonTest('facility location stays exact where f32 bounds are useless', async (t) => {
  // two far groups: distances inside a group are below the rounding of the products
  const cases: querent.Matrix[] = [];
  const far = points({ rows: 150, cols: 20, dtype: 'f64', seed: 5 });
  const data = (far.data as Float64Array).map((value, i) => value * 1e-3 + (Math.floor(i / 20) % 2 === 0 ? 1e6 : -1e6));
  cases.push({ ...far, data });
  cases.push({ ...far, data: (far.data as Float64Array).map((value) => value * 1e99) });
  cases.push({ ...far, data: (far.data as Float64Array).map((value) => value * 1e-160) });
  cases.push({ ...far, data: (far.data as Float64Array).map((value) => 1e8 + value * 1e-6) });
  // every pair of rows equally far apart
  const corners = new Float32Array(90 * 90);
  for (let i = 0; i < 90; i++) corners[i * 91] = 3;
  cases.push({ data: corners, rows: 90, cols: 90 });
  for (const [at, view] of cases.entries()) {
    for (const metric of METRICS) {
      if (metric === 'cosine' && at === 2) continue;
      for (const neighbours of [undefined, 9]) {
        const got = await querent.facilityLocation(view, 60, { metric, neighbours });
        const expected = await reference.facilityLocation(view, 60, { metric, neighbours });
        t.deepEqual(got, expected, `case ${at}, ${metric}, ${neighbours}`);
      }
    }
  }
});

addonTest('all neighbours are all similarities', async (t) => {
  const view = points({ rows: 130, cols: 9, seed: 4 });
  const all = await querent.facilityLocation(view, 40);
  t.deepEqual(await querent.facilityLocation(view, 40, { neighbours: 130 }), all);
  t.deepEqual(await querent.facilityLocation(view, 40, { neighbours: 1000 }), all);
});
