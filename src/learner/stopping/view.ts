import { sampleWithoutReplacement } from '../../kernels/index.js';
import type { MatrixView } from '../../matrix.js';
import type { Model } from '../../models/model.js';
import { takeRows } from '../../models/samples.js';
import type { LabelBook } from '../label-book.js';
import type { Metrics } from '../metrics.js';
import { deriveSeed, SEED_STOP_SET } from '../seeds.js';
import type { StoppingView } from './criterion.js';

/** What stopping criteria see of a learner after a round. */
export function viewOf(parts: {
  readonly model: Model;
  readonly pool: MatrixView;
  readonly book: LabelBook;
  readonly seed: bigint;
  readonly round: number;
  readonly test?: Metrics | undefined;
  readonly validation?: Metrics | undefined;
}): StoppingView {
  const { model, pool, book, seed, round, test, validation } = parts;
  return {
    round,
    labels: book.bought,
    cost: book.cost,
    classes: book.classes,
    test,
    validation,
    get unlabeled() {
      return book.unlabeled();
    },
    stopSet(size) {
      const from = book.askable();
      const drawn = sampleWithoutReplacement(from.length, Math.min(size, from.length), {
        seed: deriveSeed(seed, SEED_STOP_SET, 0),
      });
      return drawn.map((at) => from[at] as number).sort();
    },
    predict: (indices) => model.predictProba(takeRows(pool, indices)),
  };
}
