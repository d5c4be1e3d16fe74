import test from 'ava';
import { createStrategy, Random } from '../../src/index.js';
import { representatives } from '../../src/strategies/support/representatives.js';
import { weightedKMeans, weightedLloyd } from '../../src/strategies/support/weighted-k-means.js';
import { poolContext, golden, rowsOf } from '../helpers/diversity.js';
import { blobs } from '../helpers/blobs.js';
import { firstDifference } from '../helpers/values.js';

const entropyOf = (p: ArrayLike<number>): number => -Array.from(p).reduce((sum, x) => sum + x * Math.log(x), 0);

test('one sample of each of n blobs, near its middle, the largest blob first', async (t) => {
  const { samples, labels } = blobs(120, 6, 4, { spread: 0.05 });
  const more = { ...samples, data: Float32Array.from([...samples.data, ...samples.data.subarray(8, 12)]), rows: 121 };
  const { indices } = await createStrategy('k-means').query(poolContext({ points: more }), 6);
  const classOf = (index: number) => (index === 120 ? labels[2] : labels[index]);
  t.is(new Set([...indices].map(classOf)).size, 6);
  t.is(classOf(indices[0]!), 2);
});

test('weighted centroids are those of scikit-learn', async (t) => {
  const { h, p, cols, classes } = golden.world;
  const points = { data: Float32Array.from(h), rows: h.length / cols, cols };
  const weights = Float64Array.from({ length: points.rows }, (_, i) =>
    entropyOf(p.slice(i * classes, (i + 1) * classes)),
  );
  const { k, centroids, assignments } = golden.kMeans;
  const start = Float64Array.from(h.slice(0, k * cols));
  const found = await weightedLloyd(points, weights, start, { maxIterations: 100 });
  t.deepEqual([...found.assignments], assignments);
  t.is(firstDifference(found.centroids, centroids, 1e-6, 1e-6), '');
});

test('equal weights are no weights, in the mean over seeds', async (t) => {
  const { samples } = blobs(90, 3, 2, { spread: 0.3 });
  const inertia = (assignments: Uint32Array, centroids: Float64Array) =>
    assignments.reduce((sum, k, row) => {
      const [dx, dy] = [0, 1].map((c) => samples.data[row * 2 + c]! - centroids[k * 2 + c]!) as [number, number];
      return sum + dx * dx + dy * dy;
    }, 0);
  const runs = await Promise.all(
    Array.from({ length: 10 }, (_, seed) =>
      weightedKMeans(samples, new Float64Array(90).fill(2), 3, { seed, maxIterations: 100 }),
    ),
  );
  const best = Math.min(...runs.map(({ assignments, centroids }) => inertia(assignments, centroids)));
  t.true(runs.filter((run) => inertia(run.assignments, run.centroids) < best * 1.01).length >= 7);
});

test('weight draws the picks towards uncertain samples', async (t) => {
  const random = new Random(5);
  const points = rowsOf(Array.from({ length: 300 }, () => [random.float(), random.float()]));
  // unsure on the right half only
  const probabilities = rowsOf(
    Array.from({ length: 300 }, (_, i) => (points.data[2 * i]! > 0.5 ? [0.5, 0.5] : [0.999, 0.001])),
  );
  const context = poolContext({ points, probabilities });
  const right = async (options: object) => {
    const { indices } = await createStrategy('k-means', options).query(context, 20);
    return [...indices].filter((index) => points.data[2 * index]! > 0.5).length;
  };
  t.true(Math.abs((await right({})) - 10) <= 3);
  t.true((await right({ weight: 'entropy' })) >= 18);
  t.true((await right({ weight: 'margin' })) >= 18);
});

test('needs predictions only where it weighs by them', (t) => {
  t.deepEqual(createStrategy('k-means').needs, ['embeddings']);
  t.deepEqual(createStrategy('k-means', { weight: 'margin' }).needs, ['embeddings', 'probabilities']);
});

test('weights that are all zero count as equal; copies are no repeats', async (t) => {
  const points = rowsOf(Array.from({ length: 12 }, (_, i) => [i % 2, 1]));
  const rows = await representatives(points, new Float64Array(12), 5, { seed: 1, maxIterations: 10 });
  t.is(new Set(rows).size, 5);
  const one = new Float64Array(12);
  one[7] = 3;
  t.is(new Set(await representatives(points, one, 12, { seed: 1, maxIterations: 10 })).size, 12);
});
