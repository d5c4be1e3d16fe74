/** Facility location and tables of distances over Gaussian embeddings. */
import { allocMatrix, facilityLocation, kMeans, pairwiseDistances, type Matrix } from '../../index.js';
import { JS_LOOP, least, OURS, type BenchCase } from './case.js';
import type { BenchContext } from './context.js';
import { fillGaussian } from './data.js';
import { timed, timedAsync, type Runner } from './measure.js';
import { pairwiseLoop, total } from './plain-js.js';

const APRICOT = 'apricot facility location';
const SUBMODLIB = 'submodlib facility location';
const CDIST = 'scipy cdist';
const SKLEARN = 'sklearn k-means (Lloyd)';

interface Pool {
  readonly rows: number;
  readonly embeddings: Matrix;
  readonly data: Float32Array;
}

/** Embeddings [rows, cols] in shared memory, which the Python peers get under `name`. */
async function sharedPool(
  context: BenchContext,
  name: string,
  rows: number,
  cols: number,
  seed: number,
): Promise<Pool> {
  const embeddings = allocMatrix(rows, cols);
  const data = embeddings.data as Float32Array;
  fillGaussian(data, seed);
  await context.share(name, data, [rows, cols]);
  return { rows, embeddings, data };
}

function facilityCase(cols: number): BenchCase {
  const picks = 100;
  return {
    id: `facility-location-5e3x${cols}`,
    title: `facility location, ${picks} of 5e3x${cols}, f32, similarities included, one thread`,
    gates: [least(APRICOT, OURS, 20)],
    memory: true,
    tolerance: 1e-5, // of the sum of gains: the same picks
    async prepare(context) {
      const { rows, embeddings, data } = await sharedPool(context, 'x', context.scaled(5e3), cols, 7);
      const k = Math.min(picks, rows >> 1);
      await context.shareNumber('k', k);
      const pick = (): ReturnType<typeof facilityLocation> => facilityLocation(embeddings, k, { threads: 1 });
      const runners: Runner[] = [
        { name: OURS, run: () => timedAsync(pick, ({ gains }) => total(gains)) },
        ...(await context.peers({ name: APRICOT, rounds: 3 }, { name: SUBMODLIB, rounds: 3 })),
      ];
      return { runners, bytes: data.byteLength, elements: rows * rows };
    },
  };
}

const pairwiseCase: BenchCase = {
  id: 'pairwise-2e3x2e3x128',
  title: 'Euclidean distances of 2e3x128 to 2e3x128, f32, one thread',
  gates: [least(CDIST, OURS, 3)],
  async prepare(context) {
    const cols = 128;
    const a = await sharedPool(context, 'a', context.scaled(2e3), cols, 8);
    const b = await sharedPool(context, 'b', context.scaled(2e3), cols, 9);
    const out = new Float32Array(a.rows * b.rows);
    const options = { threads: 1, out } as const;
    const loop = (): Float32Array => pairwiseLoop(a.data, b.data, a.rows, b.rows, cols, out);
    const runners = [
      { name: OURS, run: () => timed(() => pairwiseDistances(a.embeddings, b.embeddings, options), total) },
      {
        name: 'querent, one matrix with itself',
        run: () => timed(() => pairwiseDistances(a.embeddings, undefined, options)),
      },
      { name: JS_LOOP, run: () => timed(loop, total) },
      ...(await context.peers(CDIST)),
    ];
    return { runners, bytes: a.data.byteLength + b.data.byteLength, elements: out.length };
  },
};

const kMeansCase: BenchCase = {
  id: 'k-means-2e4x64',
  title: 'k-means, 64 clusters of 2e4x64, 10 iterations from given centroids, f32, one thread',
  gates: [],
  async prepare(context) {
    const cols = 64;
    const { rows, embeddings, data } = await sharedPool(context, 'x', context.scaled(2e4), cols, 10);
    const k = Math.min(64, rows);
    await context.shareNumber('k', k);
    const init = { data: data.slice(0, k * cols), rows: k, cols };
    const options = { init, tolerance: 0, maxIterations: 10, threads: 1 } as const;
    const runners = [
      {
        name: OURS,
        run: () =>
          timedAsync(
            () => kMeans(embeddings, k, options),
            ({ inertia }) => inertia,
          ),
      },
      ...(await context.peers(SKLEARN)),
    ];
    return { runners, bytes: data.byteLength, elements: data.length };
  },
};

export const FACILITY_CASES: readonly BenchCase[] = [facilityCase(128), facilityCase(32), pairwiseCase, kMeansCase];
