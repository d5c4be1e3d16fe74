import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import util from 'node:util';
import type * as tfTypes from '@tensorflow/tfjs';
import { ArgumentError, UnavailableError } from '../errors.js';
import { findPackage, TFJS_NODE_VERSION, type PackagePlace } from './packages.js';
import { reportTensorflow } from '../runtime.js';
import { quietly } from './quiet.js';

/** The functions of TensorFlow.js; the package itself is only needed where they are used. */
export type Tensorflow = typeof tfTypes;

/** Best first: native TensorFlow, WebAssembly, plain JavaScript. */
export type TensorflowBackend = 'tfjs-node' | 'wasm' | 'cpu';

export interface LoadedTensorflow {
  readonly tf: Tensorflow;
  readonly backend: TensorflowBackend;
  /** What runs and what that costs, a sentence for people; it names the fix where something faster would be possible. */
  readonly note: string;
}

export interface LoadOptions {
  /** Default 'auto': the best that loads. */
  backend?: TensorflowBackend | 'auto';
}

const ORDER: readonly TensorflowBackend[] = ['tfjs-node', 'wasm', 'cpu'];

/**
 * Images per second in training a small convolutional network (28x28 pixels, 32 and 64 filters, 128 units, batches of 128)
 * and in predicting with it, on two cores.
 */
const COSTS: Readonly<Record<TensorflowBackend, string>> = {
  'tfjs-node': 'native TensorFlow: a small convolutional network trains at about 1100 images/s',
  wasm: 'WebAssembly: it cannot train convolutional networks at all; dense ones train about 4 times slower than natively, and predictions take about twice as long',
  cpu: 'plain JavaScript: a small convolutional network trains at about 2 images/s, some 500 times slower than natively; dense ones about 18 times slower',
};

const FIX = 'Run "querent setup tensorflow" for native speed';

let loaded: LoadedTensorflow | undefined;
/** The call that is loading now, if any: a second one meanwhile would change the backend under the first. */
let loading: Promise<unknown> = Promise.resolve();

/** What {@link loadTensorflow} gave in this process, if it has been called. */
export function loadedTensorflow(): LoadedTensorflow | undefined {
  return loaded;
}

/**
 * Load TensorFlow.js with the best backend that works here: tfjs-node, else wasm, else plain JavaScript. There is one
 * TensorFlow per process: a second call returns the first one's, or changes its backend where another one is asked for.
 *
 * @throws {UnavailableError} Code `ERR_QUERENT_TENSORFLOW_UNAVAILABLE`: the backend asked for, or all of them, do not load.
 */
export function loadTensorflow(options: LoadOptions = {}): Promise<LoadedTensorflow> {
  const result = loading.then(() => loadNext(options));
  loading = result.catch(() => undefined);
  return result;
}

async function loadNext(options: LoadOptions): Promise<LoadedTensorflow> {
  const { backend = 'auto' } = options;
  if (backend !== 'auto' && !ORDER.includes(backend)) {
    throw new ArgumentError(`backend must be 'auto' or one of ${ORDER.join(', ')}, got ${String(backend)}`);
  }
  if (loaded !== undefined && (backend === 'auto' || backend === loaded.backend)) return loaded;
  const failures: string[] = [];
  for (const candidate of backend === 'auto' ? ORDER : [backend]) {
    try {
      const tf = await LOADERS[candidate]();
      loaded = { tf, backend: candidate, note: describe(candidate, failures) };
      reportTensorflow({ backend: candidate, version: tf.version.tfjs, note: loaded.note, ...libraryVersion(tf) });
      return loaded;
    } catch (error) {
      failures.push(`${candidate}: ${firstLine(error)}`);
    }
  }
  throw new UnavailableError(
    `TensorFlow does not load (${failures.join('; ')}). Run "npm install --ignore-scripts @tensorflow/tfjs-node@${TFJS_NODE_VERSION}" and then "querent setup tensorflow"`,
    { code: 'ERR_QUERENT_TENSORFLOW_UNAVAILABLE' },
  );
}

function describe(backend: TensorflowBackend, failures: readonly string[]): string {
  const text = `TensorFlow.js on ${backend}, ${COSTS[backend]}.`;
  return failures.length === 0 ? text : `${text} ${FIX}. (Tried first: ${failures.join('; ')}.)`;
}

const LOADERS: Readonly<Record<TensorflowBackend, () => Promise<Tensorflow>>> = {
  'tfjs-node': async () => {
    const { folder } = needed('@tensorflow/tfjs-node');
    prepareForTfjsNode();
    const tf = quietly(() => createRequire(import.meta.url)(folder) as Tensorflow);
    return select(tf, 'tensorflow');
  },
  wasm: async () => {
    const tfjs = needed('@tensorflow/tfjs');
    const tf = load(tfjs);
    load(needed('@tensorflow/tfjs-backend-wasm'));
    return select(tf, 'wasm');
  },
  cpu: async () => {
    const tf = load(needed('@tensorflow/tfjs'));
    await select(tf, 'cpu');
    // otherwise its first operation prints ten lines of advice, which `note` gives in one
    (tf.backend() as unknown as { firstUse: boolean }).firstUse = false;
    return tf;
  },
};

async function select(tf: Tensorflow, name: string): Promise<Tensorflow> {
  if (!(await tf.setBackend(name))) throw new Error(`the ${name} backend does not start`);
  await tf.ready();
  return tf;
}

/** Which TensorFlow computes below tfjs-node. */
function libraryVersion(tf: Tensorflow): { library?: string } {
  const { binding } = tf.backend() as { binding?: { TF_Version?: string } };
  return binding?.TF_Version === undefined ? {} : { library: binding.TF_Version };
}

function needed(name: string): PackagePlace {
  // tfjs may lie inside tfjs-node, which depends on it
  const tfjsNode = findPackage('@tensorflow/tfjs-node');
  const inside = tfjsNode && [pathToFileURL(join(tfjsNode.folder, 'package.json')).href];
  const place = findPackage(name) ?? (inside && findPackage(name, inside));
  if (place === undefined) throw new Error(`${name} is not installed`);
  return place;
}

function load({ folder }: PackagePlace): Tensorflow {
  return createRequire(import.meta.url)(folder) as Tensorflow;
}

function prepareForTfjsNode(): void {
  // Node 23 took this function away; tfjs-node 4.22.0 still calls it (tensorflow/tfjs#8609)
  const old = util as unknown as { isNullOrUndefined?: (value: unknown) => boolean };
  old.isNullOrUndefined ??= (value) => value === null || value === undefined;
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2'; // warnings and below stay off the screen
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  if (text.includes('tfjs_binding.node) can not be found')) return 'its native part has not been built';
  return (text.split('\n')[0] ?? '').trim().replace(/[.:]$/, '');
}
