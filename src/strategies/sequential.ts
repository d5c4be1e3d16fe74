import { z } from 'zod';
import {
  aroundOthers,
  changeContext,
  type CombinatorType,
  createInner,
  guessesBeside,
  innerSeed,
  strategyOption,
} from './inner.js';
import { strategyType } from './types.js';

/**
 * Prefilter, then diversify: one strategy keeps factor · n candidates, another picks n among them. With k-means it is the
 * diverse mini-batch; that paper weighs the points of the clusters by their informativeness besides, which this does not.
 *
 * @see Zhdanov: Diverse Mini-Batch Active Learning. arXiv:1901.05954.
 */
export const sequential: CombinatorType = (create) =>
  strategyType({
    name: 'sequential',
    description: 'a few times as many as needed by one strategy, the batch among them by another',
    needs: ['probabilities', 'embeddings'],
    options: z.strictObject({
      /** Keeps the candidates. */
      of: strategyOption.default('margin'),
      /** Picks the batch among them. */
      then: strategyOption.default('k-means'),
      /** Candidates kept per sample asked for. */
      factor: z.number().min(1).default(10),
    }),
    create({ of, then, factor }) {
      const first = createInner('sequential', create, of);
      const second = createInner('sequential', create, then);
      return {
        ...aroundOthers([first, second]),
        async query(context, n, options) {
          const { unlabeled, seed } = context;
          const kept = await first.query(context, Math.min(Math.ceil(factor * n), unlabeled.length), options);
          const candidates = kept.indices.slice().sort();
          const offered = changeContext(context, { unlabeled: candidates, seed: innerSeed(seed, 1) });
          const { indices, scores } = await second.query(offered, Math.min(n, candidates.length), options);
          return { indices, scores, ...guessesBeside(kept, indices) };
        },
      };
    },
  });
