import { z } from 'zod';
import { topKAsync } from '../kernels/index.js';
import type { FloatRows } from '../models/model.js';
import { Random } from '../reference/philox.js';
import { STREAM_LABELED, STREAM_TRAINING } from './seeds.js';
import { candidatesOf, candidatesOption, embedWithLabeled, spreadOver, subsample } from './support/candidates.js';
import { Discriminator, type DiscriminatorOptions } from './support/discriminator.js';
import { concat, range } from './support/rows.js';
import { strategyType } from './types.js';

/**
 * Discriminative active learning: a small network learns to tell labelled embeddings from unlabelled ones, and the samples
 * that it is surest are unlabelled are asked for, so that in the end nobody could tell. The round is bought in sub-batches:
 * picks move to the labelled side, the network goes on training, and its next picks go elsewhere. The network sees all
 * labelled samples and ten times as many unlabelled ones (a uniform draw, at most `trainingRows` of each); both sides weigh
 * the same in its loss. The score of a pick is the probability of being unlabelled at that time.
 *
 * The authors train anew for each sub-batch (`restart`); going on from the last one takes a fifth of the epochs. Before there are
 * labels: spread over the embeddings by k-means++, without scores.
 *
 * @see Gissin, Shalev-Shwartz: Discriminative Active Learning. 2019, arXiv:1907.06347, section 3.
 */
export const dal = strategyType({
  name: 'dal',
  description: 'what a network tells apart from the labelled samples most surely',
  needs: ['embeddings', 'labels'],
  options: z.strictObject({
    /** Parts of a round between which the network learns of the picks. */
    subBatches: z.int().min(1).default(10),
    /** Units of each hidden layer. */
    hidden: z.array(z.int().min(1)).default([32]),
    /** Passes over the training samples at most; few, for a network that knows them by heart finds all others foreign. */
    epochs: z.int().min(1).default(5),
    learningRate: z.number().positive().default(0.003),
    /** Training ends when the mean of both sides' accuracies reaches this. */
    stopAccuracy: z.number().min(0.5).max(1).default(0.98),
    /** Train from scratch for each sub-batch. */
    restart: z.boolean().default(false),
    /** Labelled and unlabelled samples that the network is trained on at most, each. */
    trainingRows: z.int().min(1).default(2000),
    /** Of a larger pool a uniform draw of so many samples can be picked. */
    candidates: candidatesOption.default(50_000),
  }),
  create: (options) => ({
    async query(context, n, { signal } = {}) {
      const candidates = candidatesOf(context, options.candidates, n);
      const { rows, known } = await embedWithLabeled(context, candidates);
      if (known === 0) return spreadOver(candidates, rows, n, context.seed, signal);
      const picker = new Picker(standardized(rows), known, { ...options, seed: context.seed, signal });
      const { picks, scores } = await picker.pick(Math.min(n, candidates.length));
      return { indices: Uint32Array.from(picks, (row) => candidates[row - known] as number), scores };
    },
  }),
});

/** Share of the epochs that a network gets which goes on from an earlier sub-batch. */
const RETRAIN = 0.2;

interface PickerOptions extends DiscriminatorOptions {
  readonly epochs: number;
  readonly subBatches: number;
  readonly restart: boolean;
  readonly trainingRows: number;
}

/** Buys a round in sub-batches; the first `known` rows are labelled. */
class Picker {
  readonly #rows: FloatRows;
  readonly #options: PickerOptions;
  readonly #known: Uint32Array;
  #free: Uint32Array;

  constructor(rows: FloatRows, known: number, options: PickerOptions) {
    this.#rows = rows;
    this.#options = options;
    this.#known = subsample(range(known), options.trainingRows, options.seed, STREAM_LABELED);
    this.#free = range(rows.rows - known, known);
  }

  async pick(n: number): Promise<{ picks: number[]; scores: number[] }> {
    const { subBatches, restart, epochs, seed, signal } = this.#options;
    const draws = new Random(seed, STREAM_TRAINING);
    const parts = Math.min(subBatches, n);
    const picks: number[] = [];
    const scores: number[] = [];
    let network = this.#newNetwork();
    for (let part = 0; part < parts; part++) {
      if (restart && part > 0) network = this.#newNetwork();
      const known = concat(this.#known, Uint32Array.from(picks));
      const most = Math.min(10 * known.length, this.#options.trainingRows);
      const others = subsample(this.#free, most, draws.uint32(), STREAM_TRAINING);
      const kinds = new Uint8Array(known.length + others.length).fill(1, known.length);
      const isFresh = restart || part === 0;
      await network.train(this.#rows, concat(known, others), kinds, isFresh ? epochs : Math.ceil(epochs * RETRAIN));
      const logits = await network.logits(this.#rows, this.#free);
      const count = Math.floor(((part + 1) * n) / parts) - picks.length;
      const { indices: best } = await topKAsync(logits, count, { signal });
      for (const at of best) {
        picks.push(this.#free[at] as number);
        scores.push(1 / (1 + Math.exp(-(logits[at] as number))));
      }
      const taken = new Set(best);
      this.#free = this.#free.filter((_, at) => !taken.has(at));
    }
    return { picks, scores };
  }

  #newNetwork(): Discriminator {
    return new Discriminator(this.#rows.cols, this.#options);
  }
}

/** Columns with mean 0 and standard deviation 1; constant ones are 0. */
function standardized({ data, rows, cols }: FloatRows): FloatRows {
  const out = new Float32Array(data.length);
  for (let c = 0; c < cols; c++) {
    let mean = 0;
    for (let at = c; at < data.length; at += cols) mean += (data[at] as number) / rows;
    let variance = 0;
    for (let at = c; at < data.length; at += cols) variance += ((data[at] as number) - mean) ** 2 / rows;
    const scale = variance > 0 ? 1 / Math.sqrt(variance) : 0;
    for (let at = c; at < data.length; at += cols) out[at] = ((data[at] as number) - mean) * scale;
  }
  return { data: out, rows, cols };
}
