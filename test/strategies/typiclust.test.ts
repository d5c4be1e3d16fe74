import test from 'ava';
import { createStrategy } from '../../src/index.js';
import { poolContext, golden, rowsOf } from '../helpers/diversity.js';
import { blobs } from '../helpers/blobs.js';
import { firstDifference } from '../helpers/values.js';

test("picks and typicalities of the authors' loop, in plain numpy", async (t) => {
  const { h, cols, labeled, n, picks, scores } = golden.typiclust;
  const points = { data: Float32Array.from(h), rows: h.length / cols, cols };
  const found = await createStrategy('typiclust', { maxClusters: 9 }).query(poolContext({ points, labeled }), n);
  t.deepEqual([...found.indices], picks);
  t.is(firstDifference(found.scores!, scores, 1e-5), '');
});

test('the first batch is one typical sample of each blob', async (t) => {
  const { samples, labels } = blobs(200, 8, 5, { spread: 0.1 });
  const { indices } = await createStrategy('typiclust').query(poolContext({ points: samples }), 8);
  t.is(new Set([...indices].map((index) => labels[index])).size, 8);
  // typical: nearer to the middle of its blob than most
  for (const index of indices) {
    const middle = (label: number) => {
      const rows = [...labels.keys()].filter((row) => labels[row] === label);
      return [0, 1, 2, 3, 4].map((c) => rows.reduce((sum, row) => sum + samples.data[row * 5 + c]!, 0) / rows.length);
    };
    const centre = middle(labels[index]!);
    const distance = (row: number) => Math.hypot(...centre.map((x, c) => samples.data[row * 5 + c]! - x));
    const own = [...labels.keys()].filter((row) => labels[row] === labels[index]);
    t.true(own.filter((row) => distance(row) < distance(index)).length < own.length / 2);
  }
});

test('clusters with labels wait until the others are served', async (t) => {
  const { samples, labels } = blobs(100, 5, 4, { spread: 0.05 });
  const context = poolContext({ points: samples, labeled: [0, 1] });
  const { indices } = await createStrategy('typiclust', { maxClusters: 5 }).query(context, 5);
  t.deepEqual([...indices.subarray(0, 3)].map((index) => labels[index]).sort(), [2, 3, 4]);
  t.deepEqual([...indices.subarray(3)].map((index) => labels[index]).sort(), [0, 1]);
});

test('outliers alone in their clusters come last; a pool of small clusters is served all the same', async (t) => {
  const points = rowsOf([[900], ...Array.from({ length: 12 }, (_, i) => [i % 6]), [450]]);
  const { indices } = await createStrategy('typiclust', { maxClusters: 3 }).query(poolContext({ points }), 3);
  t.false(indices.includes(0) || indices.includes(13));
  const last = await createStrategy('typiclust', { maxClusters: 3 }).query(poolContext({ points }), 14);
  t.deepEqual([...last.indices.subarray(12)].sort(), [0, 13]);
  const all = await createStrategy('typiclust').query(poolContext({ points }), 14);
  t.is(new Set(all.indices).size, 14);
});
