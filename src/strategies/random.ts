import { z } from 'zod';
import { sampleWithoutReplacement } from '../kernels/index.js';
import { strategyType } from './types.js';

/** Uniform choice without replacement: what every other strategy has to beat. */
export const random = strategyType({
  name: 'random',
  description: 'uniform choice, the baseline',
  needs: [],
  options: z.strictObject({}),
  create: () => ({
    async query({ unlabeled, seed }, n) {
      const drawn = sampleWithoutReplacement(unlabeled.length, Math.min(n, unlabeled.length), { seed });
      return { indices: drawn.map((at) => unlabeled[at] as number) };
    },
  }),
});
