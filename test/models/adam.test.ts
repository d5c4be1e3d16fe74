import test from 'ava';
import { Adam } from '../../src/models/adam.js';
import { relu } from '../../src/models/network.js';
import { loadTensorflow } from '../../src/tensorflow/load.js';

test('the first step of Adam moves every weight by the learning rate against its gradient', (t) => {
  const weights = Float32Array.from([1, -2, 0.5]);
  new Adam(3, undefined).update(weights, Float32Array.from([0.3, -4, 0]), 0.1, 0);
  t.deepEqual(
    [...weights].map((w) => Math.round(w * 1e6) / 1e6),
    [0.9, -1.9, 0.5],
  );
});

test('two steps of Adam with weight decay agree with the equations worked by hand', (t) => {
  const weights = Float32Array.from([1]);
  const adam = new Adam(1, undefined);
  adam.update(weights, Float32Array.from([0.5]), 0.1, 0.2);
  // 1 - 0.1 (1 + 0.2 * 1) = 0.88
  t.true(Math.abs(weights[0]! - 0.88) < 1e-6);
  adam.update(weights, Float32Array.from([-0.25]), 0.1, 0.2);
  const m = (0.9 * 0.05 - 0.1 * 0.25) / (1 - 0.9 ** 2);
  const v = (0.999 * 0.00025 + 0.001 * 0.0625) / (1 - 0.999 ** 2);
  t.true(Math.abs(weights[0]! - (0.88 - 0.1 * (m / Math.sqrt(v) + 0.2 * 0.88))) < 1e-6);
  t.is(adam.steps, 2);
});

test('Adam that goes on from its state makes the same step', (t) => {
  const gradient = Float32Array.from([0.5, -1]);
  const [a, b] = [Float32Array.from([1, 1]), Float32Array.from([1, 1])];
  const first = new Adam(2, undefined);
  first.update(a, gradient, 0.01, 0);
  b.set(a);
  const second = new Adam(2, { moments: first.moments, steps: first.steps });
  first.update(a, gradient, 0.01, 0);
  second.update(b, gradient, 0.01, 0);
  t.deepEqual(a, b);
});

test('relu has the values and gradients of TensorFlow', async (t) => {
  const { tf } = await loadTensorflow();
  tf.tidy(() => {
    const x = tf.tensor2d([-2, -0.5, 0, 0.5, 3, 1e-9], [2, 3]);
    const weight = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]);
    const ours = tf.valueAndGrad((input) => tf.sum(tf.mul(relu(tf, input), weight)))(x);
    const theirs = tf.valueAndGrad((input) => tf.sum(tf.mul(tf.relu(input), weight)))(x);
    t.deepEqual(ours.value.dataSync(), theirs.value.dataSync());
    t.deepEqual(ours.grad.dataSync(), theirs.grad.dataSync());
  });
});
