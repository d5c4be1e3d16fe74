/** What kCenterGreedy, kMeansPlusPlus and badge pick and refuse, asked of both implementations. */
import test from 'ava';
import {
  allocMatrix,
  ArgumentError,
  DetachedError,
  matrix,
  type MatrixView,
  Random,
  ShapeError,
  ValueError,
} from '../../src/index.js';
import {
  ARRANGEMENTS,
  cosine,
  EMBEDDING_DTYPES,
  embeddings,
  euclidean,
  nearestTo,
  plainRows,
  textbookKCenter,
} from '../helpers/embeddings.js';
import { implementations } from '../helpers/implementations.js';
import { predictions } from '../helpers/values.js';

const rowsOf = (...rows: number[][]): MatrixView =>
  matrix(Float32Array.from(rows.flat()), rows.length, rows[0]?.length ?? 0);

/** A tensor that can only be read asynchronously. */
const distant = (view: MatrixView): { shape: number[]; dtype: string; data(): Promise<ArrayBufferView> } => ({
  shape: [view.rows, view.cols],
  dtype: 'float32',
  data: async () => view.data,
});

for (const [name, { kCenterGreedy, kMeansPlusPlus, badge }] of implementations) {
  test(`${name}: k-center by hand`, async (t) => {
    const line = rowsOf([0], [1], [9], [4], [10]);
    const { indices, distances, coveringRadius } = await kCenterGreedy(line, 3);
    t.deepEqual([...indices], [0, 4, 3]);
    t.deepEqual([...distances], [Infinity, 10, 4]);
    t.is(coveringRadius, 1);
    t.deepEqual([...(await kCenterGreedy(line, 2, { first: 3 })).indices], [3, 4]);
    t.deepEqual([...(await kCenterGreedy(line, 2, { first: 0, labeled: [] })).indices], [0, 4]);
    const next = await kCenterGreedy(line, 2, { labeled: [4, 0, 4] });
    t.deepEqual([...next.indices], [3, 1]);
    t.deepEqual([...next.distances], [4, 1]);
    const angles = rowsOf([1, 0], [100, 1], [0, 3], [-2, 0], [1, 1]);
    const turned = await kCenterGreedy(angles, 2, { metric: 'cosine' });
    t.deepEqual([...turned.indices], [0, 3]);
    t.deepEqual([...turned.distances], [Infinity, 2]);
    t.is(turned.coveringRadius, 1);
  });

  test(`${name}: nothing to pick`, async (t) => {
    const line = rowsOf([0], [3], [5]);
    const none = await kCenterGreedy(line, 0);
    t.deepEqual([none.indices.length, none.distances.length, none.coveringRadius], [0, 0, Infinity]);
    t.is((await kCenterGreedy(line, 0, { labeled: [1] })).coveringRadius, 3);
    t.is((await kCenterGreedy(line, 0, { labeled: [0, 1, 2] })).coveringRadius, 0);
    t.is((await kMeansPlusPlus(line, 0)).indices.length, 0);
    t.is((await badge([[0.5, 0.5]], [[1]], 0)).indices.length, 0);
    const empty = matrix(new Float32Array(0), 0, 5);
    t.is((await kCenterGreedy(empty, 0)).coveringRadius, 0);
    t.is((await kMeansPlusPlus(empty, 0)).indices.length, 0);
    t.is((await badge(matrix(new Float32Array(0), 0, 3), empty, 0)).indices.length, 0);
    t.is((await kCenterGreedy([], 0)).indices.length, 0);
  });

  test(`${name}: k-center picks what the textbook loop picks, in every arrangement`, async (t) => {
    for (const arrangement of ARRANGEMENTS) {
      for (const dtype of EMBEDDING_DTYPES) {
        for (const [rows, cols] of [
          [60, 3],
          [45, 65],
        ] as const) {
          // sums of the test and of the kernel round differently: only whole numbers tie alike in both
          if (arrangement !== 'cloud' && arrangement !== 'grid' && cols > 3) continue;
          if ((arrangement === 'near ties' || arrangement === 'line') && dtype === 'f64') continue;
          const points = embeddings({ rows, cols, dtype, arrangement, seed: cols, gap: 2, skip: 1 });
          for (const options of [{}, { first: 17 }, { labeled: [4, 30, 4, 59 % rows, 0] }]) {
            const k = rows - 5;
            const wanted = textbookKCenter(plainRows(points), k, options);
            const got = await kCenterGreedy(points, k, options);
            const label = `${arrangement} ${dtype} ${rows} x ${cols} ${JSON.stringify(options)}`;
            t.deepEqual([...got.indices], wanted.indices, label);
            got.distances.forEach((d, i) => {
              const near = wanted.distances[i] as number;
              if (!(d === near || Math.abs(d - near) <= 1e-12 * near)) t.fail(`${label}: ${d}, wanted ${near}`);
            });
            t.true(Math.abs(got.coveringRadius - wanted.coveringRadius) <= 1e-12 * wanted.coveringRadius, label);
          }
        }
      }
    }
  });

  test(`${name}: k-center under cosine picks what the textbook loop picks, at any length of the rows`, async (t) => {
    const random = new Random(3);
    for (const cols of [3, 40, 70]) {
      const points = embeddings({ rows: 70, cols, dtype: 'f64', seed: cols });
      const wanted = textbookKCenter(plainRows(points), 30, { distance: cosine, labeled: [5, 6] });
      const data = points.data as Float64Array;
      for (let r = 0; r < 70; r++) {
        const scale = 2 ** (random.below(60) - 30);
        for (let c = 0; c < cols; c++) data[r * cols + c]! *= scale;
      }
      const got = await kCenterGreedy(points, 30, { metric: 'cosine', labeled: [5, 6] });
      t.deepEqual([...got.indices], wanted.indices);
      t.true(got.distances.every((d, i) => Math.abs(d - (wanted.distances[i] as number)) < 1e-12));
    }
  });

  test(`${name}: rows that all coincide are taken from the lowest on, once each`, async (t) => {
    const points = embeddings({ rows: 50, cols: 7, arrangement: 'equal' });
    for (const metric of ['euclidean', 'cosine'] as const) {
      const { indices, coveringRadius } = await kCenterGreedy(points, 48, { metric, labeled: [3, 20] });
      const wanted = Array.from({ length: 50 }, (_, i) => i).filter((i) => i !== 3 && i !== 20);
      t.deepEqual([...indices], wanted, metric);
      t.true(coveringRadius < 1e-15);
    }
    t.deepEqual([...(await kCenterGreedy(points, 3, { first: 9 })).distances], [Infinity, 0, 0]);
    t.deepEqual([...(await kMeansPlusPlus(points, 4, { labeled: [1] })).indices], [0, 2, 3, 4]);
    const [first, ...rest] = (await kMeansPlusPlus(points, 50, { seed: 5 })).indices;
    t.deepEqual(
      rest,
      Array.from({ length: 50 }, (_, i) => i).filter((i) => i !== first),
    );
    const probs = predictions({ rows: 1, cols: 3 });
    const alike = matrix(
      Float32Array.from({ length: 150 }, (_, i) => probs.data[i % 3] as number),
      50,
      3,
    );
    t.deepEqual([...(await badge(alike, points, 5, { exclude: [0, 2] })).indices], [1, 3, 4, 5, 6]);
  });

  test(`${name}: every row is picked once, whatever the distances`, async (t) => {
    const all = Array.from({ length: 70 }, (_, i) => i);
    const sorted = (rows: Uint32Array): number[] => [...rows].sort((a, b) => a - b);
    for (const arrangement of ARRANGEMENTS) {
      const points = embeddings({ rows: 70, cols: 5, arrangement });
      const probs = predictions({ rows: 70, cols: 4 });
      for (const metric of ['euclidean', 'cosine'] as const) {
        const picks = await kCenterGreedy(points, 70, { metric });
        t.deepEqual(sorted(picks.indices), all, `k-center ${metric}, ${arrangement}`);
        t.true(picks.distances.every((d, i) => d <= (picks.distances[i - 1] ?? Infinity)));
      }
      t.deepEqual(sorted((await kMeansPlusPlus(points, 70, { seed: 3 })).indices), all, `k-means++, ${arrangement}`);
      t.deepEqual(sorted((await badge(probs, points, 70, { seed: 3 })).indices), all, `badge, ${arrangement}`);
    }
  });

  test(`${name}: labelled rows are rows of the whole pool, not of the unlabelled part`, async (t) => {
    // 50 labelled of 400 x 8, 20 picks: taking positions among the unlabelled for row numbers goes wrong at once
    const points = embeddings({ rows: 400, cols: 8, seed: 4 });
    const labeled = [...new Random(9).shuffle(Array.from({ length: 400 }, (_, i) => i)).slice(0, 50)];
    const rows = plainRows(points);
    const wanted = textbookKCenter(rows, 20, { labeled });
    const got = await kCenterGreedy(points, 20, { labeled });
    t.deepEqual([...got.indices], wanted.indices);
    t.true(got.indices.every((row) => !labeled.includes(row)));

    const unlabelled = rows.flatMap((_, i) => (labeled.includes(i) ? [] : [i]));
    const mixed: number[] = [];
    while (mixed.length < 20) {
      const nearest = nearestTo(rows, [...labeled, ...mixed], euclidean);
      const open = unlabelled.map((row, at) => (mixed.includes(at) ? -1 : (nearest[row] as number)));
      mixed.push(open.indexOf(Math.max(...open)));
    }
    const mistaken = mixed.map((at) => unlabelled[at] as number);
    t.notDeepEqual(mistaken, wanted.indices);
    t.true(got.coveringRadius < Math.max(...nearestTo(rows, [...labeled, ...mistaken], euclidean)));
  });

  test(`${name}: badge starts with the longest gradient, repeats nothing and leaves out what is excluded`, async (t) => {
    const probs = predictions({ rows: 90, cols: 5, seed: 2 });
    const points = embeddings({ rows: 90, cols: 12, seed: 2 });
    const p = plainRows(probs);
    const h = plainRows(points);
    const lengths = p.map((row, i) => {
      const predicted = row.indexOf(Math.max(...row));
      const a = row.map((value, c) => value - (c === predicted ? 1 : 0));
      return a.reduce((sum, x) => sum + x * x, 0) * (h[i] as number[]).reduce((sum, x) => sum + x * x, 0);
    });
    const order = lengths.map((_, i) => i).sort((i, j) => (lengths[j] as number) - (lengths[i] as number));
    for (let seed = 0; seed < 20; seed++) {
      const { indices } = await badge(probs, points, 30, { seed });
      t.is(indices[0], order[0]);
      t.is(new Set(indices).size, 30);
      const exclude = order.slice(0, 40);
      const left = (await badge(probs, points, 50, { seed, exclude: [...exclude, ...exclude] })).indices;
      t.is(left[0], order[40]);
      t.deepEqual(
        [...left].sort((a, b) => a - b),
        order.slice(40).sort((a, b) => a - b),
      );
    }
  });

  test(`${name}: badge picks the same from logits as from their probabilities`, async (t) => {
    const logits = predictions({ rows: 80, cols: 6, kind: 'logits', dtype: 'f64', seed: 5 });
    const probs = new Float64Array(80 * 6);
    plainRows(logits).forEach((row, r) => {
      const e = row.map((z) => Math.exp(z - Math.max(...row)));
      const sum = e.reduce((total, value) => total + value, 0);
      e.forEach((value, c) => (probs[r * 6 + c] = value / sum));
    });
    const points = embeddings({ rows: 80, cols: 9, seed: 5 });
    for (let seed = 0; seed < 10; seed++) {
      const { indices } = await badge(logits, points, 25, { from: 'logits', seed });
      t.deepEqual((await badge(matrix(probs, 80, 6), points, 25, { seed })).indices, indices);
      const counts = probs.map((p) => 7 * p);
      t.deepEqual((await badge(matrix(counts, 80, 6), points, 25, { seed, normalize: 'divide' })).indices, indices);
    }
  });

  test(`${name}: badge keeps rows apart whose confidence is beyond one minus a half ulp`, async (t) => {
    // as f32 probabilities all four are exactly one and zero: only logits tell which gradient is longest
    const logits = matrix(Float32Array.of(0, 60, 60, 0, 0, 40, 0, 50), 4, 2);
    const points = embeddings({ rows: 4, cols: 3, arrangement: 'equal' });
    t.is((await badge(logits, points, 4, { from: 'logits' })).indices[0], 2);
  });

  test(`${name}: a seed gives the same draw again, another seed another one`, async (t) => {
    const points = embeddings({ rows: 300, cols: 6 });
    const probs = predictions({ rows: 300, cols: 6 });
    const draws = [
      (seed: number | bigint) => kMeansPlusPlus(points, 40, { seed }),
      (seed: number | bigint) => badge(probs, points, 40, { seed }),
    ];
    for (const draw of draws) {
      const { indices } = await draw(7);
      t.deepEqual((await draw(7n)).indices, indices);
      t.notDeepEqual((await draw(8)).indices, indices);
      t.notDeepEqual((await draw(2n ** 64n - 1n)).indices, indices);
    }
    const [first] = (await kMeansPlusPlus(points, 1, { seed: 7 })).indices;
    t.is(first, (await kMeansPlusPlus(points, 40, { seed: 7 })).indices[0]);
  });

  test(`${name}: tensors, shared memory, strides and plain arrays give one answer, and stay as they were`, async (t) => {
    const points = embeddings({ rows: 90, cols: 5, seed: 8 });
    const before = points.data.slice();
    const wanted = await kCenterGreedy(points, 20);
    const draw = await kMeansPlusPlus(points, 20, { seed: 1 });
    const shared = allocMatrix(90, 5);
    shared.data.set(points.data);
    const wide = embeddings({ rows: 90, cols: 5, seed: 8, gap: 3, skip: 2 });
    for (const input of [shared, wide, distant(points), plainRows(points), matrix(before, 90, 5)]) {
      t.deepEqual(await kCenterGreedy(input, 20), wanted);
      t.deepEqual(await kMeansPlusPlus(input, 20, { seed: 1 }), draw);
    }
    const probs = predictions({ rows: 90, cols: 3 });
    const labeled = Uint32Array.of(4, 2, 4);
    const gradients = await badge(probs, points, 20, { exclude: labeled });
    t.deepEqual(await badge(distant(probs), distant(points), 20, { exclude: labeled }), gradients);
    t.deepEqual(points.data, before);
    t.deepEqual([...labeled], [4, 2, 4]);
  });

  test(`${name}: k above what can be picked is refused`, async (t) => {
    const points = embeddings({ rows: 6, cols: 2 });
    const probs = predictions({ rows: 6, cols: 2 });
    const message = (where: string, count: number, detail: string): string =>
      `${where}: expected at most the ${count} eligible rows for k, got 6 (${detail})`;
    const labeled = [1, 1, 2];
    const instanceOf = ShapeError;
    await t.throwsAsync(kCenterGreedy(points, 6, { labeled }), {
      instanceOf,
      message: message('kCenterGreedy', 4, '6 rows, 2 labelled'),
    });
    await t.throwsAsync(kMeansPlusPlus(points, 6, { labeled }), {
      instanceOf,
      message: message('kMeansPlusPlus', 4, '6 rows, 2 labelled'),
    });
    await t.throwsAsync(badge(probs, points, 6, { exclude: labeled }), {
      instanceOf,
      message: message('badge', 4, '6 rows, 2 excluded'),
    });
    await t.throwsAsync(kCenterGreedy([], 1), { instanceOf });
    await t.throwsAsync(kMeansPlusPlus(points, 7), { instanceOf });
    await t.throwsAsync(badge([], [], 1), { instanceOf });
  });

  test(`${name}: a row that cannot be used is named with the reason`, async (t) => {
    const cases: [number, string, ('euclidean' | 'cosine')?][] = [
      [NaN, 'its element 2 is NaN'],
      [Infinity, 'its element 2 is Infinity'],
      [-Infinity, 'its element 2 is -Infinity'],
      [-2e100, 'its element 2 is -2e+100, beyond 1e100'],
    ];
    const probs = predictions({ rows: 3000, cols: 3 });
    for (const [value, reason] of cases) {
      const points = embeddings({ rows: 3000, cols: 4, dtype: 'f64', gap: 1 });
      for (const row of [2990, 1717, 2000]) points.data[row * 5 + 2] = value;
      const message = (where: string): string =>
        `${where}: row 1717 of embeddings is not usable: ${reason}; mend it or leave the row out`;
      const wanted = (where: string) => ({ instanceOf: ValueError, message: message(where) });
      await t.throwsAsync(kCenterGreedy(points, 2), wanted('kCenterGreedy'));
      await t.throwsAsync(kCenterGreedy(points, 2, { metric: 'cosine' }), wanted('kCenterGreedy'));
      await t.throwsAsync(kMeansPlusPlus(points, 2), wanted('kMeansPlusPlus'));
      await t.throwsAsync(badge(probs, points, 2), wanted('badge'));
      await t.throwsAsync(kMeansPlusPlus(points, 0), wanted('kMeansPlusPlus'));
    }
    const zero = rowsOf([1, 2], [0, 3], [0, 0], [0, 0]);
    await t.throwsAsync(kCenterGreedy(zero, 1, { metric: 'cosine' }), {
      instanceOf: ValueError,
      message: /row 2 of embeddings is not usable: its length is 0, so it has no direction/,
    });
    t.is((await kCenterGreedy(zero, 4)).indices.length, 4);
    const halves = matrix(Uint16Array.of(0x3c00, 0x7c00), 2, 1, { dtype: 'f16' });
    await t.throwsAsync(kCenterGreedy(halves, 1), { message: /row 1 of embeddings .* element 0 is Infinity/ });
  });

  test(`${name}: predictions that cannot be used are named with the reason`, async (t) => {
    const points = embeddings({ rows: 3, cols: 2 });
    const cases: [number[][], object, RegExp][] = [
      [
        [
          [1, 0],
          [0.5, 0.6],
          [2, 2],
        ],
        {},
        /row 1 of probs is not usable: its probabilities sum to 1.1, not to 1 within 0.001; pass from: 'logits' for raw network outputs, or normalize: 'divide' for counts$/,
      ],
      [
        [
          [1, 0],
          [1, 0],
          [1.5, -0.5],
        ],
        {},
        /row 2 of probs is not usable: its probability of class 1 is negative \(-0.5\)/,
      ],
      [
        [
          [NaN, 0],
          [1, 0],
          [1, 0],
        ],
        { normalize: 'none' },
        /row 0 of probs is not usable: its probability of class 0 is NaN; fix the model's output, or leave the row out$/,
      ],
      [
        [
          [1, 0],
          [0, 0],
          [1, 0],
        ],
        { normalize: 'divide' },
        /row 1 of probs is not usable: its probabilities sum to 0/,
      ],
      [
        [
          [1, 0],
          [3, Infinity],
          [1, 0],
        ],
        { from: 'logits' },
        /row 1 of probs is not usable: its logit of class 1 is Infinity/,
      ],
      [
        [
          [1, 0],
          [-Infinity, -Infinity],
          [1, 0],
        ],
        { from: 'logits' },
        /row 1 of probs .* every logit is -Infinity/,
      ],
    ];
    for (const [probs, options, message] of cases) {
      await t.throwsAsync(badge(probs, points, 2, options), { instanceOf: ValueError, message });
      await t.throwsAsync(badge(probs, points, 1, { ...options, exclude: [0, 1] }), {
        instanceOf: ValueError,
        message,
      });
    }
    const masked = [
      [1, -Infinity, 0],
      [0, 0, -Infinity],
      [2, 1, 0],
    ];
    t.is((await badge(masked, points, 3, { from: 'logits' })).indices.length, 3);
  });

  test(`${name}: arguments that make no sense reject with a sentence`, async (t) => {
    const points = embeddings({ rows: 5, cols: 2 });
    const probs = predictions({ rows: 5, cols: 2 });
    const cases: [() => Promise<unknown>, RegExp][] = [
      [() => kCenterGreedy(points, 2, { first: 0, labeled: [1] }), /expected either labeled or first, got both/],
      [() => kCenterGreedy(points, 2, { first: 5 }), /expected a row number below 5 for first, got 5/],
      [() => kCenterGreedy(points, 2, { first: -1 }), /expected a row number below 5 for first, got -1/],
      [() => kCenterGreedy(points, 2, { metric: 'manhattan' as never }), /expected 'euclidean' or 'cosine' for metric/],
      [() => kCenterGreedy(points, 2, { labeled: [5] }), /expected row numbers below 5 for labeled\[0\], got 5/],
      [() => kCenterGreedy(points, 2, { labeled: 3 as never }), /expected a Uint32Array of row numbers for labeled/],
      [() => kCenterGreedy(points, 2, { exclude: [1] } as never), /expected only the options labeled, first, metric/],
      [() => kCenterGreedy(points, 1.5), /expected a whole number from 0 to \d+ for k, got 1.5/],
      [() => kCenterGreedy(points, 2, { threads: 0 }), /expected a whole number from 1 to 1024 for threads, got 0/],
      [() => kCenterGreedy(null as never, 2), /for embeddings, got null/],
      [() => kMeansPlusPlus(points, 2, { seed: 0.5 }), /for seed, got 0.5/],
      [() => kMeansPlusPlus(points, 2, { first: 1 } as never), /expected only the options labeled, seed/],
      [() => badge(probs, points, 2, { exclude: [-1] }), /for exclude\[0\], got -1/],
      [() => badge(probs, points, 2, { from: 'scores' as never }), /expected 'probabilities' or 'logits' for from/],
      [() => badge(matrix(new Uint8Array(10), 5, 2), points, 2), /expected floating-point elements .* for probs/],
      [() => badge(probs, points, 2, { onProgress: 3 as never }), /expected a function for onProgress/],
    ];
    for (const [call, message] of cases) await t.throwsAsync(call(), { instanceOf: ArgumentError, message });
    const shapes: [() => Promise<unknown>, RegExp][] = [
      [
        () => badge(predictions({ rows: 4, cols: 2 }), points, 2),
        /as many rows of probs as of embeddings, got 4 and 5/,
      ],
      [() => badge(matrix(new Float32Array(5), 5, 1), points, 2), /at least 2 columns for probs, one per class, got 1/],
      [() => kCenterGreedy(matrix(new Float32Array(0), 5, 0), 2), /at least 1 column for embeddings, got 0/],
    ];
    for (const [call, message] of shapes) await t.throwsAsync(call(), { instanceOf: ShapeError, message });
    const lost = new Float32Array(10);
    const view = matrix(lost, 5, 2);
    structuredClone(lost.buffer, { transfer: [lost.buffer] });
    await t.throwsAsync(kCenterGreedy(view, 2), { instanceOf: DetachedError });
    await t.throwsAsync(kMeansPlusPlus(view, 2), { instanceOf: DetachedError });
    await t.throwsAsync(badge(probs, view, 2), { instanceOf: DetachedError });
    await t.throwsAsync(badge(view, points, 2), { instanceOf: DetachedError });
  });
}
