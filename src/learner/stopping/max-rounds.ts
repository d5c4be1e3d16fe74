import { z } from 'zod';
import { stoppingType } from './criterion.js';

/** Most rounds: stop after so many, the one of the initial labels included. */
export const maxRounds = stoppingType({
  name: 'max-rounds',
  description: 'a number of rounds is done',
  options: z.strictObject({ rounds: z.int().min(1) }),
  create: ({ rounds }) => ({
    observe: async ({ round }) =>
      round + 1 < rounds ? undefined : `${round + 1} rounds are done (${rounds} were asked for)`,
  }),
});
