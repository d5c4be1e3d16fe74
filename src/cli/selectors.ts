/** The strategies of `querent select`: which files each takes, which options, and the kernel behind it. */
import type { AsyncOptions } from '../contract/blocks.js';
import type { Metric, Normalize, Source } from '../contract/codes.js';
import { badge, batchBald, facilityLocation, kCenterGreedy, kMeansPlusPlus } from '../kernels/index.js';
import type { FloatMatrixView, MatrixView } from '../matrix.js';

/** Options that only some strategies understand, as commander delivers them. */
export interface SelectorOptions {
  readonly metric?: Metric;
  readonly first?: number;
  readonly from?: Source;
  readonly normalize?: Normalize;
  readonly seed?: bigint;
  readonly numSamples?: number;
  readonly neighbours?: number;
}

/** A matrix from a file; a file of three axes [T, N, C] comes as T·N rows. */
export interface SelectInput extends MatrixView {
  readonly shape: readonly number[];
}

/** What not every strategy takes, beside the files. */
export type OptionName = keyof SelectorOptions | 'labeled';
export type InputName = 'embeddings' | 'probs' | 'samples';

export interface SelectRequest extends Required<AsyncOptions> {
  readonly k: number;
  /** Rows that must not be returned, without repeats. */
  readonly labeled: Uint32Array;
  readonly options: SelectorOptions;
  readonly threads: number | undefined;
  /** The file of one of the strategy's inputs. */
  input(name: InputName): SelectInput;
  /** A sentence for the user, in mid-work. */
  notice(message: string): void;
}

export interface Selected {
  readonly indices: Uint32Array;
  /** One per pick; null: the strategy gives none. */
  readonly scores: Float64Array | null;
  /** Largest distance of any row to its nearest pick or labelled row. */
  readonly coveringRadius?: number;
}

export interface Selector {
  /** One line of the help text. */
  readonly about: string;
  readonly inputs: readonly InputName[];
  /** Those that it understands. */
  readonly options: readonly OptionName[];
  /** What the scores are, as the head of their column. */
  readonly scoreName: string;
  select(request: SelectRequest): Promise<Selected>;
}

const kCenter: Selector = {
  about: 'each pick is the row farthest from all before it',
  inputs: ['embeddings'],
  options: ['labeled', 'metric', 'first'],
  scoreName: 'distance',
  async select({ k, labeled, options, threads, signal, onProgress, input }) {
    const { metric, first } = options;
    const wish = { labeled, metric, first, threads, signal, onProgress };
    const { indices, distances, coveringRadius } = await kCenterGreedy(input('embeddings'), k, wish);
    return { indices, scores: distances, coveringRadius };
  },
};

const badgeSelector: Selector = {
  about: 'k-means++ on gradients of the last layer: uncertain and diverse',
  inputs: ['probs', 'embeddings'],
  options: ['labeled', 'from', 'normalize', 'seed'],
  scoreName: '',
  async select({ k, labeled, options, threads, signal, onProgress, input }) {
    const { from, normalize, seed } = options;
    const wish = { exclude: labeled, from, normalize, seed, threads, signal, onProgress };
    const { indices } = await badge(input('probs'), input('embeddings'), k, wish);
    return { indices, scores: null };
  },
};

const kMeansPlusPlusSelector: Selector = {
  about: 'drawn in proportion to the squared distance to all before',
  inputs: ['embeddings'],
  options: ['labeled', 'seed'],
  scoreName: '',
  async select({ k, labeled, options, threads, signal, onProgress, input }) {
    const wish = { labeled, seed: options.seed, threads, signal, onProgress };
    const { indices } = await kMeansPlusPlus(input('embeddings'), k, wish);
    return { indices, scores: null };
  },
};

const facilitySelector: Selector = {
  about: 'rows that together resemble the whole pool',
  inputs: ['embeddings'],
  options: ['metric', 'neighbours'],
  scoreName: 'gain',
  async select({ k, options, threads, signal, onProgress, input, notice }) {
    const { metric, neighbours } = options;
    const wish = { metric, neighbours, threads, signal, onProgress, onNotice: notice };
    const { indices, gains } = await facilityLocation(input('embeddings'), k, wish);
    return { indices, scores: gains };
  },
};

const batchBaldSelector: Selector = {
  about: 'rows whose labels together say most about the model',
  inputs: ['samples'],
  options: ['labeled', 'from', 'normalize', 'numSamples', 'seed'],
  scoreName: 'joint score',
  async select({ k, labeled, options, threads, signal, onProgress, input }) {
    const { from, normalize, numSamples, seed } = options;
    const { data, dtype, shape, cols } = input('samples') as SelectInput & FloatMatrixView;
    const [passes, rows] = shape;
    const sizes = { passes, rows, cols, dtype };
    const wish = { from, normalize, numSamples, seed, exclude: labeled, threads, signal, onProgress };
    const { indices, scores } = await batchBald(data, k, { ...sizes, ...wish });
    return { indices, scores };
  },
};

export const SELECTORS: Readonly<Record<string, Selector>> = {
  'k-center': kCenter,
  badge: badgeSelector,
  'k-means++': kMeansPlusPlusSelector,
  'facility-location': facilitySelector,
  'batch-bald': batchBaldSelector,
};
