import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Scalar, Tensor4D } from '@tensorflow/tfjs';
import test from 'ava';
import { ArgumentError } from '../../src/errors.js';
import { runtimeInfo } from '../../src/index.js';
import { loadTensorflow } from '../../src/tensorflow/load.js';
import { runProcess } from '../../src/tensorflow/process.js';
import { withoutNoise } from '../../src/tensorflow/quiet.js';
import { addonTest } from '../helpers/addon.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const LOAD = `
const { loadTensorflow } = await import('./src/tensorflow/load.ts');
const { tf, backend, note } = await loadTensorflow();
const product = Array.from(tf.matMul(tf.ones([2, 2]), tf.ones([2, 2])).dataSync());
process.stdout.write(JSON.stringify({ backend, note, product }));
`;

function runSource(cwd: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): ReturnType<typeof runProcess> {
  return runProcess(process.execPath, ['--import', TSX, ...args], {
    cwd,
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: undefined, ...env },
  });
}

test('tfjs-node is chosen and trains a convolution', async (t) => {
  const { tf, backend, note } = await loadTensorflow();
  t.is(backend, 'tfjs-node', note);
  const image = tf.ones([1, 3, 3, 1]) as Tensor4D;
  const filter = tf.variable(tf.ones([2, 2, 1, 1]) as Tensor4D);
  // loss = (sum of the filter)^2, so each derivative is 8 and one step of 1/8 makes every weight 0
  tf.train.sgd(0.125).minimize(() => tf.mean(tf.square(tf.conv2d(image, filter, 1, 'valid'))) as Scalar);
  t.deepEqual(Array.from(filter.dataSync()), [0, 0, 0, 0]);
});

test('there is one TensorFlow per process, and runtimeInfo tells about it', async (t) => {
  const first = await loadTensorflow();
  t.is(await loadTensorflow({ backend: first.backend }), first);
  t.like(runtimeInfo().tensorflow, { backend: first.backend, version: '4.22.0' });
});

test('a backend that does not exist is refused by name', async (t) => {
  const error = await t.throwsAsync(loadTensorflow({ backend: 'gpu' as 'cpu' }), { instanceOf: ArgumentError });
  t.regex(error.message, /tfjs-node, wasm, cpu, got gpu/);
});

addonTest('loading TensorFlow leaves stderr empty', async (t) => {
  const { code, stdout, stderr } = await runSource(ROOT, ['--input-type=module', '-e', LOAD]);
  t.is(stderr, '');
  t.is(code, 0);
  t.like(JSON.parse(stdout), { backend: 'tfjs-node', product: [2, 2, 2, 2] });
});

const noise = fileURLToPath(new URL('noise.ts', import.meta.url));

addonTest('what is not known noise still reaches stderr, in order', async (t) => {
  const { stderr } = await runSource(ROOT, [noise]);
  t.is(stderr, 'W0000 00:00:1795217737.556129 a real warning\nafter\n');
});

addonTest('an exception while stderr is held does not keep what was written', async (t) => {
  const { stderr, code } = await runSource(ROOT, [noise, 'throw']);
  t.regex(stderr, /^W0000 .* a real warning\n/);
  t.regex(stderr, /the library is broken/);
  t.is(code, 1);
});

addonTest('a crash while stderr is held shows everything that was written', async (t) => {
  const { stderr, signal } = await runSource(ROOT, [noise, 'abort']);
  t.regex(stderr, /oneDNN custom operations[^]*a real warning/);
  t.is(signal, 'SIGABRT');
});

addonTest('a log level that asks for information gets all of it', async (t) => {
  const { stderr } = await runSource(ROOT, [noise], { TF_CPP_MIN_LOG_LEVEL: '0' });
  t.regex(stderr, /oneDNN/);
});

test('only whole known lines count as noise', (t) => {
  t.is(withoutNoise('x oneDNN custom operations are on.\n'), 'x oneDNN custom operations are on.\n');
  t.is(withoutNoise('I0000 00:00:1.1 1 port.cc:153] oneDNN custom operations are on. You\n'), '');
});

/** A copy of our source in a folder whose node_modules holds only `packages`. */
async function projectWith(packages: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'querent-test-'));
  for (const name of ['src', 'bindings', 'package.json'])
    await cp(join(ROOT, name), join(folder, name), { recursive: true });
  for (const name of packages) {
    const link = join(folder, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(ROOT, 'node_modules', name), link);
  }
  return folder;
}

for (const { installed, backend, says } of [
  { installed: ['@tensorflow/tfjs', '@tensorflow/tfjs-backend-wasm'], backend: 'wasm', says: /cannot train conv/ },
  { installed: ['@tensorflow/tfjs'], backend: 'cpu', says: /500 times slower/ },
]) {
  test(`without tfjs-node, ${installed.join(' and ')} give the ${backend} backend and a note that says what to do`, async (t) => {
    const folder = await projectWith(installed);
    try {
      const { stdout, stderr, code } = await runSource(folder, ['--input-type=module', '-e', LOAD], {
        QUERENT_ADDON: 'off',
      });
      t.is(stderr, '');
      t.is(code, 0);
      const result = JSON.parse(stdout) as { note: string };
      t.like(result, { backend, product: [2, 2, 2, 2] });
      t.regex(result.note, says);
      t.regex(result.note, /tfjs-node: @tensorflow\/tfjs-node is not installed/);
      t.regex(result.note, /querent setup tensorflow/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
}

test('without any TensorFlow the error has a code and the two commands', async (t) => {
  const folder = await projectWith([]);
  try {
    const { stderr, code } = await runSource(folder, ['--input-type=module', '-e', LOAD], { QUERENT_ADDON: 'off' });
    t.is(code, 1);
    t.regex(stderr, /ERR_QUERENT_TENSORFLOW_UNAVAILABLE/);
    t.regex(stderr, /npm install --ignore-scripts @tensorflow\/tfjs-node@4\.22\.0.*querent setup tensorflow/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
