import { readFileSync } from 'node:fs';
import test from 'ava';
import { labelBalance, measure } from '../../src/index.js';

interface Golden {
  ece: { rows: number; cols: number; probabilities: number[]; labels: number[]; value: number }[];
}
const golden = JSON.parse(readFileSync(new URL('../golden/learner.json', import.meta.url), 'utf8')) as Golden;

test('accuracy, macro F1 and log-loss agree with three predictions worked by hand', (t) => {
  const data = Float32Array.from([0.5, 0.25, 0.25, 0.25, 0.5, 0.25, 0.5, 0.25, 0.25]);
  const { accuracy, macroF1, logLoss } = measure({ data, rows: 3, cols: 3 }, [0, 1, 1]);
  t.is(accuracy, 2 / 3);
  // class 0: 1 TP, 1 FP; class 1: 1 TP, 1 FN; class 2 neither occurs nor is predicted
  t.true(Math.abs(macroF1 - (2 / 3 + 2 / 3) / 2) < 1e-12);
  t.true(Math.abs(logLoss - (Math.log(2) + Math.log(2) + Math.log(4)) / 3) < 1e-12);
});

test('a class that is never predicted pulls macro F1 down', (t) => {
  const data = Float32Array.from([0.9, 0.1, 0.9, 0.1]);
  t.true(Math.abs(measure({ data, rows: 2, cols: 2 }, [0, 1]).macroF1 - (2 / 3 + 0) / 2) < 1e-12);
});

test('a certain and wrong prediction gives a large and finite log-loss', (t) => {
  const { logLoss } = measure({ data: Float32Array.from([1, 0]), rows: 1, cols: 2 }, [1]);
  t.true(Number.isFinite(logLoss) && logLoss > 30);
});

test('the calibration error agrees with numpy to 1e-6', (t) => {
  for (const { rows, cols, probabilities, labels, value } of golden.ece) {
    const { ece } = measure({ data: Float32Array.from(probabilities), rows, cols }, labels);
    t.true(Math.abs(ece - value) < 1e-6, `${ece} against ${value}`);
  }
});

test('a sure model that is always right is calibrated, one that is always wrong is off by one', (t) => {
  const data = Float32Array.from([1, 0, 0, 1]);
  t.is(measure({ data, rows: 2, cols: 2 }, [0, 1]).ece, 0);
  t.is(measure({ data, rows: 2, cols: 2 }, [1, 0]).ece, 1);
});

test('balance counts labels per class and says how even they are', (t) => {
  t.deepEqual(labelBalance([0, 1, 0, 1], 2), { balance: [2, 2], balanceEntropy: 1 });
  t.deepEqual(labelBalance([1, 1], 3), { balance: [0, 2, 0], balanceEntropy: 0 });
  t.deepEqual(labelBalance([], 3), { balance: [0, 0, 0], balanceEntropy: 0 });
});
