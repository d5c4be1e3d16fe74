import { readFileSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import * as querent from '../../src/index.js';
import * as reference from '../../src/reference/index.js';
import { addonTest } from '../helpers/addon.js';
import { implementations } from '../helpers/implementations.js';
import { bitsOf, encode, firstDifference, predictions } from '../helpers/values.js';

const { Random } = querent;

interface Pool {
  readonly passes: number;
  readonly rows: number;
  readonly cols: number;
}

/** Samples [T, N, C]: logits around a row's own, `spread` apart, as probabilities of f32. */
function makePool({ passes, rows, cols }: Pool, spread: number, seed: number): Float32Array {
  const random = new Random(seed, 21);
  const base = Float64Array.from({ length: rows * cols }, () => 3 * random.float());
  const samples = new Float32Array(passes * rows * cols);
  for (let row = 0; row < passes * rows; row++) {
    const p = Array.from({ length: cols }, (_, c) =>
      Math.exp((base[(row % rows) * cols + c] as number) + spread * (random.float() - 0.5)),
    );
    const sum = p.reduce((total, x) => total + x, 0);
    p.forEach((x, c) => (samples[row * cols + c] = x / sum));
  }
  return samples;
}

/** a(B), summed over every configuration of the batch. */
function definition(samples: ArrayLike<number>, { passes, rows, cols }: Pool, batch: readonly number[]): number {
  const term = (y: number): number => (y > 0 ? -y * Math.log(y) : 0);
  const p = (t: number, row: number, c: number): number => samples[(t * rows + row) * cols + c] as number;
  let score = 0;
  for (let m = 0; m < cols ** batch.length; m++) {
    let joint = 0;
    for (let t = 0; t < passes; t++) {
      joint += batch.reduce((y, row, i) => y * p(t, row, Math.floor(m / cols ** i) % cols), 1) / passes;
    }
    score += term(joint);
  }
  for (const row of batch) {
    for (let t = 0; t < passes; t++) for (let c = 0; c < cols; c++) score -= term(p(t, row, c)) / passes;
  }
  return score;
}

interface Golden {
  readonly whole: number;
  readonly exact: (Pool & { counts: number[]; indices: number[]; scores: number[] })[];
  readonly sampled: (Pool & {
    counts: number[];
    numSamples: number;
    exact: number;
    mean: number;
    standardError: number;
  })[];
}
const golden = JSON.parse(readFileSync(new URL('../golden/batch-bald.json', import.meta.url), 'utf8')) as Golden;

for (const [name, kernels] of implementations) {
  test(`${name}: batchBald picks what batchbald_redux picks`, async (t) => {
    for (const item of golden.exact) {
      const { passes, rows, cols, indices } = item;
      for (const dtype of ['f32', 'f64'] as const) {
        const samples = encode(
          item.counts.map((count) => count / golden.whole),
          dtype,
        );
        const result = await kernels.batchBald(samples, indices.length, {
          passes,
          rows,
          cols,
          dtype,
          numSamples: 2 ** 20,
        });
        t.deepEqual([...result.indices], indices);
        t.is(firstDifference(result.scores, item.scores, 1e-9, 1e-12), '');
      }
      const byDefault = await kernels.batchBald(
        Float32Array.from(item.counts, (count) => count / golden.whole),
        indices.length,
        { passes, rows, cols },
      );
      t.deepEqual([...byDefault.indices], indices, 'with the default number of samples');
    }
  });

  test(`${name}: sampled scores of batchBald are those of batchbald_redux on average`, async (t) => {
    for (const item of golden.sampled) {
      const { passes, rows, cols, numSamples } = item;
      const samples = Float64Array.from(item.counts, (count) => count / golden.whole);
      const scores: number[] = [];
      for (let seed = 0; seed < 40; seed++) {
        const result = await kernels.batchBald(samples, rows, { passes, rows, cols, numSamples, seed });
        scores.push(result.scores[rows - 1] as number);
      }
      const mean = scores.reduce((sum, x) => sum + x, 0) / scores.length;
      const variance = scores.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (scores.length - 1);
      const error = Math.sqrt(variance / scores.length);
      t.true(Math.abs(mean - item.exact) < 5 * error + 1e-3, `${mean} is not ${item.exact} within ${error}`);
      const both = Math.hypot(error, item.standardError);
      t.true(Math.abs(mean - item.mean) < 5 * both + 1e-3, `${mean} is not ${item.mean} within ${both}`);
    }
  });

  test(`${name}: scores of batchBald are the definition's, gains their differences`, async (t) => {
    for (const shape of [
      { passes: 4, rows: 12, cols: 3 },
      { passes: 9, rows: 7, cols: 5 },
      { passes: 2, rows: 30, cols: 2 },
    ]) {
      const samples = makePool(shape, 3, shape.rows);
      const { indices, scores, gains } = await kernels.batchBald(samples, 4, shape);
      for (let pick = 0; pick < 4; pick++) {
        const score = definition(samples, shape, [...indices.subarray(0, pick + 1)]);
        t.true(Math.abs((scores[pick] as number) - score) < 1e-12);
        const gain = (scores[pick] as number) - (pick === 0 ? 0 : (scores[pick - 1] as number));
        t.true(Math.abs((gains[pick] as number) - gain) < 1e-12);
      }
    }
  });

  test(`${name}: batchBald gives ties to the lowest row`, async (t) => {
    const shape = { passes: 5, rows: 40, cols: 3 };
    const few = makePool({ ...shape, rows: 4 }, 4, 3);
    const samples = Float32Array.from({ length: 5 * 40 * 3 }, (_, i) => {
      const [pass, row] = [Math.floor(i / 120), Math.floor(i / 3) % 40];
      return few[(pass * 4 + (row % 4)) * 3 + (i % 3)] as number;
    });
    const { indices } = await kernels.batchBald(samples, 20, { ...shape, numSamples: 200 });
    indices.forEach((row, pick) => {
      for (let copy = row % 4; copy < row; copy += 4) t.true(indices.subarray(0, pick).includes(copy));
    });
    const single = await kernels.batchBald(predictions({ rows: 9, cols: 4 }).data, 6, { passes: 1, rows: 9, cols: 4 });
    t.deepEqual([...single.indices], [0, 1, 2, 3, 4, 5]);
    t.deepEqual([...single.gains, ...single.scores], new Array<number>(12).fill(0));
    const oneHot = Float32Array.from({ length: 3 * 8 * 4 }, (_, i) => Number(i % 4 === Math.floor(i / 4) % 4));
    const certain = await kernels.batchBald(oneHot, 3, { passes: 3, rows: 8, cols: 4, exclude: [1] });
    t.deepEqual([...certain.indices], [0, 2, 3]);
    t.deepEqual([...certain.scores], [0, 0, 0]);
    const oneClass = await kernels.batchBald(new Float32Array(12).fill(1), 2, { passes: 3, rows: 4, cols: 1 });
    t.deepEqual([...oneClass.indices], [0, 1]);
  });

  test(`${name}: one-hot passes that disagree tell the passes apart in batchBald`, async (t) => {
    // row 0 splits eight passes in halves, row 1 the same way, rows 2 and 3 across
    const bits = [4, 4, 2, 1];
    const samples = Float32Array.from({ length: 8 * 4 * 2 }, (_, i) => {
      const [pass, row] = [Math.floor(i / 8), Math.floor(i / 2) % 4];
      return Number(((pass & (bits[row] as number)) !== 0) === (i % 2 === 1));
    });
    const shape = { passes: 8, rows: 4, cols: 2 };
    for (const numSamples of [10_000, 3]) {
      const { indices, scores } = await kernels.batchBald(samples, 4, { ...shape, numSamples });
      t.deepEqual([...indices], [0, 2, 3, 1]);
      t.is(firstDifference(scores, [Math.LN2, 2 * Math.LN2, 3 * Math.LN2, 3 * Math.LN2], 1e-12), '');
    }
  });

  test(`${name}: batchBald refuses what it cannot use`, async (t) => {
    const shape = { passes: 2, rows: 3, cols: 2 };
    const good = new Float32Array(12).fill(0.5);
    const call = (data: querent.SamplesLike, k: number, options: object): Promise<unknown> =>
      kernels.batchBald(data, k, { ...shape, ...options });
    const changed = (at: number, value: number): Float32Array => good.with(at, value);
    const cases: [() => Promise<unknown>, string, RegExp][] = [
      [
        () => call(changed(8, NaN), 1, {}),
        'VALUE',
        /^batchBald: row 1 of pass 1 is not usable: its probability of class 0 is NaN/,
      ],
      [() => call(changed(2, -0.5), 1, {}), 'VALUE', /row 1 of pass 0 .* negative/],
      [() => call(changed(11, 0.6), 1, {}), 'VALUE', /row 2 of pass 1 .* sum to 1\.1/],
      [
        () => call(changed(11, Infinity), 1, { from: 'logits' }),
        'VALUE',
        /row 2 of pass 1 .* logit of class 1 is Infinity/,
      ],
      [() => call(new Float32Array(12), 1, { normalize: 'divide' }), 'VALUE', /row 0 of pass 0 .* sum to 0/],
      [
        () => call(new Float32Array(12).fill(1e300), 3, { normalize: 'none', numSamples: 10_000 }),
        'VALUE',
        /row 0 of pass 0/,
      ],
      [() => call(new Float64Array(12).fill(1e200), 3, { normalize: 'none' }), 'VALUE', /normalize: 'divide'/],
      [() => call(good, 4, {}), 'SHAPE', /the 3 eligible rows for k, got 4 \(3 rows, 0 excluded\)/],
      [() => call(good, 2, { exclude: [0, 2, 2] }), 'SHAPE', /the 1 eligible rows for k, got 2/],
      [() => call(good, 1, { exclude: [3] }), 'ARGUMENT', /row numbers below 3/],
      [() => call(good, -1, {}), 'ARGUMENT', /for k, got -1/],
      [() => call(good, 1.5, {}), 'ARGUMENT', /for k, got 1\.5/],
      [() => call(good, 1, { numSamples: 0 }), 'ARGUMENT', /from 1 to 16777216 for numSamples, got 0/],
      [() => call(good, 1, { numSamples: Infinity }), 'ARGUMENT', /for numSamples, got Infinity/],
      [() => call(good, 1, { seed: 0.5 }), 'ARGUMENT', /for seed/],
      [() => call(good, 1, { normalize: 'softmax' }), 'ARGUMENT', /'check', 'divide' or 'none' for normalize/],
      [() => call(good, 1, { samples: 3 }), 'ARGUMENT', /got 'samples'/],
      [() => call(good, 1, { cols: 3 }), 'SHAPE', /2 x 3 x 3 = 18 elements/],
      [() => call(new Uint8Array(12), 1, {}), 'ARGUMENT', /floating-point/],
      [() => call([1] as unknown as Float32Array, 1, {}), 'ARGUMENT', /for samples/],
    ];
    for (const [run, code, message] of cases) {
      const error = await t.throwsAsync(run, { message });
      t.is((error as querent.QuerentError).code, `ERR_QUERENT_${code}`);
    }
    const moved = good.slice();
    structuredClone(moved.buffer, { transfer: [moved.buffer] });
    await t.throwsAsync(() => call(moved, 1, {}), { instanceOf: kernels === querent ? querent.DetachedError : Error });
    const none = await kernels.batchBald(good, 0, shape);
    t.deepEqual([none.indices.length, none.scores.length, none.gains.length], [0, 0, 0]);
    const nothing = await kernels.batchBald(new Float32Array(0), 0, { passes: 2, rows: 0, cols: 2 });
    t.is(nothing.indices.length, 0);
    // an excluded row is not looked at
    const around = await kernels.batchBald(changed(8, NaN), 2, { ...shape, exclude: [1] });
    t.deepEqual([...around.indices], [0, 2]);
  });

  test(`${name}: batchBald divides rows where it is asked to, and 16-bit rows always`, async (t) => {
    const shape = { passes: 6, rows: 25, cols: 4 };
    const samples = makePool(shape, 2, 8);
    const wanted = await kernels.batchBald(Float64Array.from(samples), 4, { ...shape, normalize: 'divide' });
    const counted = await kernels.batchBald(
      samples.map((p, i) => p * (1 + (Math.floor(i / 4) % 7))),
      4,
      { ...shape, normalize: 'divide' },
    );
    t.deepEqual(counted.indices, wanted.indices);
    t.is(firstDifference(counted.scores, wanted.scores, 1e-5), '');
    const brain = encode(samples, 'bf16') as Uint16Array;
    const rounded = await kernels.batchBald(brain, 4, { ...shape, dtype: 'bf16' });
    const divided = await kernels.batchBald(brain, 4, { ...shape, dtype: 'bf16', normalize: 'divide' });
    const asTheyAre = await kernels.batchBald(brain, 4, { ...shape, dtype: 'bf16', normalize: 'none' });
    t.deepEqual(rounded, divided);
    t.notDeepEqual(rounded.scores, asTheyAre.scores);
  });

  test(`${name}: batchBald takes tensors, seeds and 16-bit floats`, async (t) => {
    const shape = { passes: 3, rows: 20, cols: 3 };
    const samples = makePool(shape, 3, 5);
    const wanted = await kernels.batchBald(samples, 5, { ...shape, numSamples: 9 });
    const tensor = { data: samples, dims: [3, 20, 3], type: 'float32' };
    t.deepEqual(await kernels.batchBald(tensor as unknown as querent.SamplesLike, 5, { numSamples: 9 }), wanted);
    t.deepEqual(await kernels.batchBald(samples, 5, { ...shape, numSamples: 9, seed: 0n }), wanted);
    const other = await kernels.batchBald(samples, 5, { ...shape, numSamples: 9, seed: 2n ** 64n - 1n });
    t.notDeepEqual(other.scores, wanted.scores);
    t.deepEqual(other.scores.subarray(0, 3), wanted.scores.subarray(0, 3), 'the exact ones know no seed');
  });

  // before the others: their loops would hold up the event loop
  test.serial(`${name}: batchBald can be stopped and watched`, async (t) => {
    const shape = { passes: 10, rows: 300, cols: 4 };
    const samples = makePool(shape, 1, 2);
    const reason = new Error('enough');
    await t.throwsAsync(kernels.batchBald(samples, 5, { ...shape, signal: AbortSignal.abort(reason) }), { is: reason });
    const controller = new AbortController();
    const call = kernels.batchBald(samples, 200, { ...shape, numSamples: 100_000, signal: controller.signal });
    setTimeout(() => controller.abort(reason), 20);
    const start = performance.now();
    await t.throwsAsync(call, { is: reason });
    t.true(performance.now() - start < 5000);
    const seen: querent.Progress[] = [];
    await kernels.batchBald(samples, 4, { ...shape, onProgress: (progress) => seen.push(progress) });
    t.deepEqual(seen.at(-1), { done: 4, total: 4 });
    t.true(seen.every(({ done }, i) => i === 0 || done > (seen[i - 1]?.done ?? 0)));
    const failing = kernels.batchBald(samples, 4, {
      ...shape,
      onProgress: () => {
        throw reason;
      },
    });
    await t.throwsAsync(failing, { is: reason });
  });
}

test('batchBald agrees with its reference on any shape', async (t) => {
  const shapes = fc.record({
    passes: fc.integer({ min: 1, max: 12 }),
    rows: fc.integer({ min: 1, max: 30 }),
    cols: fc.integer({ min: 1, max: 12 }),
    k: fc.integer({ min: 1, max: 6 }),
    numSamples: fc.constantFrom(1, 7, 100, 1200, 10_000),
    spread: fc.constantFrom(0, 0.01, 1, 6),
    seed: fc.nat(1000),
    from: fc.constantFrom('probabilities', 'logits'),
    dtype: fc.constantFrom('f32', 'f64', 'f16', 'bf16'),
  });
  await fc.assert(
    fc.asyncProperty(shapes, async ({ k, spread, seed, numSamples, from, dtype, ...shape }) => {
      const values = makePool(shape, spread, seed);
      const samples = encode(from === 'logits' ? values.map((p) => 4 * Math.log(p)) : values, dtype);
      const options = { ...shape, from, dtype, numSamples, seed, normalize: 'divide' } as const;
      const count = Math.min(k, shape.rows);
      const [got, wanted] = await Promise.all([
        querent.batchBald(samples, count, options),
        reference.batchBald(samples, count, options),
      ]);
      t.deepEqual([...got.indices], [...wanted.indices]);
      t.is(firstDifference(got.scores, wanted.scores, 2e-6, 1e-10), '');
      t.is(firstDifference(got.gains, wanted.gains, 2e-6, 1e-10), '');
    }),
    { numRuns: 60, seed: 1 },
  );
});

test('two classes and twelve picks of batchBald agree with the reference', async (t) => {
  const shape = { passes: 7, rows: 60, cols: 2 };
  const samples = makePool(shape, 5, 14);
  for (const numSamples of [10_000, 500]) {
    const got = await querent.batchBald(samples, 12, { ...shape, numSamples });
    const wanted = await reference.batchBald(samples, 12, { ...shape, numSamples });
    t.deepEqual(got.indices, wanted.indices);
    t.is(firstDifference(got.scores, wanted.scores, 2e-6), '');
  }
});

addonTest('batchBald gives the same bits at every level and thread count', async (t) => {
  for (const [passes, rows, cols, numSamples] of [
    [20, 150, 10, 2000],
    [3, 90, 7, 40],
    [33, 40, 70, 80],
  ] as const) {
    const shape = { passes, rows, cols };
    const samples = makePool(shape, 2, cols);
    const bits = new Set<string>();
    for (const level of querent.runtimeInfo().levels) {
      querent.setLevel(level);
      for (const threads of [1, 2, 5]) {
        const { indices, scores, gains } = await querent.batchBald(samples, 6, { ...shape, numSamples, threads });
        bits.add(bitsOf(indices) + bitsOf(scores) + bitsOf(gains));
      }
    }
    querent.setLevel('auto');
    t.is(bits.size, 1);
  }
});
