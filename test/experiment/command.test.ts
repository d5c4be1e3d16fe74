import { spawn } from 'node:child_process';
import { access, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { liveTable } from '../../src/cli/run-table.js';
import { parseConfig } from '../../src/experiment/config.js';
import type { ExperimentResult, RoundRecord } from '../../src/index.js';
import { cliArguments, fakeEffects, runCli } from '../helpers/cli.js';

const SETTINGS = ['--model', 'logistic', '--strategies', 'random,margin', '--seeds', '1', '--budget', '100'];
const ROUNDS = 10;

const folder = async (): Promise<string> => join(await mkdtemp(join(tmpdir(), 'querent-cli-')), 'run');
const roundsOf = async (dir: string): Promise<unknown[]> =>
  (await readFile(join(dir, 'rounds.jsonl'), 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => ({ ...(JSON.parse(line) as RoundRecord), seconds: undefined }));

/** Start `querent` and send it a signal a moment after it has reported its n-th round. */
function killAfter(args: string[], rounds: number, delayMs: number, signal: NodeJS.Signals): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, cliArguments(...args), { stdio: ['ignore', 'ignore', 'pipe'] });
    let seen = 0;
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      const before = seen;
      seen += text.split('\n').filter((line) => line.includes(' labels  accuracy')).length;
      if (before < rounds && seen >= rounds) setTimeout(() => child.kill(signal), delayMs);
    });
    child.on('error', reject);
    child.on('close', (code) => resolve(code));
  });
}

test.serial(
  'a run that is killed at several moments and resumed ends with the rounds of one that was left alone',
  async (t) => {
    const [alone, killed] = [await folder(), await folder()];
    const { code, stdout, stderr } = await runCli(['run', ...SETTINGS, '--out', alone, '--json']);
    t.is(code, 0, stderr);
    const { summary, report } = JSON.parse(stdout) as ExperimentResult & { report: string };
    t.deepEqual(
      summary.map(({ strategy, labels }) => [strategy, labels]),
      [
        ['random', 100],
        ['margin', 100],
      ],
    );
    t.true((await readFile(report, 'utf8')).includes('<svg'));
    await killAfter(['run', ...SETTINGS, '--out', killed], 2, 0, 'SIGKILL');
    await killAfter(['run', '--resume', killed], 4, 40, 'SIGKILL'); // rounds read back are reported too
    await killAfter(['run', '--resume', killed], 7, 110, 'SIGKILL');
    const before = (await roundsOf(killed)).length;
    t.true(before >= 3 && before < ROUNDS, `${before} rounds were written before the last resume`);
    const resumed = await runCli(['run', '--resume', killed]);
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
