import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { ActiveLearner, type ActiveLearnerOptions, type QueryStrategy, type TrainingHistory } from '../../src/index.js';
import { blobs } from '../helpers/blobs.js';
import { CentroidModel } from '../helpers/centroid-model.js';

const CLASSES = 3;
const pool = blobs(60, CLASSES, 4);
const folder = (): Promise<string> => mkdtemp(join(tmpdir(), 'querent-memory-'));

function learnerWith(options: Partial<ActiveLearnerOptions> = {}): ActiveLearner {
  const model = new CentroidModel(CLASSES);
  return new ActiveLearner({ model, strategy: 'margin', pool: pool.samples, oracle: pool.labels, seed: 1, ...options });
}

/** Asks about the first, and takes the last two for granted. */
const presumer: QueryStrategy = {
  name: 'presumer',
  needs: [],
  async query({ unlabeled }, n) {
    const pseudoLabels = { indices: unlabeled.slice(-2), labels: Uint32Array.of(1, 2) };
    return { indices: unlabeled.slice(0, n), pseudoLabels };
  },
};

test('pseudo-labels are trained on once, with the answers to their query', async (t) => {
  const model = new CentroidModel(CLASSES);
  const learner = learnerWith({ model, strategy: presumer });
  await learner.teach([0, 1, 2], [0, 1, 2]);
  const { pseudoLabels, indices } = await learner.query(2);
  t.deepEqual([...pseudoLabels!.indices], [58, 59]);
  const round = await learner.teach(indices, [0, 1]);
  t.deepEqual([round.pseudoLabels, round.labels, round.balance.reduce((a, b) => a + b)], [2, 5, 5]);
  await learner.teach([10], [1]);
  t.deepEqual(
    model.fits.map(({ count }) => count),
    [3, 7, 6],
  );
  t.false(learner.labeled.includes(58));
});

test('pseudo-labels between query and teach are in a snapshot; a real label takes their place', async (t) => {
  const dir = await folder();
  const learner = learnerWith({ strategy: presumer });
  await learner.teach([0, 1, 2], [0, 1, 2]);
  await learner.query(2);
  await learner.snapshot(dir);
  const model = new CentroidModel(CLASSES);
  const load = async (path: string) => Object.assign(await CentroidModel.load(path), { fits: model.fits });
  const restored = await ActiveLearner.restore(dir, { model: { load }, strategy: presumer });
  const round = await restored.teach([58], [0]);
  t.is(round.pseudoLabels, 1);
  t.is(model.fits.at(-1)!.count, 5);
});

test('pseudo-labels that break the law are caught', async (t) => {
  const wrong: { indices: number[]; labels: number[] }[] = [
    { indices: [0], labels: [1] }, // labelled
    { indices: [1], labels: [1] }, // asked about
    { indices: [5, 5], labels: [1, 1] },
    { indices: [5], labels: [3] },
    { indices: [5], labels: [] },
  ];
  for (const { indices, labels } of wrong) {
    const pseudoLabels = { indices: Uint32Array.from(indices), labels: Uint32Array.from(labels) };
    const strategy: QueryStrategy = {
      ...presumer,
      query: async ({ unlabeled }, n) => ({ indices: unlabeled.slice(0, n), pseudoLabels }),
    };
    const learner = learnerWith({ strategy });
    await learner.teach([0], [0]);
    await t.throwsAsync(learner.query(1), { code: 'ERR_QUERENT_STRATEGY', message: /pseudo-labels/ });
  }
});

/** Keeps what it sees of the training. */
function observer(watch: number): { strategy: QueryStrategy; seen: TrainingHistory[] } {
  const seen: TrainingHistory[] = [];
  const strategy: QueryStrategy = {
    name: 'observer',
    needs: [],
    watch,
    async query({ unlabeled, history }, n) {
      seen.push(await history!(unlabeled));
      return { indices: unlabeled.slice(0, n) };
    },
  };
  return { strategy, seen };
}

test.serial('a strategy that watches sees the pool at moments of the last training', async (t) => {
  const { strategy, seen } = observer(4);
  const learner = learnerWith({ model: 'mlp', classes: CLASSES, strategy });
  await learner.run({ budget: 9, batch: 3 });
  t.deepEqual(
    seen.map(({ moments, rows, classes }) => [moments, rows, classes.length]),
    [
      [4, 57, 4 * 57],
      [4, 54, 4 * 54],
    ],
  );
  const { data } = await learner.model.predictProba(pool.samples);
  const last = [...learner.unlabeled].map((index) => {
    const row = [...data.subarray(index * CLASSES, (index + 1) * CLASSES)];
    return row.indexOf(Math.max(...row));
  });
  await learner.query(1);
  t.deepEqual([...seen[2]!.classes.subarray(3 * last.length)], last);
});

test.serial('the history is in a snapshot', async (t) => {
  const dir = await folder();
  const { strategy, seen } = observer(3);
  const learner = learnerWith({ model: 'logistic', classes: CLASSES, strategy });
  await learner.run({ budget: 6, batch: 3 });
  await learner.snapshot(dir);
  await learner.query(1);
  const again = observer(3);
  await (await ActiveLearner.restore(dir, { strategy: again.strategy })).query(1);
  t.deepEqual(again.seen[0], seen.at(-1));
});

test('a model that does not report on the way is asked once, at the end', async (t) => {
  const { strategy, seen } = observer(5);
  await learnerWith({ strategy }).run({ budget: 6, batch: 3 });
  t.deepEqual(
    seen.map(({ moments }) => moments),
    [1],
  );
});

test('picks of a round whose training was aborted come with it after a restore', async (t) => {
  const dir = await folder();
  const controller = new AbortController();
  const learner = learnerWith({
    oracle: (indices) => {
      if (learner.labeled.length > 0) controller.abort(new Error('power cut'));
      return [...indices].map((index) => pool.labels[index]!);
    },
  });
  await t.throwsAsync(learner.run({ budget: 20, batch: 5, signal: controller.signal }), { message: 'power cut' });
  await learner.snapshot(dir);
  const restored = await ActiveLearner.restore(dir, { model: CentroidModel, oracle: pool.labels });
  const { rounds } = await restored.run({ budget: 20, batch: 5 });
  const whole = await learnerWith().run({ budget: 20, batch: 5 });
  const plain = (list: typeof rounds) => list.map(({ seconds: _, ...round }) => round);
  t.deepEqual(plain(rounds), plain(whole.rounds.slice(1)));
});
