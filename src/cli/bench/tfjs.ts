import { loadTensorflow, type Tensorflow } from '../../tensorflow/load.js';
import { timed, type Runner } from './measure.js';
import { total } from './plain-js.js';

/** Entropy as TensorFlow.js users write it. */
export class TfjsPeer {
  #tensors: { dispose(): void }[] = [];

  private constructor(
    private readonly tf: Tensorflow,
    /** e.g. 'tfjs-node 4.22.0'. */
    readonly name: string,
  ) {}

  /** Undefined where no TensorFlow.js is installed. */
  static async start(): Promise<TfjsPeer | undefined> {
    process.env.TF_NUM_INTRAOP_THREADS ??= '1'; // the peers of a single-threaded table run on one thread, too
    process.env.TF_NUM_INTEROP_THREADS ??= '1';
    try {
      const { tf, backend } = await loadTensorflow();
      return new TfjsPeer(tf, `${backend === 'tfjs-node' ? backend : `tfjs ${backend}`} ${tf.version_core}`);
    } catch {
      return undefined;
    }
  }

  entropy(data: Float32Array, rows: number, cols: number): Runner {
    const { tf } = this;
    const probs = tf.tensor2d(data, [rows, cols]);
    this.#tensors.push(probs);
    const run = (): ArrayLike<number> => tf.tidy(() => probs.mul(probs.log()).sum(1).neg().dataSync());
    return { name: this.name, run: () => timed(run, total) };
  }

  /** Dispose of the tensors of the last case. */
  release(): void {
    for (const tensor of this.#tensors) tensor.dispose();
    this.#tensors = [];
  }
}
