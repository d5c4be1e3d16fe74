import { z } from 'zod';
import { sampleWithoutReplacement } from '../kernels/index.js';
import { deriveSeed, Random } from '../reference/philox.js';
import { aroundOthers, type CombinatorType, createInner, guessesBeside, strategyOption } from './inner.js';
import { STREAM_MIXTURE } from './seeds.js';
import { strategyType } from './types.js';

/** Another strategy, but each pick is with probability epsilon a random sample instead: guards against its blind spots. */
export const epsilonGreedy: CombinatorType = (create) =>
  strategyType({
    name: 'epsilon-greedy',
    description: 'another strategy with some random picks among its own',
    needs: ['probabilities'],
    options: z.strictObject({
      of: strategyOption.default('margin'),
      /** Chance of a random pick. */
      epsilon: z.number().min(0).max(1).default(0.1),
    }),
    create({ of, epsilon }) {
      const inner = createInner('epsilon-greedy', create, of);
      return {
        ...aroundOthers([inner]),
        async query(context, n, options) {
          const { unlabeled } = context;
          const count = Math.min(n, unlabeled.length);
          const seed = deriveSeed(context.seed, STREAM_MIXTURE, 0);
          const random = new Random(seed);
          const isRandom = Array.from({ length: count }, () => random.float() < epsilon);
          const own = isRandom.filter((drawn) => !drawn).length;
          const chosen = own === 0 ? { indices: new Uint32Array(0) } : await inner.query(context, own, options);
          const taken = new Set(chosen.indices);
          const others = unlabeled.filter((index) => !taken.has(index));
          const drawn = sampleWithoutReplacement(others.length, count - own, { seed });
          let [nextOwn, nextDrawn] = [0, 0];
          const indices = Uint32Array.from(isRandom, (byChance) =>
            byChance ? (others[drawn[nextDrawn++] as number] as number) : (chosen.indices[nextOwn++] as number),
          );
          return { indices, ...guessesBeside(chosen, indices) };
        },
      };
    },
  });
