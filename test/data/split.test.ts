import test from 'ava';
import fc from 'fast-check';
import { limitRows, splitRows } from '../../src/data/split.js';

const anyLabels = fc.array(fc.nat({ max: 4 }), { minLength: 10, maxLength: 80 });
const anyOptions = fc.record({ testShare: fc.double({ min: 0.01, max: 0.99, noNaN: true }), seed: fc.nat() });

test('a split is a partition in rising order, every class of two or more on both sides, the same for a seed', (t) => {
  const property = fc.property(anyLabels, anyOptions, (labels, options) => {
    const { pool, test: held } = splitRows('x', labels, options);
    const whole = [...pool, ...held].sort((a, b) => a - b);
    const isPartition = whole.length === labels.length && whole.every((row, at) => row === at);
    const rising = [pool, held].every((rows) => rows.every((row, at) => at === 0 || row > rows[at - 1]!));
    const bothSides = [...new Set(labels)].every(
      (label) =>
        labels.filter((one) => one === label).length < 2 ||
        [pool, held].every((rows) => rows.some((row) => labels[row] === label)),
    );
    const again = JSON.stringify(splitRows('x', labels, options)) === JSON.stringify({ pool, test: held });
    return isPartition && rising && bothSides && again;
  });
  t.notThrows(() => fc.assert(property));
});

test('no group is on both sides', (t) => {
  const property = fc.property(anyLabels, fc.nat(), fc.integer({ min: 3, max: 9 }), (labels, seed, count) => {
    const groups = labels.map((_, row) => `g${row % count}`);
    const { pool, test: held } = splitRows('x', labels, { testShare: 0.3, seed }, groups);
    const known = new Set(pool.map((row) => groups[row]));
    return held.length > 0 && held.every((row) => !known.has(groups[row]));
  });
  t.notThrows(() => fc.assert(property));
});

test('what cannot be split is an error', (t) => {
  const options = { testShare: 0.2, seed: 0 };
  const code = 'ERR_QUERENT_ARGUMENT';
  t.throws(() => splitRows('x', [0, 1, 2], options), { code, message: /at least two samples of one class/ });
  t.throws(() => splitRows('x', [0, 1, 0], options, ['a', 'a', 'a']), { code, message: /two groups .* got 1/ });
});

test('pool and test set are drawn independently, without repeats', (t) => {
  const rows = Array.from({ length: 50 }, (_, at) => at);
  const { pool, test: held } = limitRows('x', { pool: rows, test: rows }, { poolSize: 20, testSize: 20, seed: 1 });
  t.is(new Set(pool).size, 20);
  t.notDeepEqual(pool, held);
  t.deepEqual(limitRows('x', { pool: rows, test: rows }, { seed: 9 }), { pool: rows, test: rows });
});
