import test from 'ava';
import { createModel, createStrategy } from '../../src/index.js';
import { deriveSeed } from '../../src/reference/philox.js';
import { STREAM_PROXY } from '../../src/strategies/seeds.js';
import { poolContext } from '../helpers/diversity.js';
import { blobs } from '../helpers/blobs.js';

const { samples, labels } = blobs(80, 3, 4, { spread: 0.8 });
const labeled = Array.from({ length: 20 }, (_, i) => i * 2);
const context = {
  ...poolContext({ points: samples, labeled, labels: labeled.map((i) => labels[i]!), classes: 3 }),
  predict: () => Promise.reject(new Error('the large model was asked')),
  embed: () => Promise.reject(new Error('the large model was asked')),
};

test('the inner strategy sees the proxy, trained on the labelled samples', async (t) => {
  const found = await createStrategy('selection-via-proxy').query(context, 8);
  const proxy = createModel('logistic', { sampleShape: [4], classes: 3, minSteps: 60 });
  await proxy.fit(context.samples(context.labeled), context.labels, {
    seed: deriveSeed(context.seed, STREAM_PROXY, 0),
  });
  const predict = (indices: Uint32Array) => proxy.predictProba(context.samples(indices));
  const wanted = await createStrategy('margin').query({ ...context, predict }, 8);
  t.deepEqual([...found.indices], [...wanted.indices]);
});

test('any model and strategy by name', async (t) => {
  const proxy = { name: 'mlp', hidden: [8], minSteps: 30, epochs: 5 };
  for (const of of ['badge', { name: 'k-center', metric: 'cosine' }]) {
    const { indices } = await createStrategy('selection-via-proxy', { proxy, of }).query(context, 5);
    t.is(new Set(indices).size, 5);
  }
});

test('before there are labels raw samples spread out', async (t) => {
  const { indices } = await createStrategy('selection-via-proxy').query(
    { ...context, labeled: new Uint32Array(0), labels: new Uint32Array(0) },
    5,
  );
  t.is(new Set(indices).size, 5);
});

test('names and options are checked when it is made', async (t) => {
  const code = 'ERR_QUERENT_ARGUMENT';
  t.throws(() => createStrategy('selection-via-proxy', { of: 'nothing' }), { code, message: /no strategy/ });
  t.throws(() => createStrategy('selection-via-proxy', { of: { name: 'margin', colour: 1 } }), { code });
  const wrong = createStrategy('selection-via-proxy', { proxy: 'oracle of Delphi' });
  await t.throwsAsync(wrong.query(context, 1), { code, message: /no model/ });
});
