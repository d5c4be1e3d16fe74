import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { BenchResult } from '../../src/cli/bench/run.js';
import { runBench, type BenchOptions } from '../../src/cli/bench/run.js';
import { interleave, median, pairedRatio } from '../../src/cli/bench/measure.js';
import * as loops from '../../src/cli/bench/plain-js.js';
import { fillLogits, fillProbabilities, randomVotes } from '../../src/cli/bench/data.js';
import { UsageError } from '../../src/cli/effects.js';
import { UnavailableError } from '../../src/errors.js';
import { committee, matrix, mcDropout, score, topK } from '../../src/index.js';
import { fakeEffects } from '../helpers/cli.js';

const OPTIONS: BenchOptions = { rounds: 2, budget: 1, scale: 0.001, clock: 'wall', peers: false };

async function runQuick(filter: string, options: Partial<BenchOptions> = {}): Promise<BenchResult> {
  const effects = fakeEffects();
  await runBench(filter, { ...OPTIONS, json: true, ...options }, effects);
  return JSON.parse(effects.stdout.text) as BenchResult;
}

test.serial('every case runs and records machine, versions and samples; small runs judge no gate', async (t) => {
  const result = await runQuick('');
  t.is(result.format, 'querent-bench/1');
  t.true(result.cases.length >= 15);
  t.is(result.machine.node, process.version);
  t.is(result.machine.loadAverage.length, 3);
  for (const { id, runners, gates } of result.cases) {
    t.true(runners.length > 0, id);
    t.deepEqual(gates, []);
    for (const { name, samples, medianSeconds, leastSeconds, check } of runners) {
      t.is(samples.length, 2, name);
      t.true(leastSeconds > 0 && leastSeconds <= medianSeconds, name);
      const ours = runners[0]?.check;
      if (check !== undefined && ours !== undefined)
        t.true(Math.abs(check - ours) <= 1e-3 * Math.abs(ours), `${id} ${name}`);
    }
  }
});

test.serial('--out writes the record, the text shows a table, an exact name is not a filter', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'querent-bench-test-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const out = join(folder, 'result.json');
  const effects = fakeEffects();
  await runBench('entropy-1e6x10', { ...OPTIONS, out }, effects);
  t.regex(effects.stdout.text, /entropy-1e6x10: .*rows x 0\.001\n +median +ns\/element +GB\/s +times ours\nquerent /);
  const { cases } = JSON.parse(await readFile(out, 'utf8')) as BenchResult;
  t.deepEqual(
    cases.map(({ id }) => id),
    ['entropy-1e6x10'],
  );
});

test.serial('--list names the cases, an unknown name lists them, a missing interpreter is an error', async (t) => {
  const effects = fakeEffects();
  await runBench('', { ...OPTIONS, list: true }, effects);
  t.regex(effects.stdout.text, /^top-k +topK k=1000/m);
  const none = runBench('entropie', OPTIONS, fakeEffects());
  await t.throwsAsync(none, { instanceOf: UsageError, message: /entropy-1e6x10, / });
  const python = { ...OPTIONS, peers: true, python: '/nonexistent/python' };
  await t.throwsAsync(runBench('top-k', python, fakeEffects()), {
    instanceOf: UnavailableError,
    message: /needs NumPy/,
  });
});

test.serial('the Python peers compute what we compute', async (t) => {
  const python = process.env.QUERENT_BENCH_PYTHON ?? 'python3';
  if (spawnSync(python, ['-c', 'import numpy, scipy']).status !== 0) {
    t.log('no Python with NumPy and SciPy here');
    return t.pass();
  }
  const { cases, peers } = await runQuick('', { peers: true, python });
  t.truthy(peers.numpy);
  const names = cases.flatMap(({ runners }) => runners.map(({ name }) => name));
  for (const name of ['scipy.stats.entropy', 'numpy argpartition', 'Baal BALD (xlogy)', 'modAL vote_entropy']) {
    t.true(names.includes(name), name);
  }
  for (const { id, runners } of cases) {
    const ours = runners[0]?.check;
    for (const { name, check } of runners) {
      if (check !== undefined && ours !== undefined)
        t.true(Math.abs(check - ours) <= 1e-3 * Math.abs(ours), `${id} ${name}`);
    }
  }
});

test('the plain loops agree with the kernels', (t) => {
  const [rows, cols] = [500, 7];
  const probs = new Float32Array(rows * cols);
  fillProbabilities(probs, rows, cols, 5);
  const logits = new Float32Array(rows * cols);
  fillLogits(logits, 6);
  const out = (): Float32Array => new Float32Array(rows);
  const votes = randomVotes(9, rows, cols, 7);
  const shape = { rows: rows / 10, cols };
  const pairs: [Float32Array, Float32Array][] = [
    [loops.entropyLoop(probs, rows, cols, out()), score(matrix(probs, rows, cols), { method: 'entropy' })],
    [loops.marginLoop(probs, rows, cols, out()), score(matrix(probs, rows, cols), { method: 'margin' })],
    [
      loops.leastConfidenceLoop(probs, rows, cols, out()),
      score(matrix(probs, rows, cols), { method: 'least-confidence' }),
    ],
    [
      loops.entropyFromLogitsLoop(logits, rows, cols, out()),
      score(matrix(logits, rows, cols), { method: 'entropy', from: 'logits' }),
    ],
    [loops.baldLoop(probs, 10, rows / 10, cols), mcDropout(probs, { passes: 10, ...shape }).bald],
    [
      loops.voteEntropyLoop(votes, 9, rows, cols),
      committee(votes, { members: 9, rows, cols, measure: 'vote-entropy' }),
    ],
  ];
  for (const [loop, kernel] of pairs) {
    t.is(loop.length, kernel.length);
    t.true(loop.every((value, i) => Math.abs(value - (kernel[i] as number)) < 1e-5));
  }
  const scores = out().map((_, i) => (i * 7919) % rows);
  t.deepEqual([...loops.topKHeap(scores, 20)].sort(), [...topK(scores, 20).indices].sort());
});

test('runners take turns, slow ones sit out the later rounds, and ratios compare the same round', async (t) => {
  const calls: string[] = [];
  const runner = (name: string, seconds: number) => ({
    name,
    run: () => {
      calls.push(name);
      return { wall: seconds * (1 + (calls.length % 2) / 1000), cpu: 0 };
    },
  });
  const options = { rounds: 6, budgetSeconds: 60, leastRounds: 2, clock: 'wall' } as const;
  const samples = await interleave([runner('a', 0.1), runner('b', 0.3), runner('c', 2)], options);
  t.deepEqual(calls.slice(0, 9), ['a', 'b', 'c', 'a', 'b', 'c', 'b', 'c', 'a']);
  t.deepEqual(
    samples.map(({ seconds }) => seconds.length),
    [6, 6, 2],
  );
  const [a, b] = samples as [(typeof samples)[0], (typeof samples)[0]];
  t.true(Math.abs(pairedRatio(b, a) - 3) < 0.01);
  t.is(median([3, 1, 2]), 2);
  t.is(median([4, 1, 2, 3]), 2.5);
});
