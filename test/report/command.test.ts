import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { RunReport } from '../../src/index.js';
import { runCli } from '../helpers/cli.js';
import { runFolder } from './folders.js';

test.serial('querent report writes the page and prints where', async (t) => {
  const dir = await runFolder();
  const out = join(dir, 'page.html');
  const { code, stdout, stderr } = await runCli(['report', dir, '--out', out, '--title', 'Two & two', '--no-map']);
  t.is(stderr, '');
  t.is(code, 0);
  t.is(stdout, `${out}\n`);
  const page = await readFile(out, 'utf8');
  t.true(page.includes('<title>Two &amp; two</title>'));
  t.false(page.includes('Map of the pool'));
});

test.serial('--json prints the tables in bare numbers, --markdown as tables', async (t) => {
  const dir = await runFolder();
  const json = await runCli(['report', dir, '--json', '--no-map', '--strategies', 'margin']);
  const { report, runs } = JSON.parse(json.stdout) as { report: string; runs: RunReport[] };
  t.is(report, join(dir, 'report.html'));
  t.deepEqual(
    runs[0]!.tables.find(({ id }) => id === 'results')!.rows.map(([name]) => name),
    ['margin'],
  );
  const markdown = await runCli(['report', dir, '--markdown', '--no-map']);
  t.regex(markdown.stdout, /^## .*\n\n\*\*.*\*\*\n\n\| strategy \|/);
});

test.serial('commas within brackets belong to a name', async (t) => {
  const arm = { name: 'rank', of: ['margin', 'entropy'], keep: 0.5 };
  const label = 'rank(of=["margin","entropy"], keep=0.5)';
  const dir = await runFolder({ strategies: ['random', label], entries: ['random', arm], picks: false });
  const { code, stdout, stderr } = await runCli(['report', dir, '--compare', `random,${label}`, '--markdown']);
  t.is(code, 0, stderr);
  t.true(stdout.includes(`**Accuracy of random and ${label} by labels bought, and the difference in points**`));
  t.true(stdout.includes('mean ± standard deviation over 2 seeds'));
});

for (const [what, args, message] of [
  [
    'a strategy that was not run',
    ['--strategies', 'bald'],
    /expected strategies of the runs \(random, margin\), got 'bald'/,
  ],
  [
    'a focus that was not run',
    ['--focus', 'bald'],
    /expected strategies that are shown \(random, margin\), got 'bald'/,
  ],
  ['a comparison with nothing', ['--compare', 'margin'], /expected two strategies or more, separated by commas/],
  ['a round of the initial labels', ['--round', '0'], /expected a whole number of at least 1/],
  ['a way to lay out that there is not', ['--map', 'globe'], /globe/],
  ['two kinds of output at once', ['--json', '--markdown'], /expected --json or --markdown, got both/],
] as const) {
  test.serial(`${what} is wrong use`, async (t) => {
    const { code, stderr } = await runCli(['report', await runFolder(), ...args]);
    t.is(code, 2);
    t.regex(stderr, message);
  });
}
