import { z } from 'zod';
import { sampleWithoutReplacement } from '../kernels/index.js';
import { deriveSeed } from '../reference/philox.js';
import { aroundOthers, changeContext, type CombinatorType, createInner, strategyOption } from './inner.js';
import { STREAM_SUBSAMPLE } from './seeds.js';
import { strategyType } from './types.js';

/** Another strategy on a random part of the pool, drawn anew each round: bounds its cost, and thins out near-copies. */
export const subsample: CombinatorType = (create) =>
  strategyType({
    name: 'subsample',
    description: 'another strategy on a random part of the pool',
    needs: ['probabilities'],
    options: z.strictObject({
      of: strategyOption.default('margin'),
      /** Samples that are offered, where the pool has more; never fewer than asked for. */
      size: z.int().min(1).default(10_000),
    }),
    create({ of, size }) {
      const inner = createInner('subsample', create, of);
      return {
        ...aroundOthers([inner]),
        async query(context, n, options) {
          const { unlabeled, seed } = context;
          const count = Math.max(size, n);
          if (count >= unlabeled.length) return inner.query(context, n, options);
          const drawn = sampleWithoutReplacement(unlabeled.length, count, {
            seed: deriveSeed(seed, STREAM_SUBSAMPLE, 0),
          });
          const offered = drawn.sort().map((at) => unlabeled[at] as number);
          return inner.query(changeContext(context, { unlabeled: offered }), n, options);
        },
      };
    },
  });
