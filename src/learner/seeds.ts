import { philox4x32, seedKey } from '../reference/philox.js';

/** What a derived seed is for; streams of the learner's Philox counters. */
export const SEED_INITIAL = 32;
export const SEED_QUERY = 33;
export const SEED_FIT = 34;
export const SEED_VALIDATION = 35;
export const SEED_STOP_SET = 36;
/** Of a second model, which is trained on the labels that a learner bought. */
export const SEED_FINAL_FIT = 37;
/** Streams of the oracles' own counters. */
export const ORACLE_NOISE = 40;
export const ORACLE_REFUSAL = 41;

/**
 * The seed of one purpose in one round: words (round, step, purpose, 0) of the learner's seed, as 53 bits. Nothing is
 * drawn in sequence, so a learner that is resumed goes on exactly as one that was never stopped.
 *
 * @param step Counts within a round, where a purpose comes up more than once.
 */
export function deriveSeed(seed: number | bigint, purpose: number, round: number, step = 0): number {
  const [key0, key1] = seedKey(seed);
  const [high = 0, low = 0] = philox4x32(key0, key1, round, step, purpose, 0, new Uint32Array(4));
  return high * 0x20_0000 + (low >>> 11);
}

/** Uniform in [0, 1): a function of the seed, the purpose, a sample and a moment. */
export function uniformOf(seed: number | bigint, purpose: number, index: number, moment: number): number {
  return deriveSeed(seed, purpose, index, moment) / 2 ** 53;
}
