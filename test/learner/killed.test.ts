import { spawn } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { ActiveLearner, Random } from '../../src/index.js';
import { readJsonLines } from '../../src/pool/atomic.js';
import { CentroidModel } from '../helpers/centroid-model.js';
import { around, LIMITS, longLearner, plain } from '../helpers/long-run.js';

const CHILD = fileURLToPath(new URL('../helpers/children/long-run.ts', import.meta.url));
const folder = (): Promise<string> => mkdtemp(join(tmpdir(), 'querent-killed-'));

/** Start or resume the run; kill it so long after it has begun to work. @returns What it printed last. */
function work(dir: string, killAfterMs?: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import=tsx', CHILD, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
    let printed = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (printed === '' && killAfterMs !== undefined) setTimeout(() => child.kill('SIGKILL'), killAfterMs);
      printed += text;
    });
    child.on('error', reject);
    child.on('close', () => resolve(printed.trim().split('\n').at(-1) ?? ''));
  });
}

test.serial('a run that is killed again and again ends with the rounds of one that was left alone', async (t) => {
  const alone = await longLearner(0).run(LIMITS);
  t.true(alone.rounds.length >= 6);
  t.true(alone.rounds.some(({ pseudoLabels }) => pseudoLabels !== undefined));
  t.true(alone.rounds.some(({ refused }) => refused !== undefined));
  t.true(alone.cost <= 170);

  const dir = await folder();
  const random = new Random(20);
  for (let kill = 0; kill < 4; kill++) await work(dir, 10 + random.below(160));
  t.is(await work(dir), alone.stop);
  const lines = (await readJsonLines(`${dir}.jsonl`)) as { round: number }[];
  t.true(lines.length >= alone.rounds.length);
  const rounds = new Map<number, unknown>();
  for (const line of lines) {
    // a round whose snapshot did not come about is done again, and must come out the same
    if (rounds.has(line.round)) t.deepEqual(line, rounds.get(line.round) as typeof line);
    rounds.set(line.round, line);
  }
  t.deepEqual([...rounds.values()], alone.rounds.map(plain));
});

test.serial('a restored learner that had stopped stays so, and its books are the same', async (t) => {
  const dir = await folder();
  const learner = longLearner(0);
  const done = await learner.run({ ...LIMITS, onRound: () => learner.snapshot(dir) });
  const restored = await ActiveLearner.restore(dir, { ...around(0), model: CentroidModel });
  const again = await restored.run(LIMITS);
  t.deepEqual({ ...again, rounds: [] }, { ...done, rounds: [] });
  t.is(again.rounds.length, 0);
  for (const name of ['labeled', 'labels', 'unlabeled', 'refused', 'held', 'bought', 'cost', 'round'] as const) {
    t.deepEqual(restored[name], learner[name], name);
  }
});

test.serial('two processes cannot write snapshots into one folder; a killed one is no obstacle', async (t) => {
  const dir = await folder();
  const learner = longLearner(0);
  await learner.run({ ...LIMITS, budget: { cost: 20 } });
  await work(dir, 120); // killed while it holds the folder, most likely
  await learner.snapshot(dir);
  const child = spawn(process.execPath, ['--import=tsx', CHILD, dir], { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise((resolve) => child.on('close', resolve));
  t.is(code, 1);
  t.regex(stderr, new RegExp(`process ${process.pid} .*is working on it`));
  await learner.close();
  t.regex(await work(dir), /^(budget|max-rounds|stabilizing-predictions)$/);
});
