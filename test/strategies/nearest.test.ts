import test from 'ava';
import fc from 'fast-check';
import { nearestRows } from '../../src/strategies/support/nearest.js';
import { comparable, onSphere } from '../../src/strategies/support/rows.js';
import { poolContext, rowsOf } from '../helpers/diversity.js';
import { cosine, euclidean } from '../helpers/embeddings.js';
import { bitsOf } from '../helpers/values.js';
import { candidatesOf } from '../../src/strategies/support/candidates.js';

/** Small whole numbers, so that ties and copies abound; the first column keeps rows away from zero. */
const anyRows = (most: number) =>
  fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: -2, max: 2 }), fc.integer({ min: -2, max: 2 })), {
    minLength: 1,
    maxLength: most,
  });

test('nearest rows are those of sorting all distances, whatever the blocks', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      anyRows(12),
      anyRows(20),
      fc.integer({ min: 1, max: 25 }),
      fc.integer({ min: 1, max: 60 }),
      fc.constantFrom('euclidean' as const, 'cosine' as const),
      async (queries, references, k, blockPairs, metric) => {
        const found = await nearestRows(rowsOf(queries), rowsOf(references), k, { metric, blockPairs });
        const distance = metric === 'cosine' ? cosine : euclidean;
        return queries.every((query, i) => {
          const all = references.map((row) => distance(query, row)).sort((p, q) => p - q);
          const own = [...found.distances.subarray(i * found.k, (i + 1) * found.k)];
          const rows = [...found.rows.subarray(i * found.k, (i + 1) * found.k)];
          return (
            found.k === Math.min(k, references.length) &&
            own.every((value, j) => Math.abs(value - all[j]!) < 1e-6) &&
            rows.every((row, j) => Math.abs(distance(query, references[row]!) - own[j]!) < 1e-6) &&
            rows.every((row, j) => j === 0 || own[j]! > own[j - 1]! || row > rows[j - 1]!)
          );
        });
      },
    ),
    { numRuns: 150 },
  );
  t.pass();
});

test('a row is not its own neighbour, a copy of it is', async (t) => {
  const rows = rowsOf([
    [0, 0],
    [3, 4],
    [0, 0],
  ]);
  const { k, rows: nearest, distances } = await nearestRows(rows, rows, 5, { isSelf: true });
  t.is(k, 2);
  t.deepEqual([...nearest], [2, 1, 0, 2, 0, 1]);
  t.deepEqual([...distances], [0, 5, 5, 5, 0, 5]);
});

test('near duplicates keep their distances', async (t) => {
  const near = Array.from({ length: 40 }, (_, i) =>
    Array.from({ length: 64 }, (_, c) => 10 + c + (c === 5 ? i * 1e-4 : 0)),
  );
  const rows = rowsOf(near);
  const { distances } = await nearestRows(rows, rows, 1, { isSelf: true });
  t.true(
    distances.every((distance) => distance > 5e-5 && distance < 2e-4),
    distances.join(),
  );
});

test('no reference rows: no neighbours', async (t) => {
  const { k, rows } = await nearestRows(rowsOf([[1, 2]]), { data: new Float32Array(0), rows: 0, cols: 2 }, 3);
  t.is(k, 0);
  t.is(rows.length, 0);
});

test('rows of zeros resemble each other and nothing else', async (t) => {
  const points = comparable(
    rowsOf([
      [0, 0],
      [1, 1],
      [0, 0],
      [-2, 2],
    ]),
    'cosine',
  );
  const { distances, rows } = await nearestRows(points, points, 3, { isSelf: true, metric: 'cosine' });
  t.deepEqual([...rows.subarray(0, 3)], [2, 1, 3]);
  t.deepEqual([...distances.subarray(0, 3)], [0, 1, 1]);
  const unit = onSphere(
    rowsOf([
      [0, 0],
      [3, 4],
    ]),
    'cosine',
  );
  t.deepEqual(
    [...unit.data].map((x) => Math.round(x * 1e6) / 1e6),
    [0, 0, 1, 0.6, 0.8, 0],
  );
});

test('rows of an own copy: the given ones stay as they are', (t) => {
  const rows = rowsOf([[3, 4]]);
  const before = bitsOf(rows.data);
  onSphere(rows, 'cosine').data.fill(7);
  comparable(rows, 'euclidean').data.fill(7);
  t.is(bitsOf(rows.data), before);
});

test('candidates are a uniform draw in the order of the pool, never fewer than asked for', (t) => {
  const context = poolContext({ points: rowsOf(Array.from({ length: 50 }, (_, i) => [i])), labeled: [4] });
  const counts = new Map<number, number>();
  for (let seed = 0; seed < 400; seed++) {
    const drawn = candidatesOf({ ...context, seed }, 10, 3);
    t.is(drawn.length, 10);
    t.deepEqual(
      [...drawn],
      [...new Set(drawn)].sort((p, q) => p - q),
    );
    for (const index of drawn) counts.set(index, (counts.get(index) ?? 0) + 1);
  }
  t.is(counts.size, 49);
  t.false(counts.has(4));
  for (const count of counts.values()) t.true(Math.abs(count - 81.6) < 40, String(count));
  t.is(candidatesOf(context, 10, 20).length, 20);
  t.is(candidatesOf(context, undefined, 20).length, 49);
});
