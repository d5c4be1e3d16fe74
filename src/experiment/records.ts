import { z } from 'zod';

/** One line of rounds.jsonl. */
export const roundSchema = z.object({
  strategy: z.string(),
  seed: z.int(),
  /** From 0, the round of the initial labels. */
  round: z.int(),
  /** Labels bought so far. */
  labels: z.int(),
  /** On the test set, as are the next two. */
  accuracy: z.number(),
  macroF1: z.number(),
  logLoss: z.number(),
  /** Of the training that ended the round. */
  epochs: z.int(),
  loss: z.number(),
  seconds: z.object({ train: z.number(), score: z.number(), select: z.number(), evaluate: z.number() }),
  /** Only in the last round: what ended the run. */
  stop: z.enum(['budget', 'pool']).optional(),
});
export type RoundRecord = z.infer<typeof roundSchema>;

/** One line of picks.jsonl: what a round asked for, and the answers. */
export const picksSchema = z.object({
  strategy: z.string(),
  seed: z.int(),
  round: z.int(),
  /** Pool indices. */
  indices: z.array(z.int()),
  /** Class of each. */
  labels: z.array(z.int()),
});
export type PicksRecord = z.infer<typeof picksSchema>;

/** One run of an experiment: a strategy with a seed. */
export interface RunKey {
  readonly strategy: string;
  readonly seed: number;
}

export function isOfRun(record: RunKey, key: RunKey): boolean {
  return record.strategy === key.strategy && record.seed === key.seed;
}
