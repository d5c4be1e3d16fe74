import { z } from 'zod';
import { FormatError } from '../../errors.js';
import { deriveSeed, Random } from '../../reference/philox.js';
import { Ddpg, type DdpgLosses, type Transition } from '../ddpg/ddpg.js';
import { createNoise, type Noise, NOISES } from '../ddpg/noise.js';
import { withNoise } from '../ddpg/practice.js';
import { STREAM_AGENT, STREAM_NOISE, STREAM_WARMUP } from '../seeds.js';
import type { SralOptions } from './options.js';
import type { WindowAgent } from './round.js';
import { policyNetworks, POLICIES, type WindowSize } from './policies.js';

const randomSchema = z.object({ seed: z.string(), stream: z.int(), taken: z.int() });
const memorySchema = z.object({
  policy: z.enum(POLICIES),
  hidden: z.int(),
  size: z.object({ candidates: z.int(), features: z.int() }),
  steps: z.int(),
  warmup: randomSchema,
  noise: z.object({ kind: z.enum(NOISES), random: randomSchema, values: z.array(z.number()) }),
});
type Memory = z.infer<typeof memorySchema>;

/** The agent that decides about windows of candidates: DDPG with SRAL's exploration. */
export class SralAgent implements WindowAgent {
  readonly size: WindowSize;
  readonly #ddpg: Ddpg;
  readonly #options: SralOptions;
  readonly #warmup: Random;
  readonly #noise: Noise;
  #steps: number;

  private constructor(
    options: SralOptions,
    size: WindowSize,
    ddpg: Ddpg,
    chance: { warmup: Random; noise: Noise; steps: number },
  ) {
    this.#options = options;
    this.size = size;
    this.#ddpg = ddpg;
    this.#warmup = chance.warmup;
    this.#noise = chance.noise;
    this.#steps = chance.steps;
  }

  static create(options: SralOptions, size: WindowSize, roundSeed: number): SralAgent {
    const seed = deriveSeed(roundSeed, STREAM_AGENT, 0);
    const nets = policyNetworks(options.policy, size, options.hidden);
    const { gamma, tau, learningRate, saturationPenalty, replay, replayBatch, learnAfter, prioritized } = options;
    const rates = { actorRate: learningRate, criticRate: learningRate };
    const wanted = { gamma, tau, ...rates, saturationPenalty, replay, replayBatch, learnAfter, prioritized };
    return new SralAgent(options, size, Ddpg.create(nets, wanted, seed), {
      warmup: new Random(seed, STREAM_WARMUP),
      noise: createNoise(options.noise, { random: new Random(seed, STREAM_NOISE) }),
      steps: 0,
    });
  }

  /** Windows decided about while learning. */
  get steps(): number {
    return this.#steps;
  }

  /** Updates of the networks. */
  get updates(): number {
    return this.#ddpg.updates;
  }

  /** Standard deviation of the noise now. */
  get sigma(): number {
    const { sigma, sigmaSteps } = this.#options;
    const [first, last] = sigma;
    return first + (last - first) * (sigmaSteps === 0 ? 1 : Math.min(1, this.#steps / sigmaSteps));
  }

  act(state: Float32Array): Promise<Float32Array> {
    return this.#ddpg.act(state);
  }

  /** Uniform at first, then with noise; counts as a step. */
  async explore(state: Float32Array): Promise<Float32Array> {
    const { candidates } = this.size;
    const isWarmingUp = this.#steps < this.#options.warmup;
    const scale = this.sigma;
    this.#steps += 1;
    if (isWarmingUp) return Float32Array.from({ length: candidates }, () => 2 * this.#warmup.float() - 1);
    return withNoise(await this.#ddpg.act(state), this.#noise.sample(candidates), scale);
  }

  async experience(transition: Transition): Promise<DdpgLosses | undefined> {
    this.#ddpg.remember(transition);
    let losses: DdpgLosses | undefined;
    for (let update = 0; update < this.#options.updates; update++) losses = await this.#ddpg.learn();
    if (transition.done) this.#noise.reset();
    return losses;
  }

  async save(dir: string): Promise<void> {
    const { policy, hidden, noise } = this.#options;
    const { random, values } = this.#noise.state();
    const memory: Memory = {
      policy,
      hidden,
      size: { ...this.size },
      steps: this.#steps,
      warmup: this.#warmup.state(),
      noise: { kind: noise, random, values: [...values] },
    };
    await this.#ddpg.save(dir, memory);
  }

  /**
   * Read an agent back. Its networks are as they were saved, exploration goes on; the rest is as `options` say.
   *
   * @throws {FormatError} No agent of SRAL, a damaged one, or one with other networks than `options` say.
   * @throws {StorageError} Files are missing.
   */
  static async load(dir: string, options: SralOptions): Promise<SralAgent> {
    const memories: Memory[] = [];
    const ddpg = await Ddpg.load(dir, (saved) => {
      const parsed = memorySchema.safeParse(saved);
      if (!parsed.success) throw new FormatError(`${dir}: expected a saved agent of SRAL`);
      memories.push(parsed.data);
      return policyNetworks(parsed.data.policy, parsed.data.size, parsed.data.hidden);
    });
    const { policy, hidden, size, steps, warmup, noise } = memories[0] as Memory;
    if (policy !== options.policy || hidden !== options.hidden || size.candidates !== options.window) {
      throw new FormatError(
        `${dir}: expected an agent with policy ${options.policy}, hidden ${options.hidden} and window ${options.window}, ` +
          `got ${policy}, ${hidden} and ${size.candidates}`,
      );
    }
    const goesOn = noise.kind === options.noise;
    const random = Random.from(noise.random);
    return new SralAgent(options, size, ddpg, {
      warmup: Random.from(warmup),
      noise: createNoise(options.noise, goesOn ? noise : { random }),
      steps,
    });
  }

  /** True where {@link save} wrote into this folder. */
  static isIn(dir: string): Promise<boolean> {
    return Ddpg.isIn(dir);
  }
}
