import { z } from 'zod';
import { candidatesOption } from '../../strategies/support/candidates.js';

/** Options of `dral-reid`. */
export const dralReidOptions = z.strictObject({
  /** n_s: unlabelled samples nearest to the anchor, from which it picks. */
  neighbours: z.int().min(1).default(30),
  /** K_max: questions per anchor. */
  maxPicks: z.int().min(1).default(10),
  /** k of the k-reciprocal neighbours. */
  reciprocal: z.int().min(1).default(15),
  /** m of the reward, where 1 is the largest distance among the anchor and its neighbours. */
  margin: z.number().min(0).max(1).default(0.2),
  metric: z.enum(['euclidean', 'cosine']).default('euclidean'),
  /** Units of each hidden layer of both networks. */
  hidden: z.int().min(1).max(32).default(16),
  /** Of Adam, for both networks. */
  learningRate: z.number().positive().default(0.01),
  /** γ: worth of a reward one pick later. */
  gamma: z.number().min(0).max(1).default(0.5),
  /** β: weight of the policy's entropy in the actor's loss. */
  entropyBonus: z.number().min(0).default(0.003),
  /** Use the agent as it is; it learns nothing. */
  frozen: z.boolean().default(false),
  /** Train the model on between two anchors once so many labels are new; default only at the end of the round. */
  fitEvery: z.int().min(1).optional(),
  /** Of a larger pool a uniform draw of so many samples can be picked. */
  candidates: candidatesOption.default(50_000),
});

export type DralReidOptions = z.output<typeof dralReidOptions>;
