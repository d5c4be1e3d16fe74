import { Random } from '../../reference/philox.js';

/** Largest n of which all 2ⁿ signs are tried. */
const EXACT = 20;
/** Signs that are drawn beyond that. */
const DRAWS = 100_000;
const STREAM_SIGNS = 80;
/** Sums that differ by less than this share of the sum of sizes are the same: they are, up to rounding. */
const ROUNDING = 1e-12;

/**
 * Permutation test of paired differences: if a and b were alike, each difference could as well have the other sign. p is the
 * share of signs with a mean as far from 0 as the one found, both sides: exact up to 20 differences, from 100 000 seeded draws
 * (the one found among them) above. No distribution is assumed.
 *
 * @param differences At least one.
 * @see R. A. Fisher: The Design of Experiments, 1935, section 21.
 */
export function signFlip(differences: readonly number[], seed: number | bigint = 0): number {
  const sizes = differences.map(Math.abs);
  const slack = ROUNDING * sizes.reduce((sum, size) => sum + size, 0);
  const found = Math.abs(differences.reduce((sum, value) => sum + value, 0)) - slack;
  return sizes.length <= EXACT ? exactShare(sizes, found) : drawnShare(sizes, found, seed);
}

function exactShare(sizes: readonly number[], found: number): number {
  let extreme = 0;
  const walk = (at: number, sum: number): void => {
    const size = sizes[at];
    if (size === undefined) {
      if (Math.abs(sum) >= found) extreme += 1;
      return;
    }
    walk(at + 1, sum + size);
    walk(at + 1, sum - size);
  };
  walk(0, 0);
  return extreme / 2 ** sizes.length;
}

function drawnShare(sizes: readonly number[], found: number, seed: number | bigint): number {
  const random = new Random(seed, STREAM_SIGNS);
  let extreme = 1;
  for (let draw = 0; draw < DRAWS; draw++) {
    let sum = 0;
    for (const size of sizes) sum += random.uint32() < 0x8000_0000 ? size : -size;
    if (Math.abs(sum) >= found) extreme += 1;
  }
  return extreme / (DRAWS + 1);
}
