import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { FormatError, ShapeError } from '../../errors.js';
import { Adam } from '../../models/adam.js';
import { initialWeights, parameterCount } from '../../models/network.js';
import { loadBundle, makeFolder, saveBundle } from '../../models/storage.js';
import { parseOptions } from '../../options.js';
import { exists } from '../../pool/exists.js';
import { deriveSeed } from '../../reference/philox.js';
import { loadTensorflow } from '../../tensorflow/load.js';
import { ReplayBuffer } from '../replay-buffer.js';
import { STREAM_ACTOR, STREAM_CRITIC, STREAM_REPLAY } from '../seeds.js';
import type { ActorCritic } from './actor-critic.js';
import { ddpgUpdate, type DdpgWeights, tensors } from './update.js';

/** Options of a {@link Ddpg} agent. */
export const ddpgOptions = {
  /** Discount of a step. */
  gamma: z.number().min(0).max(1).default(0.99),
  /** Share of the online weights that the target networks take over in an update. */
  tau: z.number().gt(0).max(1).default(0.01),
  /** Of Adam, for the actor. */
  actorRate: z.number().positive().default(0.001),
  /** Of Adam, for the critic. */
  criticRate: z.number().positive().default(0.001),
  /** Penalty on the squared numbers before the actor's tanh: keeps it from saturating. 0: none. */
  saturationPenalty: z.number().min(0).default(0),
  /** Transitions kept; new ones replace the oldest. */
  replay: z.int().min(1).default(3000),
  /** Transitions of one update. */
  replayBatch: z.int().min(1).default(64),
  /** No update as long as no more transitions are stored. */
  learnAfter: z.int().min(0).default(200),
  /** Draw transitions in proportion to how wrong the critic was about them, with exponents 0.6 and 0.4. */
  prioritized: z.boolean().default(false),
};
const schema = z.strictObject(ddpgOptions);
/** What {@link Ddpg.create} takes, with every default filled in; each option is described where it is declared. */
export type DdpgOptions = z.output<typeof schema>;

const PRIORITIES = { alpha: 0.6, beta: 0.4 };
const FORMAT = 'querent-ddpg';

/** One step of an episode. */
export interface Transition {
  /** [S]. */
  readonly state: Float32Array;
  /** [A], each in [-1, 1]. */
  readonly action: Float32Array;
  readonly reward: number;
  /** [S]; not looked at where `done`. */
  readonly nextState: Float32Array;
  /** The episode truly ended with this step; false where a time limit cut it short. */
  readonly done: boolean;
}

/** Losses of an update. */
export interface DdpgLosses {
  readonly critic: number;
  readonly actor: number;
}

const metaSchema = z.object({
  options: z.unknown(),
  sizes: z.object({ state: z.int(), action: z.int() }),
  updates: z.int().min(0),
  replay: z.string(),
  companion: z.unknown(),
});

/**
 * Deep deterministic policy gradients: an actor that names actions in [-1, 1], a critic that values them, their slowly
 * following targets, and a replay buffer. Between calls it holds plain arrays only, no tensors; every draw is a function of
 * the seed and of what came before, so an agent that was saved goes on exactly as one that was not.
 *
 * @see Lillicrap et al.: Continuous control with deep reinforcement learning. ICLR 2016, arXiv:1509.02971.
 */
export class Ddpg {
  readonly nets: ActorCritic;
  readonly options: DdpgOptions;
  readonly #weights: DdpgWeights;
  readonly #optimizers: { readonly actor: Adam; readonly critic: Adam };
  readonly #replay: ReplayBuffer;

  private constructor(
    nets: ActorCritic,
    options: DdpgOptions,
    weights: DdpgWeights,
    moments: { actor: Float32Array; critic: Float32Array; steps: number } | undefined,
    replay: ReplayBuffer,
  ) {
    this.nets = nets;
    this.options = options;
    this.#weights = weights;
    const { actor, critic } = weights;
    this.#optimizers = {
      actor: new Adam(actor.length, moments && { moments: moments.actor, steps: moments.steps }),
      critic: new Adam(critic.length, moments && { moments: moments.critic, steps: moments.steps }),
    };
    this.#replay = replay;
  }

  /**
   * A new agent.
   *
   * @param options Any of {@link DdpgOptions}; the others have their defaults.
   * @throws {ArgumentError} Options out of range or unknown.
   */
  static create(nets: ActorCritic, options: unknown, seed: number | bigint): Ddpg {
    const parsed = parseOptions('ddpg', schema, options);
    const actor = initialWeights(nets.actor, deriveSeed(seed, STREAM_ACTOR, 0));
    const critic = initialWeights(nets.critic, deriveSeed(seed, STREAM_CRITIC, 0));
    const weights = { actor, critic, targetActor: actor.slice(), targetCritic: critic.slice() };
    const replay = new ReplayBuffer({
      capacity: parsed.replay,
      fields: {
        state: { shape: nets.stateSize },
        action: { shape: nets.actionSize },
        reward: { shape: [] },
        nextState: { shape: nets.stateSize },
        done: { shape: [] },
      },
      ...(parsed.prioritized && { prioritized: PRIORITIES }),
      seed: deriveSeed(seed, STREAM_REPLAY, 0),
    });
    return new Ddpg(nets, parsed, weights, undefined, replay);
  }

  /** Updates made. */
  get updates(): number {
    return this.#optimizers.critic.steps;
  }

  /** Transitions stored. */
  get stored(): number {
    return this.#replay.size;
  }

  /**
   * The policy's actions, without noise.
   *
   * @param states [B, S].
   * @returns [B, A], each in (-1, 1).
   */
  async act(states: Float32Array): Promise<Float32Array> {
    const { stateSize, actor } = this.nets;
    if (states.length % stateSize !== 0) {
      throw new ShapeError(`ddpg: expected states of ${stateSize} numbers, got ${states.length} numbers in all`);
    }
    const { tf } = await loadTensorflow();
    let actions = new Float32Array(0);
    tf.tidy(() => {
      const input = tf.tensor2d(states, [states.length / stateSize, stateSize]);
      const raw = actor.forward(tf, tensors(tf, actor.parameters, this.#weights.actor), input);
      actions = tf.tanh(raw).dataSync() as Float32Array<ArrayBuffer>;
    });
    return actions;
  }

  /** Store a step. */
  remember({ state, action, reward, nextState, done }: Transition): void {
    const end = Float32Array.of(done ? 1 : 0);
    this.#replay.add({ state, action, reward: Float32Array.of(reward), nextState, done: end });
  }

  /**
   * One update from stored transitions.
   *
   * @returns Its losses; undefined as long as too few transitions are stored.
   * @throws {ValueError} A loss is not finite.
   */
  async learn(): Promise<DdpgLosses | undefined> {
    const { learnAfter, replayBatch, prioritized } = this.options;
    if (this.stored === 0 || this.stored <= learnAfter) return undefined;
    const { tf } = await loadTensorflow();
    const drawn = this.#replay.sample(replayBatch);
    const field = (name: string): Float32Array => (drawn as Record<string, unknown>)[name] as Float32Array;
    const batch = {
      rows: replayBatch,
      state: field('state'),
      action: field('action'),
      reward: field('reward'),
      nextState: field('nextState'),
      done: field('done'),
      weights: drawn.weights,
    };
    const result = ddpgUpdate(tf, this.nets, this.#weights, this.#optimizers, batch, this.options);
    if (prioritized) this.#replay.updatePriorities(drawn.indices, result.errors);
    return { critic: result.criticLoss, actor: result.actorLoss };
  }

  /**
   * Write everything needed to go on into a folder; a crash leaves the old agent or the new one.
   *
   * @param companion Plain JSON that belongs to the agent; comes back with {@link Ddpg.load}.
   */
  async save(dir: string, companion: unknown = null): Promise<void> {
    await makeFolder(dir);
    const { stateSize: state, actionSize: action } = this.nets;
    const { actor, critic } = this.#optimizers;
    const replay = `replay-${this.updates}-${this.stored}.bin`;
    await this.#replay.save(join(dir, replay));
    const meta: z.input<typeof metaSchema> = {
      options: this.options,
      sizes: { state, action },
      updates: this.updates,
      replay,
      companion,
    };
    const arrays = { ...this.#weights, actorMoments: actor.moments, criticMoments: critic.moments };
    await saveBundle(dir, FORMAT, { meta, arrays });
    for (const file of await readdir(dir)) {
      if (/^replay-\d+-\d+\.bin$/.test(file) && file !== replay) await rm(join(dir, file), { force: true });
    }
  }

  /** True where {@link save} wrote into this folder. */
  static isIn(dir: string): Promise<boolean> {
    return exists(join(dir, `${FORMAT}.json`));
  }

  /**
   * Read an agent back.
   *
   * @param networks Gives the networks that it was made with; is told what was saved along with it.
   * @throws {FormatError} No agent, a damaged one, or one of other networks.
   * @throws {StorageError} Files are missing.
   */
  static async load(dir: string, networks: (companion: unknown) => ActorCritic): Promise<Ddpg> {
    const { meta, arrays } = await loadBundle(dir, FORMAT);
    const parsed = metaSchema.safeParse(meta);
    if (!parsed.success) throw new FormatError(`${dir}: expected a saved DDPG agent; the file is damaged`);
    const { options, sizes, updates, replay, companion } = parsed.data;
    const nets = networks(companion);
    const [actorSize, criticSize] = [parameterCount(nets.actor), parameterCount(nets.critic)];
    const { actor, critic, targetActor, targetCritic, actorMoments, criticMoments } = arrays;
    const isFitting =
      sizes.state === nets.stateSize &&
      sizes.action === nets.actionSize &&
      [actor, targetActor].every((array) => array?.length === actorSize) &&
      [critic, targetCritic].every((array) => array?.length === criticSize) &&
      actorMoments?.length === 2 * actorSize &&
      criticMoments?.length === 2 * criticSize;
    if (!isFitting) {
      throw new FormatError(
        `${dir}: expected an agent with states of ${nets.stateSize} and actions of ${nets.actionSize} numbers and networks of ` +
          `${actorSize} and ${criticSize} weights, got ${sizes.state}, ${sizes.action}, ${actor?.length} and ${critic?.length}`,
      );
    }
    const weights = { actor, critic, targetActor, targetCritic } as DdpgWeights;
    const moments = { actor: actorMoments, critic: criticMoments, steps: updates };
    const buffer = await ReplayBuffer.load(join(dir, replay));
    return new Ddpg(nets, parseOptions(dir, schema, options), weights, moments, buffer);
  }
}
