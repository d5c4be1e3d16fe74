import test from 'ava';
import { createStrategy, kMeans } from '../../src/index.js';
import { pureRadius } from '../../src/strategies/support/pure-radius.js';
import { poolContext, golden, goldenContext, rowsOf } from '../helpers/diversity.js';
import { blobs } from '../helpers/blobs.js';
import { euclidean } from '../helpers/embeddings.js';

for (const { delta, n, picks, covered } of golden.probcover) {
  test(`picks of the authors' loop with balls of ${delta}, ${n} asked for`, async (t) => {
    const { indices, scores } = await createStrategy('probcover', { delta }).query(goldenContext(), n);
    t.deepEqual([...indices.subarray(0, picks.length)], picks);
    t.deepEqual(Array.from(scores!).slice(0, picks.length), covered);
    t.true(
      Array.from(scores!)
        .slice(picks.length)
        .every((score) => score === 0),
    );
    t.is(new Set(indices).size, n);
  });
}

test('once all is covered, the farthest samples follow', async (t) => {
  const points = rowsOf([[0], [0.1], [0.2], [5], [5.1], [9]]);
  const { indices, scores } = await createStrategy('probcover', { delta: 0.5 }).query(poolContext({ points }), 5);
  t.deepEqual([...indices], [0, 3, 5, 2, 1]);
  t.deepEqual(Array.from(scores!), [3, 2, 1, 0, 0]);
});

test('the automatic radius is the largest with the wanted share of pure balls', async (t) => {
  const { samples } = blobs(90, 3, 4, { spread: 0.9 });
  const rows = Array.from({ length: 90 }, (_, i) => [...samples.data.subarray(i * 4, i * 4 + 4)]);
  const { assignments } = await kMeans(samples, 3, { seed: 4 });
  const purity = (radius: number) =>
    rows.filter((row, i) =>
      rows.every((other, j) => assignments[i] === assignments[j] || euclidean(row, other) >= radius),
    ).length / 90;
  for (const share of [0.5, 0.8, 0.95, 1]) {
    const radius = await pureRadius(samples, 3, share, 4, undefined);
    t.true(purity(radius - 1e-5) >= share - 1e-9, `${share}: ${radius}`);
    t.true(purity(radius + 1e-5) < share, `${share}: ${radius}`);
  }
});

test('the first batch covers each blob once', async (t) => {
  const { samples, labels } = blobs(200, 8, 5, { spread: 0.1 });
  const { indices } = await createStrategy('probcover').query(poolContext({ points: samples, classes: 8 }), 8);
  t.is(new Set([...indices].map((index) => labels[index])).size, 8);
});

test('samples that are all equal: one covers all, whatever the radius', async (t) => {
  const points = rowsOf(Array.from({ length: 6 }, () => [0.3, 0.3]));
  const { indices, scores } = await createStrategy('probcover').query(poolContext({ points }), 3);
  t.deepEqual([...indices], [0, 1, 2]);
  t.deepEqual(Array.from(scores!), [6, 0, 0]);
});
