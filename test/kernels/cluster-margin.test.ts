import { readFileSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import * as querent from '../../src/index.js';
import * as reference from '../../src/reference/index.js';
import { addonTest } from '../helpers/addon.js';
import { implementations } from '../helpers/implementations.js';
import { anyPoints, manyRows, points } from '../helpers/points.js';

interface Golden {
  readonly cases: {
    readonly metric: querent.Metric;
    readonly cols: number;
    readonly x: number[];
    readonly cuts: {
      readonly clusters?: number;
      readonly distanceThreshold?: number;
      readonly assignments: number[];
    }[];
  }[];
}
const golden = JSON.parse(readFileSync(new URL('../golden/linkage.json', import.meta.url), 'utf8')) as Golden;

for (const [name, { averageLinkage, clusterMargin }] of implementations) {
  test(`${name}: average linkage by hand`, async (t) => {
    const line = querent.matrix(Float32Array.of(0, 1, 10, 12, 30), 5, 1);
    // merges: {0,1} at 1, {10,12} at 2, those two at 10.5, all at mean(30, 29, 20, 18) = 24.25
    const at = async (options: querent.TreeOptions) => [...(await averageLinkage(line, options)).assignments];
    t.deepEqual(await at({ clusters: 5 }), [0, 1, 2, 3, 4]);
    t.deepEqual(await at({ clusters: 4 }), [0, 0, 1, 2, 3]);
    t.deepEqual(await at({ clusters: 2 }), [0, 0, 0, 0, 1]);
    t.deepEqual(await at({ distanceThreshold: 10.5 }), [0, 0, 0, 0, 1]);
    t.deepEqual(await at({ distanceThreshold: 10.4 }), [0, 0, 1, 1, 2]);
    t.deepEqual(await at({ distanceThreshold: 24.25 }), [0, 0, 0, 0, 0]);
    t.deepEqual(await averageLinkage([[1, 2]], { clusters: 1 }), { assignments: Uint32Array.of(0), clusters: 1 });
    const none = await averageLinkage(querent.matrix(new Float32Array(0), 0, 2), { distanceThreshold: 1 });
    t.deepEqual([none.assignments.length, none.clusters], [0, 0]);
    const same = querent.matrix(new Float32Array(20).fill(3), 10, 2);
    t.is((await averageLinkage(same, { clusters: 4 })).clusters, 4);
    t.is((await averageLinkage(same, { distanceThreshold: 0 })).clusters, 1);
  });

  test(`${name}: average linkage agrees with scipy`, async (t) => {
    for (const { metric, cols, x, cuts } of golden.cases) {
      const view = querent.matrix(Float32Array.from(x), x.length / cols, cols);
      for (const { assignments, ...cut } of cuts) {
        const tree = await averageLinkage(view, { metric, ...cut });
        t.deepEqual([...tree.assignments], assignments, `${metric} ${JSON.stringify(cut)}`);
        t.is(tree.clusters, new Set(assignments).size);
      }
    }
  });

  test(`${name}: cluster-margin takes turns from the smallest cluster to the largest`, async (t) => {
    // candidates are rows 1..9: clusters of 1 (row 1), 2 (rows 2, 3) and 6 rows
    const scores = Float32Array.of(0.1, 0.9, 0.8, 0.8, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0);
    const clusters = Uint32Array.of(7, 7, 4, 4, 0, 0, 0, 0, 0, 0, 4);
    for (let seed = 0; seed < 8; seed++) {
      const { indices } = await clusterMargin(scores, clusters, 6, { candidates: 9, seed });
      const ofPicks = [...indices].map((row) => clusters[row]);
      t.deepEqual(ofPicks, [7, 4, 0, 4, 0, 0]);
      t.is(new Set(indices).size, 6);
      t.deepEqual((await clusterMargin(scores, clusters, 6, { candidates: 9, seed })).indices, indices);
    }
    const firsts = await Promise.all(
      Array.from(
        { length: 30 },
        async (_, seed) => (await clusterMargin(scores, clusters, 3, { candidates: 9, seed })).indices[2],
      ),
    );
    t.true(new Set(firsts).size > 3, 'the row of a cluster is drawn');
    const excluded = await clusterMargin(scores, clusters, 4, { exclude: [1, 2, 3], candidates: 4 });
    t.deepEqual([...excluded.indices].sort(), [4, 5, 6, 7]);
    t.is((await clusterMargin(scores, clusters, 0)).indices.length, 0);
    t.is((await clusterMargin(new Float32Array(0), new Uint32Array(0), 0)).indices.length, 0);
  });

  test(`${name}: cluster-margin from predictions and embeddings`, async (t) => {
    const embeddings = points({ rows: 80, cols: 4, seed: 3 });
    const probs = querent.matrix(
      Float32Array.from({ length: 160 }, (_, i) => (i % 2 === 0 ? 0.5 + (i >> 1) / 200 : 0.5 - ((i - 1) >> 1) / 200)),
      80,
      2,
    );
    const { assignments } = await averageLinkage(embeddings, { clusters: 6 });
    const scores = querent.score(probs, { method: 'margin' });
    const wanted = await clusterMargin(scores, assignments, 6, { candidates: 30, seed: 4 });
    t.deepEqual(await clusterMargin(probs, embeddings, 6, { candidates: 30, seed: 4 }), wanted);
    t.deepEqual(await clusterMargin(scores, embeddings, 6, { candidates: 30, seed: 4, clusters: 6 }), wanted);
    t.true([...wanted.indices].every((row) => row < 30));
  });

  test(`${name}: cluster-margin and average linkage refuse what they cannot use`, async (t) => {
    const view = points({ rows: 20, cols: 4 });
    const scores = new Float32Array(20);
    await t.throwsAsync(averageLinkage(view, {}), { message: /expected clusters or distanceThreshold, got neither/ });
    await t.throwsAsync(averageLinkage(view, { clusters: 2, distanceThreshold: 1 }), { message: /got both/ });
    await t.throwsAsync(averageLinkage(view, { clusters: 21 }), { message: /from 1 to 20 for clusters, got 21/ });
    await t.throwsAsync(averageLinkage(view, { distanceThreshold: NaN }), { code: 'ERR_QUERENT_ARGUMENT' });
    await t.throwsAsync(averageLinkage(view, { clusters: 2, memoryLimit: 3000 }), {
      code: 'ERR_QUERENT_SHAPE',
      message: /distances of 20 rows need 0.0 GB, above the limit of 0.0 GB; cluster fewer rows/,
    });
    const broken = view.data.slice() as Float32Array;
    broken[4 * 7 + 2] = NaN;
    await t.throwsAsync(averageLinkage({ ...view, data: broken }, { clusters: 2 }), { message: /row 7 of embeddings/ });
    await t.throwsAsync(clusterMargin(scores, view, 21), {
      code: 'ERR_QUERENT_SHAPE',
      message: /at most the 20 eligible/,
    });
    await t.throwsAsync(clusterMargin(scores.fill(NaN, 0, 5), view, 16), { message: /5 without a score/ });
    await t.throwsAsync(clusterMargin(new Float32Array(19), view, 1), {
      message: /as many rows of embeddings as scores \(19\)/,
    });
    await t.throwsAsync(clusterMargin(scores, new Uint32Array(3), 1), { message: /one cluster number per row \(20\)/ });
    await t.throwsAsync(clusterMargin(scores, new Uint32Array(20), 1, { clusters: 3 }), {
      code: 'ERR_QUERENT_ARGUMENT',
    });
    await t.throwsAsync(clusterMargin(scores, view, 3, { candidates: 2 }), {
      message: /from 3 to .* for candidates, got 2/,
    });
    await t.throwsAsync(clusterMargin([[0.5, 0.6]], [[1]], 1), { code: 'ERR_QUERENT_VALUE' });
    await t.throwsAsync(clusterMargin(scores, view, 1, { exclude: [20] }), { code: 'ERR_QUERENT_ARGUMENT' });
    const stop = new AbortController();
    const running = averageLinkage(manyRows(1500, 30), { clusters: 2, signal: stop.signal });
    setTimeout(() => stop.abort(new Error('enough')), 3);
    await t.throwsAsync(running, { message: 'enough' });
    let last = 0;
    await averageLinkage(view, { clusters: 2, onProgress: ({ done, total }) => void (last = done / total) });
    t.is(last, 1);
  });
}

test('the chain gives the tree of merging the nearest two again and again', async (t) => {
  const run = fc.asyncProperty(fc.integer({ min: 2, max: 40 }), fc.nat(1000), async (rows, seed) => {
    const view = points({ rows, cols: 3, seed, dtype: 'f64' });
    const clusters = 1 + (seed % rows);
    const groups = Array.from({ length: rows }, (_, r) => [r]);
    const distances = querent.pairwiseDistances(view, undefined, { out: new Float64Array(rows * rows) });
    const mean = (p: number[], q: number[]): number =>
      p.reduce((sum, a) => sum + q.reduce((part, b) => part + (distances[a * rows + b] as number), 0), 0) /
      (p.length * q.length);
    while (groups.length > clusters) {
      let [from, to, least] = [0, 1, Infinity];
      groups.forEach((p, i) => {
        for (let j = i + 1; j < groups.length; j++) {
          const distance = mean(p, groups[j] as number[]);
          if (distance < least) [from, to, least] = [i, j, distance];
        }
      });
      (groups[from] as number[]).push(...(groups.splice(to, 1)[0] as number[]));
    }
    const { assignments } = await reference.averageLinkage(view, { clusters });
    for (const group of groups) t.is(new Set(group.map((row) => assignments[row])).size, 1);
    t.is(new Set(assignments).size, clusters);
  });
  await fc.assert(run, { numRuns: 40, seed: 15 });
});

addonTest('cluster-margin gives the picks of the reference', async (t) => {
  const run = fc.asyncProperty(
    anyPoints({ rows: 120, cols: 40 }),
    fc.nat(40),
    fc.nat(1000),
    async (view, wanted, seed) => {
      const k = Math.min(wanted, view.rows);
      const random = new querent.Random(seed);
      const scores = Float32Array.from({ length: view.rows }, () => Math.round(random.float() * 8));
      const options = { seed, candidates: Math.min(view.rows, 2 * k), threads: 2 } as const;
      t.deepEqual(
        await querent.clusterMargin(scores, view, k, options),
        await reference.clusterMargin(scores, view, k, options),
      );
    },
  );
  await fc.assert(run, { numRuns: 25, seed: 16 });
});
