import { readFileSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import { fitTemperature, measure, Random, temper } from '../../src/index.js';

interface Case {
  rows: number;
  cols: number;
  counts: number[];
  labels: number[];
  temperature: number;
  loss: number;
}
const golden = JSON.parse(readFileSync(new URL('../golden/strategies.json', import.meta.url), 'utf8')) as {
  temperature: Case[];
};

function predictionsOf({ rows, cols, counts }: Pick<Case, 'rows' | 'cols' | 'counts'>) {
  return { data: Float32Array.from(counts, (count) => count / 4096), rows, cols };
}

test("the fitted temperature is that of SciPy's minimiser", (t) => {
  for (const each of golden.temperature) {
    const predictions = predictionsOf(each);
    const temperature = fitTemperature(predictions, each.labels);
    // SciPy compares losses, which are flat at the minimum: half of the digits is what it can see.
    t.true(Math.abs(temperature - each.temperature) < 1e-6 * each.temperature, `${temperature} ${each.temperature}`);
    const { logLoss, accuracy } = measure(temper(predictions, temperature), each.labels);
    t.true(Math.abs(logLoss - each.loss) < 1e-6);
    const before = measure(predictions, each.labels);
    t.true(logLoss < before.logLoss);
    t.is(accuracy, before.accuracy);
  }
});

test('no other temperature fits better, whatever the predictions', (t) => {
  const sizes = fc.record({
    rows: fc.integer({ min: 1, max: 30 }),
    cols: fc.integer({ min: 2, max: 5 }),
    seed: fc.nat(),
    spread: fc.constantFrom(0, 0.5, 3, 30, 200),
  });
  t.notThrows(() =>
    fc.assert(
      fc.property(sizes, ({ rows, cols, seed, spread }) => {
        const random = new Random(seed);
        const labels = Array.from({ length: rows }, () => random.below(cols));
        const rowsOf = Array.from({ length: rows }, () => {
          const logits = Array.from({ length: cols }, () => spread * random.float());
          const weights = logits.map((z) => Math.exp(z - Math.max(...logits)));
          return weights.map((weight) => weight / weights.reduce((sum, w) => sum + w, 0));
        });
        const data = Float32Array.from(rowsOf.flat());
        const temperature = fitTemperature({ data, rows, cols }, labels);
        if (!(temperature >= 0.0099 && temperature <= 100.01)) return false;
        const loss = (at: number): number => {
          let sum = 0;
          for (let row = 0; row < rows; row++) {
            const z = Array.from(data.subarray(row * cols, (row + 1) * cols), (p) => Math.log(Math.max(p, 1e-15)) / at);
            const top = Math.max(...z);
            sum += top + Math.log(z.reduce((total, value) => total + Math.exp(value - top), 0)) - z[labels[row]!]!;
          }
          return sum / rows;
        };
        const best = loss(temperature);
        return [0.011, 0.1, 0.5, 0.99, 1, 1.01, 2, 10, 90].every((factor) => {
          const other = Math.min(100, Math.max(0.01, temperature * factor));
          return best <= loss(other) + 1e-9 * (1 + Math.abs(best));
        });
      }),
      { numRuns: 200 },
    ),
  );
});

test('predictions that no temperature changes keep theirs; sure and right ones become surer', (t) => {
  const flat = { data: new Float32Array(8).fill(0.25), rows: 2, cols: 4 };
  t.is(fitTemperature(flat, [0, 3]), 1);
  const right = { data: Float32Array.from([0.9, 0.1, 0.2, 0.8]), rows: 2, cols: 2 };
  t.is(fitTemperature(right, [0, 1]), 0.01);
  t.is(fitTemperature(right, [1, 0]), 100);
  const certain = { data: Float32Array.from([1, 0, 0, 1, 1, 0]), rows: 3, cols: 2 };
  t.true(Number.isFinite(fitTemperature(certain, [0, 1, 1])));
});

test('what is no distribution, no label or no temperature is refused', (t) => {
  const rows = (...data: number[]) => ({ data: Float32Array.from(data), rows: data.length / 2, cols: 2 });
  t.throws(() => fitTemperature(rows(0.5, 0.6), [0]), {
    code: 'ERR_QUERENT_VALUE',
    message: /sum to 1, got 1\.1.* row 0/,
  });
  t.throws(() => fitTemperature(rows(0.5, 0.5, NaN, 1), [0, 1]), {
    code: 'ERR_QUERENT_VALUE',
    message: /NaN in row 1/,
  });
  t.throws(() => fitTemperature(rows(1.5, -0.5), [0]), {
    code: 'ERR_QUERENT_VALUE',
    message: /-0\.5 in row 0, column 1/,
  });
  t.throws(() => fitTemperature(rows(0.5, 0.5), [2]), { code: 'ERR_QUERENT_VALUE' });
  t.throws(() => fitTemperature(rows(0.5, 0.5), [0, 1]), { code: 'ERR_QUERENT_SHAPE' });
  t.throws(() => fitTemperature(rows(), []), { code: 'ERR_QUERENT_SHAPE' });
  for (const temperature of [0, -1, NaN, Infinity]) {
    t.throws(() => temper(rows(0.5, 0.5), temperature), { code: 'ERR_QUERENT_VALUE', message: /positive number/ });
  }
});
