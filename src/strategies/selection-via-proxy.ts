import { z } from 'zod';
import { readMatrix } from '../contract/tensor-like.js';
import { UnavailableError } from '../errors.js';
import type { FloatRows, Model } from '../models/model.js';
import { createModel } from '../models/registry.js';
import { denseRows } from '../models/samples.js';
import { deriveSeed } from '../reference/philox.js';
import { aroundOthers, type CombinatorType, createInner, strategyOption } from './inner.js';
import { STREAM_PROXY } from './seeds.js';
import type { Need, QueryContext, QueryStrategy } from './strategy.js';
import { spreadOver } from './support/candidates.js';
import { strategyType } from './types.js';

/** Samples that the proxy sees at once. */
const BLOCK_ROWS = 16_384;

/**
 * Selection via proxy: a small model, trained on the labelled samples for this query only, stands in for the learner's
 * large one, and another strategy picks by its predictions and embeddings. The proxy is one of the models by name and is
 * trained anew, from the query's seed; it never sees the learner's model. Before there are labels the proxy knows nothing:
 * samples spread out by k-means++ on the raw samples, without scores.
 *
 * @see Coleman, Yeh, Mussmann, Mirzasoleiman, Bailis, Liang, Leskovec, Zaharia: Selection via Proxy: Efficient Data
 *   Selection for Deep Learning. ICLR 2020, arXiv:1906.11829.
 */
export const selectionViaProxy: CombinatorType = (create) =>
  strategyType({
    name: 'selection-via-proxy',
    description: 'another strategy on a small model trained for it',
    needs: ['samples', 'labels'],
    options: z.strictObject({
      /**
       * Name of a model, or an object with its name and options (without `classes`; `sampleShape` is one number per feature
       * unless it says otherwise).
       */
      proxy: z
        .union([z.string(), z.looseObject({ name: z.string() })], {
          error: 'expected the name of a model, or an object with name and options',
        })
        .default({ name: 'logistic', minSteps: 60 }),
      /** Picks by the proxy's predictions and embeddings. */
      of: strategyOption.default('margin'),
    }),
    create({ proxy, of }) {
      const inner = createInner('selection-via-proxy', create, of);
      const { name, ...modelOptions } = typeof proxy === 'string' ? { name: proxy } : proxy;
      const { needs: _, watch: __, ...carried } = aroundOthers([inner]);
      return {
        ...carried,
        async query(context, n, { signal } = {}) {
          const { unlabeled, labeled, labels, classes, seed, log } = context;
          if (labeled.length === 0) return spreadOver(unlabeled, floats(context, unlabeled), n, seed, signal);
          const known = context.samples(labeled);
          const model = createModel(name, { sampleShape: [known.cols], ...modelOptions, classes });
          checkProxy(inner, model);
          const fit = await model.fit(known, labels, { seed: deriveSeed(seed, STREAM_PROXY, 0), signal });
          log(`selection-via-proxy: ${name} trained for ${fit.epochs} epochs to a loss of ${fit.loss.toPrecision(3)}`);
          return inner.query(proxyContext(context, model, signal), n, { signal });
        },
      };
    },
  });

/** @throws {UnavailableError} The inner strategy needs what the proxy lacks. */
function checkProxy(inner: QueryStrategy, model: Model): void {
  const lacks: Partial<Record<Need, boolean>> = { embeddings: !model.embed, members: !model.members };
  const missing = inner.needs.filter((need) => lacks[need]);
  if (missing.length === 0) return;
  throw new UnavailableError(
    `strategy selection-via-proxy: strategy ${inner.name} needs ${missing.join(', ')}, which proxy ${model.name} does not ` +
      `offer; expected a proxy with ${missing.join(', ')}, such as mlp`,
  );
}

/** The learner's context with the proxy's answers in place of its model's. */
function proxyContext(context: QueryContext, model: Model, signal: AbortSignal | undefined): QueryContext {
  const { history: _, interactive: __, ...rest } = context;
  const { seed } = context;
  const inBlocks = async (indices: Uint32Array, compute: (block: Uint32Array) => Promise<FloatRows>) => {
    const first = await compute(indices.subarray(0, BLOCK_ROWS));
    if (indices.length <= BLOCK_ROWS) return first;
    const data = new Float32Array(indices.length * first.cols);
    data.set(first.data);
    for (let from = BLOCK_ROWS; from < indices.length; from += BLOCK_ROWS) {
      data.set((await compute(indices.subarray(from, from + BLOCK_ROWS))).data, from * first.cols);
    }
    return { data, rows: indices.length, cols: first.cols };
  };
  const lacking = (what: string) =>
    Promise.reject(new UnavailableError(`proxy ${model.name} offers no ${what}; a strategy must declare its needs`));
  return {
    ...rest,
    predict: (indices) => inBlocks(indices, (block) => model.predictProba(context.samples(block), { signal })),
    embed: (indices) =>
      inBlocks(indices, (block) => model.embed?.(context.samples(block), { signal }) ?? lacking('embeddings')),
    members: (indices, passes) =>
      model.members?.(context.samples(indices), passes, { signal, seed }) ?? lacking('members'),
    predictSamples: (samples) => model.predictProba(samples, { signal }),
  };
}

/** Raw samples as numbers. */
function floats(context: QueryContext, indices: Uint32Array): FloatRows {
  const view = readMatrix('selection-via-proxy', 'samples', context.samples(indices));
  return { data: denseRows(view, 0, view.rows), rows: view.rows, cols: view.cols };
}
