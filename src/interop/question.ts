/** A question as the writers of this room put it into files. */
export interface ExportedQuestion {
  /** Id of the item. */
  readonly id: string;
  /** From 1: the most wanted first. */
  readonly rank: number;
  /** Acquisition score, higher = more wanted; null where the strategy has none. */
  readonly score: number | null;
  /** Name of the class that the model expects; null without a model. */
  readonly predicted: string | null;
  /** Probability of that class. */
  readonly confidence: number | null;
  /** Id of the labelled item that is most alike. */
  readonly nearest: string | null;
  /** What people look at, under its kind. */
  readonly shown: string;
  /** Further fields of the item. */
  readonly fields: Readonly<Record<string, unknown>>;
}
