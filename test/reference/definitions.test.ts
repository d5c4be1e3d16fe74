/** Hand-worked values, special values and errors, asked of both implementations. */
import test from 'ava';
import {
  ArgumentError,
  matrix,
  type ScoringOptions,
  ShapeError,
  UnavailableError,
  ValueError,
} from '../../src/index.js';
import { implementations } from '../helpers/implementations.js';

const LN2 = Math.log(2);
const METHODS = ['entropy', 'margin', 'least-confidence'] as const;

for (const [name, kernels] of implementations) {
  const { score, mcDropout, committee, McDropoutAccumulator } = kernels;
  const one = (row: number[], options: ScoringOptions): number => {
    const data = Float32Array.from(row);
    return score(matrix(data, 1, row.length), options)[0] as number;
  };

  test(`${name}: scores of simple rows`, (t) => {
    t.is(one([0.5, 0.5], { method: 'entropy' }), Math.fround(LN2));
    t.is(one([0.5, 0.5], { method: 'margin' }), 1);
    t.is(one([0.75, 0.25], { method: 'margin' }), 0.5);
    t.is(one([0.75, 0.25, 0], { method: 'least-confidence' }), 0.25);
    for (const method of METHODS) {
      t.is(one([0, 1, 0], { method }), 0);
      t.is(one([-Infinity, 3, -Infinity], { method, from: 'logits' }), 0);
    }
    t.is(one([1], { method: 'entropy' }), 0);
    t.is(one([5, 5], { method: 'margin', from: 'logits' }), 1);
    t.is(one([2, 2, 4], { method: 'least-confidence', normalize: 'divide' }), 0.5);
    t.is(one([0.5, 0.25], { method: 'least-confidence', normalize: 'none' }), 0.5);
  });

  test(`${name}: multilabel scores are means over labels`, (t) => {
    t.is(one([0.5, 1, 0, 0.5], { method: 'entropy', kind: 'multilabel' }), Math.fround(LN2 / 2));
    t.is(one([0.25, 1], { method: 'margin', kind: 'multilabel' }), 0.25);
    t.is(one([0.25], { method: 'least-confidence', kind: 'multilabel' }), 0.25);
    t.is(one([0], { method: 'least-confidence', kind: 'multilabel', from: 'logits' }), 0.5);
    t.is(one([-Infinity, 0], { method: 'entropy', kind: 'multilabel', from: 'logits' }), Math.fround(LN2 / 2));
    t.throws(() => one([1.5], { method: 'entropy', kind: 'multilabel' }), { instanceOf: ValueError });
  });

  test(`${name}: a masked class counts for nothing`, (t) => {
    for (const method of METHODS) {
      t.is(one([1, -Infinity, 0.5, -2], { method, from: 'logits' }), one([1, 0.5, -2], { method, from: 'logits' }));
    }
  });

  test(`${name}: the first invalid row is named with its reason`, (t) => {
    const bad: [number[], Partial<ScoringOptions>, RegExp][] = [
      [[0.5, NaN], {}, /row 2 is not usable: its probability of class 1 is NaN/],
      [[1.5, -0.5], {}, /row 2 is not usable: its probability of class 1 is negative \(-0.5\)/],
      [[0.5, 0.625], {}, /row 2 is not usable: its probabilities sum to 1.125, not to 1 within 0.001/],
      [[0, 0], { normalize: 'divide' }, /row 2 is not usable: its probabilities sum to 0/],
      [[1, -1], { normalize: 'none' }, /row 2 is not usable: its probability of class 1 is negative/],
      [[Infinity, 0], { normalize: 'none' }, /row 2 is not usable: its probability of class 0 is Infinity/],
      [[NaN, 0], { from: 'logits' }, /row 2 is not usable: its logit of class 0 is NaN/],
      [[0, Infinity], { from: 'logits' }, /row 2 is not usable: its logit of class 1 is Infinity/],
      [[-Infinity, -Infinity], { from: 'logits' }, /row 2 is not usable: every logit is -Infinity/],
    ];
    for (const [row, options, message] of bad) {
      const data = Float32Array.from([0.5, 0.5, 1, 0, ...row, 0.5, 0.5, ...row]);
      const probs = matrix(data, 5, 2);
      for (const method of METHODS) {
        t.throws(() => score(probs, { method, ...options }), { instanceOf: ValueError, message }, method);
        const scores = score(probs, { method, ...options, onInvalid: 'exclude' });
        t.deepEqual(Array.from(scores, Number.isNaN), [false, false, true, false, true]);
      }
    }
  });

  test(`${name}: the tolerance of sums depends on the type`, (t) => {
    const sums = (dtype: 'f32' | 'f16' | 'bf16', bits: number[]): void => {
      const data = dtype === 'f32' ? Float32Array.from(bits) : Uint16Array.from(bits);
      score(matrix(data, 1, 2, { dtype }), { method: 'entropy' });
    };
    t.notThrows(() => sums('f32', [0.5, 0.5009]));
    t.throws(() => sums('f32', [0.5, 0.5011]), { instanceOf: ValueError });
    t.notThrows(() => sums('f16', [0x3800, 0x3803])); // 0.5 + 0.50146
    t.throws(() => sums('f16', [0x3800, 0x3805])); // 0.5 + 0.50244
    t.notThrows(() => sums('bf16', [0x3f00, 0x3f02])); // 0.5 + 0.50781
    t.throws(() => sums('bf16', [0x3f00, 0x3f03])); // 0.5 + 0.51172
  });

  test(`${name}: wrong options are one sentence each`, (t) => {
    const probs = matrix(Float32Array.of(0.5, 0.5), 1, 2);
    const wrong: [object, RegExp][] = [
      [{ method: 'entrpy' }, /^score: expected 'entropy', 'margin' or 'least-confidence' for method, got 'entrpy'$/],
      [{ method: 'margin', form: 'logits' }, /^score: expected only the options method, .* got 'form'$/],
      [{ method: 'margin', from: 3 }, /^score: expected 'probabilities' or 'logits' for from, got 3$/],
      [{ method: 'margin', threads: 0 }, /for threads, got 0$/],
      [{ method: 'margin', out: [0] }, /^score: expected a Float32Array or Float64Array for out, got an array of 1$/],
      [{ method: 'margin', device: 'gpu' }, /^score: expected 'cpu', 'cuda' or 'auto' for device, got 'gpu'$/],
    ];
    for (const [options, message] of wrong) {
      t.throws(() => score(probs, options as ScoringOptions), { instanceOf: ArgumentError, message });
    }
    t.throws(() => score(probs, undefined as unknown as ScoringOptions), { instanceOf: ArgumentError });
    t.throws(() => score(probs, { method: 'margin', out: new Float32Array(2) }), { instanceOf: ShapeError });
    const frozen = Object.freeze({ method: 'margin' as const });
    t.notThrows(() => score(probs, frozen));
  });

  test(`${name}: out must not lie on the input`, (t) => {
    const data = new Float32Array(8).fill(0.5);
    const probs = matrix(data.subarray(0, 6), 3, 2);
    t.throws(() => score(probs, { method: 'margin', out: data.subarray(5) }), { message: /overlapping/ });
    const out = data.subarray(6);
    t.is(score(matrix(data.subarray(0, 4), 2, 2), { method: 'margin', out }), out);
  });

  test(`${name}: a single class has an entropy and nothing else`, (t) => {
    for (const method of ['margin', 'least-confidence'] as const) {
      t.throws(() => one([1], { method }), {
        instanceOf: ArgumentError,
        message: /at least 2 classes for .*got 1 column/,
      });
    }
    t.is(score(matrix(new Float32Array(0), 0, 3), { method: 'margin' }).length, 0);
    t.is(score([], { method: 'margin' }).length, 0);
  });

  test(`${name}: cuda is refused with its own code, auto takes the cpu`, (t) => {
    const probs = matrix(Float32Array.of(0.5, 0.5), 1, 2);
    t.throws(() => score(probs, { method: 'entropy', device: 'cuda' }), {
      instanceOf: UnavailableError,
      code: 'ERR_QUERENT_CUDA_UNAVAILABLE',
    });
    t.is(score(probs, { method: 'entropy', device: 'auto' })[0], Math.fround(LN2));
  });

  test(`${name}: measures over passes, by hand`, (t) => {
    const samples = Float32Array.of(1, 0, 0.5, 0.5, 0, 1, 0.5, 0.5); // two passes of two rows
    const result = mcDropout(samples, {
      passes: 2,
      rows: 2,
      cols: 2,
      measures: [
        'mean-variation-ratio',
        'bald',
        'predictive-entropy',
        'expected-entropy',
        'mean-std',
        'variation-ratio',
      ],
    });
    const ln2 = Math.fround(LN2);
    t.deepEqual([...result.bald], [ln2, 0]);
    t.deepEqual([...result['predictive-entropy']], [ln2, ln2]);
    t.deepEqual([...result['expected-entropy']], [0, ln2]);
    t.deepEqual([...result['mean-std']], [0.5, 0]);
    t.deepEqual([...result['variation-ratio']], [0.5, 0]);
    t.deepEqual([...result['mean-variation-ratio']], [0.5, 0.5]);
    t.deepEqual(Object.keys(mcDropout(samples, { passes: 2, rows: 2, cols: 2 })), ['bald']);
  });

  test(`${name}: bald of passes that agree is exactly zero, and it is never negative`, (t) => {
    const row = Float32Array.of(0.1, 0.2, 0.7);
    const same = new Float32Array(30).map((_, i) => row[i % 3] as number);
    t.is(mcDropout(same, { passes: 10, rows: 1, cols: 3 }).bald[0], 0);
    const near = same.map((p, i) => p * (1 + ((i * 7) % 5) * 1.2e-7));
    const { bald } = mcDropout(near, { passes: 10, rows: 1, cols: 3 });
    t.true((bald[0] as number) > 0 && (bald[0] as number) < 1e-12, `${bald[0]}`);
    const streaming = new McDropoutAccumulator(1, 3);
    for (let pass = 0; pass < 10; pass++) streaming.add(matrix(near.subarray(pass * 3, pass * 3 + 3), 1, 3));
    t.true((streaming.result().bald[0] as number) >= 0);
  });

  test(`${name}: an unusable pass is named, or gives NaN`, (t) => {
    const samples = Float32Array.of(1, 0, 0.5, 0.5, 0.5, 0.5, 0.5, NaN);
    const sizes = { passes: 2, rows: 2, cols: 2 };
    t.throws(() => mcDropout(samples, sizes), {
      instanceOf: ValueError,
      message: /^mcDropout: row 1 of pass 1 is not usable/,
    });
    const { bald } = mcDropout(samples, { ...sizes, onInvalid: 'exclude' });
    t.true((bald[0] as number) > 0 && Number.isNaN(bald[1]));
    const streaming = new McDropoutAccumulator(2, 2);
    streaming.add(matrix(samples.subarray(0, 4), 2, 2));
    const second = matrix(samples.subarray(4), 2, 2);
    t.throws(() => streaming.add(second), { instanceOf: ValueError, message: /row 1 of pass 1/ });
    t.throws(() => streaming.result(), { instanceOf: ValueError });
    const lenient = new McDropoutAccumulator(2, 2, { onInvalid: 'exclude' });
    for (const part of [samples.subarray(0, 4), samples.subarray(4), samples.subarray(0, 4)]) {
      lenient.add(matrix(part, 2, 2));
    }
    t.true(Number.isNaN(lenient.result().bald[1]), 'a row that was ever invalid stays out');
    t.is(lenient.passes, 3);
  });

  test(`${name}: committees of votes and of probabilities`, (t) => {
    const sizes = { members: 4, rows: 2, cols: 3 };
    const votes = [0, 2, 0, 2, 1, 2, 1, 2];
    for (const Votes of [Uint8Array, Int8Array, Uint16Array, Int16Array, Uint32Array, Int32Array]) {
      t.deepEqual([...committee(Votes.from(votes), { ...sizes, measure: 'vote-entropy' })], [Math.fround(LN2), 0]);
    }
    const probs = new Float32Array(24);
    votes.forEach((vote, at) => (probs[at * 3 + vote] = 1));
    t.deepEqual([...committee(probs, { ...sizes, measure: 'vote-entropy' })], [Math.fround(LN2), 0]);
    t.deepEqual([...committee(probs, { ...sizes, measure: 'kl' })], [Math.fround(LN2), 0]);
    t.deepEqual([...committee(probs, { ...sizes, measure: 'max-kl' })], [Math.fround(LN2), 0]);
    t.deepEqual([...committee(probs, { ...sizes, measure: 'consensus-entropy' })], [Math.fround(LN2), 0]);
    const tied = Float32Array.of(0.5, 0.5, 0.5, 0.5); // both members vote for class 0
    t.is(committee(tied, { members: 2, rows: 1, cols: 2, measure: 'vote-entropy' })[0], 0);
  });

  test(`${name}: a vote outside the classes is named`, (t) => {
    const votes = Int8Array.of(0, 1, -1, 3);
    t.throws(() => committee(votes, { members: 2, rows: 2, cols: 3, measure: 'vote-entropy' }), {
      instanceOf: ValueError,
      message: 'committee: expected votes from 0 to 2, got -1 from member 1 for row 0',
    });
    t.throws(() => committee(votes, { members: 2, rows: 2, cols: 3, measure: 'kl' }), {
      instanceOf: ArgumentError,
      message: /expected floating-point probabilities for measure 'kl', got Int8Array\(4\)/,
    });
    t.throws(() => committee(votes, { members: 3, rows: 2, cols: 3, measure: 'vote-entropy' }), {
      instanceOf: ShapeError,
    });
  });

  test(`${name}: sizes that do not fit are refused, however large`, (t) => {
    const samples = new Float32Array(8);
    t.throws(() => mcDropout(samples, { passes: 2, rows: 2, cols: 3 }), {
      instanceOf: ShapeError,
      message: 'mcDropout: expected 2 x 2 x 3 = 12 elements for samples, got 8',
    });
    t.throws(() => mcDropout(samples, { passes: 2 ** 31, rows: 2 ** 31, cols: 2 ** 24 }), { instanceOf: ShapeError });
    t.throws(() => mcDropout(samples, { passes: 0, rows: 2, cols: 2 }), { instanceOf: ArgumentError });
    t.throws(() => score({ data: samples, rows: 2 ** 31, cols: 2 ** 22 }, { method: 'margin' }), {
      instanceOf: ShapeError,
    });
    t.throws(() => score({ data: samples, rows: 2, cols: 4, stride: 3 }, { method: 'margin' }), {
      instanceOf: ShapeError,
    });
    t.throws(() => score({ data: samples, rows: 2, cols: 4, stride: 5 }, { method: 'margin' }), {
      instanceOf: ShapeError,
      message: 'score: expected at least 9 elements for probs (2 rows of 4, stride 5), got 8',
    });
  });
}
