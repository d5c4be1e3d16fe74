import { z } from 'zod';
import { readMatrix } from '../contract/tensor-like.js';
import { ArgumentError, UnavailableError } from '../errors.js';
import type { FloatRows, Model } from '../models/model.js';
import { createModel } from '../models/registry.js';
import { denseRows } from '../models/samples.js';
import { candidatesOf, seedFor, spreadOver } from './support/candidates.js';
import { DRAW_PROXY } from './support/streams.js';
import { createStrategy } from './registry.js';
import type { Need, QueryContext, QueryStrategy } from './strategy.js';
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
export const selectionViaProxy = strategyType({
  name: 'selection-via-proxy',
  description: 'another strategy on a small model trained for it',
  needs: ['samples', 'labels'],
  options: z.strictObject({
    proxy: z
      .strictObject({
        /** Of a model. */
        name: z.string(),
        /** Of that model, without `classes`; `sampleShape` is one number per feature unless it says otherwise. */
        options: z.record(z.string(), z.unknown()).default({}),
      })
      .default({ name: 'logistic', options: { minSteps: 60 } }),
    /** The strategy that picks. */
    of: z
      .strictObject({
        name: z.string(),
        options: z.record(z.string(), z.unknown()).default({}),
      })
      .default({ name: 'margin', options: {} }),
  }),
  create({ proxy, of }) {
    const inner = createStrategy(of.name, of.options);
    if (inner.needs.includes('oracle')) {
      throw new ArgumentError(
        `strategy selection-via-proxy: expected a strategy that does not buy labels itself for of, got '${of.name}'`,
      );
    }
    return {
      async query(context, n, options = {}) {
        const { unlabeled, labeled, labels, classes, seed } = context;
        const candidates = candidatesOf(context, undefined, n);
        if (labeled.length === 0) {
          return spreadOver(candidates, floats(context, unlabeled), n, seed, options.signal);
        }
        const known = context.samples(labeled);
        const model = createModel(proxy.name, { sampleShape: [known.cols], ...proxy.options, classes });
        checkProxy(inner, model);
        const { epochs, loss } = await model.fit(known, labels, {
          seed: seedFor(seed, DRAW_PROXY),
          signal: options.signal,
        });
        context.log(
          `selection-via-proxy: ${proxy.name} trained for ${epochs} epochs to a loss of ${loss.toPrecision(3)}`,
        );
        return inner.query(proxyContext(context, model, options.signal), n, options);
      },
      ...(inner.state && { state: () => inner.state?.() }),
      ...(inner.restore && { restore: (state: unknown) => inner.restore?.(state) }),
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
