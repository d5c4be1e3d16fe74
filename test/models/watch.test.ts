import test from 'ava';
import { createModel } from '../../src/index.js';
import { blobs } from '../helpers/blobs.js';

const CLASSES = 3;
const train = blobs(40, CLASSES, 4);
const pool = blobs(50, CLASSES, 4, { seed: 2 });

/** Epochs at which a training of at most `epochs` epochs reports, and what it reports last. */
async function watched(moments: number, training: object) {
  const model = createModel('logistic', { sampleShape: [4], classes: CLASSES, minSteps: 0, ...training });
  const seen: { epoch: number; data: Float32Array }[] = [];
  const fit = await model.fit(train.samples, train.labels, {
    watch: { samples: pool.samples, moments, onPredictions: (epoch, { data }) => seen.push({ epoch, data }) },
  });
  return { model, fit, seen, epochs: seen.map(({ epoch }) => epoch) };
}

test.serial('moments are spread evenly over the epochs, and the last one is the trained model', async (t) => {
  const { model, epochs, seen } = await watched(4, { epochs: 12, stopLoss: 0 });
  t.deepEqual(epochs, [3, 6, 9, 12]);
  t.deepEqual(seen.at(-1)!.data, (await model.predictProba(pool.samples)).data);
  t.notDeepEqual(seen[0]!.data, seen[1]!.data);
  t.deepEqual((await watched(3, { epochs: 10, stopLoss: 0 })).epochs, [3, 7, 10]);
  t.deepEqual((await watched(20, { epochs: 5, stopLoss: 0 })).epochs, [1, 2, 3, 4, 5]);
});

test.serial('a training that ends early has its last epoch among at most as many moments', async (t) => {
  const { fit, epochs } = await watched(5, { epochs: 60, learningRate: 0.05, weightDecay: 0, stopLoss: 0.05 });
  t.true(fit.epochs < 60);
  t.is(epochs.at(-1), fit.epochs);
  t.is(epochs.length, 5);
  epochs.forEach((epoch, at) => t.true(Math.abs(epoch - ((at + 1) * fit.epochs) / 5) <= 1));
});

test.serial('a long training keeps few copies and still spreads its moments', async (t) => {
  const { epochs } = await watched(3, { epochs: 100, stopLoss: 0 });
  t.is(epochs.length, 3);
  t.is(epochs.at(-1), 100);
  [100 / 3, 200 / 3].forEach((target, at) => t.true(Math.abs(epochs[at]! - target) <= 8));
});

test.serial('watching changes nothing about the training', async (t) => {
  const { model } = await watched(7, { epochs: 10, stopLoss: 0 });
  const alone = createModel('logistic', { sampleShape: [4], classes: CLASSES, minSteps: 0, epochs: 10, stopLoss: 0 });
  await alone.fit(train.samples, train.labels);
  t.deepEqual((await alone.predictProba(pool.samples)).data, (await model.predictProba(pool.samples)).data);
});

test.serial('what cannot be watched is refused, and an error leaves the model as it was', async (t) => {
  const model = createModel('logistic', { sampleShape: [4], classes: CLASSES, epochs: 3, minSteps: 0 });
  const watch = (samples: object, moments: number) => ({ watch: { samples, moments, onPredictions: () => undefined } });
  const fit = (options: object) => model.fit(train.samples, train.labels, options);
  await t.throwsAsync(fit(watch(pool.samples, 0)), { code: 'ERR_QUERENT_ARGUMENT', message: /watch.moments/ });
  await t.throwsAsync(fit(watch([[1]], 1)), { code: 'ERR_QUERENT_SHAPE', message: /samples of 4 numbers/ });
  const onPredictions = (): never => {
    throw new Error('no');
  };
  await t.throwsAsync(fit({ watch: { samples: pool.samples, moments: 1, onPredictions } }), { message: 'no' });
  await t.throwsAsync(model.predictProba(pool.samples), { code: 'ERR_QUERENT_NOT_FITTED' });
});
