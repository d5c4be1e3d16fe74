import test from 'ava';
import { measure } from '../../src/index.js';

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
