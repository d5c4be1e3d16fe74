import { readFileSync } from 'node:fs';
import test from 'ava';
import { principalComponents } from '../../src/report/pca.js';

interface Case {
  readonly rows: number;
  readonly cols: number;
  readonly wanted: number;
  readonly projected: number[][];
}

const { cases } = JSON.parse(readFileSync(new URL('../golden/pca.json', import.meta.url), 'utf8')) as { cases: Case[] };

/** The points of test/golden/make_pca.py. */
function pointsOf({ rows, cols }: Case): Float64Array {
  return Float64Array.from({ length: rows * cols }, (_, at) => {
    const [r, c] = [Math.floor(at / cols), at % cols];
    return (Math.sin(1.7 * r * ((c % 5) + 1) + c) * 3) / (1 + (c % 5) + c / cols);
  });
}

for (const golden of cases) {
  const { rows, cols, wanted, projected } = golden;
  test(`${wanted} principal components of ${rows} x ${cols} are numpy's within 1e-4`, async (t) => {
    const found = await principalComponents(pointsOf(golden), rows, cols, wanted);
    t.is(found.cols, Math.min(wanted, cols));
    const largest = Math.max(...projected.flat().map(Math.abs));
    const off = projected.flatMap((row, r) => row.map((value, k) => Math.abs(value - found.data[r * found.cols + k]!)));
    t.true(Math.max(...off) <= 1e-4 * largest, `off by ${Math.max(...off)} of ${largest}`);
  });
}

test('the same seed gives the same bits, points that are all alike give zeros', async (t) => {
  const points = pointsOf(cases[1]!);
  const [a, b] = [await principalComponents(points, 60, 120, 2), await principalComponents(points, 60, 120, 2)];
  t.deepEqual(a.data, b.data);
  const { data } = await principalComponents(new Float32Array(50).fill(3), 10, 5, 2);
  t.true(data.every((value) => value === 0));
});

test('a signal stops it', async (t) => {
  const signal = AbortSignal.abort(new Error('enough'));
  await t.throwsAsync(principalComponents(pointsOf(cases[1]!), 60, 120, 2, { signal }), { message: 'enough' });
});
