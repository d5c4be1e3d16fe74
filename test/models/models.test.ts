import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { createModel, loadModel, models } from '../../src/index.js';
import { loadTensorflow } from '../../src/tensorflow/load.js';
import { blobs } from '../helpers/blobs.js';

const CLASSES = 3;
const FEATURES = 16;
const SIZE = { sampleShape: [4, 4, 1], classes: CLASSES, minSteps: 40, epochs: 1 };
/** {@link SIZE} and more as each model takes it; what a committee trains with are options of its members. */
function sized(name: string, more: object = {}): object {
  const { sampleShape, classes, ...training } = SIZE;
  if (name === 'resnet-18') return { ...SIZE, width: 4, minSteps: 8, learningRate: 0.02, ...more };
  if (name !== 'committee') return { ...SIZE, ...more };
  return { sampleShape, classes, count: 2, member: { name: 'mlp', ...training, ...more } };
}
const train = blobs(60, CLASSES, FEATURES);
const held = blobs(90, CLASSES, FEATURES, { seed: 2 });

const accuracyOf = (data: Float32Array): number => {
  const right = [...held.labels].filter((label, row) => {
    const p = data.subarray(row * CLASSES, (row + 1) * CLASSES);
    return p.indexOf(Math.max(...p)) === label;
  });
  return right.length / held.labels.length;
};

async function filesIn(dir: string): Promise<number> {
  return (await readdir(dir, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).length;
}

for (const name of models.keys()) {
  test.serial(`${name} learns three clouds and predicts rows that sum to one`, async (t) => {
    const model = createModel(name, sized(name, name === 'resnet-18' ? { minSteps: 20 } : {}));
    const { loss } = await model.fit(train.samples, train.labels);
    t.true(loss < 1);
    const { data, rows, cols } = await model.predictProba(held.samples);
    t.deepEqual([rows, cols], [90, CLASSES]);
    for (let row = 0; row < rows; row++) {
      const sum = data.subarray(row * cols, (row + 1) * cols).reduce((total, p) => total + p, 0);
      t.true(Math.abs(sum - 1) < 1e-5);
    }
    t.true(accuracyOf(data) > 0.9);
  });

  test.serial(`${name} repeats bit for bit with the same seed, and differs with another`, async (t) => {
    const predictions = [];
    for (const seed of [5, 5, 6]) {
      const model = createModel(name, sized(name));
      await model.fit(train.samples, train.labels, { seed });
      predictions.push((await model.predictProba(held.samples)).data);
    }
    t.deepEqual(predictions[0], predictions[1]);
    t.notDeepEqual(predictions[0], predictions[2]);
  });

  test.serial(`${name} forgets what it knew unless it is warm-started`, async (t) => {
    const used = createModel(name, sized(name));
    await used.fit(held.samples, held.labels, { seed: 1 });
    await used.fit(train.samples, train.labels, { seed: 5 });
    const fresh = createModel(name, sized(name));
    await fresh.fit(train.samples, train.labels, { seed: 5 });
    const expected = await fresh.predictProba(held.samples);
    t.deepEqual(await used.predictProba(held.samples), expected);
    await used.fit(train.samples, train.labels, { seed: 5, warmStart: true });
    t.notDeepEqual(await used.predictProba(held.samples), expected);
  });

  test.serial(`${name} that was saved and loaded predicts the same, and trains on the same`, async (t) => {
    const dir = await mkdtemp(join(tmpdir(), 'querent-model-'));
    const model = createModel(name, sized(name));
    await model.save(dir);
    await t.throwsAsync((await loadModel(dir)).predictProba(held.samples), { code: 'ERR_QUERENT_NOT_FITTED' });
    await model.fit(train.samples, train.labels, { seed: 3 });
    await model.save(dir);
    const files = await filesIn(dir);
    await model.save(dir);
    const copy = await loadModel(dir);
    t.deepEqual(await copy.predictProba(held.samples), await model.predictProba(held.samples));
    for (const each of [model, copy]) await each.fit(train.samples, train.labels, { seed: 4, warmStart: true });
    t.deepEqual(await copy.predictProba(held.samples), await model.predictProba(held.samples));
    t.is(files, name === 'committee' ? 7 : 3);
    t.is(await filesIn(dir), files); // old weights do not pile up
  });

  test.serial(`${name} goes back to a checkpoint, and trains on from there as if nothing had happened`, async (t) => {
    const model = createModel(name, sized(name));
    const untrained = model.checkpoint!();
    await model.fit(train.samples, train.labels, { seed: 3 });
    const expected = await model.predictProba(held.samples);
    const back = model.checkpoint!();
    const goOn = () => model.fit(held.samples, held.labels, { seed: 4, warmStart: true });
    await goOn();
    const further = await model.predictProba(held.samples);
    t.notDeepEqual(further, expected);
    back();
    t.deepEqual(await model.predictProba(held.samples), expected);
    await goOn();
    t.deepEqual(await model.predictProba(held.samples), further);
    back();
    t.deepEqual(await model.predictProba(held.samples), expected);
    untrained();
    await t.throwsAsync(model.predictProba(held.samples), { code: 'ERR_QUERENT_NOT_FITTED' });
  });

  test.serial(`${name} makes as many passes as a fit asks for, whatever minSteps is`, async (t) => {
    const each = name === 'committee' ? 2 : 1; // epochs of both members in one count
    for (const epochs of [1, 3]) {
      const model = createModel(name, sized(name, { epochs: 9, stopLoss: 0 }));
      t.is((await model.fit(train.samples, train.labels, { epochs })).epochs, each * epochs);
    }
    const model = createModel(name, sized(name));
    await t.throwsAsync(model.fit(train.samples, train.labels, { epochs: 0 }), {
      code: 'ERR_QUERENT_ARGUMENT',
      message: /fit: expected a whole number from 1 .* for epochs, got 0/,
    });
  });

  test.serial(`${name} leaves no tensors behind, whether a fit ends well or not`, async (t) => {
    const { tf } = await loadTensorflow();
    const model = createModel(name, sized(name));
    const work = async (): Promise<void> => {
      await model.fit(train.samples, train.labels);
      await model.predictProba(held.samples);
      await model.embed?.(held.samples);
      await model.members?.(held.samples, 2);
      const controller = new AbortController();
      const stop = (): void => controller.abort(new Error('enough'));
      await t.throwsAsync(
        model.fit(train.samples, train.labels, { signal: controller.signal, onEpoch: stop, warmStart: false }),
        { message: 'enough' },
      );
    };
    await work();
    const before = tf.memory().numTensors;
    await work();
    t.is(tf.memory().numTensors, before);
  });

  test.serial(`${name} refuses samples and labels that are wrong, and says which`, async (t) => {
    const model = createModel(name, sized(name));
    const poisoned = { ...train.samples, data: train.samples.data.slice() };
    poisoned.data[3 * FEATURES + 2] = NaN;
    await t.throwsAsync(model.fit(poisoned, train.labels), {
      code: 'ERR_QUERENT_VALUE',
      message: /NaN in row 3, column 2/,
    });
    const labels = Uint8Array.from(train.labels);
    labels[7] = CLASSES;
    await t.throwsAsync(model.fit(train.samples, labels), {
      code: 'ERR_QUERENT_VALUE',
      message: /labels from 0 to 2, got 3 at position 7/,
    });
    await t.throwsAsync(model.fit(train.samples, labels.subarray(1)), { code: 'ERR_QUERENT_SHAPE' });
    await t.throwsAsync(model.fit({ data: new Float32Array(0), rows: 0, cols: FEATURES }, []), {
      code: 'ERR_QUERENT_SHAPE',
    });
    await t.throwsAsync(model.fit({ data: new Float32Array(6), rows: 2, cols: 3 }, [0, 1]), {
      code: 'ERR_QUERENT_SHAPE',
    });
  });

  test.serial(`${name} stops with the name of the loss when it is not finite any more`, async (t) => {
    const model = createModel(name, sized(name, { learningRate: 1e30 }));
    await t.throwsAsync(model.fit(train.samples, train.labels), {
      code: 'ERR_QUERENT_VALUE',
      message: /training loss became (NaN|Infinity|-Infinity) in step \d+ of epoch \d+; lower learningRate/,
    });
  });

  test.serial(`${name} can be trained on a single sample of a single class`, async (t) => {
    const model = createModel(name, sized(name, { minSteps: 5 }));
    const one = { data: train.samples.data.slice(0, FEATURES), rows: 1, cols: FEATURES };
    await model.fit(one, [1]);
    t.is((await model.predictProba(one)).rows, 1);
  });

  test(`${name} lists its options when one is misspelt`, (t) => {
    const error = t.throws(() => createModel(name, sized(name, { learning_rate: 1 })), {
      code: 'ERR_QUERENT_ARGUMENT',
    });
    t.regex(error.message, /unknown option 'learning_rate'.*learningRate/);
    t.throws(() => createModel(name, sized(name, { epochs: 0 })), { message: /epochs, got 0/ });
    t.throws(() => createModel(name, { sampleShape: [2], classes: 1 }), { message: /classes, got 1/ });
  });
}

test('an unknown model is an error that lists the known ones', (t) => {
  t.throws(() => createModel('cnnn', SIZE), {
    message: "there is no model 'cnnn'; expected 'logistic', 'mlp', 'cnn', 'resnet-18' or 'committee'",
  });
});

test('networks for images take images only', (t) => {
  for (const name of ['cnn', 'resnet-18']) {
    t.throws(() => createModel(name, { ...SIZE, sampleShape: [16] }), {
      message: `model ${name}: expected sampleShape [height, width, channels], got [16]`,
    });
    t.throws(() => createModel(name, { ...SIZE, augment: 'mixup' }), { message: /for augment, got 'mixup'/ });
  }
});

test.serial('every epoch is reported once, and training ends early below stopLoss', async (t) => {
  const seen: number[] = [];
  const model = createModel('logistic', { ...SIZE, epochs: 50, stopLoss: 0.3 });
  const { epochs, loss } = await model.fit(train.samples, train.labels, { onEpoch: ({ epoch }) => seen.push(epoch) });
  t.true(loss < 0.3);
  t.true(epochs < 50);
  t.deepEqual(
    seen,
    Array.from({ length: epochs }, (_, i) => i + 1),
  );
});

test.serial('the learning rate of a fit with its own number of epochs falls to zero within them', async (t) => {
  const fits = [
    { options: { epochs: 4, minSteps: 0 }, fit: {} },
    { options: { epochs: 50, minSteps: 500 }, fit: { epochs: 4 } },
  ];
  const predictions = [];
  for (const { options, fit } of fits) {
    const model = createModel('logistic', { ...SIZE, ...options, stopLoss: 0 });
    await model.fit(train.samples, train.labels, fit);
    predictions.push(await model.predictProba(held.samples));
  }
  t.deepEqual(predictions[0], predictions[1]);
});

test.serial('samples may be bytes, doubles, tensors or rows with a stride', async (t) => {
  const { tf } = await loadTensorflow();
  const model = createModel('logistic', SIZE);
  await model.fit(train.samples, train.labels);
  const { data } = await model.predictProba(train.samples);
  const tensor = tf.tensor2d(train.samples.data, [60, FEATURES]);
  t.deepEqual((await model.predictProba(tensor)).data, data);
  t.false(tensor.isDisposed);
  tensor.dispose();
  const strided = new Float64Array(60 * 20);
  for (let i = 0; i < 60 * FEATURES; i++)
    strided[Math.floor(i / FEATURES) * 20 + (i % FEATURES)] = train.samples.data[i]!;
  t.deepEqual((await model.predictProba({ data: strided, rows: 60, cols: FEATURES, stride: 20 })).data, data);
  const bytes = { data: new Uint8Array(2 * FEATURES).fill(1), rows: 2, cols: FEATURES };
  const ones = { data: new Float32Array(2 * FEATURES).fill(1), rows: 2, cols: FEATURES };
  t.deepEqual(await model.predictProba(bytes), await model.predictProba(ones));
});

test.serial('the embedding of a network is what its last layer sees', async (t) => {
  const model = createModel('mlp', { ...SIZE, hidden: [8, 5] });
  await model.fit(train.samples, train.labels);
  const { rows, cols, data } = await model.embed!(held.samples);
  t.deepEqual([rows, cols], [90, 5]);
  t.true(data.every((value) => value >= 0));
});

test.serial('members are dropout passes: they differ from each other and repeat by seed', async (t) => {
  const model = createModel('mlp', SIZE);
  await model.fit(train.samples, train.labels);
  const first = await model.members!(held.samples, 20, { seed: 1 });
  t.deepEqual([first.passes, first.rows, first.cols, first.data.length], [20, 90, CLASSES, 20 * 90 * CLASSES]);
  t.deepEqual(await model.members!(held.samples, 20, { seed: 1 }), first);
  t.notDeepEqual((await model.members!(held.samples, 20, { seed: 2 })).data, first.data);
  const size = 90 * CLASSES;
  t.notDeepEqual(first.data.slice(0, size), first.data.slice(size, 2 * size));
  t.is(createModel('logistic', SIZE).members, undefined);
});

test.serial('a member is one network: it predicts a sample the same beside any other samples', async (t) => {
  const model = createModel('mlp', SIZE);
  await model.fit(train.samples, train.labels);
  const row = held.samples.data.subarray(0, FEATURES);
  const twice = {
    data: Float32Array.from([...row, ...held.samples.data.slice(FEATURES, 2 * FEATURES), ...row]),
    rows: 3,
  };
  const { data } = await model.members!({ ...twice, cols: FEATURES }, 4, { seed: 9 });
  const alone = await model.members!({ data: row, rows: 1, cols: FEATURES }, 4, { seed: 9 });
  for (let pass = 0; pass < 4; pass++) {
    const [first, , last] = [0, 1, 2].map((r) => data.slice((pass * 3 + r) * CLASSES, (pass * 3 + r + 1) * CLASSES));
    const single = alone.data.slice(pass * CLASSES, (pass + 1) * CLASSES);
    // a product may sum a row in another order, by where in the batch it stands; another mask would differ in the first digit
    for (const other of [last!, single]) t.true(other.every((p, c) => Math.abs(p - first![c]!) < 1e-6));
  }
});

test.serial('a saved model whose weights were damaged is not loaded', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'querent-model-'));
  const model = createModel('logistic', SIZE);
  await model.fit(train.samples, train.labels);
  await model.save(dir);
  const weights = (await readdir(dir)).find((file) => file.startsWith('weights'))!;
  const bytes = await readFile(join(dir, weights));
  bytes[bytes.length - 3]! ^= 1;
  await writeFile(join(dir, weights), bytes);
  await t.throwsAsync(loadModel(dir), { code: 'ERR_QUERENT_FORMAT', message: /changed or damaged/ });
});
