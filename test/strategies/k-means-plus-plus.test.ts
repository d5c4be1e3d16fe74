import test from 'ava';
import { createStrategy } from '../../src/index.js';
import { poolContext, rowsOf } from '../helpers/diversity.js';
import { blobs } from '../helpers/blobs.js';

test('picks avoid what is labelled and each other', async (t) => {
  const { samples, labels } = blobs(100, 5, 6, { spread: 0.02 });
  for (let seed = 0; seed < 10; seed++) {
    const { indices } = await createStrategy('k-means++').query(
      poolContext({ points: samples, labeled: [0, 1], seed }),
      3,
    );
    t.deepEqual([...indices].map((index) => labels[index]).sort(), [2, 3, 4]);
  }
});

test('drawn in proportion to the squared distance', async (t) => {
  const points = rowsOf([[0], [1], [2], [3]]);
  const counts = [0, 0, 0, 0];
  for (let seed = 0; seed < 1400; seed++) {
    const { indices } = await createStrategy('k-means++').query(poolContext({ points, labeled: [0], seed }), 1);
    counts[indices[0]!]! += 1;
  }
  [0, 100, 400, 900].forEach((wanted, i) => t.true(Math.abs(counts[i]! - wanted) < 75, counts.join()));
});

test('copies of labelled samples come last, in the order of the pool', async (t) => {
  const points = rowsOf([[1], [1], [9], [1], [1]]);
  const { indices } = await createStrategy('k-means++').query(poolContext({ points, labeled: [3] }), 4);
  t.deepEqual([...indices], [2, 0, 1, 4]);
});

test('under cosine length does not count', async (t) => {
  const points = rowsOf([
    [1, 0],
    [100, 0],
    [0, 1],
    [0, 0],
  ]);
  const { indices } = await createStrategy('k-means++', { metric: 'cosine' }).query(
    poolContext({ points, labeled: [0] }),
    3,
  );
  t.is(indices[2], 1);
});
