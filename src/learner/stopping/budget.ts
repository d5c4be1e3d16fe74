import { z } from 'zod';
import { stoppingType } from './criterion.js';

/** Budget: stop after the round in which as many labels are bought, or as much is paid. The budget of a run is never overshot; this is. */
export const budget = stoppingType({
  name: 'budget',
  description: 'labels bought or cost paid reach a number',
  options: z
    .strictObject({ labels: z.int().min(1).optional(), cost: z.number().positive().optional() })
    .refine(({ labels, cost }) => labels !== undefined || cost !== undefined, { message: 'expected labels or cost' }),
  create: ({ labels = Infinity, cost = Infinity }) => ({
    async observe(view) {
      if (view.labels >= labels) return `${view.labels} labels are bought (${labels} were asked for)`;
      if (view.cost >= cost) return `${view.cost} is paid (${cost} was asked for)`;
      return undefined;
    },
  }),
});
