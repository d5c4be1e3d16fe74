import { readFileSync } from 'node:fs';
import test from 'ava';
import {
  ActiveLearner,
  type ActiveLearnerOptions,
  cohenKappa,
  createStopping,
  stoppingCriteria,
  type StoppingCriterion,
  type StoppingView,
} from '../../src/index.js';
import { blobs } from '../helpers/blobs.js';
import { CentroidModel } from '../helpers/centroid-model.js';

const CLASSES = 3;
const pool = blobs(80, CLASSES, 2);
const held = blobs(45, CLASSES, 2, { seed: 2 });

interface Golden {
  kappa: { classes: number; first: number[]; second: number[]; value: number }[];
}
const golden = JSON.parse(readFileSync(new URL('../golden/learner.json', import.meta.url), 'utf8')) as Golden;

function learnerWith(options: Partial<ActiveLearnerOptions> = {}): ActiveLearner {
  const model = new CentroidModel(CLASSES);
  const around = { oracle: pool.labels, test: held };
  return new ActiveLearner({ model, strategy: 'margin', pool: pool.samples, seed: 1, ...around, ...options });
}

/** A view whose model predicts these classes, surely, for what is asked. */
function view(round: number, classes: readonly number[], more: Partial<StoppingView> = {}): StoppingView {
  const unlabeled = Uint32Array.from(classes, (_, index) => index);
  return {
    round,
    labels: 10 * (round + 1),
    cost: 10 * (round + 1),
    classes: CLASSES,
    unlabeled,
    stopSet: (size) => unlabeled.slice(0, size),
    predict: async (indices) => {
      const data = new Float32Array(indices.length * CLASSES);
      indices.forEach((index, at) => (data[at * CLASSES + classes[index]!] = 1));
      return { data, rows: indices.length, cols: CLASSES };
    },
    ...more,
  };
}

test("kappa agrees with scikit-learn's to 1e-12", (t) => {
  for (const { classes, first, second, value } of golden.kappa) {
    t.true(Math.abs(cohenKappa(first, second, classes) - value) < 1e-12);
  }
  t.is(cohenKappa([1, 1, 1], [1, 1, 1], 3), 1);
  t.is(cohenKappa([1, 1], [0, 0], 2), 0);
});

test('stabilizing predictions: the mean kappa over the window decides', async (t) => {
  for (const name of ['stabilizing-predictions', 'kappa-average']) {
    const criterion = createStopping(name, { threshold: 0.9, window: 2 });
    const changing = [0, 1, 2, 0, 1, 2];
    const stable = [0, 1, 2, 0, 1, 1];
    t.is(await criterion.observe(view(0, changing)), undefined);
    t.is(await criterion.observe(view(1, stable)), undefined); // one kappa, below
    t.is(await criterion.observe(view(2, stable)), undefined); // (0.75 + 1) / 2
    t.regex((await criterion.observe(view(3, stable)))!, /over 2 rounds.* on 6 samples with a mean kappa of 1\.0000/);
    const again = createStopping(name, { threshold: 0.9, window: 2 });
    again.restore!(JSON.parse(JSON.stringify(criterion.state!())));
    t.truthy(await again.observe(view(4, stable)));
    t.is(await again.observe(view(5, changing)), undefined);
  }
});

test('overall uncertainty: mean normalised entropy of what is not labelled', async (t) => {
  const criterion = createStopping('overall-uncertainty', { threshold: 0.5 });
  const uniform = async (indices: Uint32Array) => ({
    data: new Float32Array(indices.length * CLASSES).fill(1 / CLASSES),
    rows: indices.length,
    cols: CLASSES,
  });
  t.is(await criterion.observe(view(0, [0, 1, 2], { predict: uniform })), undefined);
  t.regex((await criterion.observe(view(1, [0, 1, 2])))!, /mean normalised entropy of 3 unlabelled samples is 0\.0000/);
});

test('classification change: of what is unlabelled in both rounds', async (t) => {
  const criterion = createStopping('classification-change');
  t.is(await criterion.observe(view(0, [0, 1, 2, 0])), undefined);
  t.is(await criterion.observe(view(1, [0, 1, 1, 0])), undefined);
  const later = view(2, [2, 1, 1, 0], { unlabeled: Uint32Array.of(1, 2, 3) }); // 0 changed, and is labelled by now
  t.regex((await criterion.observe(later))!, /0 of 3 unlabelled samples/);
  const loose = createStopping('classification-change', { threshold: 0.5 });
  await loose.observe(view(0, [0, 1, 2, 0]));
  const again = createStopping('classification-change', { threshold: 0.5 });
  again.restore!(JSON.parse(JSON.stringify(loose.state!())));
  t.regex((await again.observe(view(1, [0, 1, 1, 0])))!, /1 of 4/);
});

test('target accuracy says which samples it was measured on, and what that means', async (t) => {
  const result = await learnerWith({ stopping: { name: 'target-accuracy', accuracy: 0.6, on: 'test' } }).run({
    budget: 80,
    batch: 5,
  });
  t.is(result.stop, 'target-accuracy');
  t.regex(result.reason, /accuracy on the test samples is .* chosen by looking at the test set/);
  t.true(result.labels < 80);
  t.is(result.rounds.at(-1)!.stop!.reason, result.reason);
  const validated = await learnerWith({ validation: 0.2, stopping: [{ name: 'target-accuracy', accuracy: 0.6 }] }).run({
    budget: 60,
    batch: 5,
  });
  t.regex(validated.reason, /accuracy on the validation samples/);
  t.throws(() => learnerWith({ stopping: { name: 'target-accuracy', accuracy: 0.9 } }), {
    code: 'ERR_QUERENT_UNAVAILABLE',
    message: /target-accuracy needs validation samples/,
  });
});

test('the first criterion that is met ends the run, and a run that has stopped stays so unless told otherwise', async (t) => {
  const learner = learnerWith({ stopping: ['classification-change', { name: 'max-rounds', rounds: 2 }].slice(1) });
  const first = await learner.run({ budget: 80, batch: 5 });
  t.deepEqual([first.stop, first.reason, first.labels], ['max-rounds', '2 rounds are done (2 were asked for)', 10]);
  const again = await learner.run({ budget: 80, batch: 5 });
  t.deepEqual([again.stop, again.rounds.length], ['max-rounds', 0]);
  const on = await learner.run({ budget: 20, batch: 5, stopping: false });
  t.deepEqual([on.stop, on.labels], ['budget', 20]);
});

test('a criterion by labels or by cost ends after the round that reaches it', async (t) => {
  const stopAt = async (options: object) => {
    const stopping = { name: 'budget', ...options };
    return (await learnerWith({ stopping, costs: () => 2 }).run({ budget: 60, batch: 4 })).labels;
  };
  t.is(await stopAt({ labels: 10 }), 12);
  t.is(await stopAt({ cost: 16 }), 8);
  t.throws(() => createStopping('budget', {}), { code: 'ERR_QUERENT_ARGUMENT', message: /labels or cost/ });
});

test('a criterion of your own is asked once a round', async (t) => {
  const seen: number[] = [];
  const own: StoppingCriterion = {
    name: 'own',
    needs: [],
    async observe({ round, labels, test: measured }) {
      t.true(measured!.ece >= 0);
      seen.push(round);
      return labels >= 15 ? 'enough' : undefined;
    },
  };
  const learner = learnerWith({ stopping: own });
  const { stop, reason } = await learner.run({ budget: 60, batch: 5 });
  t.deepEqual([stop, reason, seen], ['own', 'enough', [0, 1, 2]]);
  await learner.teach([learner.labeled[0]!], [0]); // a correction is no round
  t.deepEqual(seen, [0, 1, 2]);
});

test('every criterion has a description, and refuses what it does not know', (t) => {
  for (const [name, type] of stoppingCriteria) {
    t.is(type.name, name);
    t.true(type.description.length > 10);
    t.throws(() => type.create({ nonsense: 1 }), { code: 'ERR_QUERENT_ARGUMENT' });
  }
  t.throws(() => createStopping('soon'), {
    message: /there is no stopping criterion 'soon'; expected 'target-accuracy'/,
  });
  t.throws(() => learnerWith({ stopping: 5 as never }), { code: 'ERR_QUERENT_ARGUMENT' });
});
