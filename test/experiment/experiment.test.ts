import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { parse } from 'yaml';
import { modelsOf } from '../../src/experiment/arms.js';
import { armsOf, parseConfig } from '../../src/experiment/config.js';
import { checkNames } from '../../src/experiment/run-one.js';
import { foldConfig, RunFolder } from '../../src/experiment/run-folder.js';
import {
  createModel,
  type ExperimentOptions,
  resumeExperiment,
  type RoundRecord,
  runExperiment,
} from '../../src/index.js';
import { clouds as dataset } from '../helpers/clouds.js';

const SMALL: ExperimentOptions = {
  dataset,
  model: { name: 'logistic', minSteps: 10, epochs: 1 },
  strategies: ['random', { name: 'margin', tieBreak: 'random' }],
  seeds: 2,
  initial: 6,
  batch: 7,
  budget: 25,
};

const withoutTime = (rounds: readonly RoundRecord[]) => rounds.map(({ seconds: _, ...round }) => round);
const folder = async (): Promise<string> => join(await mkdtemp(join(tmpdir(), 'querent-run-')), 'run');
const linesOf = async (path: string): Promise<unknown[]> =>
  (await readFile(path, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

test.serial('an experiment runs every strategy with every seed to its budget', async (t) => {
  const seen: RoundRecord[] = [];
  const { rounds, summary } = await runExperiment({ ...SMALL, onRound: (record) => void seen.push(record) });
  t.deepEqual(seen, [...rounds]);
  t.is(rounds.length, 2 * 2 * 4);
  for (const strategy of ['random', 'margin(tieBreak=random)']) {
    for (const seed of [0, 1]) {
      const own = rounds.filter((record) => record.strategy === strategy && record.seed === seed);
      t.deepEqual(
        own.map(({ labels }) => labels),
        [6, 13, 20, 25],
      );
      t.deepEqual(
        own.map(({ stop }) => stop),
        [undefined, undefined, undefined, 'budget'],
      );
    }
  }
  t.deepEqual(
    summary.map(({ strategy, seeds, labels }) => [strategy, seeds, labels]),
    [
      ['random', 2, 25],
      ['margin(tieBreak=random)', 2, 25],
    ],
  );
});

test.serial('all strategies begin with the same labels at a given seed', async (t) => {
  const out = await folder();
  const { rounds } = await runExperiment({ ...SMALL, out });
  const picks = (await linesOf(join(out, 'picks.jsonl'))) as { seed: number; round: number; indices: number[] }[];
  for (const seed of [0, 1]) {
    const first = picks.filter((line) => line.seed === seed && line.round === 0);
    t.deepEqual(first[0]!.indices, first[1]!.indices);
    const accuracies = rounds
      .filter((record) => record.seed === seed && record.round === 0)
      .map(({ accuracy }) => accuracy);
    t.is(accuracies[0], accuracies[1]);
  }
  t.notDeepEqual(picks.find(({ seed }) => seed === 0)!.indices, picks.find(({ seed }) => seed === 1)!.indices);
});

test.serial('the same experiment gives the same rounds twice', async (t) => {
  const first = await runExperiment(SMALL);
  const second = await runExperiment(SMALL);
  t.deepEqual(withoutTime(second.rounds), withoutTime(first.rounds));
});

test.serial('a run folder tells what was run, every round, and every pick', async (t) => {
  const out = await folder();
  const { rounds } = await runExperiment({ ...SMALL, out });
  t.deepEqual((await readdir(out)).sort(), ['config.json', 'picks.jsonl', 'rounds.jsonl']);
  t.deepEqual(await linesOf(join(out, 'rounds.jsonl')), JSON.parse(JSON.stringify(rounds)));
  const picks = (await linesOf(join(out, 'picks.jsonl'))) as {
    strategy: string;
    seed: number;
    indices: number[];
    labels: number[];
  }[];
  const own = picks.filter(({ strategy, seed }) => strategy === 'random' && seed === 1);
  const indices = own.flatMap((line) => line.indices);
  t.is(new Set(indices).size, 25);
  t.deepEqual(
    own.flatMap(({ labels }) => labels),
    indices.map((index) => dataset.pool.labels[index]!),
  );
  for (const { labels, balance } of rounds) {
    t.is(balance!.length, 3);
    t.is(
      balance!.reduce((sum, count) => sum + count, 0),
      labels,
    );
  }
  const { config, environment } = JSON.parse(await readFile(join(out, 'config.json'), 'utf8')) as Record<
    string,
    Record<string, unknown>
  >;
  t.deepEqual(config!['strategies'], ['random', { name: 'margin', tieBreak: 'random' }]);
  t.deepEqual(config!['seeds'], [0, 1]);
  t.regex(String(environment!['tensorflow']), /^4\./);
  await t.throwsAsync(runExperiment({ ...SMALL, out }), {
    code: 'ERR_QUERENT_STORAGE',
    message: /holds a run already/,
  });
});

test.serial(
  'an experiment that is stopped after any number of rounds and resumed ends with the same rounds',
  async (t) => {
    const whole = await runExperiment(SMALL);
    for (const stopAfter of [1, 4, 6, 16]) {
      const out = await folder();
      const controller = new AbortController();
      let count = 0;
      const onRound = (): void => {
        count += 1;
        if (count === stopAfter) controller.abort(new Error('stop'));
      };
      const stopped = runExperiment({ ...SMALL, out, signal: controller.signal, onRound });
      if (stopAfter < 16) await t.throwsAsync(stopped, { message: 'stop' });
      else await stopped;
      let told = 0;
      const { rounds } = await resumeExperiment(out, { dataset, onRound: () => void (told += 1) });
      t.deepEqual(withoutTime(rounds), withoutTime(whole.rounds), `stopped after ${stopAfter}`);
      t.is(told, 16);
      t.deepEqual(withoutTime((await linesOf(join(out, 'rounds.jsonl'))) as RoundRecord[]), withoutTime(whole.rounds));
      t.is((await linesOf(join(out, 'picks.jsonl'))).length, 16);
      t.deepEqual((await readdir(out)).sort(), ['config.json', 'picks.jsonl', 'rounds.jsonl']);
    }
  },
);

test.serial('lines that a crash left out after the snapshot are made up for', async (t) => {
  const whole = await runExperiment(SMALL);
  for (const file of ['rounds.jsonl', 'picks.jsonl']) {
    const out = await folder();
    const controller = new AbortController();
    const onRound = ({ round }: RoundRecord): void => {
      if (round === 2) controller.abort(new Error('stop'));
    };
    await t.throwsAsync(runExperiment({ ...SMALL, out, signal: controller.signal, onRound }));
    const text = await readFile(join(out, file), 'utf8');
    const lastLine = text.trimEnd().lastIndexOf('\n') + 1;
    await writeFile(join(out, file), text.slice(0, lastLine + 10)); // torn in the middle of the last line
    const { rounds } = await resumeExperiment(out, { dataset });
    t.deepEqual(withoutTime(rounds), withoutTime(whole.rounds));
    t.is((await linesOf(join(out, 'picks.jsonl'))).length, 16);
  }
});

test.serial('a run that began elsewhere says so when it is resumed', async (t) => {
  const out = await folder();
  await runExperiment({ ...SMALL, out });
  const path = join(out, 'config.json');
  await writeFile(path, (await readFile(path, 'utf8')).replace(/"cpu": "[^"]*"/, '"cpu": "abacus"'));
  const lines: string[] = [];
  await resumeExperiment(out, { dataset, log: (line) => lines.push(line) });
  t.is(lines.length, 1);
  t.regex(lines[0]!, /resuming elsewhere, so training may differ slightly: cpu was abacus and is /);
});

test('a configuration is filled in with defaults, and the input stays as it was', (t) => {
  const input = { strategies: ['margin'] };
  const config = parseConfig(input);
  t.deepEqual(config, {
    dataset: { name: 'digits', options: {} },
    model: { name: 'cnn', options: {} },
    strategies: [{ name: 'margin', options: {} }],
    seeds: [0, 1, 2],
    initial: 20,
    batch: 20,
    budget: 300,
    warmStart: false,
    threads: 1,
  });
  t.deepEqual(input, { strategies: ['margin'] });
});

test('a data set may have options, and its bare name is how it is written down without', (t) => {
  const config = parseConfig({ dataset: { name: 'digits', noise: 0.1 } });
  t.deepEqual(config.dataset, { name: 'digits', options: { noise: 0.1 } });
  t.deepEqual(foldConfig(config), { ...foldConfig(parseConfig({})), dataset: { name: 'digits', noise: 0.1 } });
  t.is((foldConfig(parseConfig({})) as { dataset: unknown }).dataset, 'digits');
});

test('a run folder of before calibration and balance were measured can still be read', async (t) => {
  const folder = await RunFolder.open(fileURLToPath(new URL('../../studies/digits', import.meta.url)));
  t.is(folder.rounds.length, 135);
  t.deepEqual(folder.manifest.config.dataset, { name: 'digits', options: {} });
  t.is(folder.rounds[0]!.balance, undefined);
});

test('the configurations of the studies name what there is', async (t) => {
  const studies = fileURLToPath(new URL('../../studies', import.meta.url));
  const files = (await readdir(studies, { recursive: true })).filter((file) => file.endsWith('config.yaml'));
  t.true(files.length >= 10);
  for (const file of files) {
    const config = parseConfig(parse(await readFile(join(studies, file), 'utf8')));
    t.notThrows(() => checkNames(config), file);
    for (const arm of armsOf(config)) {
      const { model, learner = model } = modelsOf(config, arm);
      for (const { name, options } of [model, learner]) {
        t.notThrows(() => createModel(name, { ...options, sampleShape: [32, 32, 3], classes: 10 }), file);
      }
    }
    t.true(config.seeds.length >= 3);
  }
});

const wrong: [string, unknown, RegExp][] = [
  ['an unknown key', { budgett: 3 }, /unknown option 'budgett'; the options are dataset, model/],
  ['a budget of nothing', { budget: 0 }, /for budget, got 0/],
  ['a batch that is no number', { batch: 'all' }, /for batch, got 'all'/],
  ['no strategies', { strategies: [] }, /for strategies, got an array of 0/],
  [
    'a strategy without a name',
    { strategies: [{ tieBreak: 'index' }] },
    /expected a name, or an object with name for strategies.0/,
  ],
  ['a strategy named twice', { strategies: ['margin', 'margin'] }, /strategy margin is named twice/],
  ['a seed named twice', { seeds: [1, 1] }, /every seed once, got 1, 1/],
  ['more initial labels than the budget', { initial: 30, budget: 20 }, /initial within the budget of 20, got 30/],
];
for (const [name, config, message] of wrong) {
  test(`${name} in a configuration is an error that says so`, (t) => {
    t.throws(() => parseConfig(config), { code: 'ERR_QUERENT_ARGUMENT', message });
  });
}

test.serial('unknown names and options are found before anything is computed', async (t) => {
  await t.throwsAsync(runExperiment({ ...SMALL, model: 'forest' }), { message: /there is no model 'forest'/ });
  await t.throwsAsync(runExperiment({ ...SMALL, strategies: ['guess'] }), { message: /there is no strategy 'guess'/ });
  await t.throwsAsync(runExperiment({ ...SMALL, model: { name: 'mlp', depth: 3 } }), {
    message: /unknown option 'depth'/,
  });
  await t.throwsAsync(runExperiment({ ...SMALL, dataset: 'letters' }), { message: /there is no data set 'letters'/ });
  await t.throwsAsync(runExperiment({ ...SMALL, initial: 90, budget: 95 }), {
    message: /80 samples of clouds, got 90/,
  });
});

test.serial('a folder without a run cannot be resumed', async (t) => {
  await t.throwsAsync(resumeExperiment(await mkdtemp(join(tmpdir(), 'querent-run-'))), { code: 'ERR_QUERENT_STORAGE' });
});
