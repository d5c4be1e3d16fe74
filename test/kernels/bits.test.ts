/** One result, to the last bit: at every CPU level, with any number of threads, however the call is made. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import test from 'ava';
import type { NativeAddon } from '../../bindings/native.js';
import * as querent from '../../src/index.js';
import { addonTest } from '../helpers/addon.js';
import { goldenHashes } from '../helpers/golden-cases.js';
import { bitsOf, DTYPES, predictions } from '../helpers/values.js';

const committed = JSON.parse(readFileSync(new URL('../golden/hashes.json', import.meta.url), 'utf8')) as {
  definitions: string;
  hashes: Record<string, string>;
};

/** The same module instance as the loader's: Node keeps one per path. */
function addon(): NativeAddon {
  const path = querent.runtimeInfo().addon?.path as string;
  return createRequire(import.meta.url)(path) as NativeAddon;
}

test.afterEach.always(() => querent.setLevel('auto'));

addonTest('every level gives the committed bits, and really runs', async (t) => {
  t.is(committed.definitions, querent.SCORE_DEFINITIONS);
  const { levels } = querent.runtimeInfo();
  t.true(levels.includes('scalar'));
  t.log(`levels: ${levels.join(', ')}`);
  for (const level of levels) {
    querent.setLevel(level);
    t.is(querent.runtimeInfo().level, level);
    querent.score([[0.5, 0.5]], { method: 'entropy' });
    t.is<string, string>(addon().lastLevel(), level);
    t.deepEqual(await goldenHashes(), committed.hashes, level);
    t.is<string, string>(addon().lastLevel(), level);
  }
});

addonTest('one, two and three threads give the same bits', async (t) => {
  for (const threads of [1, 2, 3]) t.deepEqual(await goldenHashes(threads), committed.hashes, `${threads} threads`);
});

addonTest('large calls give the same bits at every level and thread count, synchronous or not', async (t) => {
  for (const dtype of DTYPES) {
    const probs = predictions({ rows: 30_011, cols: 10, dtype, kind: 'logits', seed: 4, gap: 2 });
    const options = { method: 'entropy', from: 'logits' } as const;
    const room = () => (dtype === 'f64' ? new Float64Array(30_011) : new Float32Array(30_011));
    const wanted = bitsOf(querent.score(probs, { ...options, out: room() }));
    for (const level of querent.runtimeInfo().levels) {
      querent.setLevel(level);
      for (const threads of [1, 2, 3]) {
        t.true(
          bitsOf(querent.score(probs, { ...options, threads, out: room() })) === wanted,
          `${level} ${threads} ${dtype}`,
        );
        const later = await querent.scoreAsync(probs, { ...options, threads, out: room() });
        t.true(bitsOf(later) === wanted, `${level} ${threads} ${dtype} async`);
      }
    }
    querent.setLevel('auto');
  }
});

addonTest('asynchronous forms give the bits of the synchronous ones, on private and on shared memory', async (t) => {
  const plain = predictions({ rows: 120_000, cols: 12, kind: 'logits', seed: 6 });
  const shared = querent.allocMatrix(120_000, 12);
  (shared.data as Float32Array).set(plain.data as Float32Array);
  const scoring = { method: 'margin', from: 'logits' } as const;
  const scores = querent.score(plain, scoring);
  const exclude = Uint32Array.from({ length: 5000 }, (_, i) => 119_999 - i * 7);
  const picking = { ...scoring, exclude, tieBreak: 'random', seed: 5 } as const;
  const best = querent.scoreTopK(plain, 2000, picking);
  const passes = { passes: 4, rows: 30_000, cols: 12, from: 'logits', measures: ['bald', 'mean-std'] } as const;
  const measured = querent.mcDropout(plain.data as Float32Array, passes);
  const asked = { members: 4, rows: 30_000, cols: 12, from: 'logits', measure: 'max-kl' } as const;
  const kl = querent.committee(plain.data as Float32Array, asked);
  for (const probs of [plain, shared]) {
    t.true(bitsOf(await querent.scoreAsync(probs, scoring)) === bitsOf(scores));
    const later = await querent.scoreTopKAsync(probs, 2000, picking);
    t.true(bitsOf(later.indices) === bitsOf(best.indices) && bitsOf(later.scores) === bitsOf(best.scores));
    const again = await querent.mcDropoutAsync(probs.data as Float32Array, passes);
    for (const measure of passes.measures) t.true(bitsOf(again[measure]) === bitsOf(measured[measure]));
    t.true(bitsOf(await querent.committeeAsync(probs.data as Float32Array, asked)) === bitsOf(kl));
  }
  const { exclude: rows, tieBreak, seed } = picking;
  const later = await querent.topKAsync(scores, 2000, { exclude: rows, tieBreak, seed });
  t.true(bitsOf(later.indices) === bitsOf(best.indices));
  const votes = new Uint8Array(12 * 120_000).map((_, i) => (i * 31) % 11);
  const voting = { members: 12, rows: 120_000, cols: 11, measure: 'vote-entropy' } as const;
  t.true(bitsOf(await querent.committeeAsync(votes, voting)) === bitsOf(querent.committee(votes, voting)));
});

addonTest('an accumulator gives the same picks however the pool is cut and ordered', async (t) => {
  const pool = predictions({ rows: 20_000, cols: 3, kind: 'logits', seed: 9 });
  const scoring = { method: 'entropy', from: 'logits' } as const;
  const scores = querent.score(pool, scoring);
  const exclude = Uint32Array.from({ length: 400 }, (_, i) => i * 50);
  for (const tieBreak of ['index', 'random'] as const) {
    const options = { exclude, tieBreak, seed: 1 } as const;
    const wanted = bitsOf(querent.topK(scores, 300, options).indices);
    for (const size of [1999, 20_000, 64]) {
      const starts = Array.from({ length: Math.ceil(20_000 / size) }, (_, i) => i * size);
      for (const order of [starts, [...starts].reverse()]) {
        const best = new querent.TopKAccumulator(300, options);
        for (const start of order) best.add(scores.subarray(start, start + size), start);
        t.true(bitsOf(best.result().indices) === wanted);
        t.is(best.eligible, 300);
      }
    }
    const best = new querent.TopKAccumulator(300, options);
    for (const start of [10_000, 0]) {
      const part = querent.matrix(pool.data.subarray(start * 3, (start + 10_000) * 3), 10_000, 3);
      await best.addRows(part, start, scoring);
    }
    t.true(bitsOf(best.result().indices) === wanted);
  }
});
