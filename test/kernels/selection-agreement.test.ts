/** The addon against the reference in everything that picks diverse rows: the same rows, and the same distances. */
import type { ExecutionContext } from 'ava';
import fc from 'fast-check';
import * as querent from '../../src/index.js';
import * as reference from '../../src/reference/index.js';
import { addonTest } from '../helpers/addon.js';
import { ARRANGEMENTS, EMBEDDING_DTYPES, embeddings } from '../helpers/embeddings.js';
import { bitsOf, DTYPES, predictions } from '../helpers/values.js';

const COLS = [1, 2, 3, 7, 16, 31, 32, 33, 63, 64, 65, 130];

const anyCase = fc.record({
  rows: fc.integer({ min: 1, max: 300 }),
  cols: fc.constantFrom(...COLS),
  dtype: fc.constantFrom(...EMBEDDING_DTYPES),
  arrangement: fc.constantFrom(...ARRANGEMENTS),
  gap: fc.nat(5),
  skip: fc.nat(9),
  seed: fc.nat(),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  lists: fc.array(fc.nat(), { maxLength: 40 }),
  threads: fc.integer({ min: 1, max: 3 }),
});

const same = (a: querent.KCenterSelection, b: querent.KCenterSelection): boolean =>
  bitsOf(a.indices) === bitsOf(b.indices) &&
  bitsOf(a.distances) === bitsOf(b.distances) &&
  Object.is(a.coveringRadius, b.coveringRadius);

/** The rows in the order they were picked, or the sentence of the error. */
const outcome = (call: Promise<querent.Selection>): Promise<string> =>
  call.then(
    ({ indices }) => String(indices),
    (error: unknown) => String(error),
  );

async function check(t: ExecutionContext, property: fc.IAsyncProperty<unknown>, numRuns: number): Promise<void> {
  await t.notThrowsAsync(async () => fc.assert(property, { numRuns, interruptAfterTimeLimit: 90_000 }));
}

for (const metric of ['euclidean', 'cosine'] as const) {
  addonTest(`k-center ${metric}: the picks, distances and radius of the reference, to the bit`, async (t) => {
    const property = fc.asyncProperty(anyCase, async ({ share, lists, threads, ...wish }) => {
      const points = embeddings(wish);
      const labeled = lists.map((row) => row % wish.rows);
      const k = Math.floor(share * (wish.rows - new Set(labeled).size));
      const start = labeled.length > 0 ? { labeled } : { first: wish.seed % wish.rows };
      const options = { metric, threads, ...start };
      const native = await querent.kCenterGreedy(points, k, options);
      return same(native, await reference.kCenterGreedy(points, k, options));
    });
    await check(t, property, 150);
  });
}

addonTest('k-means++: the draws of the reference', async (t) => {
  const property = fc.asyncProperty(anyCase, async ({ share, lists, threads, ...wish }) => {
    const points = embeddings(wish);
    const labeled = lists.map((row) => row % wish.rows);
    const k = Math.floor(share * (wish.rows - new Set(labeled).size));
    const options = { labeled, threads, seed: wish.seed };
    const native = await querent.kMeansPlusPlus(points, k, options);
    return bitsOf(native.indices) === bitsOf((await reference.kMeansPlusPlus(points, k, options)).indices);
  });
  await check(t, property, 150);
});

addonTest('badge: the draws of the reference', async (t) => {
  const property = fc.asyncProperty(
    anyCase,
    fc.constantFrom(2, 3, 10, 17, 65),
    fc.constantFrom(...DTYPES),
    fc.constantFrom(
      { kind: 'probabilities', normalize: 'none' } as const,
      { kind: 'counts', normalize: 'divide' } as const,
      { kind: 'logits', from: 'logits' } as const,
    ),
    async ({ share, lists, threads, ...wish }, classes, probsDtype, mode) => {
      const { kind, ...rule } = mode;
      const points = embeddings(wish);
      const probs = predictions({
        rows: wish.rows,
        cols: classes,
        dtype: probsDtype,
        kind,
        gap: wish.gap,
        seed: wish.seed,
      });
      const exclude = lists.map((row) => row % wish.rows);
      const k = Math.floor(share * (wish.rows - new Set(exclude).size));
      const options = { ...rule, exclude, threads, seed: wish.seed };
      const native = await outcome(querent.badge(probs, points, k, options));
      return native === (await outcome(reference.badge(probs, points, k, options)));
    },
  );
  await check(t, property, 150);
});

addonTest(
  'badge: rows whose gradients are below the smallest f32 squared are drawn once, like all others',
  async (t) => {
    for (const seed of [21, 22, 23, 24]) {
      const wish = { rows: 210, cols: 65, dtype: 'f64', arrangement: 'very far', seed } as const;
      const points = embeddings(wish);
      const probs = predictions({ rows: wish.rows, cols: 3, kind: 'logits', dtype: 'bf16', gap: 4, seed });
      const options = { from: 'logits', seed } as const;
      const wanted = (await reference.badge(probs, points, wish.rows - 1, options)).indices;
      t.is(new Set(wanted).size, wanted.length);
      for (const level of querent.runtimeInfo().levels) {
        querent.setLevel(level);
        t.deepEqual(
          (await querent.badge(probs, points, wish.rows - 1, options)).indices,
          wanted,
          `${level}, seed ${seed}`,
        );
      }
    }
    querent.setLevel('auto');
  },
);

addonTest('thousands of rows, through many passes: the picks of the reference', async (t) => {
  for (const [arrangement, k] of [
    ['cloud', 300],
    ['copies', 130],
    ['far', 200],
    ['line', 150],
  ] as const) {
    const points = embeddings({ rows: 2100, cols: 20, arrangement, seed: 2 });
    const native = await querent.kCenterGreedy(points, k);
    t.true(same(native, await reference.kCenterGreedy(points, k)), arrangement);
    const draw = await querent.kMeansPlusPlus(points, k, { seed: 4 });
    t.is(bitsOf(draw.indices), bitsOf((await reference.kMeansPlusPlus(points, k, { seed: 4 })).indices), arrangement);
  }
  const probs = predictions({ rows: 2100, cols: 10, kind: 'logits' });
  const points = embeddings({ rows: 2100, cols: 20, seed: 3 });
  const options = { from: 'logits', seed: 5 } as const;
  const native = await querent.badge(probs, points, 200, options);
  t.is(bitsOf(native.indices), bitsOf((await reference.badge(probs, points, 200, options)).indices));
});

addonTest('every level and thread count picks the same rows, and gives the same bits', async (t) => {
  const everything = async (threads: number | undefined): Promise<string> => {
    const parts: string[] = [];
    for (const dtype of EMBEDDING_DTYPES) {
      for (const [arrangement, cols] of [
        ['cloud', 37],
        ['far', 130],
        ['copies', 16],
      ] as const) {
        const points = embeddings({ rows: 1500, cols, dtype, arrangement, seed: cols });
        const probs = predictions({ rows: 1500, cols: 10, kind: 'logits', dtype: dtype === 'u8' ? 'f32' : dtype });
        for (const metric of ['euclidean', 'cosine'] as const) {
          const got = await querent.kCenterGreedy(points, 80, { metric, threads });
          parts.push(bitsOf(got.indices), bitsOf(got.distances), String(got.coveringRadius));
        }
        parts.push(bitsOf((await querent.kMeansPlusPlus(points, 80, { threads, labeled: [1, 2] })).indices));
        parts.push(bitsOf((await querent.badge(probs, points, 80, { from: 'logits', threads })).indices));
      }
    }
    return parts.join();
  };
  const wanted = await everything(undefined);
  for (const level of querent.runtimeInfo().levels) {
    querent.setLevel(level);
    for (const threads of [1, 2]) t.true((await everything(threads)) === wanted, `${level}, ${threads} threads`);
  }
  querent.setLevel('auto');
});

/** Elements that make a row unusable, among others that do not. */
const anyElement = fc.oneof(
  { weight: 8, arbitrary: fc.double({ min: -10, max: 10, noNaN: true }) },
  fc.constantFrom(0, NaN, Infinity, -Infinity, 1e99, -2e100, 1e-300, 1e300),
);

addonTest('the addon and the reference refuse the same rows with the same sentences', async (t) => {
  const property = fc.asyncProperty(
    fc.array(fc.array(anyElement, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 12 }),
    fc.constantFrom('euclidean' as const, 'cosine' as const),
    fc.constantFrom('probabilities' as const, 'logits' as const),
    async (rows, metric, from) => {
      const flat = rows.map(() => [0.2, 0.3, 0.5]);
      const answers = [querent, reference].map(({ kCenterGreedy, kMeansPlusPlus, badge }) =>
        Promise.all(
          [
            kCenterGreedy(rows, 1, { metric }),
            kMeansPlusPlus(rows, 1),
            badge(flat, rows, 1),
            badge(rows, flat, 1, { from }),
          ].map(outcome),
        ),
      );
      const [native, plain] = await Promise.all(answers);
      return JSON.stringify(native) === JSON.stringify(plain);
    },
  );
  await check(t, property, 300);
});
