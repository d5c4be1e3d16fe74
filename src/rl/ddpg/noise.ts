import { Random, type RandomState } from '../../reference/philox.js';

/** What is added to the actions of a policy that explores. */
export interface Noise {
  /** [size], of this step. */
  sample(size: number): Float64Array;
  /** A new episode begins. */
  reset(): void;
  /** Plain JSON to go on from. */
  state(): NoiseState;
}

export interface NoiseState {
  readonly random: RandomState;
  readonly values: readonly number[];
}

/** Kinds of noise, by name. */
export const NOISES = ['gaussian', 'ornstein-uhlenbeck'] as const;
/** A kind of noise. */
export type NoiseName = (typeof NOISES)[number];

/** Independent standard normal numbers. */
class GaussianNoise implements Noise {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  sample(size: number): Float64Array {
    return Float64Array.from({ length: size }, () => this.#random.normal());
  }

  reset(): void {
    // nothing is carried from step to step
  }

  state(): NoiseState {
    return { random: this.#random.state(), values: [] };
  }
}

const OU_THETA = 0.15;

/**
 * Ornstein-Uhlenbeck process: noise that holds on to its direction, x ← x − θ x + √(2θ − θ²) n with θ = 0.15 and n standard
 * normal. The factor of n makes its standard deviation 1 in the long run, so that one scale serves both kinds of noise; the
 * paper's σ = 0.2 at θ = 0.15 is a scale of 0.38.
 *
 * @see Uhlenbeck, Ornstein: On the Theory of the Brownian Motion. Physical Review 36, 1930. Lillicrap et al., ICLR 2016.
 */
class OrnsteinUhlenbeckNoise implements Noise {
  readonly #random: Random;
  #values: number[];

  constructor(random: Random, values: readonly number[]) {
    this.#random = random;
    this.#values = [...values];
  }

  sample(size: number): Float64Array {
    const scale = Math.sqrt(2 * OU_THETA - OU_THETA ** 2);
    this.#values = Array.from({ length: size }, (_, at) => {
      const before = this.#values[at] ?? 0;
      return before - OU_THETA * before + scale * this.#random.normal();
    });
    return Float64Array.from(this.#values);
  }

  reset(): void {
    this.#values = [];
  }

  state(): NoiseState {
    return { random: this.#random.state(), values: this.#values };
  }
}

/** Noise from its start, by a seed, or from a state. */
export function createNoise(name: NoiseName, from: { random: Random } | NoiseState): Noise {
  const random = from.random instanceof Random ? from.random : Random.from(from.random);
  const values = 'values' in from ? from.values : [];
  return name === 'gaussian' ? new GaussianNoise(random) : new OrnsteinUhlenbeckNoise(random, values);
}
