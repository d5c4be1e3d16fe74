import { score } from '../../kernels/index.js';
import type { FloatRows } from '../../models/model.js';
import type { QueryContext } from '../../strategies/strategy.js';
import type { SralOptions } from './options.js';

/** Candidates whose features are read in one call of the model at least: a call costs more than some rows. */
const ROWS_AHEAD = 256;

/**
 * What the policy sees of ranked candidates, a row each:
 *     all        z / |z|, class probabilities in descending order, their entropy (nats), share of the budget spent
 *     embedding  z / |z|
 * z is the classifier's embedding. Rows are read as they come up, some windows ahead; the last column is the caller's to set.
 */
export class CandidateFeatures {
  readonly ranked: Uint32Array;
  readonly #context: QueryContext;
  readonly #kind: SralOptions['features'];
  #block: FloatRows = { data: new Float32Array(0), rows: 0, cols: 0 };
  #blockFrom = 0;

  constructor(context: QueryContext, ranked: Uint32Array, kind: SralOptions['features']) {
    this.ranked = ranked;
    this.#context = context;
    this.#kind = kind;
  }

  /** Rows of `ranked` from `from` to `to`, [to − from, d]. */
  async rows(from: number, to: number): Promise<FloatRows> {
    if (from < this.#blockFrom || to > this.#blockFrom + this.#block.rows) {
      const end = Math.min(this.ranked.length, Math.max(to, from + ROWS_AHEAD));
      this.#block = await featuresOf(this.#context, this.ranked.subarray(from, end), this.#kind);
      this.#blockFrom = from;
    }
    const { data, cols } = this.#block;
    const first = from - this.#blockFrom;
    return { data: data.slice(first * cols, (first + to - from) * cols), rows: to - from, cols };
  }
}

async function featuresOf(
  context: QueryContext,
  indices: Uint32Array,
  kind: SralOptions['features'],
): Promise<FloatRows> {
  const embeddings = await context.embed(indices);
  const width = embeddings.cols;
  if (kind === 'embedding') return { ...embeddings, data: unitRows(embeddings) };
  const probabilities = await context.predict(indices);
  const entropies = score(probabilities, { method: 'entropy' });
  const classes = probabilities.cols;
  const cols = width + classes + 2;
  const data = new Float32Array(indices.length * cols);
  const unit = unitRows(embeddings);
  for (let row = 0; row < indices.length; row++) {
    const at = row * cols;
    data.set(unit.subarray(row * width, (row + 1) * width), at);
    const sorted = probabilities.data.slice(row * classes, (row + 1) * classes).sort();
    data.set(sorted.reverse(), at + width);
    data[at + width + classes] = entropies[row] as number;
  }
  return { data, rows: indices.length, cols };
}

/** Rows divided by their lengths; a row of zeros stays one. */
function unitRows({ data, rows, cols }: FloatRows): Float32Array {
  const unit = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    let square = 0;
    for (let c = 0; c < cols; c++) square += (data[row * cols + c] as number) ** 2;
    const scale = square > 0 ? 1 / Math.sqrt(square) : 0;
    for (let c = 0; c < cols; c++) unit[row * cols + c] = scale * (data[row * cols + c] as number);
  }
  return unit;
}
