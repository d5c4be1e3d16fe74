import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { z } from 'zod';
import { interactiveArms, modelsOf, withValidation } from '../../src/experiment/arms.js';
import { ARM_KEYS, armsOf, baselineOf, parseConfig } from '../../src/experiment/config.js';
import { foldConfig, RunFolder } from '../../src/experiment/run-folder.js';
import {
  type ExperimentOptions,
  ActiveLearner,
  createModel,
  createStrategy,
  measure,
  resumeExperiment,
  type RoundRecord,
  runExperiment,
  simulatedOracle,
  strategies,
} from '../../src/index.js';
import { deriveSeed, SEED_FINAL_FIT } from '../../src/learner/seeds.js';
import { takeRows } from '../../src/models/samples.js';
import { checkMatrix } from '../../src/matrix.js';
import { clouds as dataset } from '../helpers/clouds.js';

const SMALL: ExperimentOptions = {
  dataset,
  model: { name: 'logistic', minSteps: 10, epochs: 1 },
  strategies: ['random', { name: 'margin', tieBreak: 'random', as: 'M', training: { learningRate: 0.5 } }],
  seeds: 2,
  initial: 6,
  batch: 7,
  budget: 20,
};

const withoutTime = (rounds: readonly RoundRecord[]) => rounds.map(({ seconds: _, ...round }) => round);
const folder = async (): Promise<string> => join(await mkdtemp(join(tmpdir(), 'querent-arms-')), 'run');

test('no strategy has options of the names that an experiment reads itself', (t) => {
  for (const { name, options } of strategies.values()) {
    const { properties = {} } = z.toJSONSchema(options, { unrepresentable: 'any', io: 'input' });
    for (const key of ['name', ...ARM_KEYS]) t.false(key in properties, `${name}: ${key}`);
  }
});

test('an arm is called as it says, its overrides are part of its name, and the configuration folds back', (t) => {
  const input = {
    strategies: [
      'random',
      { name: 'random', as: 'F', training: { epochs: 3 } },
      { name: 'margin', training: { epochs: 4 } },
    ],
  };
  const config = parseConfig(input);
  const arms = armsOf(config);
  t.deepEqual(
    arms.map(({ label }) => label),
    ['random', 'F', 'margin(training.epochs=4)'],
  );
  t.deepEqual(arms[1], { name: 'random', options: {}, as: 'F', training: { epochs: 3 }, label: 'F' });
  t.deepEqual((foldConfig(config) as typeof input).strategies, input.strategies);
  t.deepEqual(parseConfig(foldConfig(config)), config);
  t.is(baselineOf(arms)?.label, 'random');
  t.is(baselineOf(arms.slice(1)), undefined);
  t.is(baselineOf(armsOf(parseConfig({ strategies: [{ name: 'random', as: 'Random' }] })))?.label, 'Random');
});

test('overrides go to the model that is measured', (t) => {
  const strategy = { name: 'random', training: { epochs: 3, minSteps: 0 } };
  const alone = parseConfig({ model: { name: 'mlp', epochs: 9, hidden: [8] }, strategies: [strategy] });
  t.deepEqual(modelsOf(alone, armsOf(alone)[0]!), {
    model: { name: 'mlp', options: { epochs: 3, minSteps: 0, hidden: [8] } },
    learner: undefined,
  });
  const two = parseConfig({ ...(foldConfig(alone) as object), learner: 'cnn' });
  t.deepEqual(modelsOf(two, armsOf(two)[0]!), {
    model: { name: 'mlp', options: { epochs: 9, hidden: [8] } },
    learner: { name: 'cnn', options: { epochs: 3, minSteps: 0 } },
  });
});

for (const [what, strategy, message] of [
  ['a label that is no text', { name: 'margin', as: 3 }, /expected a label for strategies.1.as, got 3/],
  ['an empty label', { name: 'margin', as: ' ' }, /one line and at most 80 characters for strategies.1.as/],
  [
    'overrides that are no options',
    { name: 'margin', training: 'fast' },
    /options of the model for strategies.1.training/,
  ],
  ['a label that another arm has', { name: 'margin', as: 'random' }, /strategy random is named twice/],
] as const) {
  test(`${what} is an error that says so`, (t) => {
    t.throws(() => parseConfig({ strategies: ['random', strategy] }), { code: 'ERR_QUERENT_ARGUMENT', message });
  });
}

test.serial('options of the model are checked for every arm before anything is computed', async (t) => {
  const arm = { name: 'margin', training: { depth: 3 } };
  await t.throwsAsync(runExperiment({ ...SMALL, strategies: ['random', arm] }), { message: /unknown option 'depth'/ });
  await t.throwsAsync(runExperiment({ ...SMALL, learner: { name: 'mlp', depth: 3 } }), {
    message: /unknown option 'depth'/,
  });
  await t.throwsAsync(runExperiment({ ...SMALL, learner: 'forest' }), { message: /there is no model 'forest'/ });
});

test.serial('an override changes its own arm and no other, and is written down with every option', async (t) => {
  const out = await folder();
  const plain = { name: 'margin', tieBreak: 'random', as: 'M' };
  const without = await runExperiment({ ...SMALL, strategies: ['random', plain] });
  const { rounds } = await runExperiment({ ...SMALL, out });
  const of = (all: readonly RoundRecord[], label: string) => withoutTime(all.filter((one) => one.strategy === label));
  t.deepEqual(of(rounds, 'random'), of(without.rounds, 'random'));
  t.notDeepEqual(of(rounds, 'M'), of(without.rounds, 'M'));
  const written = JSON.parse(await readFile(join(out, 'config.json'), 'utf8')) as Record<string, unknown>;
  t.deepEqual(written['arms'], [
    { label: 'random', strategy: 'random', options: {} },
    {
      label: 'M',
      strategy: 'margin',
      options: createStrategy('margin', { tieBreak: 'random' }).options,
      training: { learningRate: 0.5 },
    },
  ]);
  t.deepEqual((await RunFolder.open(out)).manifest.arms, written['arms'] as never);
});

const FINAL: ExperimentOptions = { ...SMALL, learner: { name: 'mlp', hidden: [6], epochs: 2, minSteps: 4 } };

test.serial('the final learner is measured, the model chooses', async (t) => {
  const out = await folder();
  const alone = await runExperiment({ ...SMALL, strategies: ['margin'], seeds: [5] });
  const { rounds } = await runExperiment({ ...FINAL, strategies: ['margin'], seeds: [5], out });
  const { picks } = await RunFolder.open(out);
  const options = { sampleShape: [4], classes: 3 };
  const again = new ActiveLearner({
    model: createModel('logistic', { ...options, minSteps: 10, epochs: 1 }),
    strategy: createStrategy('margin'),
    pool: dataset.pool.samples,
    oracle: simulatedOracle(dataset.pool.labels),
    classes: 3,
    seed: 5,
  });
  await again.run({
    initial: 6,
    batch: 7,
    budget: 20,
    async onRound({ round, indices, fit }) {
      t.deepEqual([...indices], picks[round]!.indices);
      const mlp = createModel('mlp', { ...options, hidden: [6], epochs: 2, minSteps: 4 });
      const samples = takeRows(checkMatrix('test', 'pool', dataset.pool.samples), again.labeled);
      await mlp.fit(samples, again.labels, { seed: deriveSeed(5, SEED_FINAL_FIT, round) });
      const { accuracy, logLoss } = measure(await mlp.predictProba(dataset.test.samples), dataset.test.labels);
      const record = rounds[round]!;
      t.deepEqual([record.accuracy, record.logLoss], [accuracy, logLoss]);
      t.deepEqual([record.epochs, record.loss], [fit.epochs, fit.loss]); // of the model that chooses
      t.true(record.seconds.learner! > 0);
    },
  });
  t.notDeepEqual(
    rounds.map(({ accuracy, logLoss }) => [accuracy, logLoss]),
    alone.rounds.map(({ accuracy, logLoss }) => [accuracy, logLoss]),
  );
  t.is(alone.rounds[0]!.seconds.learner, undefined);
});

test.serial('with a final learner an experiment that is stopped and resumed ends with the same rounds', async (t) => {
  const whole = await runExperiment({ ...FINAL, processes: 2 });
  for (const stopAfter of [1, 4]) {
    const out = await folder();
    const controller = new AbortController();
    let count = 0;
    const onRound = (): void => {
      count += 1;
      if (count === stopAfter) controller.abort(new Error('stop'));
    };
    await t.throwsAsync(runExperiment({ ...FINAL, out, signal: controller.signal, onRound }), { message: 'stop' });
    const { rounds, config } = await resumeExperiment(out, { dataset });
    t.deepEqual(config, whole.config);
    t.deepEqual(withoutTime(rounds), withoutTime(whole.rounds), `stopped after ${stopAfter}`);
  }
  const { summary } = whole;
  t.true(summary.every(({ seconds }) => seconds.learner! > 0));
});

test('where a strategy buys within its queries, every arm has a validation split', (t) => {
  const config = parseConfig({ strategies: ['random', { name: 'margin', as: 'M' }] });
  const needsOf = (name: string) => (name === 'margin' ? (['probabilities', 'oracle'] as const) : []);
  t.deepEqual([...interactiveArms(config, needsOf)], ['M']);
  t.deepEqual(withValidation(config, needsOf), { ...config, validation: 0.2 });
  t.is(withValidation({ ...config, validation: 0.1 }, needsOf).validation, 0.1);
  t.is(withValidation(config).validation, undefined);
  t.deepEqual(parseConfig(foldConfig(withValidation(config, needsOf))).validation, 0.2);
});

test.serial('rounds say how many labels the validation split holds', async (t) => {
  const { rounds } = await runExperiment({ ...SMALL, validation: 0.25 });
  t.true(rounds.every(({ validationLabels }) => validationLabels === 20));
  t.is((await runExperiment({ ...SMALL, seeds: 1 })).rounds[0]!.validationLabels, undefined);
});

test.serial('an experiment with sral writes down the validation split of all its arms', async (t) => {
  const out = await folder();
  const arms = ['random', { name: 'sral', as: 'SRAL', window: 3 }];
  const model = { name: 'mlp', hidden: [6], minSteps: 5, epochs: 1 };
  const { rounds, config, failures } = await runExperiment({ ...SMALL, model, strategies: arms, seeds: 1, out });
  t.deepEqual(failures, []);
  t.is(config.validation, 0.2);
  t.deepEqual(new Set(rounds.map(({ strategy }) => strategy)), new Set(['random', 'SRAL']));
  t.deepEqual(new Set(rounds.map(({ validationLabels }) => validationLabels)), new Set([16]));
  const { manifest } = await RunFolder.open(out);
  t.is(manifest.config.validation, 0.2);
  const [, sral] = manifest.arms!;
  t.is(sral!.options['window'], 3);
  t.true(Object.keys(sral!.options).length > 20);
});
