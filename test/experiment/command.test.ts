import { access, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { liveTable } from '../../src/cli/run-table.js';
import { parseConfig } from '../../src/experiment/config.js';
import { RunFolder } from '../../src/experiment/run-folder.js';
import type { ExperimentResult, RoundRecord } from '../../src/index.js';
import { fakeEffects, runCli } from '../helpers/cli.js';
import { killAfter } from '../helpers/kill-after.js';

const SETTINGS = ['--model', 'logistic', '--strategies', 'random,margin', '--seeds', '1', '--budget', '100'];
const ROUNDS = 10;

const folder = async (): Promise<string> => join(await mkdtemp(join(tmpdir(), 'querent-cli-')), 'run');
/** In the order of an experiment, not in that in which runs at the same time happened to write them. */
const roundsOf = async (dir: string): Promise<unknown[]> =>
  (await RunFolder.open(dir)).rounds.map((line) => ({ ...line, seconds: undefined }));

test.serial(
  'a run that is killed at several moments and resumed ends with the rounds of one that was left alone',
  async (t) => {
    const [alone, killed] = [await folder(), await folder()];
    const { code, stdout, stderr } = await runCli(['run', ...SETTINGS, '--out', alone, '--processes', '1', '--json']);
    t.is(code, 0, stderr);
    const { summary, report, comparison, failures } = JSON.parse(stdout) as ExperimentResult & { report: string };
    t.deepEqual(failures, []);
    t.regex(comparison.headline, /One seed cannot tell whether a strategy beats random/);
    t.deepEqual(
      summary.map(({ strategy, labels }) => [strategy, labels]),
      [
        ['random', 100],
        ['margin', 100],
      ],
    );
    t.true((await readFile(report, 'utf8')).includes('<svg'));
    const two = ['--processes', '2'];
    await killAfter(['run', ...SETTINGS, '--out', killed, ...two], 2, 0, 'SIGKILL');
    await killAfter(['run', '--resume', killed, ...two], 4, 40, 'SIGKILL'); // rounds read back are reported too
    await killAfter(['run', '--resume', killed, ...two], 7, 110, 'SIGKILL');
    const before = (await roundsOf(killed)).length;
    t.true(before >= 3 && before < ROUNDS, `${before} rounds were written before the last resume`);
    const resumed = await runCli(['run', '--resume', killed, ...two]);
    t.is(resumed.code, 0, resumed.stderr);
    t.regex(resumed.stdout, /^strategy .*\nrandom .*\nmargin /);
    t.deepEqual(await roundsOf(killed), await roundsOf(alone));
  },
);

test.serial('a run that is interrupted exits with 130, leaves a report, and says how to go on', async (t) => {
  const out = await folder();
  t.is(await killAfter(['run', ...SETTINGS, '--out', out], 2, 0, 'SIGINT'), 130);
  const report = await readFile(join(out, 'report.html'), 'utf8');
  t.regex(report, /0 of 2 runs are finished/);
});

test.serial('a configuration file is read, and options go before it', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'querent-cli-'));
  const file = join(dir, 'config.yaml');
  await writeFile(
    file,
    'model: { name: logistic, minSteps: 5, epochs: 1 }\nstrategies: [entropy]\nseeds: [7]\nbudget: 60\n',
  );
  const { code, stdout, stderr } = await runCli(['run', file, '--budget', '40', '--out', join(dir, 'run'), '--json']);
  t.is(code, 0, stderr);
  const { config } = JSON.parse(stdout) as ExperimentResult;
  t.deepEqual([config.budget, config.seeds, config.model.options], [40, [7], { minSteps: 5, epochs: 1 }]);
  const page = await runCli(['report', join(dir, 'run'), '--out', join(dir, 'page.html')]);
  t.is(page.code, 0, page.stderr);
  await t.notThrowsAsync(access(join(dir, 'page.html')));
});

test.serial('several data sets make a folder of run folders, and failed runs are told with exit code 1', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'querent-cli-'));
  const file = join(dir, 'config.yaml');
  const table = join(dir, 'table.csv');
  const rows = Array.from({ length: 40 }, (_, row) => `${row % 2},${row % 2 === 0 ? row : -row},${row * row}`);
  await writeFile(table, `label,a,b\n${rows.join('\n')}\n`);
  await writeFile(
    file,
    [
      `datasets: [digits, { name: features, path: ${table} }]`,
      'model: { name: logistic, minSteps: 5, epochs: 1 }',
      'strategies: [random, bald]', // logistic regression has no dropout passes
      'seeds: 1',
      'initial: 10',
      'batch: 10',
      'budget: 20',
    ].join('\n'),
  );
  const { code, stdout, stderr } = await runCli(['run', file, '--out', join(dir, 'runs')]);
  t.is(code, 1, stderr);
  t.regex(stdout, /^digits\nstrategy .*\nrandom [^]*\nfeatures\nstrategy .*\nrandom /);
  t.regex(stderr, /\nfailed +seed +why\nbald +0 .*needs .*\nbald +0 .*\ntry them again with: querent run --resume /);
  const failed = (await RunFolder.open(join(dir, 'runs', 'digits-logistic'))).failures;
  t.deepEqual(
    failed.map(({ strategy, seed, code: why }) => [strategy, seed, why]),
    [['bald', 0, 'ERR_QUERENT_UNAVAILABLE']],
  );
  const again = await runCli(['run', '--resume', join(dir, 'runs')]);
  t.is(again.code, 1, again.stderr);
});

const mistakes: [string, string[], number, RegExp][] = [
  [
    'an unknown strategy',
    ['run', '--strategies', 'margin,guess'],
    2,
    /there is no strategy 'guess'; expected 'random'/,
  ],
  ['a budget of nothing', ['run', '--budget', '0'], 2, /expected a whole number of at least 1/],
  [
    'settings beside --resume',
    ['run', '--resume', 'x', '--budget', '9'],
    2,
    /--resume takes its settings from the run folder; leave out budget/,
  ],
  ['a folder that holds no run', ['run', '--resume', '/nowhere'], 1, /cannot read \/nowhere\/config.json/],
  ['a missing configuration file', ['run', '/nowhere.yaml'], 1, /cannot read \/nowhere.yaml/],
  ['a report about nothing', ['report', '/nowhere'], 1, /cannot read \/nowhere\/config.json/],
];
for (const [name, args, code, message] of mistakes) {
  test.serial(`${name} is one line on stderr and exit code ${code}`, async (t) => {
    const result = await runCli(args);
    t.is(result.code, code);
    t.regex(result.stderr, message);
    t.is(result.stderr.trimEnd().split('\n').length, 1);
    t.is(result.stdout, '');
  });
}

const record = (strategy: string, round: number): RoundRecord => ({
  strategy,
  seed: 0,
  round,
  labels: 20 * (round + 1),
  accuracy: 0.9,
  macroF1: 0.9,
  logLoss: 0.3,
  epochs: 1,
  loss: 0.1,
  seconds: { train: 1, score: 0.1, select: 0.01, evaluate: 0.1 },
  ...(round === 1 ? { stop: 'budget' as const } : {}),
});

test('on a terminal the table is drawn over itself, elsewhere every round is a line', (t) => {
  const config = parseConfig({ strategies: ['random', 'margin'], seeds: 1, budget: 40 });
  const plain = fakeEffects().stderr;
  const lines = liveTable(config, plain);
  lines.add(record('random', 0));
  t.is(plain.text, 'random  seed 0  round  0    20 labels  accuracy 90.0 %  1.21 s\n');

  const interactive = parseConfig({ strategies: ['random', { name: 'sral', as: 'S' }], seeds: 1, budget: 40 });
  const shares = fakeEffects().stderr;
  liveTable(interactive, shares).add(record('random', 0));
  liveTable(interactive, shares).add({ ...record('S', 0), seconds: { ...record('S', 0).seconds, learner: 2 } });
  t.regex(shares.text, /^random .* 1\.21 s\nS .* 3\.21 s {2}choosing 0\.3 %\n$/);

  const terminal = Object.assign(fakeEffects().stderr, { isTTY: true, columns: 100 });
  const table = liveTable(config, terminal);
  table.add(record('random', 0));
  table.add(record('random', 1));
  table.done();
  const frames = terminal.text.split('\x1b[4A\x1b[J');
  t.is(frames.length, 3);
  const [header, random, margin, progress] = frames[2]!.split('\n');
  t.regex(header!, /^strategy +seed +labels +accuracy +finished +mean at the end$/);
  t.regex(random!, /^random +0 +40 +90.0 % +1 of 1 +90.0 %$/);
  t.regex(margin!, /^margin +0 of 1$/);
  t.regex(progress!, /^█{10}░{10} {2}round 2 of 4, about /);
});
