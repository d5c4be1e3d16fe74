/** Streams of the round's seed, for strategies that draw more than one thing; the third word of Philox counters. */
export const STREAM_TARGETS = 40;
export const STREAM_GUMBEL = 41;
export const STREAM_SUBSAMPLE = 42;
export const STREAM_MIXTURE = 43;
export const STREAM_INNER = 44;
