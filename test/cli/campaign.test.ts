import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { AskResult, CampaignStatus, TellResult } from '../../src/index.js';
import { writeNpy } from '../../src/pool/npy.js';
import { poolText, temporaryFolder } from '../helpers/campaigns.js';
import { runCli } from '../helpers/cli.js';

test('ask, tell and campaign print JSON; wrong use is 2, failure is 1', async (t) => {
  const folder = temporaryFolder(t);
  const dir = join(folder, 'c');
  const pool = join(folder, 'pool.csv');
  writeFileSync(pool, poolText(30));
  const ask = await runCli([
    'ask',
    dir,
    '--pool',
    pool,
    '--classes',
    'cat,dog',
    '-n',
    '4',
    '--format',
    'csv',
    '--json',
  ]);
  t.is(ask.code, 0, ask.stderr);
  const { questions, files } = JSON.parse(ask.stdout) as AskResult;
  t.is(questions.length, 4);
  const filled = readFileSync(files[0]!, 'utf8').replaceAll(/,,,\n/g, ',cat,,anna\n');
  const answers = join(folder, 'answers.csv');
  writeFileSync(answers, filled);
  const tell = await runCli(['tell', dir, answers, '--json']);
  t.is(tell.code, 0, tell.stderr);
  t.like(JSON.parse(tell.stdout) as TellResult, { received: { new: 4 }, round: null });
  const status = await runCli(['campaign', dir, '--json']);
  t.deepEqual((JSON.parse(status.stdout) as CampaignStatus).balance, [4, 0]);
  writeFileSync(answers, 'id,label\nstranger,cat\n');
  const unknown = await runCli(['tell', dir, answers]);
  t.is(unknown.code, 1);
  t.regex(unknown.stderr, /no items "stranger".*\[ERR_QUERENT_VALUE\]\n$/);
  const other = await runCli(['ask', dir, '--classes', 'cat,dog,owl']);
  t.is(other.code, 2);
  t.regex(other.stderr, /was begun with --classes \["cat","dog"\]/);
  t.is((await runCli(['ask', join(folder, 'none')])).code, 2);
});

test('predictions that do not fit the classes make no campaign', async (t) => {
  const folder = temporaryFolder(t);
  const probs = join(folder, 'P.npy');
  await writeNpy(probs, new Array<number>(30).fill(1 / 3), 'f4', [10, 3]);
  const wrong = await runCli(['ask', join(folder, 'c'), '--probs', probs, '--classes', 'a,b']);
  t.is(wrong.code, 2);
  t.regex(wrong.stderr, /--classes names 2, but the predictions have 3 columns/);
  const right = await runCli([
    'ask',
    join(folder, 'c'),
    '--probs',
    probs,
    '--classes',
    'a,b,c',
    '-n',
    '2',
    '--format',
    'jsonl',
  ]);
  t.is(right.code, 0, right.stderr);
  t.regex(right.stdout, /^2 questions of batch 0, chosen by margin\n/);
});

test('querent data writes tables and images', async (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'x'));
  const [table, labels] = [join(folder, 'x', 'pool.csv'), join(folder, 'x', 'truth.csv')];
  const { code, stderr } = await runCli(['data', 'digits', '--export', table, '--labels', labels]);
  t.is(code, 0, stderr);
  const [head = '', first = ''] = readFileSync(table, 'utf8').split('\n');
  t.is(head.split(',').length, 65);
  t.is(first.split(',')[0], 'digits-0000');
  t.is(readFileSync(labels, 'utf8').split('\n')[1], 'digits-0000,0');
});
