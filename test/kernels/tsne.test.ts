import test from 'ava';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import * as querent from '../../src/index.js';
import * as reference from '../../src/reference/index.js';
import { type MatrixView, widenRow } from '../../src/matrix.js';
import { addonTest } from '../helpers/addon.js';
import { implementations } from '../helpers/implementations.js';
import { manyRows, POINT_DTYPES, points } from '../helpers/points.js';

interface GoldenCase {
  readonly rows: number;
  readonly method: 'exact' | 'barnes_hut';
  readonly perplexity: number;
  readonly iterations: number;
  readonly sum: number;
  readonly kl: number;
  readonly trustworthiness: number;
}
const golden = JSON.parse(readFileSync(new URL('../golden/tsne.json', import.meta.url), 'utf8')) as {
  cases: GoldenCase[];
};

function rowsOf(view: MatrixView): Float64Array[] {
  return Array.from({ length: view.rows }, (_, r) => widenRow(view, r, new Float64Array(view.cols)));
}

function square(x: ArrayLike<number>, y: ArrayLike<number>): number {
  let sum = 0;
  for (let c = 0; c < x.length; c++) sum += ((x[c] as number) - (y[c] as number)) ** 2;
  return sum;
}

/** Numbers of all other rows, nearest first. */
function nearestFirst(rows: readonly ArrayLike<number>[], i: number): number[] {
  const distances = rows.map((row) => square(row, rows[i] as ArrayLike<number>));
  const others = rows.map((_, j) => j).filter((j) => j !== i);
  return others.sort((a, b) => (distances[a] as number) - (distances[b] as number) || a - b);
}

/** Venna, Kaski: Neighborhood preservation in nonlinear projection methods. ICANN 2001. */
function trustworthiness(view: MatrixView, embedding: Float32Array, k: number): number {
  const rows = rowsOf(view);
  const placed = rowsOf(querent.matrix(embedding, view.rows, 2));
  let penalty = 0;
  for (let i = 0; i < rows.length; i++) {
    const rank = new Map(nearestFirst(rows, i).map((j, at) => [j, at + 1]));
    for (const j of nearestFirst(placed, i).slice(0, k)) penalty += Math.max(0, (rank.get(j) as number) - k);
  }
  const n = rows.length;
  return 1 - (2 / (n * k * (2 * n - 3 * k - 1))) * penalty;
}

/** The divergence of a layout with all pairs, written as in the paper. */
function divergence(view: MatrixView, embedding: Float32Array, perplexity: number): number {
  const rows = rowsOf(view);
  const n = rows.length;
  const conditional = rows.map((row, i) => {
    const distances = rows.map((other) => square(row, other));
    let [low, high] = [0, 1e6];
    let p: number[] = [];
    for (let step = 0; step < 200; step++) {
      const beta = (low + high) / 2;
      const weights = distances.map((d, j) => (j === i ? 0 : Math.exp(-beta * d)));
      const sum = weights.reduce((a, b) => a + b, 0);
      p = weights.map((w) => w / sum);
      const entropy = -p.reduce((h, q) => h + (q > 0 ? q * Math.log(q) : 0), 0);
      if (entropy > Math.log(perplexity)) low = beta;
      else high = beta;
    }
    return p;
  });
  const placed = rowsOf(querent.matrix(embedding, n, 2));
  const closeness = placed.map((a, i) => placed.map((b, j) => (i === j ? 0 : 1 / (1 + square(a, b)))));
  const total = closeness.flat().reduce((a, b) => a + b, 0);
  let kl = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const p = ((conditional[i]?.[j] as number) + (conditional[j]?.[i] as number)) / (2 * n);
      if (p > 0) kl += p * Math.log((p * total) / (closeness[i]?.[j] as number));
    }
  }
  return kl;
}

for (const [name, { tsne }] of implementations) {
  test(`${name}: the divergence is that of the paper, and descent lowers it`, async (t) => {
    const view = points({ rows: 60, cols: 5, seed: 3 });
    let before = Infinity;
    for (const iterations of [60, 300]) {
      const { embedding, kl } = await tsne(view, { theta: 0, perplexity: 8, iterations });
      t.is(embedding.length, 120);
      // the perplexity is met to 1e-5 nats, and the layout is rounded to f32
      t.true(Math.abs(kl - divergence(view, embedding, 8)) < 1e-4);
      t.true(kl < before);
      before = kl;
    }
  });

  test(`${name}: clusters stay together`, async (t) => {
    const view = points({ rows: 80, cols: 6, seed: 5 });
    const { embedding } = await tsne(view, { perplexity: 10, iterations: 500 });
    const placed = rowsOf(querent.matrix(embedding, 80, 2));
    let same = 0;
    placed.forEach((_, i) => {
      same += nearestFirst(placed, i)
        .slice(0, 5)
        .filter((j) => j % 4 === i % 4).length;
    });
    t.true(same >= 0.8 * 5 * 80, `${same} of 400 neighbours are of the own cluster`);
  });

  test(`${name}: every type of numbers; any seed with a random start`, async (t) => {
    for (const dtype of POINT_DTYPES) {
      const view = points({ rows: 30, cols: 4, dtype, seed: 7, gap: 2 });
      const { embedding, kl } = await tsne(view, { iterations: 50 });
      t.true(embedding.every(Number.isFinite) && kl > 0, dtype);
    }
    const view = points({ rows: 30, cols: 4 });
    const run = async (seed: number | bigint, init: 'pca' | 'random'): Promise<Float32Array> =>
      (await tsne(view, { seed, init, iterations: 20 })).embedding;
    t.deepEqual(await run(1, 'random'), await run(1n, 'random'));
    t.notDeepEqual(await run(1, 'random'), await run(2, 'random'));
    t.notDeepEqual(await run(0, 'random'), await run(2n ** 40n, 'random'));
    t.deepEqual(await run(1, 'pca'), await run(2, 'pca'));
  });

  test(`${name}: equal rows, rows on a line, numbers of any size`, async (t) => {
    const same = querent.matrix(new Float32Array(60).fill(3), 20, 3);
    const line = querent.matrix(
      Float64Array.from({ length: 30 }, (_, i) => i),
      30,
      1,
    );
    const copies = points({ rows: 90, cols: 3, distinct: 4, seed: 2 });
    const huge = points({ rows: 25, cols: 3, dtype: 'f64' });
    for (let i = 0; i < huge.data.length; i++) huge.data[i] = (huge.data[i] as number) * 1e99;
    for (const view of [same, line, copies, huge]) {
      for (const theta of [0, 0.5]) {
        const { embedding, kl } = await tsne(view, { theta, iterations: 120 });
        t.true(embedding.every(Number.isFinite) && Number.isFinite(kl));
        t.true(new Set(embedding).size > 4);
      }
    }
    // numbers multiplied by a power of two give the same layout
    const view = points({ rows: 25, cols: 3, dtype: 'f64' });
    const larger = querent.matrix(
      (view.data as Float64Array).map((x) => x * 2 ** 300),
      25,
      3,
    );
    t.deepEqual(await tsne(larger, { theta: 0, iterations: 50 }), await tsne(view, { theta: 0, iterations: 50 }));
  });

  test(`${name}: t-SNE refuses what it cannot use, stops when asked, tells its progress`, async (t) => {
    const view = points({ rows: 40, cols: 4 });
    const broken = view.data.slice() as Float32Array;
    broken[4 * 7 + 2] = NaN;
    await t.throwsAsync(tsne({ ...view, data: broken }), { code: 'ERR_QUERENT_VALUE', message: /row 7 of points/ });
    await t.throwsAsync(tsne(points({ rows: 3, cols: 4 })), {
      code: 'ERR_QUERENT_SHAPE',
      message: /at least 4 rows of points, got 3/,
    });
    await t.throwsAsync(tsne(manyRows(20001, 1), { theta: 0 }), { code: 'ERR_QUERENT_SHAPE', message: /20000 rows/ });
    const wrong = [
      { perplexity: 13.5 },
      { perplexity: 0.5 },
      { perplexity: NaN },
      { theta: 1.5 },
      { theta: -1 },
      { iterations: 0 },
      { earlyExaggeration: 0 },
      { learningRate: 0 },
      { learningRate: 'fast' },
      { init: 'spectral' },
      { seed: 0.5 },
      { threads: 0 },
      { metric: 'cosine' },
    ];
    for (const options of wrong) {
      await t.throwsAsync(tsne(view, options as never), { code: 'ERR_QUERENT_ARGUMENT' }, JSON.stringify(options));
    }
    await t.throwsAsync(tsne(view, { perplexity: 13.5 }), { message: /from 1 to 13 for perplexity, got 13\.5/ });
    const stop = new AbortController();
    const begun = tsne(view, { iterations: 1e6, signal: stop.signal });
    setTimeout(() => stop.abort(new Error('enough')), 30);
    await t.throwsAsync(begun, { message: 'enough' });
    let last = { done: 0, total: 0 };
    await tsne(view, { iterations: 30, onProgress: (progress) => void (last = progress) });
    t.deepEqual(last, { done: 30, total: 30 });
    const fewest = await tsne(points({ rows: 4, cols: 2 }), { iterations: 100 });
    t.true(fewest.embedding.every(Number.isFinite));
  });
}

addonTest('with all pairs t-SNE gives the bits of the reference, at every level and number of threads', async (t) => {
  const run = fc.asyncProperty(
    fc.integer({ min: 4, max: 60 }),
    fc.integer({ min: 1, max: 30 }),
    fc.nat(1000),
    fc.constantFrom(1, 3),
    fc.constantFrom('pca' as const, 'random' as const),
    fc.constantFrom(1, 2, 3),
    async (rows, cols, seed, copies, init, threads) => {
      const view = points({ rows, cols, seed, distinct: Math.ceil(rows / copies) });
      const options = { theta: 0, iterations: 40, init, seed };
      const expected = await reference.tsne(view, options);
      for (const level of querent.runtimeInfo().levels) {
        querent.setLevel(level);
        t.deepEqual(await querent.tsne(view, { ...options, threads }), expected, level);
      }
      querent.setLevel('auto');
    },
  );
  await fc.assert(run, { numRuns: 25, seed: 17 });
});

addonTest('Barnes-Hut gives the same bits at every level and number of threads', async (t) => {
  for (const distinct of [700, 30]) {
    const view = points({ rows: 700, cols: 9, distinct, seed: 4 });
    const expected = await querent.tsne(view, { iterations: 60, threads: 1 });
    for (const level of querent.runtimeInfo().levels) {
      querent.setLevel(level);
      for (const threads of [1, 2, 3]) {
        t.deepEqual(await querent.tsne(view, { iterations: 60, threads }), expected, `${level} ${threads}`);
      }
    }
    querent.setLevel('auto');
  }
});

addonTest('Barnes-Hut comes close to all pairs while theta falls', async (t) => {
  const view = points({ rows: 400, cols: 8, seed: 6 });
  // so few rows that every other one is a neighbour: only the repulsion differs
  const options = { perplexity: 133, iterations: 20 };
  const exact = await querent.tsne(view, { ...options, theta: 0 });
  let size = 0;
  for (const value of exact.embedding) size = Math.max(size, Math.abs(value));
  const off = async (theta: number): Promise<number> => {
    const { embedding } = await querent.tsne(view, { ...options, theta });
    return embedding.reduce((most, value, at) => Math.max(most, Math.abs(value - (exact.embedding[at] as number))), 0);
  };
  t.true((await off(1e-6)) < 1e-4 * size);
  t.true((await off(0.2)) < 0.02 * size);
});

addonTest('the divergence is no worse than that of scikit-learn', async (t) => {
  const { pool } = await querent.loadDataset('digits');
  for (const expected of golden.cases) {
    const view = querent.matrix((pool.samples.data as Float32Array).slice(0, 64 * expected.rows), expected.rows, 64);
    const sum = (view.data as Float32Array).reduce((a, b) => a + b, 0);
    t.true(Math.abs(sum - expected.sum) < 1e-6, 'other rows than those of the golden values');
    const { perplexity, iterations } = expected;
    const theta = expected.method === 'exact' ? 0 : 0.5;
    const { embedding, kl } = await querent.tsne(view, { perplexity, iterations, theta });
    t.log(`${expected.rows} rows, ${expected.method}: divergence ${kl.toFixed(4)}, theirs ${expected.kl.toFixed(4)}`);
    t.true(kl <= 1.02 * expected.kl);
    if (expected.rows > 500) continue;
    const trusted = trustworthiness(view, embedding, 5);
    t.log(`  trustworthiness ${trusted.toFixed(4)}, theirs ${expected.trustworthiness.toFixed(4)}`);
    t.true(trusted >= expected.trustworthiness - 0.005);
  }
});
