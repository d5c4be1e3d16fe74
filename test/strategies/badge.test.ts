import test from 'ava';
import { badge, createStrategy, Random } from '../../src/index.js';
import { poolContext, goldenContext, rowsOf } from '../helpers/diversity.js';

test("the kernel's picks, as pool indices", async (t) => {
  const context = goldenContext();
  const { unlabeled, seed } = context;
  const kernel = await badge(await context.predict(unlabeled), await context.embed(unlabeled), 10, { seed });
  const { indices } = await createStrategy('badge').query(context, 10);
  t.deepEqual(
    [...indices],
    [...kernel.indices].map((row) => unlabeled[row]),
  );
});

test('among near duplicates of one uncertain sample it asks for few, margin for nothing else', async (t) => {
  const random = new Random(2);
  const place = (middle: number) => [middle + 0.01 * random.normal(), middle + 0.01 * random.normal(), 1];
  const points = rowsOf(Array.from({ length: 60 }, (_, i) => place(i < 20 ? 5 : i < 40 ? -5 : 0)));
  const sure = (i: number) => (i < 20 ? 0.501 : i < 40 ? 0.6 : 0.7) + 1e-4 * (i % 20);
  const probabilities = rowsOf(Array.from({ length: 60 }, (_, i) => [sure(i), 1 - sure(i)]));
  const context = poolContext({ points, probabilities });
  const groups = async (name: string) =>
    [...(await createStrategy(name).query(context, 6)).indices].map((index) => Math.floor(index / 20));
  t.deepEqual(await groups('margin'), [0, 0, 0, 0, 0, 0]);
  t.is(new Set(await groups('badge')).size, 3);
});

test('gradients that are all zero are no trouble', async (t) => {
  const probabilities = rowsOf(Array.from({ length: 5 }, () => [1, 0]));
  const points = rowsOf(Array.from({ length: 5 }, () => [0, 0]));
  const { indices } = await createStrategy('badge').query(poolContext({ points, probabilities }), 3);
  t.deepEqual([...indices], [0, 1, 2]);
});
