/**
 * The typed picture of what the compiled addon exports. Everything is positional and already validated:
 * src/kernels owns names, defaults and error sentences; the addon re-checks sizes and never touches options objects.
 *
 * Codes shared by both sides (native/include/querent/types.h holds the same numbers):
 *   dtype      0 f32, 1 f64, 2 f16, 3 bf16, 4 u8 (embeddings only)
 *   metric     0 euclidean, 1 cosine
 *   method     0 entropy, 1 margin, 2 least-confidence
 *   from       0 probabilities, 1 logits
 *   kind       0 multiclass, 1 multilabel
 *   normalize  0 check, 1 divide, 2 none
 *   tieBreak   0 index, 1 random
 *   measures   bit mask: 1 bald (mean KL to the mean), 2 predictive-entropy, 4 expected-entropy, 8 mean-std,
 *              16 variation-ratio, 32 mean-variation-ratio, 64 vote-entropy, 128 max-kl
 *
 * `data` is the caller's view; its own address is used, so a subarray works. `threads` 0 means "as many as the
 * machine has". Rows that are invalid get a NaN result, and the lowest invalid row is returned (-1: none), so that
 * TypeScript can name it or keep going.
 */
export type LevelName = 'scalar' | 'avx2' | 'avx512' | 'neon';
export type FloatData = Float32Array | Float64Array | Uint16Array;
export type IntegerData = Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array;
export type ScoreArray = Float32Array | Float64Array;
export type EmbeddingData = FloatData | Uint8Array;

export interface BlockScores {
  /** Float64Array for f64 input, Float32Array otherwise. */
  scores: ScoreArray;
  /** Lowest invalid row of the block, counted from the block's first row; -1: none. */
  invalidRow: number;
}

export interface TopKOutcome {
  /** Lowest invalid row, or -1. */
  invalidRow: number;
  /** min(k, rows that could be picked: not excluded and not NaN) = how many entries of the outputs were written. */
  eligible: number;
}

/** Keeps the best k of any number of score blocks; the answer does not depend on how they were cut or ordered. */
export interface NativeTopKState {
  /** Scores of the rows offset, offset + 1, …; NaN is never eligible. `exclude` holds absolute row numbers. */
  add(scores: ScoreArray, offset: number, exclude: Uint32Array | null, threads: number): void;
  /** Score a block of rows on the addon's own threads and keep the best; nothing of the block stays alive. */
  addRowsAsync(
    data: FloatData,
    shared: boolean,
    dtype: number,
    rows: number,
    cols: number,
    stride: number,
    method: number,
    from: number,
    kind: number,
    normalize: number,
    tolerance: number,
    offset: number,
    exclude: Uint32Array | null,
  ): Promise<{ invalidRow: number }>;
  addAsync(scores: ScoreArray, shared: boolean, offset: number, exclude: Uint32Array | null): Promise<void>;
  /** min(k, rows that could be picked so far). */
  eligible(): number;
  /** Best first. The number written: min(k, eligible). */
  result(outIndices: Uint32Array, outScores: ScoreArray): number;
}

/** Rows in the order they were picked; empty when `badRow` (the lowest unusable row, else -1) says why there are none. */
export interface SelectionOutcome {
  indices: Uint32Array;
  badRow: number;
}

export interface KCenterOutcome extends SelectionOutcome {
  /** Metric distance of each pick to the nearest labelled row or earlier pick. */
  distances: Float64Array;
  /** Largest distance of any row to its nearest centre. */
  coveringRadius: number;
}

export interface BatchBaldOutcome extends SelectionOutcome {
  /** Joint mutual information up to each pick, in nats; infinite where rows of wrong sums overflowed. */
  scores: Float64Array;
  /** What each pick adds. */
  gains: Float64Array;
}

export interface BadgeOutcome extends SelectionOutcome {
  /** Whether `badRow` is a row of the predictions (true) or of the embeddings. */
  badPrediction: boolean;
}

/** What a copy of a replay store needs beside its rows and stored priorities to go on with the same draws. */
export interface ReplayState {
  /** Rows held. */
  readonly size: number;
  /** The row of the ring that is written next. */
  readonly next: number;
  /** Calls of sample() so far. */
  readonly samples: number;
  /** The largest |priority| so far. */
  readonly largest: number;
}

/** A ring of rows of several fields; a column is a typed array that holds one field of some rows. */
export interface NativeReplayStore {
  /** Overwrites the oldest rows; returns the first row written, the others follow and wrap around. */
  add(rows: number, columns: readonly ArrayBufferView[]): number;
  /** The last one wins where a row is repeated. Returns -1, or changes nothing and returns the lowest position of a row that is not there or a priority that cannot be stored. */
  setPriorities(indices: Uint32Array, priorities: ScoreArray): number;
  /** One draw per entry of `outIndices`. False, changing nothing, when there is nothing to draw from. */
  sample(
    beta: number,
    outIndices: Uint32Array,
    outWeights: Float32Array | null,
    columns: readonly ArrayBufferView[],
    outDiscounts: Float32Array | null,
  ): boolean;
  state(): ReplayState;
  /** Whole rows as they lie in the ring, fields one after the other; and their priorities as they are stored. */
  readRows(first: number, count: number, block: Uint8Array): void;
  writeRows(first: number, count: number, block: Uint8Array): void;
  readPriorities(first: number, count: number, block: Float64Array): void;
  writePriorities(first: number, count: number, block: Float64Array): void;
  /** After everything is written. -1, or the first row whose stored priority is unusable (`size`: `largest` is). */
  restore(size: number, next: number, samples: number, largest: number): number;
}

export interface FacilityOutcome extends SelectionOutcome {
  gains: Float64Array;
}

/** `badRow`: the lowest unusable row of a or, where `inSecond`, of b; nothing was computed then. -1: none. */
export interface PairwiseOutcome {
  badRow: number;
  inSecond: boolean;
}

export interface KMeansOutcome {
  /** [k, cols]. */
  centroids: Float64Array;
  assignments: Uint32Array;
  nearest: Uint32Array;
  inertia: number;
  iterations: number;
  badRow: number;
}

export interface TsneOutcome {
  /** [rows, 2]. */
  points: Float64Array;
  kl: number;
  badRow: number;
  /** The iteration after which a coordinate was no usable number, or -1; there are no points then. */
  divergedAt: number;
}

export interface NativeAddon {
  readonly version: string;
  /** CPU levels that this binary holds and this machine can run, best first; always ends with 'scalar'. */
  levels(): LevelName[];
  level(): LevelName;
  /** 'auto' takes the best. Returns false, changing nothing, when the level is not available. */
  setLevel(level: string): boolean;
  /** The level that the most recent kernel call of this process really ran at ('' before the first). */
  lastLevel(): LevelName | '';
  hardwareThreads(): number;
  /** Ask the kernel for huge pages under a view that has not been written yet; false where that is unknown. */
  adviseHugePages(view: ArrayBufferView): boolean;
  /** Bytes from the view's first one to the next address that is a multiple of `boundary`. */
  bytesToBoundary(view: ArrayBufferView, boundary: number): number;

  /** Hold back what is written to file descriptor 2, until releaseStderr; false, changing nothing, where that cannot be done. */
  holdStderr(): boolean;
  /** Give file descriptor 2 back; the text that was held. */
  releaseStderr(): string;
  /** Adds the array up at memory speed: the read-bandwidth yardstick of the benchmarks. */
  sumRead(data: Float32Array): number;

  score(
    data: FloatData,
    dtype: number,
    rows: number,
    cols: number,
    stride: number,
    method: number,
    from: number,
    kind: number,
    normalize: number,
    tolerance: number,
    threads: number,
    out: ScoreArray,
  ): number;
  /** One block on the addon's threads. `shared`: the view lies on a SharedArrayBuffer and is read in place, else it is copied before the call returns. */
  scoreAsync(
    data: FloatData,
    shared: boolean,
    dtype: number,
    rows: number,
    cols: number,
    stride: number,
    method: number,
    from: number,
    kind: number,
    normalize: number,
    tolerance: number,
  ): Promise<BlockScores>;

  scoreTopK(
    data: FloatData,
    dtype: number,
    rows: number,
    cols: number,
    stride: number,
    method: number,
    from: number,
    kind: number,
    normalize: number,
    tolerance: number,
    k: number,
    tieBreak: number,
    seed: bigint,
    exclude: Uint32Array | null,
    threads: number,
    outIndices: Uint32Array,
    outScores: ScoreArray,
  ): TopKOutcome;
  topK(
    scores: ScoreArray,
    k: number,
    tieBreak: number,
    seed: bigint,
    exclude: Uint32Array | null,
    threads: number,
    outIndices: Uint32Array,
    outScores: ScoreArray,
  ): TopKOutcome;
  readonly TopKState: new (k: number, tieBreak: number, seed: bigint) => NativeTopKState;

  /**
   * samples [T, N, C] contiguous. `outs` holds one array [N] per set bit of `measures`, in bit order
   * (Float32Array, or Float64Array for any of them). `normalize` 0 or 2. Returns the lowest invalid row or -1.
   */
  mcDropout(
    samples: FloatData,
    dtype: number,
    passes: number,
    rows: number,
    cols: number,
    from: number,
    normalize: number,
    tolerance: number,
    measures: number,
    threads: number,
    outs: ScoreArray[],
  ): number;
  /** Rows [rowBegin, rowEnd) of samples [T, N, C]; resolves with the arrays of that block, in bit order (f32, or f64 for f64 samples). */
  mcDropoutAsync(
    samples: FloatData,
    shared: boolean,
    dtype: number,
    passes: number,
    rows: number,
    cols: number,
    rowBegin: number,
    rowEnd: number,
    from: number,
    normalize: number,
    tolerance: number,
    measures: number,
  ): Promise<{ outs: ScoreArray[]; invalidRow: number }>;
  /**
   * Add pass number `pass` (0-based) to streaming state, all in f64: mean [N, C]; kl [N] = the sum over passes so far
   * of KL(pass || mean so far); entropy [N] = sum of per-pass entropies; m2 [N, C] = sum of squared deviations (Welford);
   * votes [N, C] = argmax counts. State that is not needed is null. Rows that are invalid turn NaN for good.
   */
  mcAccumulate(
    probs: FloatData,
    dtype: number,
    rows: number,
    cols: number,
    stride: number,
    from: number,
    normalize: number,
    tolerance: number,
    pass: number,
    threads: number,
    mean: Float64Array,
    kl: Float64Array | null,
    entropy: Float64Array | null,
    m2: Float64Array | null,
    votes: Uint32Array | null,
  ): number;

  /** votes [L, N]. Returns the flat position of the first vote outside 0..cols-1, or -1. */
  voteEntropy(
    votes: IntegerData,
    members: number,
    rows: number,
    cols: number,
    threads: number,
    out: ScoreArray,
  ): number;
  voteEntropyAsync(
    votes: IntegerData,
    shared: boolean,
    members: number,
    rows: number,
    cols: number,
    rowBegin: number,
    rowEnd: number,
  ): Promise<{ scores: Float32Array; invalidAt: number }>;

  /** Draw order. Returns how many could be drawn (fewer than k when too few weights are positive), or -1 - i for a bad weight at i. */
  sampleWithoutReplacement(n: number, k: number, weights: ScoreArray | null, seed: bigint, out: Uint32Array): number;

  /**
   * `steps` 0: no windows, and what follows is ignored. Fields are given by their numbers, `cut` -1 is none, `last` holds
   * 1 for each field that comes from the last row of a window. Numbers: 0 f32, 1 f64, 2 integer.
   */
  readonly ReplayStore: new (
    capacity: number,
    fieldBytes: Float64Array,
    seed: bigint,
    prioritized: boolean,
    alpha: number,
    epsilon: number,
    steps: number,
    discount: number,
    reward: number,
    rewardNumber: number,
    done: number,
    doneNumber: number,
    cut: number,
    cutNumber: number,
    last: Uint8Array,
  ) => NativeReplayStore;

  // Selection. The call reads its inputs until its promise settles: they must lie on shared memory. `control` holds two
  // words (src/contract/background.ts): [0] = 1 asks to stop, and the promise then resolves with whatever is there;
  // [1] counts the picks made. Row lists may hold duplicates and are in range.

  /** `first` -1: none. A row of NaN, an infinity or a number beyond 1e100 is bad, and under cosine a row of zeros. */
  kCenter(
    data: EmbeddingData,
    dtype: number,
    rows: number,
    cols: number,
    stride: number,
    metric: number,
    labeled: Uint32Array | null,
    first: number,
    k: number,
    threads: number,
    control: Int32Array,
  ): Promise<KCenterOutcome>;
  kMeansPlusPlus(
    data: EmbeddingData,
    dtype: number,
    rows: number,
    cols: number,
    stride: number,
    labeled: Uint32Array | null,
    k: number,
    seed: bigint,
    threads: number,
    control: Int32Array,
  ): Promise<SelectionOutcome>;
  /** probs [N, C] and embeddings [N, depth]. */
  badge(
    probs: FloatData,
    probsDtype: number,
    cols: number,
    probsStride: number,
    from: number,
    normalize: number,
    tolerance: number,
    embeddings: EmbeddingData,
    dtype: number,
    rows: number,
    depth: number,
    stride: number,
    exclude: Uint32Array | null,
    k: number,
    seed: bigint,
    threads: number,
    control: Int32Array,
  ): Promise<BadgeOutcome>;
  /**
   * BatchBALD of samples [T, N, C], `normalize` 0 to 2. Rows of `exclude` are not looked at. Joint entropies are exact while the
   * configurations of the picked rows are at most `numSamples`.
   */
  batchBald(
    samples: FloatData,
    dtype: number,
    passes: number,
    rows: number,
    cols: number,
    from: number,
    normalize: number,
    tolerance: number,
    exclude: Uint32Array | null,
    k: number,
    numSamples: number,
    seed: bigint,
    threads: number,
    control: Int32Array,
  ): Promise<BatchBaldOutcome>;

  /** `neighbours` 0: all similarities, 4 bytes a pair; else those of the nearest columns of each row, 24 bytes each. */
  facilityLocation(
    data: EmbeddingData,
    dtype: number,
    rows: number,
    cols: number,
    stride: number,
    metric: number,
    neighbours: number,
    k: number,
    threads: number,
    control: Int32Array,
  ): Promise<FacilityOutcome>;
  /** out [aRows, bRows]. b null: a against itself, out [aRows, aRows]; bDtype, bRows and bStride are 0 then. */
  pairwiseDistances(
    a: EmbeddingData,
    aDtype: number,
    aRows: number,
    cols: number,
    aStride: number,
    b: EmbeddingData | null,
    bDtype: number,
    bRows: number,
    bStride: number,
    metric: number,
    squared: boolean,
    threads: number,
    out: ScoreArray,
  ): PairwiseOutcome;
  /** `out` belongs to the call until its promise settles, and so do a and b. `control` counts rows of a. */
  pairwiseDistancesAsync(
    a: EmbeddingData,
    aDtype: number,
    aRows: number,
    cols: number,
    aStride: number,
    b: EmbeddingData | null,
    bDtype: number,
    bRows: number,
    bStride: number,
    metric: number,
    squared: boolean,
    threads: number,
    out: ScoreArray,
    control: Int32Array,
  ): Promise<PairwiseOutcome>;
  /** initial [k, cols]; `control` counts iterations. */
  kMeans(
    data: EmbeddingData,
    dtype: number,
    rows: number,
    cols: number,
    stride: number,
    initial: Float64Array,
    k: number,
    maxIterations: number,
    tolerance: number,
    threads: number,
    control: Int32Array,
  ): Promise<KMeansOutcome>;
  /** `theta` 0: all pairs, 8 bytes each. 4 <= rows, 1 <= perplexity <= (rows - 1) / 3; `control` counts iterations. */
  tsne(
    data: EmbeddingData,
    dtype: number,
    rows: number,
    cols: number,
    stride: number,
    perplexity: number,
    theta: number,
    iterations: number,
    exaggeration: number,
    learningRate: number,
    seed: bigint,
    fromPrincipal: boolean,
    threads: number,
    control: Int32Array,
  ): Promise<TsneOutcome>;
}
