import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { checkCount } from '../contract/check.js';
import type { MatrixLike } from '../contract/tensor-like.js';
import { ArgumentError, FormatError, QuerentError, ShapeError, UnavailableError, ValueError } from '../errors.js';
import { deriveSeed, Random } from '../reference/philox.js';
import { loadTensorflow } from '../tensorflow/load.js';
import type {
  FitOptions,
  FitResult,
  FloatRows,
  MemberOptions,
  MemberPredictions,
  Model,
  PredictOptions,
} from './model.js';
import {
  type Dropout,
  initialWeights,
  keepAll,
  memberDropout,
  type Network,
  parameterCount,
  STREAM_DROPOUT,
  type Tensor2D,
  type Tf,
  unpackWeights,
  weightCount,
  weightsOf,
} from './network.js';
import { momentsPerWeight } from './optimizer.js';
import { checkFinite, checkLabels, checkSamples, denseRows } from './samples.js';
import { loadBundle, saveBundle } from './storage.js';
import { train, type TrainedState, type TrainingOptions, type WeightWatch } from './training.js';
import { exists } from '../pool/exists.js';

const FORMAT = 'querent-model';
/** Samples per forward pass when predicting, where the network names no number. */
const PREDICT_ROWS = 1024;

/** What a network is called, how it was asked for, and how it trains. */
export interface NetworkDescription {
  readonly name: string;
  /** Plain JSON that makes the same network again. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly classes: number;
  readonly training: TrainingOptions;
}

interface SavedMeta {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly steps: number | null;
}

/** A {@link Model} around a {@link Network}: between calls it holds plain arrays only, no tensors. */
export class NetworkModel implements Model {
  readonly name: string;
  readonly classes: number;
  /** Only for networks with dropout. */
  readonly members?: (samples: MatrixLike, passes: number, options?: MemberOptions) => Promise<MemberPredictions>;
  readonly #description: NetworkDescription;
  readonly #network: Network;
  #state: TrainedState | undefined;

  constructor(description: NetworkDescription, network: Network) {
    this.name = description.name;
    this.classes = description.classes;
    this.#description = description;
    this.#network = network;
    if (network.dropout > 0) this.members = (samples, passes, options) => this.#members(samples, passes, options);
  }

  get options(): Readonly<Record<string, unknown>> {
    return this.#description.options;
  }

  /** The same network in the same state; training either leaves the other alone. */
  copy(): NetworkModel {
    const copy = new NetworkModel(this.#description, this.#network);
    copy.#state = this.#state; // replaced by training, never written to
    return copy;
  }

  checkpoint(): () => void {
    const state = this.#state; // replaced by training, never written to
    return () => {
      this.#state = state;
    };
  }

  async fit(samples: MatrixLike, labels: ArrayLike<number>, options: FitOptions = {}): Promise<FitResult> {
    const where = `${this.name}.fit`;
    const { seed = 0, signal, onEpoch, warmStart = false } = options;
    const view = checkSamples(where, samples, this.#network.features);
    if (view.rows === 0) throw new ShapeError(`${where}: expected at least one sample, got none`);
    const classes = checkLabels(where, labels, view.rows, this.classes);
    checkFinite(where, view);
    const epochs = options.epochs === undefined ? undefined : checkCount(where, 'epochs', options.epochs, 1);
    signal?.throwIfAborted();
    const { tf } = await loadTensorflow();
    const start = (warmStart ? this.#state : undefined) ?? { weights: initialWeights(this.#network, seed) };
    const set = { samples: denseRows(view, 0, view.rows), labels: classes, classes: this.classes };
    const { training } = this.#description;
    const run = { name: this.name, seed, signal, onEpoch, epochs, watch: this.#weightWatch(where, options) };
    const { result, state } = await train(tf, this.#network, start, set, training, run).catch((error: unknown) => {
      throw explainBackend(where, error);
    });
    this.#state = state;
    return result;
  }

  /** Predictions on the way are those of a copy: a training that fails leaves this model as it was. */
  #weightWatch(where: string, { watch, signal }: FitOptions): WeightWatch | undefined {
    if (watch === undefined) return undefined;
    const moments = checkCount(where, 'watch.moments', watch.moments, 1);
    const samples = checkSamples(`${where}, watch`, watch.samples, this.#network.features);
    const onlooker = this.copy();
    return {
      moments,
      look: async (epoch, weights) => {
        onlooker.#state = { weights, moments: new Float32Array(0), steps: 0 };
        watch.onPredictions(epoch, await onlooker.predictProba(samples, { signal }));
      },
    };
  }

  predictProba(samples: MatrixLike, options: PredictOptions = {}): Promise<FloatRows> {
    return this.#predict('predictProba', samples, options);
  }

  async #predict(method: string, samples: MatrixLike, options: PredictOptions, member?: number): Promise<FloatRows> {
    const where = `${this.name}.${method}`;
    const result = await this.#forward(where, samples, this.classes, options, member, (tf, { logits }) =>
      tf.softmax(logits),
    );
    for (const [at, value] of result.data.entries()) {
      if (!Number.isFinite(value)) {
        const row = Math.floor(at / result.cols);
        throw new ValueError(`${where}: expected finite samples and weights, got probability ${value} for row ${row}`);
      }
    }
    return result;
  }

  embed(samples: MatrixLike, options: PredictOptions = {}): Promise<FloatRows> {
    return this.#forward(`${this.name}.embed`, samples, undefined, options, undefined, (_, { embedding }) => embedding);
  }

  async #members(samples: MatrixLike, passes: number, options: MemberOptions = {}): Promise<MemberPredictions> {
    checkCount(`${this.name}.members`, 'passes', passes, 1);
    const parts: FloatRows[] = [];
    for (let pass = 0; pass < passes; pass++) {
      const member = deriveSeed(options.seed ?? 0, STREAM_DROPOUT, pass);
      parts.push(await this.#predict('members', samples, options, member));
    }
    const { rows, cols } = parts[0] as FloatRows;
    const data = new Float32Array(passes * rows * cols);
    parts.forEach((part, pass) => data.set(part.data, pass * rows * cols));
    return { data, passes, rows, cols };
  }

  /**
   * Run all samples through the network in blocks and gather one output.
   *
   * @param member Seed of the dropout masks; undefined: no dropout.
   */
  async #forward(
    where: string,
    samples: MatrixLike,
    width: number | undefined,
    { signal }: PredictOptions,
    member: number | undefined,
    pick: (tf: Tf, outputs: { logits: Tensor2D; embedding: Tensor2D }) => Tensor2D,
  ): Promise<FloatRows> {
    const network = this.#network;
    const view = checkSamples(where, samples, network.features);
    const state = this.#state;
    if (state === undefined) {
      throw new QuerentError('ERR_QUERENT_NOT_FITTED', `${where}: expected a fitted model; call fit first`);
    }
    signal?.throwIfAborted();
    const { tf } = await loadTensorflow();
    const dropout = (): Dropout =>
      member === undefined ? keepAll : memberDropout(tf, network.dropout, new Random(member, STREAM_DROPOUT));
    let data: Float32Array | undefined;
    let cols = width ?? 0;
    const step = network.predictRows ?? PREDICT_ROWS;
    for (let from = 0; from < Math.max(view.rows, 1); from += step) {
      const to = Math.min(from + step, view.rows);
      let block = new Float32Array(0);
      tf.tidy(() => {
        const weights = unpackWeights(tf, weightsOf(network), tf.tensor1d(state.weights));
        const input = tf.tensor2d(denseRows(view, from, to), [to - from, network.features]);
        const output = pick(tf, network.forward(tf, weights, input, dropout(), 'predict'));
        cols = output.shape[1];
        block = output.dataSync() as Float32Array<ArrayBuffer>;
      });
      data ??= new Float32Array(view.rows * cols);
      data.set(block, from * cols);
      await nextTurn();
      signal?.throwIfAborted();
    }
    return { data: data ?? new Float32Array(0), rows: view.rows, cols };
  }

  async save(dir: string): Promise<void> {
    const { name, options } = this.#description;
    const meta: SavedMeta = { name, options, steps: this.#state?.steps ?? null };
    const arrays = this.#state === undefined ? {} : stateArrays(this.#state);
    await saveBundle(dir, FORMAT, { meta, arrays });
  }

  /** True where {@link save} wrote into this folder. */
  static isIn(dir: string): Promise<boolean> {
    return exists(join(dir, `${FORMAT}.json`));
  }

  /**
   * Read a saved model back; `create` makes the untrained one from its name and options.
   *
   * @throws {FormatError} Not a saved model, or one whose weights do not fit its network.
   */
  static async load(dir: string, create: (name: string, options: unknown) => NetworkModel): Promise<NetworkModel> {
    const { meta, arrays } = await loadBundle(dir, FORMAT);
    const { name, options, steps } = meta as SavedMeta;
    const model = create(name, options);
    if (steps === null) return model;
    const { weights, moments, meanGradient } = arrays;
    const size = weightCount(model.#network);
    const trained = parameterCount(model.#network);
    const kept = momentsPerWeight(model.#description.training) * trained;
    if (weights?.length !== size || moments?.length !== kept || (meanGradient?.length ?? trained) !== trained) {
      const found = `${weights?.length} and ${moments?.length}`;
      throw new FormatError(`${dir}: expected ${size} weights and ${kept} moments for model ${name}, got ${found}`);
    }
    model.#state = { weights, moments, steps, meanGradient };
    return model;
  }
}

function stateArrays({ weights, moments, meanGradient }: TrainedState): Readonly<Record<string, Float32Array>> {
  return meanGradient === undefined ? { weights, moments } : { weights, moments, meanGradient };
}

/** WebAssembly lacks the gradients of convolutions; TensorFlow says so in words of its own. */
function explainBackend(where: string, error: unknown): unknown {
  if (!(error instanceof Error) || !/Kernel '\w+' not registered for backend/.test(error.message)) return error;
  return new UnavailableError(
    `${where}: TensorFlow's backend here cannot train this network (${error.message}); ` +
      'run "querent setup tensorflow", or take model mlp',
    { code: 'ERR_QUERENT_TENSORFLOW_UNAVAILABLE', cause: error },
  );
}

/** The number of values in a sample of this shape. */
export function featuresOf(where: string, sampleShape: readonly number[]): number {
  const features = sampleShape.reduce((product, size) => product * size, 1);
  if (features < 1) throw new ArgumentError(`${where}: expected sampleShape with sizes of at least 1`);
  return features;
}
