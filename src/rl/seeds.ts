/** Streams of random numbers of the agents; the third word of Philox counters. */
export const STREAM_ACTOR = 60;
export const STREAM_CRITIC = 61;
export const STREAM_REPLAY = 62;
export const STREAM_NOISE = 63;
export const STREAM_EPISODE = 64;
export const STREAM_WARMUP = 65;
export const STREAM_RANKING = 66;
export const STREAM_AGENT = 67;
export const STREAM_PICKS = 68;
export const STREAM_START = 69;
