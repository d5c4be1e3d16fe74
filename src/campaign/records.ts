import { z } from 'zod';

const numberOrNull = z.number().nullable();

/** One question: which item, and why. */
export const pickSchema = z.object({
  /** Row of the pool. */
  index: z.int().min(0),
  id: z.string(),
  score: numberOrNull,
  predicted: z.string().nullable(),
  confidence: numberOrNull,
  /** Id of the nearest labelled item, and how far it is. */
  nearest: z.string().nullable(),
  distance: numberOrNull,
});

/** A question of a campaign. */
export type Pick = z.output<typeof pickSchema>;

/** A line of questions.jsonl: questions that were chosen together. */
export const batchSchema = z.object({
  /** From 0. */
  batch: z.int().min(0),
  time: z.string(),
  strategy: z.string(),
  /** Drawn uniformly from all that had not been asked: an unbiased sample, good for measuring. */
  isRandom: z.boolean(),
  /** Which model the predictions are of; null without one. */
  model: z.string().nullable(),
  picks: z.array(pickSchema),
});

export type Batch = z.output<typeof batchSchema>;

const answerSchema = z.object({
  id: z.string(),
  annotator: z.string(),
  label: z.string().nullable(),
  at: z.string().optional(),
});

/** A line of answers.jsonl: everything that one `tell` took in; all of it or nothing is there. */
export const importSchema = z.object({
  time: z.string(),
  files: z.array(z.object({ name: z.string(), checksum: z.string() })),
  answers: z.array(answerSchema),
});

export type Import = z.output<typeof importSchema>;

/** How good a model is, and how that was found out. */
export const qualitySchema = z.object({
  /** Cross-validation over all labels; null with too few of them. */
  crossValidated: z.object({ accuracy: z.number(), labels: z.int() }).nullable(),
  /** The part of the cross-validation that was asked at random: an unbiased estimate of the accuracy on the pool. */
  random: z.object({ accuracy: z.number(), labels: z.int(), low: z.number(), high: z.number() }).nullable(),
  /** On the test set. */
  test: z.object({ accuracy: z.number(), samples: z.int() }).nullable(),
});

/** How well a model of a campaign does, as far as that can be known. */
export type Quality = z.output<typeof qualitySchema>;

/** A line of rounds.jsonl: a training, and what it came to. */
export const roundSchema = z.object({
  round: z.int().min(0),
  /** Names what the model was trained on and how. */
  key: z.string(),
  time: z.string(),
  labels: z.int(),
  /** Labels per class. */
  balance: z.array(z.int()),
  quality: qualitySchema,
  /** Share of the pool whose predicted class changed since the last training; null in the first. */
  changed: numberOrNull,
  /** Agreement of the predictions with those of the last training beyond chance. */
  kappa: numberOrNull,
  /** Mean entropy of the predictions for what is unlabelled, divided by ln C. */
  uncertainty: numberOrNull,
  /** Why asking on seems to be of little use, by the stopping criterion; null: no reason. */
  stop: z.string().nullable(),
  seconds: z.object({ train: z.number(), evaluate: z.number() }),
});

/** A training of a campaign, and what it came to. */
export type CampaignRound = z.output<typeof roundSchema>;
