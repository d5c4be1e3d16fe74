/** The reference behind the positional calls of the addon, so that one set of public functions can use either. */
import { reportDone } from '../contract/background.js';
import { type AnyMeasure, MEASURE_BITS, MULTICLASS } from '../contract/codes.js';
import type { EmbeddingData, Engine, NativeTopKState, ScoreArray } from '../contract/engine.js';
import type { RowRule } from '../contract/rows.js';
import { DTYPES, type FloatData, type FloatDType, type FloatMatrixView, type MatrixView, widenRow } from '../matrix.js';
import { addPass } from './accumulate.js';
import { badgeRows, kMeansPlusPlusRows } from './d2-sampling.js';
import { facilityLocationRows } from './facility.js';
import { farthestFirst } from './farthest-first.js';
import { pickBatch } from './joint-entropy.js';
import { tsneRows } from './layout.js';
import { kMeansRows } from './lloyd.js';
import { Pace } from './pace.js';
import { badPairRow, pairRowWriter, type PairTask } from './pair-table.js';
import { measureSample, voteCountEntropy } from './passes.js';
import { drawUniform, drawWeighted } from './sample-rows.js';
import { scoreRows, type ScoreRule } from './score-rows.js';
import { BestRows } from './best-rows.js';
import { ReferenceReplayStore } from './replay-store.js';

/** Rows that a fused score-and-pick works on at a time. */
const FUSED_ROWS = 4096;

function viewOf(data: FloatData, dtype: number, rows: number, cols: number, stride: number): FloatMatrixView {
  return { data, dtype: DTYPES[dtype] as FloatDType, rows, cols, stride };
}

function pointsOf(data: EmbeddingData, dtype: number, rows: number, cols: number, stride: number): MatrixView {
  return { data, dtype: DTYPES[dtype] as MatrixView['dtype'], rows, cols, stride };
}

function pairTask(...call: Parameters<Engine['pairwiseDistances']>): PairTask {
  const [a, aDtype, aRows, cols, aStride, b, bDtype, bRows, bStride, metric, squared, , out] = call;
  const others = b && pointsOf(b, bDtype, bRows, cols, bStride);
  return { a: pointsOf(a, aDtype, aRows, cols, aStride), b: others, metric, squared, out };
}

/** f64 input is scored in f64; everything else is rounded to f32, as the addon does. */
function scoresFor(view: FloatMatrixView, length: number): ScoreArray {
  return view.dtype === 'f64' ? new Float64Array(length) : new Float32Array(length);
}

function measuresOf(mask: number): AnyMeasure[] {
  const names = Object.keys(MEASURE_BITS) as AnyMeasure[];
  return names.filter((name) => (mask & MEASURE_BITS[name]) !== 0);
}

/** Measure rows [begin, end) of samples [T, N, C] held as T·N rows. Returns the lowest invalid row of the block, or -1. */
function measureRows(
  view: FloatMatrixView,
  passes: number,
  begin: number,
  end: number,
  rule: RowRule,
  mask: number,
  outs: readonly ScoreArray[],
): number {
  const measures = measuresOf(mask);
  const stacked = Array.from({ length: passes }, () => new Float64Array(view.cols));
  const rows = view.rows / passes;
  let invalid = -1;
  for (let n = begin; n < end; n++) {
    stacked.forEach((row, t) => widenRow(view, t * rows + n, row));
    const values = measureSample(stacked, rule, measures);
    if (values === null && invalid < 0) invalid = n - begin;
    outs.forEach((out, m) => {
      out[n - begin] = values === null ? NaN : (values[m] as number);
    });
  }
  return invalid;
}

/** Vote entropy of rows [begin, end); returns the flat position of the first vote outside 0..cols-1, or -1. */
function voteRows(
  votes: ArrayLike<number>,
  members: number,
  rows: number,
  cols: number,
  begin: number,
  end: number,
  out: ScoreArray,
): number {
  const counts = new Uint32Array(cols);
  let invalidAt = -1;
  for (let n = begin; n < end; n++) {
    counts.fill(0);
    let valid = true;
    for (let l = 0; l < members; l++) {
      const at = l * rows + n;
      const vote = votes[at] as number;
      if (vote >= 0 && vote < cols) {
        counts[vote] = (counts[vote] as number) + 1;
      } else {
        valid = false;
        if (invalidAt < 0 || at < invalidAt) invalidAt = at;
      }
    }
    out[n - begin] = valid ? voteCountEntropy(counts, members) : NaN;
  }
  return invalidAt;
}

/** The addon's accumulating selection over a plain heap. */
class ReferenceTopK implements NativeTopKState {
  readonly #best: BestRows;

  constructor(k: number, tieBreak: number, seed: bigint) {
    this.#best = new BestRows(k, tieBreak, seed);
  }

  add(scores: ScoreArray, offset: number, exclude: Uint32Array | null): void {
    this.#best.add(scores, offset, new Set(exclude ?? []));
  }

  async addAsync(scores: ScoreArray, _shared: boolean, offset: number, exclude: Uint32Array | null): Promise<void> {
    this.add(scores, offset, exclude);
  }

  async addRowsAsync(
    data: FloatData,
    _shared: boolean,
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
  ): Promise<{ invalidRow: number }> {
    const view = viewOf(data, dtype, rows, cols, stride);
    const scores = scoresFor(view, rows);
    const invalidRow = scoreRows(view, { method, from, kind, normalize, tolerance }, 0, rows, scores);
    this.add(scores, offset, exclude);
    return { invalidRow };
  }

  eligible(): number {
    return this.#best.size;
  }

  result(outIndices: Uint32Array, outScores: ScoreArray): number {
    return this.#best.result(outIndices, outScores);
  }
}

/**
 * See bindings/native.d.ts for every argument. `threads` is taken and ignored: everything runs on the calling thread. The
 * asynchronous forms compute before they return, so they have read the caller's memory by then, as the addon has; the
 * event loop gets its turns between blocks.
 */
export const referenceEngine: Engine = {
  hardwareThreads: () => 1,

  score(data, dtype, rows, cols, stride, method, from, kind, normalize, tolerance, _threads, out) {
    const view = viewOf(data, dtype, rows, cols, stride);
    return scoreRows(view, { method, from, kind, normalize, tolerance }, 0, rows, out);
  },

  async scoreAsync(data, _shared, dtype, rows, cols, stride, method, from, kind, normalize, tolerance) {
    const view = viewOf(data, dtype, rows, cols, stride);
    const scores = scoresFor(view, rows);
    const invalidRow = scoreRows(view, { method, from, kind, normalize, tolerance }, 0, rows, scores);
    return { scores, invalidRow };
  },

  scoreTopK(
    data,
    dtype,
    rows,
    cols,
    stride,
    method,
    from,
    kind,
    normalize,
    tolerance,
    k,
    tieBreak,
    seed,
    exclude,
    _threads,
    outIndices,
    outScores,
  ) {
    const view = viewOf(data, dtype, rows, cols, stride);
    const rule: ScoreRule = { method, from, kind, normalize, tolerance };
    const state = new BestRows(k, tieBreak, seed);
    const excluded = new Set(exclude ?? []);
    const scores = scoresFor(view, Math.min(rows, FUSED_ROWS));
    let invalidRow = -1;
    for (let begin = 0; begin < rows; begin += FUSED_ROWS) {
      const end = Math.min(rows, begin + FUSED_ROWS);
      const invalid = scoreRows(view, rule, begin, end, scores);
      if (invalid >= 0 && invalidRow < 0) invalidRow = begin + invalid;
      state.add(scores.subarray(0, end - begin), begin, excluded);
    }
    state.result(outIndices, outScores);
    return { invalidRow, eligible: state.size };
  },

  topK(scores, k, tieBreak, seed, exclude, _threads, outIndices, outScores) {
    const state = new BestRows(k, tieBreak, seed);
    state.add(scores, 0, new Set(exclude ?? []));
    state.result(outIndices, outScores);
    return { invalidRow: -1, eligible: state.size };
  },

  TopKState: ReferenceTopK,

  mcDropout(samples, dtype, passes, rows, cols, from, normalize, tolerance, measures, _threads, outs) {
    const view = viewOf(samples, dtype, passes * rows, cols, cols);
    const rule = { kind: MULTICLASS, from, normalize, tolerance };
    return measureRows(view, passes, 0, rows, rule, measures, outs);
  },

  async mcDropoutAsync(
    samples,
    _shared,
    dtype,
    passes,
    rows,
    cols,
    rowBegin,
    rowEnd,
    from,
    normalize,
    tolerance,
    measures,
  ) {
    const view = viewOf(samples, dtype, passes * rows, cols, cols);
    const outs = measuresOf(measures).map(() => scoresFor(view, rowEnd - rowBegin));
    const rule = { kind: MULTICLASS, from, normalize, tolerance };
    return { outs, invalidRow: measureRows(view, passes, rowBegin, rowEnd, rule, measures, outs) };
  },

  mcAccumulate(
    probs,
    dtype,
    rows,
    cols,
    stride,
    from,
    normalize,
    tolerance,
    pass,
    _threads,
    mean,
    kl,
    entropy,
    m2,
    votes,
  ) {
    const view = viewOf(probs, dtype, rows, cols, stride);
    return addPass(view, { kind: MULTICLASS, from, normalize, tolerance }, pass, { mean, kl, entropy, m2, votes });
  },

  voteEntropy: (votes, members, rows, cols, _threads, out) => voteRows(votes, members, rows, cols, 0, rows, out),

  async voteEntropyAsync(votes, _shared, members, rows, cols, rowBegin, rowEnd) {
    const scores = new Float32Array(rowEnd - rowBegin);
    return { scores, invalidAt: voteRows(votes, members, rows, cols, rowBegin, rowEnd, scores) };
  },

  sampleWithoutReplacement(n, k, weights, seed, out) {
    return weights === null ? drawUniform(n, k, seed, out) : drawWeighted(weights, k, seed, out);
  },

  kCenter(data, dtype, rows, cols, stride, metric, labeled, first, k, _threads, control) {
    const points = pointsOf(data, dtype, rows, cols, stride);
    return farthestFirst({ points, metric, labeled, first, k, control });
  },

  kMeansPlusPlus(data, dtype, rows, cols, stride, labeled, k, seed, _threads, control) {
    return kMeansPlusPlusRows({ points: pointsOf(data, dtype, rows, cols, stride), labeled, k, seed, control });
  },

  badge(
    probs,
    probsDtype,
    cols,
    probsStride,
    from,
    normalize,
    tolerance,
    embeddings,
    dtype,
    rows,
    depth,
    stride,
    excluded,
    k,
    seed,
    _threads,
    control,
  ) {
    const predictions = viewOf(probs, probsDtype, rows, cols, probsStride);
    const points = pointsOf(embeddings, dtype, rows, depth, stride);
    const rule: RowRule = { kind: MULTICLASS, from, normalize, tolerance };
    return badgeRows({ probs: predictions, rule, points, excluded, k, seed, control });
  },
  ReplayStore: ReferenceReplayStore,

  batchBald(
    samples,
    dtype,
    passes,
    rows,
    cols,
    from,
    normalize,
    tolerance,
    exclude,
    k,
    numSamples,
    seed,
    _threads,
    control,
  ) {
    const view = viewOf(samples, dtype, passes * rows, cols, cols);
    const rule = { kind: MULTICLASS, from, normalize, tolerance };
    return pickBatch({ view, passes, rule, exclude, k, numSamples, seed, control });
  },

  facilityLocation(data, dtype, rows, cols, stride, metric, neighbours, k, _threads, control) {
    return facilityLocationRows({ points: pointsOf(data, dtype, rows, cols, stride), metric, neighbours, k, control });
  },

  pairwiseDistances(...call) {
    const task = pairTask(...call);
    const bad = badPairRow(task);
    if (bad.badRow >= 0) return bad;
    const write = pairRowWriter(task);
    for (let i = 0; i < task.a.rows; i++) write(i);
    return bad;
  },

  async pairwiseDistancesAsync(a, aDtype, aRows, cols, aStride, b, bDtype, bRows, bStride, metric, squared, ...rest) {
    const [threads, out, control] = rest;
    const task = pairTask(a, aDtype, aRows, cols, aStride, b, bDtype, bRows, bStride, metric, squared, threads, out);
    const bad = badPairRow(task);
    if (bad.badRow >= 0) return bad;
    const write = pairRowWriter(task);
    await new Pace(control).visitRows(aRows, cols * (task.b ?? task.a).rows, (i) => {
      write(i);
      reportDone(control, i + 1);
    });
    return bad;
  },

  kMeans(data, dtype, rows, cols, stride, initial, k, maxIterations, tolerance, _threads, control) {
    const points = pointsOf(data, dtype, rows, cols, stride);
    return kMeansRows({ points, initial, k, maxIterations, tolerance, control });
  },

  tsne(data, dtype, rows, cols, stride, perplexity, _theta, iterations, exaggeration, learningRate, seed, ...rest) {
    const [fromPrincipal, , control] = rest;
    const points = pointsOf(data, dtype, rows, cols, stride);
    return tsneRows({ points, perplexity, iterations, exaggeration, learningRate, seed, fromPrincipal, control });
  },
};
