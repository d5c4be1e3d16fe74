import test from 'ava';
import { createStrategy, Random } from '../../src/index.js';
import { poolContext, rowsOf } from '../helpers/diversity.js';
import { cosine, textbookKCenter } from '../helpers/embeddings.js';

function cloud(rows: number, cols: number, seed = 3): number[][] {
  const random = new Random(seed);
  return Array.from({ length: rows }, () => Array.from({ length: cols }, () => Math.fround(random.normal())));
}

test('picks are pool indices of the textbook loop with the labelled samples as centres', async (t) => {
  const rows = cloud(400, 8);
  const labeled = Array.from({ length: 50 }, (_, i) => (i * 37 + 11) % 400);
  const wanted = textbookKCenter(rows, 20, { labeled });
  const { indices, scores } = await createStrategy('k-center').query(
    poolContext({ points: rowsOf(rows), labeled }),
    20,
  );
  t.deepEqual([...indices], wanted.indices);
  wanted.distances.forEach((distance, at) => t.true(Math.abs(scores![at]! - distance) < 1e-9));
});

test('the worked example of ten points', async (t) => {
  const points = rowsOf([
    [0, 0],
    [1, 0],
    [0, 1],
    [10, 10],
    [10, 11],
    [11, 10],
    [0, 10],
    [1, 10],
    [10, 0],
    [5, 5],
  ]);
  const { indices } = await createStrategy('k-center').query(poolContext({ points, labeled: [0] }), 4);
  t.deepEqual([...indices], [4, 6, 8, 9]);
});

test('before there are labels the first pick is the sample nearest to the mean', async (t) => {
  const points = rowsOf([
    [-5, 0],
    [5, 1],
    [0.5, 0],
    [0, -9],
    [0, 9],
  ]);
  const { indices, scores } = await createStrategy('k-center').query(poolContext({ points }), 3);
  t.is(indices[0], 2);
  t.is(scores![0], Infinity);
  t.deepEqual([...indices.subarray(1)].sort(), [3, 4]);
});

test('under cosine, rows of zeros are asked about once and resemble nothing else', async (t) => {
  const rows = [
    [1, 0],
    [0, 0],
    [1, 0.1],
    [0, 0],
    [-1, 0],
    [0.2, 1],
  ];
  const context = poolContext({ points: rowsOf(rows), labeled: [0] });
  const { indices, scores } = await createStrategy('k-center', { metric: 'cosine' }).query(context, 5);
  t.deepEqual([...indices.subarray(0, 2)], [4, 1]);
  t.deepEqual([...(scores as Float64Array).subarray(0, 2)], [2, 1]);
  t.is(scores![[...indices].indexOf(3)], 0);
  const plain = rows.filter((row) => row.some((x) => x !== 0));
  const wanted = textbookKCenter(plain, 3, { labeled: [0], distance: cosine }).indices.map((i) =>
    rows.indexOf(plain[i]!),
  );
  t.deepEqual(
    [...indices].filter((i) => i !== 1 && i !== 3),
    wanted,
  );
});

test('near duplicates far from the origin are no NaN and no repeats', async (t) => {
  const rows = cloud(60, 64).flatMap((row) => [row.map((x) => 100 + x), row.map((x) => 100 + x + 1e-5)]);
  const { indices, scores } = await createStrategy('k-center').query(
    poolContext({ points: rowsOf(rows), labeled: [0] }),
    119,
  );
  t.is(new Set(indices).size, 119);
  t.false([...(scores as Float64Array)].some(Number.isNaN));
  t.is(new Set([...indices.subarray(0, 59)].map((i) => i >> 1)).size, 59);
});

test('a draw of candidates bounds what is looked at', async (t) => {
  const context = poolContext({ points: rowsOf(cloud(200, 3)), labeled: [5] });
  const few = await createStrategy('k-center', { candidates: 30 }).query(context, 30);
  const all = await createStrategy('k-center').query(context, 30);
  t.is(new Set(few.indices).size, 30);
  t.notDeepEqual([...few.indices].sort(), [...all.indices].sort());
});
