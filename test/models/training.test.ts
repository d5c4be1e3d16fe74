import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { createModel, loadModel, models } from '../../src/index.js';
import { dense, denseParameters, type Network } from '../../src/models/network.js';
import { createOptimizer } from '../../src/models/optimizer.js';
import { Sgd } from '../../src/models/sgd.js';
import { Sharpness } from '../../src/models/sharpness.js';
import { train, trainingOptions, type TrainingOptions } from '../../src/models/training.js';
import { loadTensorflow } from '../../src/tensorflow/load.js';
import { blobs } from '../helpers/blobs.js';
import { firstDifference } from '../helpers/values.js';

type StepOptions = Omit<TrainingOptions, 'epochs' | 'minSteps' | 'batchSize' | 'stopLoss'>;

const golden = JSON.parse(readFileSync(new URL('../golden/training.json', import.meta.url), 'utf8')) as {
  quadratic: {
    matrix: number[];
    centres: number[][];
    start: number[];
    cases: { options: StepOptions; path: number[][] }[];
  };
  softmax: {
    rows: number;
    features: number;
    classes: number;
    epochs: number;
    x: number[];
    labels: number[];
    start: number[];
    cases: { options: StepOptions; weights: number[] }[];
  };
};
const CLASSES = 3;
const FEATURES = 6;
const SHAPE = { sampleShape: [FEATURES], classes: CLASSES };
const { samples, labels } = blobs(50, CLASSES, FEATURES, { spread: 1 });
const WAYS = [
  { optimizer: 'sgd', learningRate: 0.05, weightDecay: 0.001 },
  { optimizer: 'adam', sharpness: 'sam', learningRate: 0.01 },
  { optimizer: 'sgd', sharpness: 'sam', learningRate: 0.05 },
  { optimizer: 'adam', sharpness: 'friendly', lambda: 0.8, learningRate: 0.01 },
  { optimizer: 'sgd', sharpness: 'friendly', learningRate: 0.05, schedule: 'constant' },
];

/** Predictions of an mlp with dropout, trained so. */
async function predictionsOf(training: object): Promise<Float32Array> {
  const model = createModel('mlp', {
    ...SHAPE,
    hidden: [10],
    dropout: 0.4,
    epochs: 6,
    minSteps: 0,
    batchSize: 16,
    ...training,
  });
  await model.fit(samples, labels, { seed: 3 });
  return (await model.predictProba(samples)).data;
}

test('two steps of SGD with momentum and weight decay agree with the equations worked by hand', (t) => {
  const weights = Float32Array.from([1, -2]);
  const sgd = new Sgd(2, undefined, { momentum: 0.5 });
  sgd.update(weights, Float32Array.from([0.5, 0]), 0.1, 0.2);
  // b = [0.5 + 0.2, -0.4]; w = [1 - 0.07, -2 + 0.04]
  t.is(firstDifference(weights, [0.93, -1.96], 1e-6), '');
  sgd.update(weights, Float32Array.from([-1, 0.25]), 0.2, 0.2);
  // b = [0.35 - 1 + 0.186, -0.2 + 0.25 - 0.392]; w = [0.93 + 0.2 * 0.464, -1.96 + 0.2 * 0.342]
  t.is(firstDifference(weights, [1.0228, -1.8916], 1e-6), '');
  t.is(firstDifference(sgd.moments, [-0.464, -0.342], 1e-6), '');
  t.is(sgd.steps, 2);
});

for (const { options, path } of golden.quadratic.cases) {
  const { optimizer, sharpness, sigma } = options;
  test(`${optimizer}, sharpness ${sharpness}, sigma ${sigma}, momentum ${options.momentum}: a quadratic, step by step`, (t) => {
    const { matrix, centres, start } = golden.quadratic;
    const size = start.length;
    const weights = Float32Array.from(start);
    const moving = createOptimizer(options, size, undefined);
    const climbing = sharpness === 'none' ? undefined : new Sharpness(options, size, undefined);
    path.forEach((expected, step) => {
      const gradientAt = (w: Float32Array): Float32Array =>
        w.map((_, row) => w.reduce((sum, v, col) => sum + matrix[row * size + col]! * (v - centres[step]![col]!), 0));
      const there = climbing === undefined ? weights : climbing.climb(weights, gradientAt(weights));
      moving.update(weights, gradientAt(there), options.learningRate, options.weightDecay);
      t.is(firstDifference(weights, expected, 2e-5, 1e-6), '', `step ${step + 1}`);
    });
  });
}

test.serial('a classifier trained on all its samples at once ends with the weights of another program', async (t) => {
  const { tf } = await loadTensorflow();
  const { rows, features, classes, epochs, x, start, cases, labels: y } = golden.softmax;
  const network: Network = {
    features,
    parameters: denseParameters('output', features, classes),
    dropout: 0,
    forward: (_, [weight, bias], input) => ({ logits: dense(tf, input, weight, bias), embedding: input }),
  };
  const set = { samples: Float32Array.from(x), labels: Uint32Array.from(y), classes };
  for (const { options, weights } of cases) {
    const all = { ...options, epochs, minSteps: 0, batchSize: rows, stopLoss: 0 };
    const run = { name: 'test', seed: 1 };
    const { state, result } = await train(tf, network, { weights: Float32Array.from(start) }, set, all, run);
    t.is(result.epochs, epochs);
    t.is(firstDifference(state.weights, weights, 2e-5, 2e-5), '', JSON.stringify(options));
  }
});

test('a place to climb to is rho away, and no place at all where there is no direction', (t) => {
  const weights = Float32Array.from([1, 2, 3]);
  const sam = new Sharpness({ sharpness: 'sam', rho: 0.5, sigma: 1, lambda: 0.9 }, 3, undefined);
  t.deepEqual([...sam.climb(weights, Float32Array.from([0, 3, -4]))], [1, 2.299999952316284, 2.5999999046325684]);
  t.deepEqual(sam.climb(weights, new Float32Array(3)), weights);
  t.deepEqual([...weights], [1, 2, 3]);
  t.is(sam.meanGradient, undefined);
});

test.serial('friendly that takes nothing away is sam, bit for bit; no radius is no sharpness', async (t) => {
  for (const optimizer of ['adam', 'sgd']) {
    const plain = await predictionsOf({ optimizer });
    const sam = await predictionsOf({ optimizer, sharpness: 'sam', rho: 0.2 });
    t.deepEqual(await predictionsOf({ optimizer, sharpness: 'friendly', rho: 0.2, sigma: 0 }), sam);
    const friendly = await predictionsOf({ optimizer, sharpness: 'friendly', rho: 0.2 });
    t.notDeepEqual(friendly, sam);
    t.notDeepEqual(plain, sam);
    for (const sharpness of ['sam', 'friendly']) {
      // the same dropout in both gradients of a step: at the same place they are the same
      t.deepEqual(await predictionsOf({ optimizer, sharpness, rho: 0 }), plain);
      const close = await predictionsOf({ optimizer, sharpness, rho: 1e-4 });
      t.is(firstDifference(close, plain, 0, 2e-3), '');
    }
  }
});

for (const way of WAYS) {
  test.serial(
    `${JSON.stringify(way)}: learns, and a training resumed from a file ends where the other does`,
    async (t) => {
      const dir = await mkdtemp(join(tmpdir(), 'querent-training-'));
      t.teardown(() => rm(dir, { recursive: true }));
      const options = { ...SHAPE, hidden: [10], dropout: 0.2, minSteps: 60, ...way };
      const model = createModel('mlp', options);
      const { loss } = await model.fit(samples, labels, { seed: 1 });
      t.true(loss < 0.9, String(loss)); // ln 3 = 1.1 at the start
      await model.save(dir);
      const resumed = await loadModel(dir);
      for (const each of [model, resumed]) await each.fit(samples, labels, { seed: 2, warmStart: true });
      t.deepEqual(await resumed.predictProba(samples), await model.predictProba(samples));
      const arrays = (await readdir(dir)).filter((file) => file.endsWith('.npy')).length;
      t.is(arrays, 'sharpness' in way && way.sharpness === 'friendly' ? 3 : 2);
    },
  );
}

test.serial('a model saved before there were these options loads and trains on as it would have', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'querent-training-'));
  t.teardown(() => rm(dir, { recursive: true }));
  const model = createModel('mlp', { ...SHAPE, hidden: [4] });
  await model.fit(samples, labels, { epochs: 2 });
  await model.save(dir);
  const path = join(dir, 'querent-model.json');
  const document = JSON.parse(await readFile(path, 'utf8')) as { meta: { options: Record<string, unknown> } };
  for (const name of ['schedule', 'optimizer', 'momentum', 'sharpness', 'rho', 'sigma', 'lambda']) {
    t.true(delete document.meta.options[name]);
  }
  await writeFile(path, JSON.stringify(document));
  const old = await loadModel(dir);
  for (const each of [model, old]) await each.fit(samples, labels, { epochs: 2, warmStart: true });
  t.deepEqual(await old.predictProba(samples), await model.predictProba(samples));
});

test.serial('moments of another optimiser are not taken for this one’s', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'querent-training-'));
  t.teardown(() => rm(dir, { recursive: true }));
  const model = createModel('logistic', SHAPE);
  await model.fit(samples, labels, { epochs: 1 });
  await model.save(dir);
  const path = join(dir, 'querent-model.json');
  await writeFile(path, (await readFile(path, 'utf8')).replace('"optimizer": "adam"', '"optimizer": "sgd"'));
  await t.throwsAsync(loadModel(dir), {
    code: 'ERR_QUERENT_FORMAT',
    message: /expected 21 weights and 21 moments for model logistic, got 21 and 42/,
  });
});

test('training options out of their range are refused by name', (t) => {
  const bad: [string, unknown][] = [
    ['optimizer', 'lion'],
    ['schedule', 'step'],
    ['sharpness', 'asam'],
    ['momentum', 1],
    ['momentum', -0.1],
    ['rho', -1],
    ['sigma', -1],
    ['lambda', 1],
  ];
  for (const [name, value] of bad) {
    t.true(name in trainingOptions);
    const error = t.throws(() => createModel('mlp', { ...SHAPE, [name]: value }), { code: 'ERR_QUERENT_ARGUMENT' });
    t.regex(error.message, new RegExp(`for ${name}, got '?${value}`));
  }
});

test('the guide has every option of every network', (t) => {
  const guide = readFileSync(new URL('../../docs/learning.md', import.meta.url), 'utf8');
  const section = /^## Networks\n([\s\S]*?)^## /m.exec(guide)?.[1] ?? '';
  for (const [name, { options }] of models) {
    if (name === 'committee') continue;
    const keys = Object.keys((options as unknown as { shape: object }).shape);
    for (const key of [name, ...keys]) t.true(section.includes(`\`${key}\``), `${name}: ${key}`);
  }
});
