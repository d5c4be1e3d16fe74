import { allocMatrix, committee, mcDropout, score, scoreTopK, topK } from '../../index.js';
import { BATCH_BALD_CASES } from './batch-bald-cases.js';
import { JS_LOOP, least, most, OURS, type BenchCase, type Gate } from './case.js';
import { MEMORY_READ } from './context.js';
import { fillLogits, fillProbabilities, fillUniform, randomVotes } from './data.js';
import { FACILITY_CASES } from './facility-cases.js';
import { LAYOUT_CASES } from './layout-cases.js';
import { timed, type Runner } from './measure.js';
import { SELECTION_CASES } from './selection-cases.js';
import {
  baldLoop,
  entropyFromLogitsLoop,
  entropyLoop,
  leastConfidenceLoop,
  marginLoop,
  topKHeap,
  total,
  voteEntropyLoop,
} from './plain-js.js';
import { REPLAY_CASES } from './replay-cases.js';

export type { BenchCase, Gate, PreparedCase } from './case.js';
export { OURS } from './case.js';

// What is fair against a peer that writes into memory it already has, or writes nothing.
const REUSED = 'querent, output reused';
const SCIPY = 'scipy.stats.entropy';
const NUMPY = 'numpy -(p*log p).sum';

interface Probabilities {
  readonly matrix: ReturnType<typeof allocMatrix>;
  readonly data: Float32Array;
}

function probabilities(rows: number, cols: number): Probabilities {
  const matrix = allocMatrix(rows, cols);
  const data = matrix.data as Float32Array;
  fillProbabilities(data, rows, cols, 1);
  return { matrix, data };
}

function entropyCase(name: string, rows: number, cols: number, gates: readonly Gate[]): BenchCase {
  return {
    id: `entropy-${name}`,
    title: `entropy of ${name} probabilities, f32, one thread`,
    gates,
    async prepare(context) {
      const n = context.scaled(rows);
      const { matrix, data } = probabilities(n, cols);
      const out = new Float32Array(n);
      const options = { method: 'entropy', threads: 1 } as const;
      await context.share('probs', data, [n, cols]);
      const runners = [
        { name: OURS, run: () => timed(() => score(matrix, options), total) },
        { name: REUSED, run: () => timed(() => score(matrix, { ...options, out }), total) },
        ...context.memoryRead(data),
        { name: JS_LOOP, run: () => timed(() => entropyLoop(data, n, cols, out), total) },
        ...context.tfjsEntropy(data, n, cols),
        ...(await context.peers(...(cols > 10 ? [NUMPY] : [SCIPY, 'scipy.special.entr', NUMPY]))),
      ];
      return { runners, bytes: data.byteLength, elements: data.length };
    },
  };
}

function uncertaintyCase(method: 'margin' | 'least-confidence', name: string, rows: number, cols: number): BenchCase {
  return {
    id: `${method}-${name}`,
    title: `${method} of ${name} probabilities, f32, one thread`,
    gates: [],
    async prepare(context) {
      const n = context.scaled(rows);
      const { matrix, data } = probabilities(n, cols);
      const out = new Float32Array(n);
      const loop = method === 'margin' ? marginLoop : leastConfidenceLoop;
      await context.share('probs', data, [n, cols]);
      const runners = [
        { name: OURS, run: () => timed(() => score(matrix, { method, threads: 1 }), total) },
        { name: JS_LOOP, run: () => timed(() => loop(data, n, cols, out), total) },
        ...(await context.peers(method === 'margin' ? 'numpy partition margin' : 'numpy 1 - max')),
      ];
      return { runners, bytes: data.byteLength, elements: data.length };
    },
  };
}

function logitsCase(name: string, rows: number, cols: number, limit: number): BenchCase {
  return {
    id: `logits-${name}`,
    title: `entropy of ${name} logits against probabilities, f32, one thread`,
    gates: [most(OURS, 'querent, probabilities', limit)],
    async prepare(context) {
      const n = context.scaled(rows);
      const { matrix } = probabilities(n, cols);
      const logits = allocMatrix(n, cols);
      const data = logits.data as Float32Array;
      fillLogits(data, 2);
      const out = new Float32Array(n);
      const options = { method: 'entropy', threads: 1 } as const;
      await context.share('logits', data, [n, cols]);
      const runners = [
        { name: OURS, run: () => timed(() => score(logits, { ...options, from: 'logits' }), total) },
        { name: 'querent, probabilities', run: () => timed(() => score(matrix, options)) },
        { name: JS_LOOP, run: () => timed(() => entropyFromLogitsLoop(data, n, cols, out), total) },
        ...(await context.peers('scipy softmax + entr')),
      ];
      return { runners, bytes: data.byteLength, elements: data.length };
    },
  };
}

function scoreTopKCase(name: string, rows: number, cols: number): BenchCase {
  return {
    id: `score-top-k-${name}`,
    title: `scoreTopK k=1000 against score, entropy of ${name}, f32, one thread`,
    gates: [most(OURS, 'querent score', 1.05)],
    prepare(context) {
      const n = context.scaled(rows);
      const { matrix, data } = probabilities(n, cols);
      const options = { method: 'entropy', threads: 1 } as const;
      const k = Math.min(1000, n);
      const runners: Runner[] = [
        { name: OURS, run: () => timed(() => scoreTopK(matrix, k, options)) },
        { name: 'querent score', run: () => timed(() => score(matrix, options)) },
        { name: 'querent score + topK', run: () => timed(() => topK(score(matrix, options), k, { threads: 1 })) },
      ];
      return Promise.resolve({ runners, bytes: data.byteLength, elements: data.length });
    },
  };
}

const topKCase: BenchCase = {
  id: 'top-k',
  title: 'topK k=1000 of 1e6 scores, f32, one thread',
  gates: [least('numpy argpartition', OURS, 4)],
  async prepare(context) {
    const n = context.scaled(1e6);
    const k = Math.min(1000, n >> 1);
    const scores = new Float32Array(n);
    fillUniform(scores, 3);
    await context.share('scores', scores, [n]);
    await context.shareNumber('k', k);
    const picked = (indices: Uint32Array): number => indices.reduce((sum, at) => sum + (scores[at] as number), 0);
    const runners = [
      { name: OURS, run: () => timed(() => topK(scores, k, { threads: 1 }).indices, picked) },
      { name: 'plain JS heap', run: () => timed(() => topKHeap(scores, k), picked) },
      ...(await context.peers('numpy argpartition', 'numpy argsort')),
    ];
    return { runners, bytes: scores.byteLength, elements: n };
  },
};

const baldCase: BenchCase = {
  id: 'bald',
  title: 'BALD of 20 passes over 1e5x10 probabilities, f32, one thread',
  // Baal calls xlogy; the form with numpy's log and a small constant is shown beside it
  gates: [least('Baal BALD (xlogy)', OURS, 10)],
  async prepare(context) {
    const rows = context.scaled(1e5);
    const [passes, cols] = [20, 10];
    const { data } = probabilities(passes * rows, cols);
    await context.share('samples', data, [passes, rows, cols]);
    const options = { passes, rows, cols, threads: 1 } as const;
    const runners = [
      { name: OURS, run: () => timed(() => mcDropout(data, options).bald, total) },
      { name: JS_LOOP, run: () => timed(() => baldLoop(data, passes, rows, cols), total) },
      ...(await context.peers('Baal BALD (xlogy)', 'Baal BALD (numpy log)')),
    ];
    return { runners, bytes: data.byteLength, elements: data.length };
  },
};

const voteCase: BenchCase = {
  id: 'vote-entropy',
  title: 'vote entropy of 20 members over 1e5 samples, 10 classes, one thread',
  gates: [least('modAL vote_entropy', OURS, 100)],
  async prepare(context) {
    const rows = context.scaled(1e5);
    const [members, cols] = [20, 10];
    const votes = randomVotes(members, rows, cols, 4);
    await context.share('votes', votes, [members, rows]);
    await context.shareNumber('classes', cols);
    const options = { members, rows, cols, measure: 'vote-entropy', threads: 1 } as const;
    const runners = [
      { name: OURS, run: () => timed(() => committee(votes, options), total) },
      { name: JS_LOOP, run: () => timed(() => voteEntropyLoop(votes, members, rows, cols), total) },
      ...(await context.peers('modAL vote_entropy')),
    ];
    return { runners, bytes: votes.byteLength, elements: votes.length };
  },
};

function threadsCase(name: string, rows: number, cols: number): BenchCase {
  return {
    id: `threads-${name}`,
    title: `entropy of ${name} on two threads against one, f32`,
    gates: [least('1 thread', '2 threads', 1.7)],
    clock: 'wall',
    prepare(context) {
      const { matrix, data } = probabilities(context.scaled(rows), cols);
      const runners = [1, 2].map((threads) => ({
        name: threads === 1 ? '1 thread' : '2 threads',
        run: () => timed(() => score(matrix, { method: 'entropy', threads })),
      }));
      return Promise.resolve({ runners, bytes: data.byteLength, elements: data.length });
    },
  };
}

function dtypeCase(name: string, rows: number, cols: number): BenchCase {
  return {
    id: `dtypes-${name}`,
    title: `entropy of ${name} probabilities by element type, one thread`,
    gates: [],
    prepare(context) {
      const n = context.scaled(rows);
      const { matrix, data } = probabilities(n, cols);
      const double = allocMatrix(n, cols, 'f64');
      (double.data as Float64Array).set(data);
      const half = allocMatrix(n, cols, 'f16');
      (half.data as Uint16Array).fill(0x2e66); // about 0.1
      const brain = allocMatrix(n, cols, 'bf16');
      (brain.data as Uint16Array).fill(0x3dcd);
      const runners = Object.entries({ f32: matrix, f64: double, f16: half, bf16: brain }).map(([dtype, view]) => ({
        name: `${OURS} ${dtype}`,
        bytes: view.data.byteLength,
        run: () => timed(() => score(view, { method: 'entropy', threads: 1, normalize: 'none' })),
      }));
      return Promise.resolve({ runners, bytes: data.byteLength, elements: data.length });
    },
  };
}

/** Every benchmark, in the order of the table. */
export const CASES: readonly BenchCase[] = [
  entropyCase('1e6x10', 1e6, 10, [least(SCIPY, OURS, 20), least(JS_LOOP, REUSED, 20)]),
  entropyCase('1e6x100', 1e6, 100, [least(NUMPY, OURS, 3.5), least(MEMORY_READ, REUSED, 0.8)]),
  entropyCase('1e5x1000', 1e5, 1000, [least(NUMPY, OURS, 3.5), least(MEMORY_READ, REUSED, 0.8)]),
  uncertaintyCase('margin', '1e6x10', 1e6, 10),
  uncertaintyCase('least-confidence', '1e6x10', 1e6, 10),
  logitsCase('1e6x10', 1e6, 10, 1.8),
  logitsCase('1e6x100', 1e6, 100, 1.3),
  logitsCase('1e5x1000', 1e5, 1000, 1.3),
  dtypeCase('1e6x10', 1e6, 10),
  scoreTopKCase('1e6x10', 1e6, 10),
  scoreTopKCase('1e6x100', 1e6, 100),
  topKCase,
  baldCase,
  voteCase,
  threadsCase('1e6x10', 1e6, 10),
  threadsCase('1e6x100', 1e6, 100),
  ...SELECTION_CASES,
  ...BATCH_BALD_CASES,
  ...REPLAY_CASES,
  ...FACILITY_CASES,
  ...LAYOUT_CASES,
];
