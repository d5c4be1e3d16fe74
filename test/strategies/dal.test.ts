import test from 'ava';
import { createStrategy, loadDataset, Random } from '../../src/index.js';
import { Discriminator } from '../../src/strategies/support/discriminator.js';
import { poolContext, rowsOf } from '../helpers/diversity.js';
import { blobs } from '../helpers/blobs.js';

test('with 300 digits 0 to 6 labelled, most of 100 picks are 7 to 9', async (t) => {
  const { pool } = await loadDataset('digits');
  const points = { data: pool.samples.data as Float32Array, rows: pool.samples.rows, cols: 64 };
  const known = [...pool.labels.keys()].filter((i) => pool.labels[i]! < 7);
  const fractions: number[] = [];
  for (const seed of [1, 2]) {
    const labeled = new Random(seed).shuffle([...known]).slice(0, 300);
    const { indices, scores } = await createStrategy('dal').query(poolContext({ points, labeled, seed }), 100);
    fractions.push([...indices].filter((index) => pool.labels[index]! >= 7).length / 100);
    t.true(Array.from(scores!).every((score) => score > 0.5 && score <= 1));
  }
  // of the unlabelled samples 39 % are 7 to 9
  t.log(`unseen classes: ${fractions.join(', ')}`);
  for (const fraction of fractions) t.true(fraction >= 0.75, String(fraction));
});

test('later sub-batches go where the first did not', async (t) => {
  // two unlabelled blobs, one of them farther from the labelled one
  const random = new Random(1);
  const near = (x: number, y: number) => [x + 0.1 * random.normal(), y + 0.1 * random.normal()];
  const points = rowsOf(
    Array.from({ length: 150 }, (_, i) => (i < 50 ? near(0, 0) : i < 100 ? near(3, 0) : near(0, 2))),
  );
  const labeled = Array.from({ length: 40 }, (_, i) => i);
  const side = (indices: Uint32Array) => new Set([...indices].map((index) => Math.floor(index / 50)));
  const at = async (subBatches: number) =>
    side((await createStrategy('dal', { subBatches }).query(poolContext({ points, labeled }), 10)).indices);
  t.is((await at(1)).size, 1);
  t.true((await at(10)).size >= 2);
});

test('few labels weigh as much as the many unlabelled samples', async (t) => {
  const { samples } = blobs(204, 2, 2, { spread: 0.05 });
  // four labelled rows of the first kind among 200
  const which = Uint32Array.from({ length: 204 }, (_, i) => i);
  const kinds = Uint8Array.from(which, (i) => Number(!(i % 2 === 0 && i < 8)));
  const options = { hidden: [16], learningRate: 0.01, stopAccuracy: 1, seed: 3 };
  const network = new Discriminator(2, options);
  await network.train(samples, which, kinds, 20);
  const logits = await network.logits(samples, which);
  const mean = (keep: (i: number) => boolean) => {
    const own = [...logits].filter((_, i) => keep(i));
    return own.reduce((sum, x) => sum + x, 0) / own.length;
  };
  // the labelled kind's blob: 4 labelled of 102, balanced to a half
  t.true(mean((i) => i % 2 === 0) < 1, String(mean((i) => i % 2 === 0)));
  t.true(mean((i) => i % 2 === 1) > 1);
});

test('every small step lowers the loss', async (t) => {
  const rows = rowsOf([
    [0.3, -1],
    [2, 0.5],
    [-0.7, 0.2],
    [1, 1],
  ]);
  const which = Uint32Array.of(0, 1, 2, 3);
  const kinds = Uint8Array.of(0, 1, 0, 1);
  const network = new Discriminator(2, { hidden: [5, 4], learningRate: 1e-3, stopAccuracy: 2, seed: 5 });
  const loss = async () => {
    const logits = await network.logits(rows, which);
    return logits.reduce((sum, z, i) => sum + Math.log1p(Math.exp(kinds[i] === 1 ? -z : z)), 0);
  };
  let before = await loss();
  for (let step = 0; step < 100; step++) {
    await network.train(rows, which, kinds, 1);
    const after = await loss();
    t.true(after < before, `step ${step}`);
    before = after;
  }
});

test('before there are labels samples spread out', async (t) => {
  const { samples, labels } = blobs(60, 4, 3, { spread: 0.02 });
  const { indices, scores } = await createStrategy('dal').query(poolContext({ points: samples }), 4);
  t.is(new Set([...indices].map((index) => labels[index])).size, 4);
  t.is(scores, undefined);
});

test('an abort stops the training', async (t) => {
  const { samples } = blobs(3000, 4, 30);
  const controller = new AbortController();
  const labeled = Array.from({ length: 1000 }, (_, i) => i);
  const query = createStrategy('dal', { stopAccuracy: 1, epochs: 1000 }).query(
    poolContext({ points: samples, labeled }),
    50,
    {
      signal: controller.signal,
    },
  );
  setTimeout(() => controller.abort(new Error('enough')), 50);
  await t.throwsAsync(query, { message: 'enough' });
});
