import { readFileSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import * as querent from '../../src/index.js';
import * as reference from '../../src/reference/index.js';
import { addonTest } from '../helpers/addon.js';
import { implementations } from '../helpers/implementations.js';
import { anyPoints, manyRows, POINT_DTYPES, points } from '../helpers/points.js';
import { bitsOf, firstDifference } from '../helpers/values.js';

interface GoldenCase {
  readonly what: string;
  readonly cols: number;
  readonly a: number[];
  readonly b: number[];
  readonly euclidean: number[];
  readonly sqeuclidean: number[];
  readonly cosine: number[];
}
const golden = JSON.parse(readFileSync(new URL('../golden/pairwise.json', import.meta.url), 'utf8')) as {
  readonly cases: GoldenCase[];
};

for (const [name, { pairwiseDistances, pairwiseDistancesAsync }] of implementations) {
  test(`${name}: distances by hand`, (t) => {
    const rows = [
      [0, 0],
      [3, 4],
      [0, 1],
    ];
    t.deepEqual(
      [...pairwiseDistances(rows)],
      [0, 5, 1, 5, 0, Math.fround(Math.sqrt(18)), 1, Math.fround(Math.sqrt(18)), 0],
    );
    t.deepEqual([...pairwiseDistances(rows, [[0, 0]], { squared: true })], [0, 25, 1]);
    const [first, second] = pairwiseDistances(
      [[2, 0]],
      [
        [1, 1],
        [-3, 0],
      ],
      { metric: 'cosine' },
    );
    t.is(first, Math.fround(1 - Math.SQRT1_2));
    t.is(second, 2);
    t.is(pairwiseDistances(querent.matrix(new Float32Array(0), 0, 4)).length, 0);
    t.is(pairwiseDistances(querent.matrix(new Float32Array(0), 0, 2), [[1, 2]]).length, 0);
    const out = new Float64Array(9);
    t.is(pairwiseDistances(rows, undefined, { out }), out);
    t.is(out[5], Math.sqrt(18));
  });

  test(`${name}: distances agree with scipy in long double`, (t) => {
    for (const { what, cols, a, b, ...wanted } of golden.cases) {
      for (const Data of [Float32Array, Float64Array]) {
        const first = querent.matrix(new Data(a.map(Math.fround)), a.length / cols, cols);
        const second = querent.matrix(new Data(b.map(Math.fround)), b.length / cols, cols);
        const label = `${what}, ${Data.name}`;
        t.is(firstDifference(pairwiseDistances(first, second), wanted.euclidean), '', label);
        t.is(firstDifference(pairwiseDistances(first, second, { squared: true }), wanted.sqeuclidean), '', label);
        t.is(
          firstDifference(pairwiseDistances(first, second, { metric: 'cosine' }), wanted.cosine, 2e-6, 1e-30),
          '',
          label,
        );
      }
    }
  });

  test(`${name}: near duplicates around an offset keep their distances, and none is NaN`, (t) => {
    // 64 columns of numbers near 100; the second of each pair differs by 2^-13 in three places
    const rows = 60;
    const view = points({ rows, cols: 64, offset: 100, seed: 9 });
    const data = view.data as Float32Array;
    for (let r = 0; r < rows; r += 2) {
      data.copyWithin((r + 1) * 64, r * 64, (r + 1) * 64);
      for (const c of [3, 17, 63]) data[(r + 1) * 64 + c] = Math.fround((data[r * 64 + c] as number) + 2 ** -13);
    }
    const table = pairwiseDistances(view);
    t.false(table.some(Number.isNaN));
    for (let r = 0; r < rows; r += 2) {
      const got = table[r * rows + r + 1] as number;
      t.true(Math.abs(got - Math.sqrt(3) * 2 ** -13) <= 2e-6 * got, `${got}`);
      t.true(table.subarray(r * rows, (r + 1) * rows).every((d, j) => j === r || d >= got));
    }
  });

  test(`${name}: a table of one matrix is symmetric to the bit, with a zero diagonal`, (t) => {
    for (const dtype of POINT_DTYPES) {
      for (const metric of ['euclidean', 'cosine'] as const) {
        const n = 83;
        const view = points({ rows: n, cols: 19, dtype, seed: 6, distinct: 70, gap: 2 });
        const table = pairwiseDistances(view, undefined, { metric });
        const whole = pairwiseDistances(view, view, { metric });
        for (let i = 0; i < n; i++) {
          t.is(table[i * n + i], 0);
          for (let j = 0; j < i; j++) if (table[i * n + j] !== table[j * n + i]) t.fail(`${i}, ${j}`);
        }
        t.is(firstDifference(table, whole), '', `${dtype} ${metric}`);
        t.true(table.every((d) => d >= 0 && (metric === 'euclidean' || d <= 2)));
      }
    }
  });

  test(`${name}: distances refuse what they cannot use`, async (t) => {
    t.throws(() => pairwiseDistances([[1, NaN]]), {
      code: 'ERR_QUERENT_VALUE',
      message: /row 0 of a .*element 1 is NaN/,
    });
    t.throws(
      () =>
        pairwiseDistances(
          [[1, 2]],
          [
            [1, 1],
            [-Infinity, 0],
          ],
        ),
      { message: /row 1 of b .*element 0 is -Infinity/ },
    );
    t.throws(() => pairwiseDistances([[1, 2]], [[0, 0]], { metric: 'cosine' }), {
      message: /row 0 of b .*length is 0/,
    });
    t.throws(() => pairwiseDistances([[1, 2]], [[1]]), {
      code: 'ERR_QUERENT_SHAPE',
      message: /columns of b as of a \(2\), got 1/,
    });
    t.throws(() => pairwiseDistances([[1]], undefined, { metric: 'cosine', squared: true }), {
      code: 'ERR_QUERENT_ARGUMENT',
    });
    t.throws(() => pairwiseDistances([[1]], undefined, { squared: 1 as never }), { code: 'ERR_QUERENT_ARGUMENT' });
    t.throws(() => pairwiseDistances([[1]], undefined, { out: new Float32Array(2) }), {
      message: /one value per pair \(1\) for out/,
    });
    const data = new Float32Array(4);
    t.throws(() => pairwiseDistances({ data, rows: 2, cols: 1 }, undefined, { out: data }), { message: /overlapping/ });
    t.throws(() => pairwiseDistances([[1], [2]], { data, rows: 2, cols: 1 }, { out: data }), {
      message: /overlapping/,
    });
    t.throws(() => pairwiseDistances(querent.matrix(new Float32Array(0), 2 ** 31, 0), undefined), {
      code: 'ERR_QUERENT_SHAPE',
    });
    const gone = new Float32Array(4);
    structuredClone(gone, { transfer: [gone.buffer] });
    t.throws(() => pairwiseDistances({ data: gone, rows: 2, cols: 2 }), { code: 'ERR_QUERENT_DETACHED' });
    await t.throwsAsync(pairwiseDistancesAsync([[1, NaN]]), { code: 'ERR_QUERENT_VALUE' });
  });

  test(`${name}: the asynchronous form gives the same, into memory of the caller's too, and stops when asked`, async (t) => {
    const a = points({ rows: 91, cols: 12, seed: 1 });
    const b = points({ rows: 33, cols: 12, seed: 2, dtype: 'f16' });
    const wanted = pairwiseDistances(a, b);
    t.is(bitsOf(await pairwiseDistancesAsync(a, b)), bitsOf(wanted));
    const out = new Float32Array(91 * 33);
    t.is(await pairwiseDistancesAsync(a, b, { out }), out);
    t.is(bitsOf(out), bitsOf(wanted));
    const seen: number[] = [];
    await pairwiseDistancesAsync(a, undefined, { onProgress: ({ done }) => void seen.push(done) });
    t.is(seen.at(-1), 91);
    const stop = new AbortController();
    const running = pairwiseDistancesAsync(manyRows(4000, 80), undefined, { signal: stop.signal, threads: 1 });
    setTimeout(() => stop.abort(new Error('enough')), 3);
    await t.throwsAsync(running, { message: 'enough' });
    const kept = new Float32Array(4);
    const lost = pairwiseDistancesAsync([[1], [2]], undefined, { out: kept });
    structuredClone(kept, { transfer: [kept.buffer] });
    await t.throwsAsync(lost, { code: 'ERR_QUERENT_DETACHED' });
  });
}

addonTest('distances equal those of the reference, at every level and with any number of threads', (t) => {
  const run = fc.property(
    anyPoints({ rows: 150, cols: 140 }),
    fc.integer({ min: 1, max: 90 }),
    fc.constantFrom(...POINT_DTYPES),
    fc.constantFrom('euclidean', 'squared', 'cosine'),
    fc.constantFrom(1, 2, 3),
    (a, rows, dtype, what, threads) => {
      const b = points({ rows, cols: a.cols, dtype, seed: rows });
      const options = what === 'squared' ? { squared: true } : { metric: what as querent.Metric };
      for (const second of [b, undefined]) {
        const length = a.rows * (second ?? a).rows;
        const wanted = reference.pairwiseDistances(a, second, { ...options, out: new Float64Array(length) });
        for (const level of querent.runtimeInfo().levels) {
          querent.setLevel(level);
          const got = querent.pairwiseDistances(a, second, { ...options, threads, out: new Float64Array(length) });
          t.is(bitsOf(got), bitsOf(wanted), `${level} ${what}`);
        }
        querent.setLevel('auto');
      }
    },
  );
  fc.assert(run, { numRuns: 40, seed: 12 });
});

addonTest('a table of two thousand rows of 512: no NaN, the right small distances', (t) => {
  const rows = 2000;
  const view = points({ rows, cols: 512, seed: 13 });
  const data = view.data as Float32Array;
  for (let r = 0; r < rows; r += 2) {
    data.copyWithin((r + 1) * 512, r * 512, (r + 1) * 512);
    for (let c = 0; c < 512; c += 100) data[(r + 1) * 512 + c] = Math.fround((data[r * 512 + c] as number) + 1e-3);
  }
  const table = querent.pairwiseDistances(view);
  t.false(table.some(Number.isNaN));
  for (let r = 0; r < rows; r += 2) {
    let sum = 0;
    for (let c = 0; c < 512; c++) sum += ((data[r * 512 + c] as number) - (data[(r + 1) * 512 + c] as number)) ** 2;
    t.is(firstDifference([table[r * rows + r + 1] as number], [Math.sqrt(sum)]), '');
  }
});
