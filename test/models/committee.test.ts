import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { createModel, loadModel, type MemberPredictions } from '../../src/index.js';
import { bootstrapRows, independentTraining } from '../../src/models/ensemble-training.js';
import type { EpochInfo, FitOptions, Model } from '../../src/models/model.js';
import { readMatrix } from '../../src/contract/tensor-like.js';
import { blobs } from '../helpers/blobs.js';
import { firstDifference } from '../helpers/values.js';

const CLASSES = 3;
const FEATURES = 4;
const train = blobs(45, CLASSES, FEATURES, { spread: 0.9 });
const held = blobs(30, CLASSES, FEATURES, { seed: 2, spread: 0.9 });
const member = { name: 'mlp', hidden: [8], minSteps: 30, epochs: 1 };
const SHAPE = { sampleShape: [FEATURES], classes: CLASSES };

const memberRows = ({ data, rows, cols }: MemberPredictions, at: number): Float32Array =>
  data.subarray(at * rows * cols, (at + 1) * rows * cols);

test.serial('members differ from each other, and the committee predicts their mean', async (t) => {
  const model = createModel('committee', { ...SHAPE, member, count: 4 });
  await model.fit(train.samples, train.labels, { seed: 1 });
  const members = await model.members!(held.samples, 4);
  t.deepEqual([members.passes, members.rows, members.cols], [4, 30, CLASSES]);
  for (let a = 0; a < 4; a++)
    for (let b = 0; b < a; b++) t.notDeepEqual(memberRows(members, a), memberRows(members, b));
  const mean = Array.from({ length: 30 * CLASSES }, (_, at) =>
    [0, 1, 2, 3].reduce((sum, m) => sum + memberRows(members, m)[at]! / 4, 0),
  );
  t.is(firstDifference((await model.predictProba(held.samples)).data, mean, 1e-6), '');
});

test.serial(
  'members are as many as there are, whatever is asked for; dropout passes are dealt out evenly',
  async (t) => {
    const plain = createModel('committee', { ...SHAPE, member, count: 3 });
    await plain.fit(train.samples, train.labels);
    const three = await plain.members!(held.samples, 3, { seed: 5 });
    for (const passes of [1, 2, 20]) t.deepEqual(await plain.members!(held.samples, passes, { seed: passes }), three);
    const loose = createModel('committee', { ...SHAPE, member, count: 3, dropoutPasses: true });
    await loose.fit(train.samples, train.labels);
    const seven = await loose.members!(held.samples, 7, { seed: 5 });
    t.is(seven.passes, 9);
    t.is(seven.data.length, 9 * 30 * CLASSES);
    t.deepEqual(await loose.members!(held.samples, 7, { seed: 5 }), seven);
    t.notDeepEqual(memberRows(seven, 0), memberRows(seven, 1));
    t.notDeepEqual((await loose.members!(held.samples, 7, { seed: 6 })).data, seven.data);
    t.throws(() => createModel('committee', { ...SHAPE, member: 'logistic', dropoutPasses: true }), {
      code: 'ERR_QUERENT_ARGUMENT',
      message: /members with dropout for dropoutPasses, got logistic/,
    });
  },
);

test.serial('members may be of several architectures; embeddings lie side by side', async (t) => {
  const members = [
    { ...member, hidden: [5] },
    { name: 'logistic', minSteps: 30 },
    { ...member, hidden: [6, 3] },
  ];
  const model = createModel('committee', { ...SHAPE, members });
  await model.fit(train.samples, train.labels);
  t.is((await model.members!(held.samples, 10)).passes, 3);
  const { rows, cols, data } = await model.embed!(held.samples);
  t.deepEqual([rows, cols], [30, 5 + FEATURES + 3]);
  for (let row = 0; row < rows; row++) {
    const middle = data.slice(row * cols + 5, row * cols + 5 + FEATURES); // of the logistic: the sample itself
    t.deepEqual(middle, held.samples.data.slice(row * FEATURES, (row + 1) * FEATURES));
  }
  t.throws(() => createModel('committee', { ...SHAPE, members, count: 2 }), {
    message: /either members, or member and count/,
  });
  t.throws(() => createModel('committee', { ...SHAPE, member: 'committee' }), {
    message: /there is no network 'committee'/,
  });
  t.throws(() => createModel('committee', { ...SHAPE, members: [] }), { code: 'ERR_QUERENT_ARGUMENT' });
  t.throws(() => createModel('committee', { ...SHAPE, member: 7 }), { message: /the name of a network/ });
});

test('a resample has 63.2 % different rows, and every class that there is', (t) => {
  const labels = Uint32Array.from({ length: 5000 }, (_, i) => i % 10);
  const shares = Array.from({ length: 20 }, (_, seed) => new Set(bootstrapRows(labels, seed)).size / labels.length);
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  t.true(Math.abs(mean - (1 - 1 / Math.E)) < 0.004, String(mean)); // deviation of one share is about 0.004
  t.true(shares.every((share) => Math.abs(share - 0.632) < 0.02));
  t.deepEqual(bootstrapRows(labels, 3), bootstrapRows(labels, 3));
  t.notDeepEqual(bootstrapRows(labels, 3), bootstrapRows(labels, 4));
  t.notThrows(() =>
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 6 }), { minLength: 1, maxLength: 30 }), fc.nat(), (list, seed) => {
        const all = Uint32Array.from(list);
        const rows = bootstrapRows(all, seed);
        const classes = new Set(Array.from(rows, (row) => all[row]));
        return (
          rows.length >= all.length && rows.every((row) => row < all.length) && classes.size === new Set(list).size
        );
      }),
    ),
  );
});

test.serial('bagging trains members on resamples, also on a single label', async (t) => {
  const [bagged, whole] = [true, false].map((bootstrap) =>
    createModel('committee', { ...SHAPE, member, count: 2, bootstrap }),
  );
  for (const model of [bagged!, whole!]) await model.fit(train.samples, train.labels, { seed: 3 });
  t.notDeepEqual(await bagged!.predictProba(held.samples), await whole!.predictProba(held.samples));
  const one = { data: train.samples.data.slice(0, FEATURES), rows: 1, cols: FEATURES };
  await bagged!.fit(one, [2]);
  const { data } = await bagged!.predictProba(one);
  t.is(data.indexOf(Math.max(...data)), 2);
});

test.serial('a fit that is aborted in the middle leaves every member as it was', async (t) => {
  const model = createModel('committee', { ...SHAPE, member, count: 3 });
  await model.fit(train.samples, train.labels, { seed: 1 });
  const before = await model.members!(held.samples, 3);
  const controller = new AbortController();
  const seen: EpochInfo[] = [];
  const options = {
    seed: 2,
    signal: controller.signal,
    onEpoch(info: EpochInfo) {
      seen.push(info);
      if (seen.length > 20) controller.abort(new Error('enough')); // in the second member
    },
  };
  await t.throwsAsync(model.fit(train.samples, train.labels, options), { message: 'enough' });
  t.true(seen.every(({ epoch }, at) => epoch === at + 1));
  t.deepEqual(await model.members!(held.samples, 3), before);
});

test.serial(
  'a committee that was saved over and damaged, mixed up or half written is told from a whole one',
  async (t) => {
    const dir = await mkdtemp(join(tmpdir(), 'querent-committee-'));
    t.teardown(() => rm(dir, { recursive: true }));
    const model = createModel('committee', { ...SHAPE, members: [member, 'logistic'] });
    await model.fit(train.samples, train.labels);
    await model.save(join(dir, 'one'));
    // A crash while saving again: the other folder is half there, the document still names the first.
    await cp(join(dir, 'one', 'members-0', '0'), join(dir, 'one', 'members-1', '1'), { recursive: true });
    t.deepEqual(
      await (await loadModel(join(dir, 'one'))).predictProba(held.samples),
      await model.predictProba(held.samples),
    );
    await model.save(join(dir, 'one'));
    t.deepEqual((await readdir(join(dir, 'one'))).sort(), ['members-1', 'querent-committee.json']);
    t.deepEqual(
      await (await loadModel(join(dir, 'one'))).predictProba(held.samples),
      await model.predictProba(held.samples),
    );
    await cp(join(dir, 'one'), join(dir, 'swapped'), { recursive: true });
    await rm(join(dir, 'swapped', 'members-1', '1'), { recursive: true });
    await cp(join(dir, 'one', 'members-1', '0'), join(dir, 'swapped', 'members-1', '1'), { recursive: true });
    await t.throwsAsync(loadModel(join(dir, 'swapped')), {
      code: 'ERR_QUERENT_FORMAT',
      message: /expected the members mlp, logistic, got mlp, mlp/,
    });
    await writeFile(join(dir, 'one', 'querent-model.json'), '{}');
    await t.throwsAsync(loadModel(join(dir, 'one')), {
      code: 'ERR_QUERENT_FORMAT',
      message: /a committee and a network/,
    });
    await t.throwsAsync(loadModel(join(dir, 'nothing')), { code: 'ERR_QUERENT_STORAGE' });
  },
);

/** A model that shows its watcher what it is told to. */
function scripted(moments: number[][]): Model {
  return {
    name: 'scripted',
    classes: 2,
    async fit(_, __, { watch, onEpoch }: FitOptions = {}) {
      moments.forEach(([epoch = 0, p = 0]) => {
        onEpoch?.({ epoch, loss: 1 });
        watch?.onPredictions(epoch, { data: Float32Array.from([p, 1 - p]), rows: 1, cols: 2 });
      });
      return { epochs: moments.length, loss: moments.length };
    },
    predictProba: async () => ({ data: Float32Array.from([0.5, 0.5]), rows: 1, cols: 2 }),
    save: async () => undefined,
  };
}

test('a watched committee shows the mean of its members at every moment, the last one of those that ended early', async (t) => {
  const table: [number[][][], number[][]][] = [
    [[[[2, 0.25], [4, 0.5]], [[2, 0.75], [4, 1]]], [[2, 0.5], [4, 0.75]]],
    [[[[2, 0.25]], [[2, 0.75], [4, 1]]], [[2, 0.5], [4, 0.625]]],
    [[[[2, 0.25], [4, 0.5]], [[1, 0.75]]], [[2, 0.5], [4, 0.625]]],
    [[[], [[1, 0.25], [2, 0.75], [3, 1]]], [[1, 0.375], [2, 0.625], [3, 0.75]]],
  ]; // prettier-ignore
  const samples = readMatrix('test', 'samples', { data: new Float32Array(1), rows: 1, cols: 1 });
  for (const [scripts, wanted] of table) {
    for (const bootstrap of [false, true]) {
      const seen: number[][] = [];
      const result = await independentTraining({ bootstrap }).train(
        scripts.map(scripted),
        { samples, labels: Uint32Array.from([1]), classes: 2 },
        { watch: { samples, moments: 3, onPredictions: (epoch, { data }) => seen.push([epoch, data[0]!]) } },
      );
      t.deepEqual(seen, wanted);
      t.is(result.epochs, scripts.flat().length);
    }
  }
});
