import { z } from 'zod';

/** One line of rounds.jsonl. */
export const roundSchema = z.object({
  strategy: z.string(),
  seed: z.int(),
  /** From 0, the round of the initial labels. */
  round: z.int(),
  /** Labels bought so far. */
  labels: z.int(),
  /** On the test set, as are the next three; of the final learner, where there is one. */
  accuracy: z.number(),
  macroF1: z.number(),
  logLoss: z.number(),
  /** Expected calibration error; not in folders of before it was measured. */
  ece: z.number().optional(),
  /** Labels of each class so far, [C]; not in folders of before it was counted. */
  balance: z.array(z.int().min(0)).optional(),
  /** Price of all labels so far, where labels have prices. */
  cost: z.number().optional(),
  /** Labels of the validation split, beside `labels`; missing without one. */
  validationLabels: z.int().min(0).optional(),
  /** Of the training that ended the round, of the model by which strategies choose. */
  epochs: z.int(),
  loss: z.number(),
  seconds: z.object({
    train: z.number(),
    score: z.number(),
    select: z.number(),
    evaluate: z.number(),
    /** Training and measuring the final learner; missing without one. */
    learner: z.number().optional(),
  }),
  /** Only in the last round: what ended the run, `budget`, `pool` or a stopping criterion. */
  stop: z.string().optional(),
});
/** One line of rounds.jsonl. */
export type RoundRecord = z.infer<typeof roundSchema>;

/** One line of picks.jsonl: what a round asked for, and the answers. Every array has an element per pick. */
export const picksSchema = z.object({
  strategy: z.string(),
  seed: z.int(),
  round: z.int(),
  /** Pool indices. */
  indices: z.array(z.int()),
  /** Class of each; -1 where the oracle refused to answer. */
  labels: z.array(z.int()),
  /** Acquisition score; null where the strategy gave none. */
  scores: z.array(z.number().nullable()).optional(),
  /** Class that the model predicted when it asked; null where it was not told. */
  predicted: z.array(z.int().nullable()).optional(),
  /** Probability of that class. */
  confidence: z.array(z.number().nullable()).optional(),
  /** Pool index of the nearest labelled sample when it asked. */
  nearest: z.array(z.int().nullable()).optional(),
  /** Distance to it. */
  nearestDistance: z.array(z.number().nullable()).optional(),
});
/** One line of picks.jsonl. */
export type PicksRecord = z.infer<typeof picksSchema>;

/** One line of failures.jsonl: a run that ended in an error. It is tried again when the experiment is resumed. */
export const failureSchema = z.object({
  strategy: z.string(),
  seed: z.int(),
  /** ISO 8601. */
  at: z.string(),
  /** Of the error; null where it had none. */
  code: z.string().nullable(),
  /** A sentence. */
  reason: z.string(),
});
export type FailureRecord = z.infer<typeof failureSchema>;

/** A finished round as it is written down. */
export interface Entry {
  readonly round: RoundRecord;
  readonly picks: PicksRecord;
}

/** One run of an experiment: a strategy with a seed. */
export interface RunKey {
  readonly strategy: string;
  readonly seed: number;
}

export function isOfRun(record: RunKey, key: RunKey): boolean {
  return record.strategy === key.strategy && record.seed === key.seed;
}
