/** Selection kernels: k-center, k-means++ and BADGE over Gaussian embeddings. */
import { allocMatrix, badge, kCenterGreedy, kMeansPlusPlus, type Matrix } from '../../index.js';
import { JS_LOOP, least, most, OURS, type BenchCase, type Gate } from './case.js';
import type { BenchContext, Peer } from './context.js';
import { fillGaussian, fillProbabilities, uniformSource } from './data.js';
import { timed, timedAsync, type Runner } from './measure.js';
import { kCenterLoop, kMeansPlusPlusLoop } from './plain-js.js';

/** The arithmetic that one distance of every row to every pick costs at least, by a library made for it. */
const SGEMM = 'OpenBLAS sgemm';
const GEMV = 'numpy GEMV';
const FAISS = 'faiss k-means++';
const SKLEARN = 'sklearn k-means++ (1 trial)';
const BADGE_NUMPY = 'BADGE formula in numpy';
const PICKS = 1000;

interface Pool {
  readonly rows: number;
  readonly k: number;
  readonly embeddings: Matrix;
  readonly data: Float32Array;
}

/** Embeddings [rows, cols] in shared memory, which the Python peers get as `x`, and the number of picks as `k`. */
async function sharedPool(context: BenchContext, fullRows: number, cols: number): Promise<Pool> {
  const rows = context.scaled(fullRows);
  const k = Math.min(PICKS, rows >> 1);
  const embeddings = allocMatrix(rows, cols);
  const data = embeddings.data as Float32Array;
  fillGaussian(data, 5);
  await context.share('x', data, [rows, cols]);
  await context.shareNumber('k', k);
  return { rows, k, embeddings, data };
}

interface KCenterOptions {
  readonly gates?: readonly Gate[];
  readonly rounds?: number;
  /** Peers beside sgemm. */
  readonly peers: readonly Peer[];
  readonly loop?: boolean;
}

function kCenterCase(name: string, rows: number, cols: number, options: KCenterOptions): BenchCase {
  const { gates = [], rounds, peers, loop } = options;
  return {
    id: `k-center-${name}`,
    title: `k-center greedy, ${PICKS} of ${name}, f32, one thread`,
    gates,
    memory: true,
    tolerance: 1e-4, // of the covering radius: the same picks
    ...(rounds === undefined ? {} : { rounds }),
    async prepare(context) {
      const { rows: n, k, embeddings, data } = await sharedPool(context, rows, cols);
      const radius = ({ coveringRadius }: { coveringRadius: number }): number => coveringRadius;
      const inJs: Runner = { name: JS_LOOP, rounds: 1, run: () => timed(() => kCenterLoop(data, n, cols, k), radius) };
      const runners = [
        { name: OURS, run: () => timedAsync(() => kCenterGreedy(embeddings, k, { threads: 1 }), radius) },
        ...(loop === true ? [inJs] : []),
        ...(await context.peers(SGEMM, ...peers)),
      ];
      return { runners, bytes: data.byteLength, elements: data.length };
    },
  };
}

/** The promises of k-center; `gemv` differs with the shape. */
function kCenterGates(gemv: number): Gate[] {
  return [most(OURS, SGEMM, 1.6), least(GEMV, OURS, gemv), least(FAISS, OURS, 10)];
}

const kMeansCase: BenchCase = {
  id: 'k-means++-5e4x128',
  title: `k-means++ draws, ${PICKS} of 5e4x128, f32, one thread`,
  gates: [least(SKLEARN, OURS, 25)],
  memory: true,
  async prepare(context) {
    const { rows, k, embeddings, data } = await sharedPool(context, 5e4, 128);
    const loop = (): Uint32Array => kMeansPlusPlusLoop(data, rows, 128, k, uniformSource(6));
    const runners = [
      { name: OURS, run: () => timedAsync(() => kMeansPlusPlus(embeddings, k, { threads: 1 })) },
      { name: JS_LOOP, rounds: 1, run: () => timed(loop) },
      ...(await context.peers(
        SGEMM,
        { name: FAISS, rounds: 3 },
        { name: SKLEARN, rounds: 1 },
        { name: 'sklearn k-means++ (default)', rounds: 1 },
      )),
    ];
    return { runners, bytes: data.byteLength, elements: data.length };
  },
};

const badgeCase: BenchCase = {
  id: 'badge-5e4x10x512',
  title: `BADGE, ${PICKS} of 5e4 rows, 10 classes, 512 features, f32, one thread`,
  gates: [least(BADGE_NUMPY, OURS, 15)],
  memory: true,
  async prepare(context) {
    const { rows, k, embeddings, data } = await sharedPool(context, 5e4, 512);
    const probabilities = allocMatrix(rows, 10);
    const probs = probabilities.data as Float32Array;
    fillProbabilities(probs, rows, 10, 1);
    await context.share('probs', probs, [rows, 10]);
    const runners = [
      { name: OURS, run: () => timedAsync(() => badge(probabilities, embeddings, k, { threads: 1 })) },
      ...(await context.peers(SGEMM, { name: BADGE_NUMPY, rounds: 1 })),
    ];
    return { runners, bytes: data.byteLength + probs.byteLength, elements: data.length + probs.length };
  },
};

const once = (name: string): Peer => ({ name, rounds: 1 });

export const SELECTION_CASES: readonly BenchCase[] = [
  kCenterCase('5e4x128', 5e4, 128, {
    gates: kCenterGates(5),
    peers: [{ name: GEMV, rounds: 3 }, { name: FAISS, rounds: 3 }, once('scikit-activeml CoreSet')],
    loop: true,
  }),
  kCenterCase('2e5x128', 2e5, 128, { gates: kCenterGates(6), peers: [once(GEMV), once(FAISS)] }),
  kCenterCase('5e4x512', 5e4, 512, { gates: kCenterGates(6), peers: [once(GEMV), once(FAISS)] }),
  kCenterCase('1e6x128', 1e6, 128, { rounds: 1, peers: [{ name: GEMV }, { name: FAISS }] }),
  kMeansCase,
  badgeCase,
];
