import { z } from 'zod';
import { scoreTopKAsync, topKAsync } from '../kernels/index.js';
import { STREAM_CANDIDATES, STREAM_LABELED, STREAM_REFERENCE } from './seeds.js';
import type { QueryContext, QueryOptions } from './strategy.js';
import { Breather } from './support/breather.js';
import { candidatesOption, spreadOut, subsample } from './support/candidates.js';
import { concat, range } from './support/rows.js';
import { headPredictions, headSamples, largestCurvature, trainHead } from './support/softmax-head.js';
import { strategyType } from './types.js';

/**
 * Expected error reduction: the samples after whose labels the model is expected to err least on the pool.
 *     score(x) = −Σ_y P(y|x) · mean over the reference of error(model refitted with (x, y))
 * What is refitted is not the learner's model but a softmax layer over its embeddings (multinomial logistic regression
 * with weight decay, full batch, f64): trained on the labelled samples to its optimum, then for every candidate and class
 * `steps` accelerated gradient steps from there with that one label more. P is this layer's prediction. The error is the
 * entropy of the refitted prediction (expected log-loss) or 1 − its largest probability (expected 0/1 loss). Classes less
 * likely than `leastProbability` are left out of the sum.
 *
 * The layer has to be believed: with a handful of labels, or a class without any, it is too sure of itself, and buying by
 * its own estimate of its error can do worse than random.
 *
 * Cost O(candidates · C · steps · L · C · d): hence the limits. Each pick is judged alone. Before there are labels: spread
 * over the embeddings by k-means++, without scores.
 *
 * @see Roy, McCallum: Toward Optimal Active Learning through Sampling Estimation of Error Reduction. ICML 2001.
 */
export const eer = strategyType({
  name: 'eer',
  description: 'largest expected reduction of the error on the pool; slow, on few candidates',
  needs: ['probabilities', 'embeddings', 'labels'],
  options: z.strictObject({
    objective: z.enum(['log-loss', '0/1']).default('log-loss'),
    /** Samples that are judged at most (but never fewer than are asked for). */
    candidates: candidatesOption.default(50),
    /** Which: those of smallest margin, or a uniform draw. */
    prefilter: z.enum(['margin', 'uniform']).default('margin'),
    /** Unlabelled samples that the error is expected on, a uniform draw. */
    reference: z.int().min(1).default(500),
    /** Labelled samples that the layer is trained on at most, a uniform draw. */
    trainingRows: z.int().min(1).default(1000),
    /** Gradient steps of each refit. */
    steps: z.int().min(1).default(10),
    /** Weight decay of the layer; its inputs have root mean square 1. */
    decay: z.number().positive().default(0.01),
    leastProbability: z.number().min(0).max(0.5).default(0.01),
  }),
  create: (options) => ({
    async query(context, n, { signal } = {}) {
      const { unlabeled, labeled, labels, classes, seed, embed } = context;
      if (labeled.length === 0) return spreadOut(context, n, { signal });
      const candidates = await chooseCandidates(context, Math.max(n, options.candidates), options.prefilter, {
        signal,
      });
      const reference = subsample(unlabeled, options.reference, seed, STREAM_REFERENCE);
      const taught = subsample(range(labeled.length), options.trainingRows, seed, STREAM_LABELED);
      const known = taught.map((at) => labeled[at] as number);
      const samples = headSamples(await embed(concat(concat(known, reference), candidates)));
      const rows = {
        known: range(known.length),
        reference: range(reference.length, known.length),
        candidates: range(candidates.length, known.length + reference.length),
      };
      const knownLabels = taught.map((at) => labels[at] as number);
      const scores = await expectedErrors(samples, rows, knownLabels, { ...options, classes, signal });
      const best = await topKAsync(scores, Math.min(n, candidates.length), { signal });
      return { indices: best.indices.map((row) => candidates[row] as number), scores: best.scores };
    },
  }),
});

async function chooseCandidates(
  { unlabeled, seed, predict }: QueryContext,
  count: number,
  prefilter: 'margin' | 'uniform',
  { signal }: QueryOptions,
): Promise<Uint32Array> {
  if (unlabeled.length <= count) return unlabeled;
  if (prefilter === 'uniform') return subsample(unlabeled, count, seed, STREAM_CANDIDATES);
  const { indices } = await scoreTopKAsync(await predict(unlabeled), count, { method: 'margin', signal });
  return indices.map((row) => unlabeled[row] as number);
}

/** Steps to the optimum on what is labelled; ends earlier when it is reached. */
const FIRST_STEPS = 500;

/** Minus the expected error for every candidate. */
async function expectedErrors(
  samples: ReturnType<typeof headSamples>,
  rows: { readonly known: Uint32Array; readonly reference: Uint32Array; readonly candidates: Uint32Array },
  labels: Uint32Array,
  options: {
    readonly objective: 'log-loss' | '0/1';
    readonly steps: number;
    readonly decay: number;
    readonly leastProbability: number;
    readonly classes: number;
    readonly signal: AbortSignal | undefined;
  },
): Promise<Float64Array> {
  const { classes, decay, steps, leastProbability, objective, signal } = options;
  const breather = new Breather(signal);
  const curvature = largestCurvature(samples, rows.known);
  const first = new Float64Array(classes * samples.cols);
  const start = { classes, decay, steps: FIRST_STEPS };
  const head = await trainHead(first, samples, rows.known, labels, curvature, start, breather);
  const scores = new Float64Array(rows.candidates.length);
  for (const [at, row] of rows.candidates.entries()) {
    const chances = headPredictions(head, samples, [row], classes);
    const which = concat(rows.known, Uint32Array.of(row));
    const steeper = largestCurvature(samples, which);
    let expected = 0;
    let mass = 0;
    for (let y = 0; y < classes; y++) {
      const chance = chances[y] as number;
      if (chance < leastProbability) continue;
      const refit = { classes, decay, steps };
      const refitted = await trainHead(head, samples, which, [...labels, y], steeper, refit, breather);
      const predictions = headPredictions(refitted, samples, rows.reference, classes);
      expected += chance * meanError(predictions, classes, objective);
      mass += chance;
    }
    scores[at] = -expected / mass;
  }
  return scores;
}

function meanError(predictions: Float64Array, classes: number, objective: 'log-loss' | '0/1'): number {
  let sum = 0;
  for (let start = 0; start < predictions.length; start += classes) {
    let largest = 0;
    for (let at = start; at < start + classes; at++) {
      const p = predictions[at] as number;
      if (objective === 'log-loss' && p > 0) sum -= p * Math.log(p);
      if (p > largest) largest = p;
    }
    if (objective === '0/1') sum += 1 - largest;
  }
  return (sum * classes) / predictions.length;
}
