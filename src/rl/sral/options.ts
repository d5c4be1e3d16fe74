import { z } from 'zod';
import { ddpgOptions } from '../ddpg/ddpg.js';
import { NOISES } from '../ddpg/noise.js';
import { POLICIES } from './policies.js';

/** Orders in which the pool is looked at. */
export const RANKINGS = ['entropy', 'margin', 'least-confidence', 'random'] as const;

/**
 * Options of SRAL. The paper leaves many points open; each is an option, and what a run used is part of its record. "Paper"
 * below says what the text of the paper has, where the default is another.
 */
export const sralOptions = z.strictObject({
  /** Order in which the pool is offered to the policy: most uncertain first, or drawn at random (the paper's SRAL+Random). */
  ranking: z.enum(RANKINGS).default('entropy'),
  /** n: candidates of one decision, the state of the policy. Not published. */
  window: z.int().min(1).default(10),
  /** b: labels after which a small budget is spent; default all that the round may buy. Paper: 300 of 1000. */
  smallBudget: z.int().min(1).optional(),
  /** When picks are labelled and the classifier trained: after every window, or (paper) once the small budget is collected. */
  labelAfter: z.enum(['window', 'small-budget']).default('window'),
  /**
   * What becomes of picks that do not raise the validation accuracy: they are kept, or (paper) go back to the pool, their labels
   * paid and the next pick of them free, and the classifier goes back to what it was.
   */
  negativeReward: z.enum(['keep', 'return']).default('keep'),
  /** Networks: see `policyNetworks`. Paper: mlp or conv. */
  policy: z.enum(POLICIES).default('shared'),
  /** Units of the policy's hidden layers. Not published. */
  hidden: z.int().min(1).default(64),
  /**
   * Of a candidate the policy sees its embedding (scaled to length 1), its class probabilities in descending order, their entropy
   * in nats and the share of the budget spent; or (paper) the embedding alone.
   */
  features: z.enum(['all', 'embedding']).default('all'),
  /** What a reward is the change of, on the validation samples: accuracy, or minus the log-loss, which has finer steps. */
  reward: z.enum(['accuracy', 'log-loss']).default('accuracy'),
  /** κ: factor of the change. Paper: 1. */
  rewardScale: z.number().positive().default(10),
  /** c: taken off the reward for every label; without it the policy tends to label everything. Paper: 0. */
  labelPrice: z.number().min(0).default(0.002),
  /** After so many windows of which nothing was picked, the best candidate is; 0: never. Paper: never. */
  maxDiscards: z.int().min(0).default(5),
  /** How long a discarded candidate is not looked at again. */
  discardsLast: z.enum(['small-budget', 'round', 'forever']).default('round'),
  /** When the pool is predicted and ranked anew: after every training, or once a round. */
  rerank: z.enum(['fit', 'round']).default('fit'),
  /** So many of the best of a ranking are looked at, and ranked anew; then the whole pool is: predicting it takes longer than training. */
  shortlist: z.int().min(1).default(2000),
  /** How the classifier learns of labels within a round: so many epochs from where it is, or 0: from scratch. */
  fineTune: z.int().min(0).default(3),
  gamma: ddpgOptions.gamma,
  tau: ddpgOptions.tau,
  /** Of Adam, for actor and critic. Paper: 0.0001. */
  learningRate: z.number().positive().default(0.001),
  /** Penalty on the policy's numbers before tanh; without it they saturate. Paper: 0. */
  saturationPenalty: ddpgOptions.saturationPenalty.default(0.01),
  replay: ddpgOptions.replay,
  replayBatch: ddpgOptions.replayBatch,
  /** Paper: 128. */
  learnAfter: ddpgOptions.learnAfter,
  prioritized: ddpgOptions.prioritized,
  /** Updates of the networks per window. */
  updates: z.int().min(0).default(1),
  /** Windows with uniform random actions to begin with. */
  warmup: z.int().min(0).default(200),
  /** Kind of noise on actions. */
  noise: z.enum(NOISES).default('gaussian'),
  /** Standard deviation of the noise at first and at last. */
  sigma: z.tuple([z.number().min(0), z.number().min(0)], { error: 'expected two numbers from 0' }).default([1, 0.1]),
  /** Windows over which the noise goes from first to last, in a straight line. */
  sigmaSteps: z.int().min(0).default(1200),
  /** Begin every round with a new agent. */
  resetAgent: z.boolean().default(false),
  /** Folder of an agent that was saved (`strategy.save`), to begin with. */
  agent: z.string().min(1).optional(),
  /** Only apply the policy of `agent`: no noise, no learning. */
  frozen: z.boolean().default(false),
});

export type SralOptions = z.output<typeof sralOptions>;
