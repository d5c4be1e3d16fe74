/** Names of the public options, in the order of their codes in the addon (bindings/codes.h). */
export const METHODS = ['entropy', 'margin', 'least-confidence'] as const;
export const SOURCES = ['probabilities', 'logits'] as const;
export const KINDS = ['multiclass', 'multilabel'] as const;
export const NORMALIZE = ['check', 'divide', 'none'] as const;
export const TIE_BREAKS = ['index', 'random'] as const;
export const ON_INVALID = ['throw', 'exclude'] as const;
export const DEVICES = ['cpu', 'cuda', 'auto'] as const;
export const METRICS = ['euclidean', 'cosine'] as const;

/** Uncertainty scores of `score`. */
export type Method = (typeof METHODS)[number];
/** What rows of predictions hold. */
export type Source = (typeof SOURCES)[number];
/** Whether the classes of a row exclude each other. */
export type Kind = (typeof KINDS)[number];
/** What to do about rows that do not sum to one. */
export type Normalize = (typeof NORMALIZE)[number];
/** Which of equal scores comes first: the lowest row, or one drawn from the seed. */
export type TieBreak = (typeof TIE_BREAKS)[number];
/** What to do about unusable rows: an error, or leave them out. */
export type OnInvalid = (typeof ON_INVALID)[number];
export type Device = (typeof DEVICES)[number];
/** Distances between rows. */
export type Metric = (typeof METRICS)[number];

export const ENTROPY = 0;
export const MARGIN = 1;
export const LEAST_CONFIDENCE = 2;
export const PROBABILITIES = 0;
export const LOGITS = 1;
export const MULTICLASS = 0;
export const MULTILABEL = 1;
export const CHECK = 0;
export const DIVIDE = 1;
export const NONE = 2;
export const TIE_RANDOM = 1;
export const EUCLIDEAN = 0;
export const COSINE = 1;

/** Everything that can be read off repeated predictions [T, N, C]; the bit of each in the addon's mask. */
export const MEASURE_BITS = {
  bald: 1,
  'predictive-entropy': 2,
  'expected-entropy': 4,
  'mean-std': 8,
  'variation-ratio': 16,
  'mean-variation-ratio': 32,
  'vote-entropy': 64,
  'max-kl': 128,
} as const;
export type AnyMeasure = keyof typeof MEASURE_BITS;

export const MC_MEASURES = [
  'bald',
  'predictive-entropy',
  'expected-entropy',
  'mean-std',
  'variation-ratio',
  'mean-variation-ratio',
] as const satisfies readonly AnyMeasure[];
/** What `mcDropout` reads off repeated predictions. */
export type McMeasure = (typeof MC_MEASURES)[number];

export const COMMITTEE_MEASURES = ['vote-entropy', 'consensus-entropy', 'kl', 'max-kl'] as const;
/** How `committee` measures disagreement. */
export type CommitteeMeasure = (typeof COMMITTEE_MEASURES)[number];

/** Outputs name the version of the score definitions: it changes when a formula or a tolerance does. */
export const SCORE_DEFINITIONS = 'querent-scores/1';
