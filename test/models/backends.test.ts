import test from 'ava';
import { createModel } from '../../src/index.js';
import { loadTensorflow } from '../../src/tensorflow/load.js';
import { blobs } from '../helpers/blobs.js';

const SIZE = { sampleShape: [4, 4, 1], classes: 3, minSteps: 10, epochs: 1 };
const { samples, labels } = blobs(30, 3, 16);

async function predictionsOn(backend: 'tfjs-node' | 'wasm' | 'cpu', name: string): Promise<Float32Array> {
  await loadTensorflow({ backend });
  const model = createModel(name, SIZE);
  await model.fit(samples, labels, { seed: 1 });
  return (await model.predictProba(samples)).data;
}

const nearly = (a: Float32Array, b: Float32Array): boolean => a.every((value, i) => Math.abs(value - b[i]!) < 1e-3);

test.serial('a model trains to the same predictions on every backend, up to rounding', async (t) => {
  const logistic = await predictionsOn('cpu', 'logistic');
  const cnn = await predictionsOn('cpu', 'cnn');
  t.true(nearly(await predictionsOn('wasm', 'logistic'), logistic));
  try {
    await loadTensorflow({ backend: 'tfjs-node' });
  } catch (error) {
    return t.log(`without tfjs-node: ${(error as Error).message}`);
  }
  t.true(nearly(await predictionsOn('tfjs-node', 'logistic'), logistic));
  t.true(nearly(await predictionsOn('tfjs-node', 'cnn'), cnn));
});

test.serial('a network that a backend cannot train is an error that says what to do', async (t) => {
  await t.throwsAsync(predictionsOn('wasm', 'cnn'), {
    code: 'ERR_QUERENT_TENSORFLOW_UNAVAILABLE',
    message: /cnn.fit: .*Conv2DBackpropFilter.*querent setup tensorflow.*mlp/,
  });
});
