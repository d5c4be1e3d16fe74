import { spawnSync } from 'node:child_process';
import { pbkdf2, pbkdf2Sync } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import type { BenchResult } from '../../src/cli/bench/run.js';
import { runBench, type BenchOptions } from '../../src/cli/bench/run.js';
import { interleave, median, pairedRatio, timed, timedAsync } from '../../src/cli/bench/measure.js';
import { withPeak } from '../../src/cli/bench/memory.js';
import { PythonPeers } from '../../src/cli/bench/python.js';
import * as loops from '../../src/cli/bench/plain-js.js';
import { fillGaussian, fillLogits, fillProbabilities, randomVotes, uniformSource } from '../../src/cli/bench/data.js';
import { UsageError } from '../../src/cli/effects.js';
import { UnavailableError } from '../../src/errors.js';
import { committee, kCenterGreedy, matrix, mcDropout, pairwiseDistances, score, topK } from '../../src/index.js';
import { writeNpy } from '../../src/pool/npy.js';
import { fakeEffects } from '../helpers/cli.js';

const OPTIONS: BenchOptions = { rounds: 2, budget: 1, scale: 0.001, clock: 'wall', peers: false, memory: false };
const PYTHON = process.env.QUERENT_BENCH_PYTHON ?? 'python3';
const hasPython = spawnSync(PYTHON, ['-c', 'import numpy, scipy']).status === 0;

/** Checks of runners that do the same work agree. */
function sameResults(t: ExecutionContext, { cases }: BenchResult): void {
  for (const { id, runners, tolerance } of cases) {
    const ours = runners[0]?.check;
    for (const { name, check } of runners) {
      if (check !== undefined && ours !== undefined)
        t.true(Math.abs(check - ours) <= tolerance * Math.abs(ours), `${id} ${name}`);
    }
  }
}

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
    for (const { name, samples, medianSeconds, leastSeconds, peakBytes } of runners) {
      t.true(samples.length === 2 || (samples.length === 1 && /^(k-|badge|batch-bald)/.test(id)), `${id} ${name}`);
      t.true(leastSeconds > 0 && leastSeconds <= medianSeconds, name);
      t.is(peakBytes, undefined);
    }
  }
  sameResults(t, result);
});

test.serial(
  'cases with memory run each runner in a process of its own, and runners of one round only there',
  async (t) => {
    const [result] = (await runQuick('k-means++', { memory: true })).cases;
    t.deepEqual(
      result?.runners.map(({ name }) => name),
      ['querent', 'plain JS loop'],
    );
    for (const { peakBytes, samples } of result?.runners ?? []) {
      t.true(peakBytes !== undefined && peakBytes >= 0 && peakBytes < 1e9);
      t.true((samples[0] ?? 0) > 0);
    }
    const effects = fakeEffects();
    await runBench('k-means++', { ...OPTIONS, memory: true }, effects);
    t.regex(effects.stdout.text, /times ours +memory\nquerent .* [kM]?B\n/);
  },
);

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
  if (!hasPython) {
    t.log('no Python with NumPy and SciPy here');
    return t.pass();
  }
  const result = await runQuick('', { peers: true, python: PYTHON });
  t.truthy(result.peers.numpy);
  const names = result.cases.flatMap(({ runners }) => runners.map(({ name }) => name));
  const expected = ['scipy.stats.entropy', 'numpy argpartition', 'Baal BALD (xlogy)', 'modAL vote_entropy'];
  for (const name of [...expected, 'OpenBLAS sgemm', 'numpy GEMV', 'BADGE formula in numpy']) {
    t.true(names.includes(name), name);
  }
  sameResults(t, result);
});

test.serial('the memory of a Python peer is what it allocates, not what the process held before', async (t) => {
  if (!hasPython) {
    t.log('no Python with NumPy and SciPy here');
    return t.pass();
  }
  const folder = await mkdtemp(join(tmpdir(), 'querent-bench-test-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const [rows, cols, k] = [4000, 500, 1000];
  const path = join(folder, 'x.npy');
  await writeNpy(path, new Float32Array(rows * cols).fill(1), 'f4', [rows, cols]);
  const python = await PythonPeers.start(PYTHON);
  const inputs = [
    { name: 'x', path },
    { name: 'k', value: k },
  ];
  const { peakBytes = NaN, wall } = (await python?.alone('OpenBLAS sgemm', inputs)) ?? {};
  python?.stop();
  t.true((wall ?? 0) > 0);
  const needed = (rows + cols) * k * 4; // the product and the transposed centres
  t.true(peakBytes >= needed && peakBytes < needed + 64e6, `${peakBytes}`);
});

test.serial('a peak counts memory that is free again', async (t) => {
  const { peakBytes, check } = await withPeak(() => timed(() => Buffer.alloc(64e6, 1).length, Number));
  t.is(check, 64e6);
  if (process.platform === 'linux') t.true((peakBytes ?? 0) > 32e6, `${peakBytes}`);
});

test.serial('processor time covers threads that work for a promise', async (t) => {
  const sync = timed(() => pbkdf2Sync('a', 'b', 1e5, 64, 'sha512'));
  const inThread = await timedAsync(
    () => promisify(pbkdf2)('a', 'b', 1e5, 64, 'sha512'),
    (key) => key.length,
  );
  t.is(inThread.check, 64);
  t.true(inThread.cpu > 0.3 * sync.cpu, `${inThread.cpu} of ${sync.cpu}`);
});

test('the plain loops agree with the kernels', async (t) => {
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
    [
      loops.pairwiseLoop(logits, probs, 50, 30, cols, new Float32Array(1500)),
      pairwiseDistances(matrix(logits, 50, cols), matrix(probs, 30, cols)),
    ],
  ];
  for (const [loop, kernel] of pairs) {
    t.is(loop.length, kernel.length);
    t.true(loop.every((value, i) => Math.abs(value - (kernel[i] as number)) < 1e-5));
  }
  const x = new Float32Array(rows * 9);
  fillGaussian(x, 8);
  const { indices, coveringRadius } = loops.kCenterLoop(x, rows, 9, 40);
  const greedy = await kCenterGreedy(matrix(x, rows, 9), 40);
  t.deepEqual(indices, greedy.indices);
  t.true(Math.abs(coveringRadius - greedy.coveringRadius) < 1e-6);
  const drawn = loops.kMeansPlusPlusLoop(x, rows, 9, 40, uniformSource(1));
  t.is(new Set(drawn).size, 40);
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
  calls.length = 0;
  const limited = await interleave([runner('a', 0.1), { ...runner('b', 3), rounds: 1 }], { ...options, rounds: 3 });
  t.deepEqual(calls, ['a', 'a', 'b', 'a', 'a']); // no warm-up of b
  t.deepEqual(
    limited.map(({ seconds }) => seconds.length),
    [3, 1],
  );
  t.is(median([3, 1, 2]), 2);
  t.is(median([4, 1, 2, 3]), 2.5);
});
