import test from 'ava';
import { clusterMargin, createStrategy, score } from '../../src/index.js';
import { poolContext, goldenContext, rowsOf } from '../helpers/diversity.js';
import { blobs } from '../helpers/blobs.js';

test("the kernel's picks, as pool indices", async (t) => {
  const context = goldenContext();
  const { unlabeled, seed } = context;
  const margins = score(await context.predict(unlabeled), { method: 'margin' });
  const kernel = await clusterMargin(margins, await context.embed(unlabeled), 4, { seed });
  const { indices } = await createStrategy('cluster-margin').query(context, 4);
  t.deepEqual(
    [...indices],
    [...kernel.indices].map((row) => unlabeled[row]),
  );
});

/** Five blobs; the rows of blob 0 are the least certain, those of blob 4 certain. */
function unsure(rows: number) {
  const { samples, labels } = blobs(rows, 5, 4, { spread: 0.02 });
  const top = (i: number) => 0.5 + 0.1 * labels[i]! + (labels[i]! === 4 ? 0.09 : 0) + 1e-5 * i;
  const probabilities = rowsOf(Array.from({ length: rows }, (_, i) => [top(i), 1 - top(i)]));
  return { context: poolContext({ points: samples, probabilities }), labels };
}

for (const options of [{}, { treeRows: 25 }, { linkage: 'k-means' }]) {
  test(`a few of every cluster among the uncertain, ${JSON.stringify(options)}`, async (t) => {
    const { context, labels } = unsure(100);
    // 80 of 100 candidates: all but the certain blob
    const { indices } = await createStrategy('cluster-margin', { ...options, factor: 8, clusters: 5 }).query(
      context,
      10,
    );
    const counts = [0, 0, 0, 0, 0];
    for (const index of indices) counts[labels[index]!]! += 1;
    t.is(counts[4], 0);
    for (const count of counts.slice(0, 4)) t.true(count >= 2 && count <= 3, counts.join());
  });
}

test('options that contradict each other are an error', (t) => {
  const made = () => createStrategy('cluster-margin', { clusters: 3, distanceThreshold: 1 });
  t.throws(made, { code: 'ERR_QUERENT_ARGUMENT', message: /only one of clusters and distanceThreshold/ });
  t.throws(() => createStrategy('cluster-margin', { linkage: 'k-means', distanceThreshold: 1 }), {
    code: 'ERR_QUERENT_ARGUMENT',
  });
});

test('a threshold in place of a number of clusters; rows of zeros under cosine', async (t) => {
  const points = rowsOf([
    [0, 0],
    [1, 0],
    [1, 0.01],
    [0, 0],
    [0, 1],
  ]);
  const options = { metric: 'cosine', distanceThreshold: 0.1, treeRows: 4 };
  const { indices } = await createStrategy('cluster-margin', options).query(poolContext({ points }), 5);
  t.is(new Set(indices).size, 5);
});
