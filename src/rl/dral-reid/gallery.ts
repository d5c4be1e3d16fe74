import type { Metric } from '../../contract/codes.js';
import { pairwiseDistancesAsync, topKAsync } from '../../kernels/index.js';
import type { FloatRows } from '../../models/model.js';
import { comparable, gather, slice } from '../../strategies/support/rows.js';

/** Samples near an anchor, and how far all of them are from each other. */
export interface Neighbourhood {
  /** Pool indices, the nearest first, the lowest among equals. */
  readonly indices: Uint32Array;
  /** [1 + indices, 1 + indices]; the anchor is the first. */
  readonly distances: Float32Array;
}

/** Where labelled and unlabelled samples lie, and which of them may still be asked about. */
export class Gallery {
  readonly #metric: Metric;
  readonly #points: FloatRows;
  readonly #indices: Uint32Array;
  readonly #rowOf: ReadonlyMap<number, number>;
  readonly #closed = new Set<number>();

  /**
   * @param rows Embeddings of `indices`, pool indices.
   * @param closed Those that may not be asked about.
   */
  constructor(rows: FloatRows, indices: Uint32Array, closed: Iterable<number>, metric: Metric) {
    this.#metric = metric;
    this.#points = comparable(rows, metric);
    this.#indices = indices;
    this.#rowOf = new Map(Array.from(indices, (index, row) => [index, row]));
    for (const index of closed) this.close(index);
  }

  /** Never offer a sample again. */
  close(index: number): void {
    this.#closed.add(this.#rowOf.get(index) as number);
  }

  /** The `count` samples nearest to an anchor that may be asked about; fewer where there are no more. */
  async near(anchor: number, count: number, signal: AbortSignal | undefined): Promise<Neighbourhood> {
    const options = { metric: this.#metric, signal };
    const points = this.#points;
    const row = this.#rowOf.get(anchor) as number;
    const distances = await pairwiseDistancesAsync(slice(points, row, row + 1), points, options);
    const k = Math.min(count, points.rows - this.#closed.size);
    const exclude = [...this.#closed];
    const { indices: rows } = await topKAsync(
      distances.map((distance) => -distance),
      k,
      { exclude, signal },
    );
    return {
      indices: rows.map((near) => this.#indices[near] as number),
      distances: await pairwiseDistancesAsync(gather(points, [row, ...rows]), undefined, options),
    };
  }
}
