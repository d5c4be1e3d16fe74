import { philox4x32, seedKey } from '../reference/philox.js';

/** What a derived seed is for; streams of the learner's Philox counters. */
export const SEED_INITIAL = 32;
export const SEED_QUERY = 33;
export const SEED_FIT = 34;

/**
 * The seed of one purpose in one round: words (round, 0, purpose, 0) of the learner's seed, as 53 bits. Nothing is drawn
 * in sequence, so a learner that is resumed goes on exactly as one that was never stopped.
 */
export function deriveSeed(seed: number | bigint, purpose: number, round: number): number {
  const [key0, key1] = seedKey(seed);
  const [high = 0, low = 0] = philox4x32(key0, key1, round, 0, purpose, 0, new Uint32Array(4));
  return high * 0x20_0000 + (low >>> 11);
}
