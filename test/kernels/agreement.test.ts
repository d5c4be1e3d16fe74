/** The addon against the reference over odd sizes, strides, views, types and options. */
import fc from 'fast-check';
import * as querent from '../../src/index.js';
import * as reference from '../../src/reference/index.js';
import { type FloatDType } from '../../src/matrix.js';
import { addonTest } from '../helpers/addon.js';
import { bitsOf, DTYPES, encode, firstDifference, predictions, type RowKind } from '../helpers/values.js';

const COLS = [1, 2, 3, 4, 5, 7, 8, 9, 10, 15, 16, 17, 31, 32, 33, 63, 64, 65, 66, 100, 127, 128, 129, 1000, 1001];
const METHODS = ['entropy', 'margin', 'least-confidence'] as const;

interface Mode {
  readonly rows: RowKind;
  readonly options: Omit<querent.ScoringOptions, 'method'>;
}
const MODES: readonly Mode[] = [
  { rows: 'probabilities', options: {} },
  { rows: 'probabilities', options: { normalize: 'none' } },
  { rows: 'counts', options: { normalize: 'divide' } },
  { rows: 'logits', options: { from: 'logits' } },
  { rows: 'chances', options: { kind: 'multilabel' } },
  { rows: 'chances', options: { kind: 'multilabel', normalize: 'none' } },
  { rows: 'logits', options: { kind: 'multilabel', from: 'logits' } },
];

/** Rounding to 16 bits moves a sum by more than 'check' allows when there are many classes: compare those rows too. */
const lenient = { onInvalid: 'exclude' } as const;

function compareScores(
  rows: number,
  cols: number,
  dtype: FloatDType,
  mode: Mode,
  method: querent.Method,
  layout: { gap: number; skip: number; seed: number; threads?: number },
): string {
  const isSingle = cols === 1 && mode.options.kind !== 'multilabel';
  const wanted = isSingle ? 'entropy' : method;
  const probs = predictions({ rows, cols, dtype, kind: mode.rows, ...layout });
  const options = { ...mode.options, ...lenient, method: wanted };
  const out = dtype === 'f64' ? new Float64Array(rows) : new Float32Array(rows);
  const native = querent.score(probs, { ...options, threads: layout.threads, out });
  const plain = reference.score(probs, { ...options, out: dtype === 'f64' ? new Float64Array(rows) : undefined });
  // in f32, e^z below the smallest normal float counts as 0: each class may lose up to 90 times that
  const vanishing = dtype === 'f64' ? 0 : 90 * 2 ** -126 * cols;
  return firstDifference(native, plain, 2e-6, vanishing);
}

addonTest('scores agree with the reference at every width, type, method and mode', (t) => {
  for (const cols of COLS) {
    const rows = cols > 500 ? 5 : 19;
    for (const dtype of DTYPES) {
      for (const mode of MODES) {
        for (const method of METHODS) {
          const problem = compareScores(rows, cols, dtype, mode, method, { gap: cols % 3, skip: cols % 4, seed: cols });
          if (problem !== '') t.fail(`C = ${cols}, ${dtype}, ${method}, ${JSON.stringify(mode)}: ${problem}`);
        }
      }
    }
  }
  t.pass();
});

addonTest('scores agree with the reference for every number of rows from 0 to 70', (t) => {
  for (let rows = 0; rows <= 70; rows++) {
    for (const cols of [2, 3, 10, 17, 65]) {
      const dtype = DTYPES[rows % 4] as FloatDType;
      const mode = MODES[(rows + cols) % MODES.length] as Mode;
      const method = METHODS[rows % 3] as querent.Method;
      const problem = compareScores(rows, cols, dtype, mode, method, { gap: rows % 2, skip: rows % 5, seed: rows });
      if (problem !== '') t.fail(`N = ${rows}, C = ${cols}, ${dtype}, ${method}, ${JSON.stringify(mode)}: ${problem}`);
    }
  }
  t.pass();
});

addonTest('scores agree with the reference for any layout', (t) => {
  const property = fc.property(
    fc.record({
      rows: fc.nat(300),
      cols: fc.constantFrom(...COLS.filter((c) => c > 1 && c < 200)),
      dtype: fc.constantFrom(...DTYPES),
      mode: fc.constantFrom(...MODES),
      method: fc.constantFrom(...METHODS),
      gap: fc.nat(9),
      skip: fc.nat(17),
      seed: fc.nat(),
      threads: fc.integer({ min: 1, max: 4 }),
    }),
    ({ rows, cols, dtype, mode, method, ...layout }) => compareScores(rows, cols, dtype, mode, method, layout) === '',
  );
  t.notThrows(() => fc.assert(property, { numRuns: 150 }));
});

/** Rows with every kind of fault, in random places. */
const anyFaultyRow = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.float({ min: 0, max: 1, noNaN: true }) },
    fc.constantFrom(0, -0, 1, -0.25, NaN, Infinity, -Infinity, 1e-40, 2, 1e38),
  ),
  { minLength: 3, maxLength: 3 },
);

addonTest('the addon and the reference call the same rows invalid', (t) => {
  const property = fc.property(
    fc.array(anyFaultyRow, { minLength: 1, maxLength: 40 }),
    fc.constantFrom(...MODES),
    fc.constantFrom(...METHODS),
    fc.constantFrom<FloatDType>('f32', 'f64'),
    (rows, mode, method, dtype) => {
      const probs = querent.matrix(encode(rows.flat(), dtype), rows.length, 3);
      const options = { ...mode.options, ...lenient, method };
      const native = Array.from(querent.score(probs, options), Number.isNaN);
      const plain = Array.from(reference.score(probs, options), Number.isNaN);
      return native.join() === plain.join();
    },
  );
  t.notThrows(() => fc.assert(property, { numRuns: 1000 }));
});

addonTest('errors are the same sentences on both sides', (t) => {
  const property = fc.property(
    fc.array(anyFaultyRow, { minLength: 1, maxLength: 8 }),
    fc.constantFrom(...MODES),
    (rows, mode) => {
      const probs = querent.matrix(encode(rows.flat(), 'f32'), rows.length, 3);
      const messages = [querent, reference].map(({ score, scoreTopK }) =>
        [
          () => score(probs, { ...mode.options, method: 'margin' }),
          () => scoreTopK(probs, 1, { ...mode.options, method: 'margin' }),
        ].map((call) => {
          try {
            call();
            return '';
          } catch (error) {
            return String(error);
          }
        }),
      );
      return JSON.stringify(messages[0]) === JSON.stringify(messages[1]);
    },
  );
  t.notThrows(() => fc.assert(property, { numRuns: 300 }));
});

const MEASURES = [
  'bald',
  'predictive-entropy',
  'expected-entropy',
  'mean-std',
  'variation-ratio',
  'mean-variation-ratio',
] as const;

addonTest('measures over passes agree with the reference', (t) => {
  for (const dtype of DTYPES) {
    for (const [passes, rows, cols] of [
      [1, 3, 2],
      [2, 17, 10],
      [5, 70, 3],
      [20, 9, 33],
      [3, 5, 129],
      [7, 66, 1],
    ] as const) {
      for (const from of ['probabilities', 'logits'] as const) {
        const stacked = predictions({ rows: passes * rows, cols, dtype, kind: from, skip: 3, seed: passes * cols });
        const options = { passes, rows, cols, dtype, from, normalize: 'none', measures: MEASURES } as const;
        const native = querent.mcDropout(stacked.data, options);
        const plain = reference.mcDropout(stacked.data, options);
        for (const measure of MEASURES) {
          // a mean-std of all but equal passes is a difference of rounded means
          const absolute = measure === 'mean-std' ? 1e-15 : 1.2e-38;
          const problem = firstDifference(native[measure], plain[measure], 2e-6, absolute);
          if (problem !== '') t.fail(`${measure} ${dtype} [${passes}, ${rows}, ${cols}] ${from}: ${problem}`);
        }
        for (const measure of ['vote-entropy', 'consensus-entropy', 'kl', 'max-kl'] as const) {
          const ask = { members: passes, rows, cols, dtype, from, normalize: 'none', measure } as const;
          const problem = firstDifference(querent.committee(stacked.data, ask), reference.committee(stacked.data, ask));
          if (problem !== '') t.fail(`${measure} ${dtype} [${passes}, ${rows}, ${cols}] ${from}: ${problem}`);
        }
      }
    }
  }
  t.pass();
});

addonTest('the addon and the reference call the same passes invalid, in every measure', (t) => {
  const property = fc.property(
    fc
      .array(anyFaultyRow, { minLength: 6, maxLength: 6 })
      .map((rows) => rows.map((row) => row.map((p) => Math.min(p, 1e15)))),
    fc.constantFrom('probabilities' as const, 'logits' as const),
    fc.constantFrom('check' as const, 'none' as const),
    fc.constantFrom<FloatDType>('f32', 'f64'),
    (rows, from, normalize, dtype) => {
      const samples = encode(rows.flat(), dtype);
      const options = { passes: 2, rows: 3, cols: 3, from, normalize, measures: MEASURES, ...lenient };
      const verdicts = [querent, reference].map(({ mcDropout, McDropoutAccumulator }) => {
        const streaming = new McDropoutAccumulator(3, 3, { from, normalize, measures: MEASURES, ...lenient });
        for (const begin of [0, 9]) streaming.add(querent.matrix(samples.subarray(begin, begin + 9), 3, 3));
        const [once, streamed] = [mcDropout(samples, options), streaming.result()];
        return MEASURES.map((measure) => [once, streamed].map((result) => Array.from(result[measure], Number.isNaN)));
      });
      return JSON.stringify(verdicts[0]) === JSON.stringify(verdicts[1]);
    },
  );
  t.notThrows(() => fc.assert(property, { numRuns: 500 }));
});

addonTest('adding passes one by one equals all at once', (t) => {
  for (const { mcDropout, McDropoutAccumulator } of [querent, reference]) {
    for (const [passes, rows, cols] of [
      [1, 3, 2],
      [6, 17, 10],
      [20, 9, 33],
    ] as const) {
      for (const from of ['probabilities', 'logits'] as const) {
        const stacked = predictions({ rows: passes * rows, cols, kind: from, seed: 7 });
        const all = mcDropout(stacked.data, { passes, rows, cols, from, normalize: 'none', measures: MEASURES });
        const streaming = new McDropoutAccumulator(rows, cols, { from, normalize: 'none', measures: MEASURES });
        for (let pass = 0; pass < passes; pass++) {
          const part = stacked.data.subarray(pass * rows * cols, (pass + 1) * rows * cols);
          streaming.add(querent.matrix(part, rows, cols));
        }
        const streamed = streaming.result();
        for (const measure of MEASURES) {
          const absolute = measure === 'mean-std' ? 1e-15 : 1.2e-38;
          const problem = firstDifference(streamed[measure], all[measure], 2e-6, absolute);
          if (problem !== '') t.fail(`${measure} [${passes}, ${rows}, ${cols}] ${from}: ${problem}`);
        }
      }
    }
  }
  t.pass();
});

addonTest('votes agree with the reference', (t) => {
  const property = fc.property(
    fc.integer({ min: 1, max: 25 }),
    fc.nat(80),
    fc.integer({ min: 1, max: 40 }),
    fc.nat(),
    (members, rows, cols, seed) => {
      const random = new querent.Random(seed);
      const votes = new Uint16Array(members * rows).map(() => random.below(cols));
      const options = { members, rows, cols, measure: 'vote-entropy' } as const;
      return firstDifference(querent.committee(votes, options), reference.committee(votes, options)) === '';
    },
  );
  t.notThrows(() => fc.assert(property));
});

addonTest('draws without replacement are the same draws', (t) => {
  const property = fc.property(
    fc.integer({ min: 1, max: 5000 }),
    fc.nat(200),
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    (n, wish, seed) => {
      const k = Math.min(n, wish);
      const random = new querent.Random(seed);
      const weights = new Float64Array(n).map(() => (random.below(5) === 0 ? 0 : random.float()));
      const positive = weights.filter((w) => w > 0).length;
      const few = Math.min(k, positive);
      return (
        bitsOf(querent.sampleWithoutReplacement(n, k, { seed })) ===
          bitsOf(reference.sampleWithoutReplacement(n, k, { seed })) &&
        bitsOf(querent.sampleWithoutReplacement(n, few, { seed, weights })) ===
          bitsOf(reference.sampleWithoutReplacement(n, few, { seed, weights }))
      );
    },
  );
  t.notThrows(() => fc.assert(property));
});

addonTest('the best rows are the same rows in the same order', (t) => {
  const property = fc.property(
    fc.array(fc.constantFrom(0, -0, 1, 2, 2, 3, NaN, -1, Infinity, -Infinity, 0.1), { maxLength: 400 }),
    fc.nat(60),
    fc.array(fc.nat(399), { maxLength: 30 }),
    fc.constantFrom<querent.TieBreak>('index', 'random'),
    fc.nat(),
    fc.boolean(),
    (values, wish, wishes, tieBreak, seed, isDouble) => {
      const scores = isDouble ? Float64Array.from(values) : Float32Array.from(values);
      const exclude = Uint32Array.from(wishes.filter((row) => row < values.length));
      const excluded = new Set(exclude);
      const eligible = values.filter((value, row) => !Number.isNaN(value) && !excluded.has(row)).length;
      const options = { exclude, tieBreak, seed, threads: 1 + (seed % 3) };
      const native = querent.topK(scores, Math.min(wish, eligible), options);
      const plain = reference.topK(scores, Math.min(wish, eligible), options);
      return bitsOf(native.indices) === bitsOf(plain.indices) && bitsOf(native.scores) === bitsOf(plain.scores);
    },
  );
  t.notThrows(() => fc.assert(property, { numRuns: 500 }));
});

addonTest('the fused kernel picks what score and topK pick, at any thread count', (t) => {
  for (const dtype of DTYPES) {
    for (const [rows, cols] of [
      [1, 2],
      [70, 10],
      [9000, 3],
      [5000, 65],
    ] as const) {
      const probs = predictions({ rows, cols, dtype, kind: 'logits', seed: rows, gap: 1 });
      const exclude = Uint32Array.from({ length: Math.floor(rows / 3) }, (_, i) => i * 2);
      for (const tieBreak of ['index', 'random'] as const) {
        const k = Math.min(100, rows - exclude.length);
        const scoring = { method: 'margin', from: 'logits' } as const;
        const out = dtype === 'f64' ? new Float64Array(rows) : new Float32Array(rows);
        const apart = querent.topK(querent.score(probs, { ...scoring, out }), k, { exclude, tieBreak, seed: 9 });
        for (const threads of [1, 2, 3]) {
          const fused = querent.scoreTopK(probs, k, { ...scoring, exclude, tieBreak, seed: 9, threads });
          t.is(bitsOf(fused.indices), bitsOf(apart.indices), `${dtype} ${rows} x ${cols} ${tieBreak}`);
          t.is(bitsOf(fused.scores), bitsOf(apart.scores), `${dtype} ${rows} x ${cols} ${tieBreak}`);
        }
      }
    }
  }
});
