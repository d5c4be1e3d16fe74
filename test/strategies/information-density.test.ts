import test from 'ava';
import { createStrategy } from '../../src/index.js';
import { poolContext, byIndex, golden, goldenContext, rowsOf } from '../helpers/diversity.js';
import { firstDifference } from '../helpers/values.js';

for (const { beta, metric, scores } of golden.density) {
  test(`${metric} scores with beta ${beta} are those of all pairs in numpy`, async (t) => {
    const context = goldenContext();
    const found = await createStrategy('information-density', { beta, metric }).query(context, 100);
    t.is(firstDifference(byIndex(found.indices, found.scores, context.unlabeled), scores, 2e-6, 1e-7), '');
  });
}

test('an uncertain outlier is left alone', async (t) => {
  const points = rowsOf([
    [1, 0.1],
    [1, 0],
    [1, 0.2],
    [-1, 0.3],
    [1, 0.1],
  ]);
  const probabilities = rowsOf([
    [0.7, 0.3],
    [0.9, 0.1],
    [0.8, 0.2],
    [0.5, 0.5],
    [0.9, 0.1],
  ]);
  const context = poolContext({ points, probabilities });
  t.is((await createStrategy('information-density').query(context, 1)).indices[0], 0);
  t.is((await createStrategy('information-density', { beta: 0 }).query(context, 1)).indices[0], 3);
});

test('rows of zeros resemble nothing', async (t) => {
  const points = rowsOf([
    [0, 0],
    [1, 0],
    [0, 1],
  ]);
  const { indices, scores } = await createStrategy('information-density').query(poolContext({ points }), 3);
  t.is(indices[2], 0);
  t.is(scores![2], 0);
});

test('a reference of few samples stands for the pool', async (t) => {
  const context = goldenContext();
  const options = { metric: 'euclidean', reference: 25 };
  const few = await createStrategy('information-density', options).query(context, 51);
  const wanted = golden.density.find(({ beta, metric }) => beta === 1 && metric === 'euclidean')!.scores;
  t.not(firstDifference(byIndex(few.indices, few.scores, context.unlabeled), wanted, 1e-6), '');
  t.is(firstDifference(byIndex(few.indices, few.scores, context.unlabeled), wanted, 0.35), '');
});
