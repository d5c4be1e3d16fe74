import { z } from 'zod';
import { batchBald as batchBaldKernel } from '../kernels/index.js';
import { passScore } from './bayesian-scores.js';
import { best, passesOption, scoreMembers } from './member-scores.js';
import { strategyType } from './types.js';

/**
 * BatchBALD: samples whose labels together say most about the model, so that copies of one uncertain sample are not all
 * asked for. Greedy; joint entropies are exact up to `numSamples` label configurations, then sampled.
 * Differs from the paper: only the `candidates` of highest BALD are looked at, since the joint information of a batch is at
 * most the sum of its members' BALD.
 *
 * @see Kirsch, van Amersfoort, Gal: BatchBALD: Efficient and Diverse Batch Acquisition for Deep Bayesian Active Learning.
 *   NeurIPS 2019, arXiv:1906.08158.
 */
export const batchBald = strategyType({
  name: 'batch-bald',
  description: 'labels that together say most about the model',
  needs: ['members'],
  options: z.strictObject({
    passes: passesOption,
    /** Label configurations of a batch that are summed exactly; more are sampled. */
    numSamples: z.int().min(1).default(2000),
    /** Samples of highest BALD that the batch is chosen from; never fewer than asked for. */
    candidates: z.int().min(1).default(500),
  }),
  create: ({ passes, numSamples, candidates }) => ({
    async query(context, n, { signal } = {}) {
      const { unlabeled, seed } = context;
      const count = Math.min(n, unlabeled.length);
      const bald = await scoreMembers(context, unlabeled, passes, passScore('bald'), { signal });
      const offered = (await best(unlabeled, bald, Math.max(candidates, count), { signal })).indices.sort();
      const members = await context.members(offered, passes);
      const { rows, cols } = members;
      const options = { passes: members.passes, rows, cols, numSamples, seed, signal };
      const { indices, gains } = await batchBaldKernel(members.data, count, options);
      return { indices: indices.map((row) => offered[row] as number), scores: gains };
    },
  }),
});
