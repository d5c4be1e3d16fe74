import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { runProcess } from '../../src/tensorflow/process.js';
import { otherNode } from './other-nodes.js';
import { cleanEnvironment, must, ROOT } from './packed.js';

/** Run by the other Node: the addon scores, an asynchronous call comes back, TensorFlow multiplies and trains. */
const SMOKE = `
const querent = await import(process.argv[1]);
const { loadTensorflow } = await import(process.argv[2]);
const probs = querent.matrix(new Float32Array([0.5, 0.5, 0.9, 0.1]), 2, 2);
const score = querent.score(probs, { method: 'margin' });
const later = await querent.scoreAsync(probs, { method: 'margin' });
const { tf, backend } = await loadTensorflow();
const product = Array.from(tf.matMul(tf.ones([1, 2]), tf.ones([2, 1])).dataSync());
const filter = tf.variable(tf.ones([2, 2, 1, 1]));
const image = tf.ones([1, 3, 3, 1]);
tf.train.sgd(0.125).minimize(() => tf.mean(tf.square(tf.conv2d(image, filter, 1, 'valid'))));
const trained = Array.from(filter.dataSync());
process.stdout.write(JSON.stringify({
  version: process.versions.node,
  addon: querent.runtimeInfo().addon !== null,
  score: Array.from(score, (value) => value.toFixed(4)),
  later: Array.from(later, (value) => value.toFixed(4)),
  backend, product, trained,
}));
`;

test.before(() => must(process.execPath, ['scripts/build-ts.mjs'], ROOT));

for (const major of [22, 24]) {
  test.serial(`the addon and TensorFlow work on Node ${major}`, async (t) => {
    t.timeout(300_000);
    const node = await otherNode(major);
    if ('missing' in node) {
      t.log(`skipped: ${node.missing}`);
      return t.pass();
    }
    const modules = ['dist/index.js', 'dist/tensorflow/load.js'].map((path) => pathToFileURL(join(ROOT, path)).href);
    const { code, stdout, stderr } = await runProcess(node.path, ['--input-type=module', '-e', SMOKE, ...modules], {
      cwd: ROOT,
      env: cleanEnvironment(),
    });
    t.is(code, 0, stderr);
    t.is(stderr.replace(/^\(.*DeprecationWarning[^]*/m, ''), '');
    const { version, ...result } = JSON.parse(stdout) as { version: string };
    t.regex(version, new RegExp(`^${major}\\.`));
    t.log(`Node ${version}`);
    t.deepEqual(result as Record<string, unknown>, {
      addon: true,
      score: ['1.0000', '0.2000'],
      later: ['1.0000', '0.2000'],
      backend: 'tfjs-node',
      product: [2],
      trained: [0, 0, 0, 0],
    });
  });
}
