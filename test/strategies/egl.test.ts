import test from 'ava';
import { createStrategy } from '../../src/index.js';
import { expectedLength } from '../../src/strategies/egl.js';
import { poolContext, byIndex, golden, goldenContext, rowsOf } from '../helpers/diversity.js';
import { firstDifference } from '../helpers/values.js';

test('a worked example, with and without bias', async (t) => {
  const context = poolContext({ points: rowsOf([[3, 4]]), probabilities: rowsOf([[0.7, 0.2, 0.1]]) });
  const [withBias, without] = await Promise.all(
    [true, false].map(async (bias) => (await createStrategy('egl', { bias }).query(context, 1)).scores![0]!),
  );
  t.true(Math.abs(withBias! - 3.0146216717) < 1e-6, String(withBias));
  t.true(Math.abs(without! - 2.9560797557) < 1e-6, String(without));
});

for (const bias of [true, false]) {
  test(`scores are the lengths of outer products in numpy, bias ${bias}`, async (t) => {
    const context = goldenContext();
    const { indices, scores } = await createStrategy('egl', { bias }).query(context, 100);
    const wanted = golden.egl[bias ? 'bias' : 'none'];
    t.is(firstDifference(byIndex(indices, scores, context.unlabeled), wanted, 2e-6), '');
  });
}

test('every sample has its own length, and confident ones keep their digits', (t) => {
  // two classes: 2 p q sqrt(2), with p = 1 - 1e-9
  const q = 1e-9;
  t.true(Math.abs(expectedLength([1 - q, q]) / (2 * q * (1 - q) * Math.SQRT2) - 1) < 1e-6);
  t.is(expectedLength([0, 1, 0]), 0);
});
