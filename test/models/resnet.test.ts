import test from 'ava';
import { createModel, Random } from '../../src/index.js';
import { normalizeByBatch, normParameters, normStatistics } from '../../src/models/batch-norm.js';
import { cropAndFlip } from '../../src/models/images.js';
import {
  dense,
  denseParameters,
  initialWeights,
  type Network,
  parameterCount,
  type Tensor1D,
  type Tensor2D,
  type Tensor4D,
  weightCount,
  weightsOf,
} from '../../src/models/network.js';
import { residualNetwork } from '../../src/models/resnet.js';
import { train, type TrainingOptions } from '../../src/models/training.js';
import { loadTensorflow } from '../../src/tensorflow/load.js';
import { firstDifference } from '../helpers/values.js';

const SIDE = 8;
const SHAPE = { sampleShape: [SIDE, SIDE, 2], classes: 2, width: 4 };

/** Images of noise with one bright line, 0 across or 1 down, anywhere; the second channel tells nothing. */
function lines(
  rows: number,
  seed: number,
): { samples: { data: Float32Array; rows: number; cols: number }; labels: Uint8Array } {
  const random = new Random(seed);
  const cols = SIDE * SIDE * 2;
  const data = Float32Array.from({ length: rows * cols }, () => 0.3 * random.float());
  const labels = Uint8Array.from({ length: rows }, (_, row) => row % 2);
  labels.forEach((label, row) => {
    const place = random.below(SIDE);
    for (let i = 0; i < SIDE; i++) {
      const [y, x] = label === 0 ? [place, i] : [i, place];
      data[row * cols + (y * SIDE + x) * 2] = 1;
    }
  });
  return { samples: { data, rows, cols }, labels };
}

const TRAINING: TrainingOptions = {
  epochs: 1,
  minSteps: 0,
  batchSize: 4,
  learningRate: 0.1,
  schedule: 'constant',
  stopLoss: 0,
  optimizer: 'sgd',
  momentum: 0.9,
  weightDecay: 0.5,
  sharpness: 'none',
  rho: 0.1,
  sigma: 1,
  lambda: 0.9,
};

test('resnet-18 for CIFAR-10 has 11,173,962 parameters, and 4,800 running means and variances', (t) => {
  const options = { sampleShape: [32, 32, 3], features: 3072, classes: 10, width: 64, augment: 'none' } as const;
  const network = residualNetwork(options);
  let [parameters, channels] = [3 * 3 * 3 * 64, 64]; // the stem; channels that are normalised, counted apart
  let inputs = 64;
  for (const outputs of [64, 128, 256, 512]) {
    parameters += 9 * inputs * outputs + 3 * 9 * outputs * outputs; // two blocks of two convolutions
    channels += 4 * outputs;
    if (inputs !== outputs) {
      parameters += inputs * outputs; // a shortcut
      channels += outputs;
    }
    inputs = outputs;
  }
  parameters += 2 * channels + 512 * 10 + 10;
  t.is(parameters, 11_173_962);
  t.is(parameterCount(network), parameters);
  t.is(channels, 4800);
  t.is(weightCount(network), parameters + 2 * channels);
});

/** An image, row-major [side, side, channels], and what a network in plain TypeScript makes of it. */
interface Image {
  readonly side: number;
  readonly channels: number;
  readonly data: number[];
}

/** Prediction of the network for one square image, pixel by pixel; `weights` by name. */
function plainForward(
  image: Image,
  weights: ReadonlyMap<string, Float32Array>,
): { logits: number[]; embedding: number[] } {
  const get = (name: string): Float32Array => weights.get(name)!;
  const unit = (from: Image, name: string, kernel: number, stride: number): Image => {
    const channels = get(`${name}/scale`).length;
    const side = Math.ceil(from.side / stride);
    const before = Math.floor(Math.max(0, (side - 1) * stride + kernel - from.side) / 2); // padding above and on the left
    const data: number[] = [];
    for (let at = 0; at < side * side * channels; at++) {
      const [y, x, out] = [Math.floor(at / channels / side), Math.floor(at / channels) % side, at % channels];
      let sum = 0;
      for (let tap = 0; tap < kernel * kernel; tap++) {
        const row = y * stride + Math.floor(tap / kernel) - before;
        const col = x * stride + (tap % kernel) - before;
        if (row < 0 || row >= from.side || col < 0 || col >= from.side) continue;
        for (let c = 0; c < from.channels; c++) {
          const weight = get(`${name}/weight`)[(tap * from.channels + c) * channels + out]!;
          sum += weight * from.data[(row * from.side + col) * from.channels + c]!;
        }
      }
      const hat = (sum - get(`${name}/mean`)[out]!) / Math.sqrt(get(`${name}/variance`)[out]! + 1e-5);
      data.push(get(`${name}/scale`)[out]! * hat + get(`${name}/shift`)[out]!);
    }
    return { side, channels, data };
  };
  const rectify = (from: Image): Image => ({ ...from, data: from.data.map((value) => Math.max(value, 0)) });
  let images = rectify(unit(image, 'stem', 3, 1));
  for (const stage of [1, 2, 3, 4]) {
    for (const block of [1, 2]) {
      const name = `stage${stage}/block${block}`;
      const stride = stage > 1 && block === 1 ? 2 : 1;
      const inside = unit(rectify(unit(images, `${name}/conv1`, 3, stride)), `${name}/conv2`, 3, 1);
      const around = stride === 1 ? images : unit(images, `${name}/shortcut`, 1, stride);
      images = rectify({ ...inside, data: inside.data.map((value, i) => value + around.data[i]!) });
    }
  }
  const { side, channels, data } = images;
  const mean = (c: number): number =>
    data.filter((_, i) => i % channels === c).reduce((sum, v) => sum + v, 0) / side ** 2;
  const embedding = Array.from({ length: channels }, (_, c) => mean(c));
  const bias = get('output/bias');
  const logits = Array.from(bias, (start, j) =>
    embedding.reduce((sum, value, c) => sum + value * get('output/weight')[c * bias.length + j]!, start),
  );
  return { logits, embedding };
}

test.serial('its prediction is that of the same network in plain TypeScript', async (t) => {
  const { tf } = await loadTensorflow();
  const side = 9;
  const features = side * side * 3;
  const network = residualNetwork({ sampleShape: [side, side, 3], features, classes: 5, width: 2, augment: 'none' });
  const random = new Random(3);
  const weights = new Map<string, Float32Array>();
  for (const { name, shape } of weightsOf(network)) {
    const size = shape.reduce((product, length) => product * length, 1);
    const drawn = Float32Array.from({ length: size }, () => random.normal());
    weights.set(
      name,
      name.endsWith('/variance') || name.endsWith('/scale') ? drawn.map((v) => 0.5 + Math.abs(v)) : drawn,
    );
  }
  const data = Array.from({ length: features }, () => random.float());
  const wanted = plainForward({ side, channels: 3, data }, weights);
  t.is(wanted.embedding.length, 16);
  tf.tidy(() => {
    const tensors = weightsOf(network).map(({ name, shape }) => tf.tensor(weights.get(name)!, [...shape]));
    const input = tf.tensor2d([...data, ...data.map(() => 0)], [2, features]);
    const { logits, embedding, statistics } = network.forward(tf, tensors, input, (x) => x, 'predict');
    t.deepEqual([logits.shape, embedding.shape, statistics], [[2, 5], [2, 16], undefined]);
    const size = Math.max(...wanted.embedding);
    t.is(firstDifference(embedding.dataSync().subarray(0, 16), wanted.embedding, 1e-4, 1e-5 * size), '');
    t.is(firstDifference(logits.dataSync().subarray(0, 5), wanted.logits, 1e-4, 1e-4 * size), '');
  });
});

test.serial('while training it tells the statistics of every batch, in the order of its statistics', async (t) => {
  const { tf } = await loadTensorflow();
  const network = residualNetwork({ sampleShape: [4, 4, 1], features: 16, classes: 2, width: 2, augment: 'none' });
  tf.tidy(() => {
    const parts = weightsOf(network).map(({ shape }) => tf.ones([...shape]));
    const input = tf.tensor2d(
      Float32Array.from({ length: 48 }, (_, i) => i % 7),
      [3, 16],
    );
    const { statistics } = network.forward(tf, parts, input, (x) => x, 'train');
    t.deepEqual(
      statistics!.map(({ shape }) => shape),
      network.statistics!.map(({ shape }) => [...shape]),
    );
    const images: Tensor4D = tf.reshape(input, [3, 4, 4, 1]);
    const { mean, variance } = tf.moments(tf.conv2d(images, parts[0] as Tensor4D, 1, 'same'), [0, 1, 2]);
    t.is(firstDifference(statistics![0]!.dataSync(), mean.dataSync(), 1e-5), '');
    t.is(firstDifference(statistics![1]!.dataSync(), tf.mul(variance, 48 / 47).dataSync(), 1e-5), '');
  });
});

test.serial('batch normalisation agrees with a calculation by hand', async (t) => {
  const { tf } = await loadTensorflow();
  tf.tidy(() => {
    // Two images of one row and two pixels; channel 0 holds 1, 2, 3, 6, channel 1 is constant.
    const images = tf.tensor4d([1, 5, 2, 5, 3, 5, 6, 5], [2, 1, 2, 2]);
    const [scale, shift] = [tf.tensor1d([2, 3]), tf.tensor1d([10, -1])];
    const { images: output, statistics } = normalizeByBatch(tf, images, scale, shift);
    const deviation = Math.sqrt(3.5 + 1e-5); // mean 3, squares 4 + 1 + 0 + 9
    const first = [1, 2, 3, 6].map((x) => (2 * (x - 3)) / deviation + 10);
    const wanted = first.flatMap((y) => [y, -1]);
    t.is(firstDifference(output.dataSync(), wanted, 1e-5), '');
    t.is(firstDifference(statistics[0].dataSync(), [3, 5], 1e-6), '');
    t.is(firstDifference(statistics[1].dataSync(), [14 / 3, 0], 1e-6), '');
  });
});

test.serial('the gradient of batch normalisation is that of its formula', async (t) => {
  const { tf } = await loadTensorflow();
  tf.tidy(() => {
    const random = new Random(4);
    const normal = (count: number): Float32Array => Float32Array.from({ length: count }, () => random.normal());
    const images = tf.tensor4d(normal(72), [3, 2, 4, 3]);
    const weight = tf.tensor4d(normal(72), [3, 2, 4, 3]);
    const [scale, shift] = [tf.tensor1d(normal(3)), tf.tensor1d(normal(3))];
    const ours = tf.valueAndGrads((x, gamma, beta) =>
      tf.sum(tf.mul(weight, normalizeByBatch(tf, x as Tensor4D, gamma as Tensor1D, beta as Tensor1D).images)),
    )([images, scale, shift]);
    const formula = tf.valueAndGrads((x, gamma, beta) => {
      const { mean, variance } = tf.moments(x, [0, 1, 2]);
      const hat = tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 1e-5)));
      return tf.sum(tf.mul(weight, tf.add(tf.mul(hat, gamma!), beta!)));
    })([images, scale, shift]);
    t.is(firstDifference(ours.value.dataSync(), formula.value.dataSync(), 1e-5), '');
    ours.grads.forEach((gradient, i) => {
      t.is(firstDifference(gradient.dataSync(), formula.grads[i]!.dataSync(), 1e-4, 1e-5), '');
    });
  });
});

test.serial('running statistics follow the batches by a tenth, without decay, once a step', async (t) => {
  const { tf } = await loadTensorflow();
  const network: Network = {
    features: 2,
    parameters: [...normParameters('norm', 2), ...denseParameters('output', 2, 2)],
    statistics: normStatistics('norm', 2),
    dropout: 0,
    forward(_, [scale, shift, weight, bias], input) {
      const norm = normalizeByBatch(tf, tf.reshape(input, [-1, 1, 1, 2]), scale as Tensor1D, shift as Tensor1D);
      const embedding: Tensor2D = tf.reshape(norm.images, [-1, 2]);
      return { logits: dense(tf, embedding, weight, bias), embedding, statistics: norm.statistics };
    },
  };
  const weights = initialWeights(network, 1);
  t.deepEqual([...weights.subarray(0, 4)], [1, 1, 0, 0]);
  t.deepEqual([...weights.subarray(10)], [0, 0, 1, 1]);
  // In both columns mean 2; squares 1 + 1 + 1 + 1 and 4 + 0 + 0 + 4, over 3.
  const samples = Float32Array.from([1, 0, 3, 2, 3, 2, 1, 4]);
  const set = { samples, labels: Uint32Array.from([0, 1, 1, 0]), classes: 2 };
  for (const sharpness of ['none', 'sam', 'friendly'] as const) {
    const run = { name: 'test', seed: 1, epochs: 2 };
    const { state } = await train(tf, network, { weights }, set, { ...TRAINING, sharpness }, run);
    const twice = (start: number, batch: number): number => 0.81 * start + 0.19 * batch;
    const wanted = [twice(0, 2), twice(0, 2), twice(1, 4 / 3), twice(1, 8 / 3)];
    t.is(firstDifference(state.weights.subarray(10), wanted, 1e-6), '', sharpness);
    t.is(state.moments.length, 10);
  }
});

test.serial('resnet-18 tells lines across from lines down', async (t) => {
  const model = createModel('resnet-18', { ...SHAPE, epochs: 1, minSteps: 50 });
  const { samples, labels } = lines(80, 1);
  await model.fit(samples, labels, { seed: 1 });
  const held = lines(100, 2);
  const { data } = await model.predictProba(held.samples);
  const right = [...held.labels].filter((label, row) => data[2 * row + label]! > 0.5).length;
  t.true(right >= 90, String(right));
});

test.serial('a sample is predicted the same alone as beside others', async (t) => {
  const model = createModel('resnet-18', { ...SHAPE, epochs: 2, minSteps: 0 });
  const { samples, labels } = lines(40, 1);
  await model.fit(samples, labels, { seed: 1 });
  const held = lines(7, 3).samples;
  const { data } = await model.predictProba(held);
  for (let row = 0; row < held.rows; row++) {
    const alone = { data: held.data.slice(row * held.cols, (row + 1) * held.cols), rows: 1, cols: held.cols };
    const single = (await model.predictProba(alone)).data;
    t.is(firstDifference(single, data.subarray(2 * row, 2 * row + 2), 1e-5, 1e-6), '');
  }
});

test('augmented images are parts of the padded image, some of them mirrored', (t) => {
  const [height, width, channels] = [3, 5, 2];
  const size = height * width * channels;
  const original = Float32Array.from({ length: size }, (_, i) => i + 1);
  const part = (down: number, right: number, isMirrored: boolean): string => {
    const at = (y: number, x: number, c: number): number =>
      y < 0 || y >= height || x < 0 || x >= width ? 0 : original[(y * width + x) * channels + c]!;
    const numbers: number[] = [];
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        for (let c = 0; c < channels; c++) numbers.push(at(y + down, (isMirrored ? width - 1 - x : x) + right, c));
    return numbers.join();
  };
  const counts = new Map<string, number>();
  for (let down = -4; down <= 4; down++)
    for (let right = -4; right <= 4; right++)
      for (const isMirrored of [false, true]) counts.set(part(down, right, isMirrored), 0);
  const rows = 4000;
  const batch = new Float32Array(rows * size);
  for (let row = 0; row < rows; row++) batch.set(original, row * size);
  const again = batch.slice();
  cropAndFlip(batch, { height, width, channels }, new Random(5));
  cropAndFlip(again, { height, width, channels }, new Random(5));
  t.deepEqual(batch, again);
  for (let row = 0; row < rows; row++) {
    const image = batch.subarray(row * size, (row + 1) * size).join();
    const before = counts.get(image);
    t.not(before, undefined);
    counts.set(image, before! + 1);
  }
  const unchanged = counts.get(part(0, 0, false))!;
  t.true(Math.abs(unchanged - rows / 162) < 20, String(unchanged)); // 24.7, deviation 5
  t.true([...counts.values()].every((count) => count > 0));
});

test.serial('augmentation changes training by the seed, and leaves the samples alone', async (t) => {
  const { samples, labels } = lines(40, 1);
  const before = samples.data.slice();
  for (const name of ['cnn', 'resnet-18']) {
    const { sampleShape, classes } = SHAPE;
    const size = name === 'cnn' ? { filters: [4], hidden: 8, dropout: 0 } : { width: 2 };
    const predictions = [];
    for (const augment of ['crop-flip', 'crop-flip', 'none']) {
      const model = createModel(name, { sampleShape, classes, ...size, augment, epochs: 2, minSteps: 0 });
      await model.fit(samples, labels, { seed: 7 });
      predictions.push((await model.predictProba(samples)).data);
    }
    t.deepEqual(predictions[0], predictions[1]);
    t.notDeepEqual(predictions[0], predictions[2]);
  }
  t.deepEqual(samples.data, before);
});
