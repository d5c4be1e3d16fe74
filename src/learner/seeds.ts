export { deriveSeed } from '../reference/philox.js';

/** What a derived seed is for; streams of the learner's Philox counters, with the round for an index. */
export const SEED_INITIAL = 32;
export const SEED_QUERY = 33;
export const SEED_FIT = 34;
