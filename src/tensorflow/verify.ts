import { lastLines, runProcess } from './process.js';

export interface Verification {
  readonly works: boolean;
  /** Version of the TensorFlow library behind tfjs-node. */
  readonly tensorflow?: string;
  /** Why it does not work, in the words of the child process. */
  readonly why?: string;
}

/**
 * What the child runs. It is CommonJS text rather than a file so that it is the same from dist, from source and under any
 * Node. argv: the folder of tfjs-node. A convolution is trained because that is what the other backends cannot do.
 */
const SCRIPT = `
const util = require('node:util');
util.isNullOrUndefined ??= (value) => value === null || value === undefined;
const tf = require(process.argv[1]);
const product = Array.from(tf.matMul(tf.tensor2d([[1, 2], [3, 4]]), tf.tensor2d([[5, 6], [7, 8]])).dataSync());
if (String(product) !== '19,22,43,50') throw new Error('matMul gave ' + product);
const filter = tf.variable(tf.ones([2, 2, 1, 1]));
const loss = () => tf.mean(tf.square(tf.conv2d(tf.ones([1, 3, 3, 1]), filter, 1, 'valid')));
// loss = (sum of the filter)^2 = 16 and each derivative is 8, so one step of size 1/8 makes every weight 0
const before = tf.train.sgd(0.125).minimize(loss, true, [filter]).dataSync()[0];
const after = loss().dataSync()[0];
if (Math.abs(before - 16) > 1e-3 || Math.abs(after) > 1e-3) throw new Error('training gave ' + before + ', ' + after);
const { TF_Version } = tf.backend().binding;
process.stdout.write(JSON.stringify({ backend: tf.getBackend(), tensorflow: TF_Version }));
`;

/**
 * Load tfjs-node in a child process, multiply two matrices and train one step: a library that kills its process, or one
 * built for another machine, then counts as "does not work" instead of taking us with it.
 *
 * @param folder Folder of the @tensorflow/tfjs-node package.
 */
export async function verifyTensorflow(folder: string, signal?: AbortSignal): Promise<Verification> {
  const {
    code,
    signal: endedBy,
    stdout,
    stderr,
  } = await runProcess(process.execPath, ['-e', SCRIPT, folder], {
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2', NODE_OPTIONS: '' },
    timeout: 120_000,
    signal,
  });
  if (code !== 0) {
    const how = endedBy === null ? `exit code ${code}` : `ended by ${endedBy}`;
    return { works: false, why: `${explain(stderr)} (${how})` };
  }
  return { works: true, tensorflow: (JSON.parse(stdout) as { tensorflow: string }).tensorflow };
}

/** The line of a stack trace that says something. */
function explain(stderr: string): string {
  const missing = /can not be found at path: (\S+?)\.?\s/.exec(stderr)?.[1];
  if (missing !== undefined) return `its compiled binding is missing (${missing.trim()})`;
  const lines = stderr.split('\n');
  return lines.find((line) => /^\w*Error\b.*: /.test(line)) ?? (lastLines(stderr, 3) || 'no output');
}
