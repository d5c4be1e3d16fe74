/** Streams of the round's seed, for strategies that draw more than one thing; the third word of Philox counters. */
export const STREAM_TARGETS = 40;
export const STREAM_GUMBEL = 41;
export const STREAM_SUBSAMPLE = 42;
export const STREAM_MIXTURE = 43;
export const STREAM_INNER = 44;
export const STREAM_CANDIDATES = 45;
export const STREAM_REFERENCE = 46;
export const STREAM_CLUSTERED = 47;
export const STREAM_LABELED = 48;
export const STREAM_TRAINING = 49;
export const STREAM_CENTRES = 50;
export const STREAM_RADIUS = 51;
export const STREAM_WEIGHTS = 52;
export const STREAM_ORDER = 53;
export const STREAM_PROXY = 54;
