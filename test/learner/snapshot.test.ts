import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { ActiveLearner, type ActiveLearnerOptions, type Round } from '../../src/index.js';
import { blobs } from '../helpers/blobs.js';
import { CentroidModel } from '../helpers/centroid-model.js';

const CLASSES = 3;
const pool = blobs(90, CLASSES, 4);
const held = blobs(45, CLASSES, 4, { seed: 2 });
const RUN = { budget: 40, batch: 10 };
const around = { oracle: pool.labels, test: held };

function learnerWith(options: Partial<ActiveLearnerOptions> = {}): ActiveLearner {
  return new ActiveLearner({
    model: 'logistic',
    strategy: 'entropy',
    pool: pool.samples,
    classes: CLASSES,
    seed: 5,
    ...around,
    ...options,
  });
}

const folder = (): Promise<string> => mkdtemp(join(tmpdir(), 'querent-learner-'));
const withoutTime = (rounds: readonly Round[]) => rounds.map(({ seconds: _, ...round }) => round);

for (const warmStart of [false, true]) {
  test.serial(
    `a learner that is restored after any round goes on as if it had never stopped, warmStart ${warmStart}`,
    async (t) => {
      const whole = await learnerWith({ warmStart }).run(RUN);
      for (const stopAfter of [0, 1, 2]) {
        const dir = await folder();
        const learner = learnerWith({ warmStart });
        const controller = new AbortController();
        const onRound = async ({ round }: Round): Promise<void> => {
          await learner.snapshot(dir);
          if (round === stopAfter) controller.abort(new Error('stop'));
        };
        await t.throwsAsync(learner.run({ ...RUN, signal: controller.signal, onRound }));
        const restored = await ActiveLearner.restore(dir, around);
        const { rounds } = await restored.run(RUN);
        t.deepEqual(withoutTime(rounds), withoutTime(whole.rounds.slice(stopAfter + 1)));
      }
    },
  );
}

test.serial('a restored learner gives the same answer to the open question', async (t) => {
  const dir = await folder();
  const learner = learnerWith();
  await learner.run({ budget: 20, batch: 10 });
  await learner.snapshot(dir);
  const restored = await ActiveLearner.restore(dir);
  t.deepEqual(await restored.query(7), await learner.query(7));
  t.deepEqual([restored.round, restored.labeled, restored.labels], [learner.round, learner.labeled, learner.labels]);
});

test.serial('labels that were bought before an abort are in the snapshot, and are trained on first', async (t) => {
  const dir = await folder();
  const learner = learnerWith();
  await learner.teach([0, 1, 2], [0, 1, 2]);
  await t.throwsAsync(learner.teach([3, 4], [0, 1], { signal: AbortSignal.abort(new Error('stop')) }), {
    message: 'stop',
  });
  await learner.snapshot(dir);
  const restored = await ActiveLearner.restore(dir, around);
  const { rounds } = await restored.run({ budget: 5, batch: 1 });
  t.deepEqual(
    rounds.map(({ round, labels, indices }) => [round, labels, [...indices]]),
    [[1, 5, [3, 4]]],
  );
});

test.serial('a snapshot without its samples needs the same pool again', async (t) => {
  const dir = await folder();
  const learner = learnerWith();
  await learner.run({ budget: 10, batch: 10 });
  await learner.snapshot(dir, { pool: false });
  await t.throwsAsync(ActiveLearner.restore(dir), { code: 'ERR_QUERENT_ARGUMENT', message: /pass them as pool/ });
  await t.notThrowsAsync(ActiveLearner.restore(dir, { pool: pool.samples }));
  const other = blobs(90, CLASSES, 4, { seed: 9 });
  await t.throwsAsync(ActiveLearner.restore(dir, { pool: other.samples }), {
    code: 'ERR_QUERENT_FORMAT',
    message: /SHA-256/,
  });
});

test.serial('snapshots of the same folder replace each other and leave nothing behind', async (t) => {
  const dir = await folder();
  const learner = learnerWith();
  await learner.run({ budget: 30, batch: 10, onRound: () => learner.snapshot(dir) });
  const files = await readdir(dir);
  t.deepEqual(files.filter((file) => file.startsWith('model-')).length, 1);
  t.is(files.filter((file) => !file.startsWith('.')).length, 3); // the document, the samples, the model; and the lock
});

test.serial('a model of your own is restored by its own loader', async (t) => {
  const dir = await folder();
  const learner = learnerWith({ model: new CentroidModel(CLASSES) });
  await learner.run({ budget: 20, batch: 10 });
  await learner.snapshot(dir);
  const restored = await ActiveLearner.restore(dir, { ...around, model: CentroidModel });
  t.deepEqual(await restored.query(5), await learner.query(5));
});

test.serial('a folder without a snapshot, and one that is damaged, are errors that say so', async (t) => {
  const dir = await folder();
  await t.throwsAsync(ActiveLearner.restore(dir), { code: 'ERR_QUERENT_STORAGE', message: /there is no such file/ });
  const learner = learnerWith();
  await learner.teach([0, 1, 2], [0, 1, 2]);
  await learner.snapshot(dir);
  const path = join(dir, 'querent-learner.json');
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.slice(0, 100));
  await t.throwsAsync(ActiveLearner.restore(dir), { code: 'ERR_QUERENT_FORMAT' });
  await writeFile(path, text.replace('"labeled"', '"labelled"'));
  await t.throwsAsync(ActiveLearner.restore(dir), { code: 'ERR_QUERENT_FORMAT' });
});

test.serial('a snapshot of another version is refused by a sentence', async (t) => {
  const dir = await folder();
  const learner = learnerWith();
  await learner.teach([0, 1, 2], [0, 1, 2]);
  await learner.snapshot(dir);
  const path = join(dir, 'querent-learner.json');
  const document = JSON.parse(await readFile(path, 'utf8')) as { meta: Record<string, unknown> };
  for (const version of [undefined, 99]) {
    await writeFile(path, JSON.stringify({ ...document, meta: { ...document.meta, version } }));
    await t.throwsAsync(ActiveLearner.restore(dir), {
      code: 'ERR_QUERENT_FORMAT',
      message: new RegExp(`a snapshot of version 2, got version ${version ?? 1}; go on with the querent that wrote it`),
    });
  }
});

test.serial(
  'groups, ids, prices and validation samples come back; what no snapshot holds has to be given',
  async (t) => {
    const dir = await folder();
    const groups = Array.from({ length: 90 }, (_, index) => `g${index % 30}`);
    const ids = Array.from({ length: 90 }, (_, index) => (index >= 60 ? index - 60 : index));
    const costs = (index: number): number => 1 + index / 7;
    const learner = learnerWith({ groups: groups, ids, costs, validation: held, skipCost: 0.5, grouping: 'together' });
    await learner.run({ budget: 60, batch: 10 });
    await learner.snapshot(dir);
    await t.throwsAsync(ActiveLearner.restore(dir, around), { message: /pass them as validation/ });
    const restored = await ActiveLearner.restore(dir, { ...around, validation: held });
    t.deepEqual(await restored.query(9), await learner.query(9));
    const rounds = async (one: ActiveLearner) => withoutTime((await one.run({ budget: 120, batch: 10 })).rounds);
    t.deepEqual(await rounds(restored), await rounds(learner));
  },
);
