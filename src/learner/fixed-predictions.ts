import { type MatrixLike, readMatrix } from '../contract/tensor-like.js';
import { QuerentError, ShapeError } from '../errors.js';
import { elementReader, type Matrix } from '../matrix.js';
import type { FitResult, FloatRows, MemberPredictions, Model } from '../models/model.js';
import { loadBundle, saveBundle } from '../models/storage.js';
import { membersAt, type PoolArrays, readArrays, rowsAt } from './pool-arrays.js';

const FORMAT = 'querent-predictions';
/** Row numbers travel as f32 samples, which hold whole numbers exactly up to here. */
const MAX_FIXED_ROWS = 2 ** 24;
const SMALLEST_PROBABILITY = 1e-15;

interface Arrays {
  readonly probabilities: FloatRows;
  readonly embeddings?: FloatRows | undefined;
  readonly members?: MemberPredictions | undefined;
}

/**
 * A model that was trained elsewhere, once: it gives back the arrays that it was made of, whatever it is taught. Its
 * samples are row numbers. Strategies that live on retraining (error reduction, forgetting, interactive ones) make no
 * sense with it; those that read one set of predictions do.
 */
export class FixedPredictions implements Model {
  readonly name = 'fixed';
  readonly classes: number;
  /** Row numbers, [N, 1]: the pool of a learner over these predictions. */
  readonly pool: Matrix;
  readonly embed?: (samples: MatrixLike) => Promise<FloatRows>;
  readonly members?: (samples: MatrixLike) => Promise<MemberPredictions>;
  readonly #arrays: Arrays;

  private constructor(arrays: Arrays) {
    const { probabilities, embeddings, members } = arrays;
    const { rows, cols } = probabilities;
    this.#arrays = arrays;
    this.classes = cols;
    this.pool = { data: Float32Array.from({ length: rows }, (_, row) => row), rows, cols: 1 };
    if (embeddings !== undefined) this.embed = async (samples) => rowsAt(embeddings, this.#rows(samples));
    if (members !== undefined) this.members = async (samples) => membersAt(members, this.#rows(samples));
  }

  /**
   * @param arrays `probabilities` [N, C], and `embeddings` [N, E] and `members` [T, N, C] where strategies need them.
   * @throws {ShapeError} No probabilities, rows that do not fit together, or too many of them.
   * @throws {ValueError} A number that is not finite.
   */
  static async of(arrays: Omit<PoolArrays, 'samples'>): Promise<FixedPredictions> {
    const where = 'fixedPredictions';
    const { rows, probabilities, embeddings, members } = await readArrays(where, arrays);
    if (probabilities === undefined) throw new ShapeError(`${where}: expected probabilities [N, C], got none`);
    if (rows > MAX_FIXED_ROWS) throw new ShapeError(`${where}: expected at most ${MAX_FIXED_ROWS} rows, got ${rows}`);
    return new FixedPredictions({ probabilities, embeddings, members });
  }

  /** Changes nothing; `loss` is that of the given predictions on these labels. */
  async fit(samples: MatrixLike, labels: ArrayLike<number>): Promise<FitResult> {
    const { data, cols } = this.#arrays.probabilities;
    const rows = this.#rows(samples);
    let loss = 0;
    rows.forEach((row, at) => {
      loss -= Math.log(Math.max(data[row * cols + (labels[at] as number)] as number, SMALLEST_PROBABILITY));
    });
    return { epochs: 0, loss: loss / rows.length };
  }

  async predictProba(samples: MatrixLike): Promise<FloatRows> {
    return rowsAt(this.#arrays.probabilities, this.#rows(samples));
  }

  #rows(samples: MatrixLike): Uint32Array {
    const { data, dtype, rows, stride } = readMatrix('fixedPredictions', 'samples', samples);
    const read = elementReader(data, dtype);
    const numbers = Float64Array.from({ length: rows }, (_, at) => read(at * stride));
    const size = this.#arrays.probabilities.rows;
    const stray = numbers.find((row) => !Number.isInteger(row) || row < 0 || row >= size);
    if (stray !== undefined) {
      throw new ShapeError(`fixedPredictions: expected row numbers below ${size} as samples, got ${stray}`);
    }
    return Uint32Array.from(numbers);
  }

  async save(dir: string): Promise<void> {
    const { probabilities, embeddings, members } = this.#arrays;
    const meta = { cols: probabilities.cols, width: embeddings?.cols ?? null, passes: members?.passes ?? null };
    const arrays: Record<string, Float32Array> = { probabilities: probabilities.data };
    if (embeddings !== undefined) arrays['embeddings'] = embeddings.data;
    if (members !== undefined) arrays['members'] = members.data;
    await saveBundle(dir, FORMAT, { meta, arrays });
  }

  /** Read saved ones back: `ActiveLearner.restore(dir, { model: FixedPredictions })`. */
  static async load(dir: string): Promise<FixedPredictions> {
    const { meta, arrays } = await loadBundle(dir, FORMAT);
    const { cols, width, passes } = meta as { cols: number; width: number | null; passes: number | null };
    const { probabilities, embeddings, members } = arrays;
    if (probabilities === undefined) throw new QuerentError('ERR_QUERENT_FORMAT', `${dir}: expected probabilities`);
    const rows = probabilities.length / cols;
    return new FixedPredictions({
      probabilities: { data: probabilities, rows, cols },
      embeddings: embeddings && width !== null ? { data: embeddings, rows, cols: width } : undefined,
      members: members && passes !== null ? { data: members, passes, rows, cols } : undefined,
    });
  }
}

/** A model of given predictions: see {@link FixedPredictions}. Its `pool` is the learner's. */
export function fixedPredictions(arrays: Omit<PoolArrays, 'samples'>): Promise<FixedPredictions> {
  return FixedPredictions.of(arrays);
}
