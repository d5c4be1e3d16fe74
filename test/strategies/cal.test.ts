import test from 'ava';
import { createStrategy } from '../../src/index.js';
import { poolContext, byIndex, golden, goldenContext, rowsOf } from '../helpers/diversity.js';
import { firstDifference } from '../helpers/values.js';

test('a worked example: two labelled neighbours', async (t) => {
  const probabilities = rowsOf([
    [0.9, 0.05, 0.05],
    [0.2, 0.5, 0.3],
    [0.5, 0.3, 0.2],
  ]);
  const points = rowsOf([
    [1, 0],
    [1, 1],
    [1, 0.5],
  ]);
  const context = poolContext({ points, probabilities, labeled: [0, 1] });
  const { indices, scores } = await createStrategy('cal').query(context, 1);
  t.is(indices[0], 2);
  t.true(Math.abs(scores![0]! - 0.2819497524) < 1e-6, String(scores![0]));
  const one = await createStrategy('cal', { neighbours: 1, metric: 'euclidean' }).query(context, 1);
  t.true(Math.abs(one.scores![0]! - 0.3701053069) < 1e-6, String(one.scores![0]));
});

for (const metric of ['cosine', 'euclidean'] as const) {
  test(`${metric} scores are those of plain numpy`, async (t) => {
    const context = goldenContext();
    const found = await createStrategy('cal', { neighbours: 3, metric }).query(context, 100);
    t.is(firstDifference(byIndex(found.indices, found.scores, context.unlabeled), golden.cal[metric], 1e-5), '');
  });
}

test('neighbours are labelled samples only, however near unlabelled ones are', async (t) => {
  // 1 and 2 are copies in all but their prediction; an index over all samples would find them near each other
  const points = rowsOf([
    [1, 0],
    [0, 1],
    [0, 1],
    [1, 0.1],
  ]);
  const probabilities = rowsOf([
    [0.9, 0.1],
    [0.9, 0.1],
    [0.1, 0.9],
    [0.8, 0.2],
  ]);
  const context = poolContext({ points, probabilities, labeled: [0] });
  const { indices, scores } = await createStrategy('cal', { neighbours: 1 }).query(context, 3);
  t.deepEqual([...indices], [2, 3, 1]);
  t.is(scores![2], 0);
});

test('predictions with exact zeros give finite scores', async (t) => {
  const points = rowsOf([
    [1, 0],
    [1, 0.2],
    [0, 0],
  ]);
  const probabilities = rowsOf([
    [1, 0],
    [0, 1],
    [0.5, 0.5],
  ]);
  const { indices, scores } = await createStrategy('cal').query(
    poolContext({ points, probabilities, labeled: [0] }),
    2,
  );
  t.deepEqual([...indices], [1, 2]);
  t.true(Array.from(scores!).every(Number.isFinite));
});

test('before there are labels samples spread out', async (t) => {
  const points = rowsOf([[0], [0], [9], [0]]);
  const { indices, scores } = await createStrategy('cal').query(poolContext({ points }), 2);
  t.true(indices.includes(2));
  t.is(scores, undefined);
});
