import test from 'ava';
import { createStrategy, facilityLocation } from '../../src/index.js';
import { greedyMedoids } from '../../src/strategies/support/greedy-medoids.js';
import { poolContext, golden, goldenContext, rowsOf } from '../helpers/diversity.js';
import { blobs } from '../helpers/blobs.js';
import { firstDifference } from '../helpers/values.js';

for (const { metric, n, picks, gains } of golden.facility) {
  test(`${metric} picks and gains of the plain loop that starts from what labels cover`, async (t) => {
    const { indices, scores } = await createStrategy('facility-location', { metric }).query(goldenContext(), n);
    t.deepEqual([...indices], picks);
    t.is(firstDifference(scores!, gains, 1e-5, 1e-5), '');
  });
}

test('without labels: the kernel; its picks are those of the greedy that starts from nothing covered', async (t) => {
  const { samples } = blobs(70, 4, 3);
  for (const metric of ['euclidean', 'cosine'] as const) {
    const kernel = await facilityLocation(samples, 12, { metric });
    const found = await createStrategy('facility-location', { metric }).query(poolContext({ points: samples }), 12);
    t.deepEqual([...found.indices], [...kernel.indices]);
    // before any pick the kernel's similarity is 0: as far as the farthest pair, or the opposite direction
    const farthest = metric === 'cosine' ? 2 : widest(samples);
    const own = await greedyMedoids(samples, samples, new Float64Array(70).fill(farthest), 12, { metric });
    t.deepEqual(own.picks, [...kernel.indices]);
    t.is(firstDifference(own.gains, kernel.gains, 1e-4), '');
  }
});

function widest({ data, rows, cols }: { data: Float32Array; rows: number; cols: number }): number {
  let most = 0;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < i; j++) {
      let sum = 0;
      for (let c = 0; c < cols; c++) sum += (data[i * cols + c]! - data[j * cols + c]!) ** 2;
      most = Math.max(most, sum);
    }
  }
  return most;
}

test('blobs with labels are asked about last', async (t) => {
  const { samples, labels } = blobs(100, 5, 4, { spread: 0.05 });
  const { indices } = await createStrategy('facility-location').query(
    poolContext({ points: samples, labeled: [0, 1] }),
    3,
  );
  t.deepEqual([...indices].map((index) => labels[index]).sort(), [2, 3, 4]);
});

test('a reference of a few samples serves a larger pool', async (t) => {
  const { samples, labels } = blobs(300, 5, 4, { spread: 0.05 });
  const options = { candidates: 100, reference: 60 };
  const { indices } = await createStrategy('facility-location', options).query(
    poolContext({ points: samples, labeled: [0] }),
    4,
  );
  t.deepEqual([...indices].map((index) => labels[index]).sort(), [1, 2, 3, 4]);
});

test('under cosine, rows of zeros are no error', async (t) => {
  const points = rowsOf([
    [0, 0],
    [1, 0],
    [0, 1],
    [0, 0],
  ]);
  for (const labeled of [[], [1]]) {
    const { indices } = await createStrategy('facility-location', { metric: 'cosine' }).query(
      poolContext({ points, labeled }),
      4,
    );
    t.is(new Set(indices).size, 4 - labeled.length);
  }
});
