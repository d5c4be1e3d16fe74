import { deriveSeed, Random } from '../../reference/philox.js';
import type { Environment } from '../environments/environment.js';
import { STREAM_EPISODE, STREAM_NOISE, STREAM_WARMUP } from '../seeds.js';
import type { Ddpg } from './ddpg.js';
import { createNoise, type NoiseName } from './noise.js';

/** Options of {@link practise}. */
export interface PracticeOptions {
  /** Steps in all. */
  readonly steps: number;
  /** Steps of uniform random actions to begin with. */
  readonly warmup: number;
  /** Standard deviation of the noise, as a share of the action limit. */
  readonly noise: number;
  /** Kind of noise; default gaussian. */
  readonly kind?: NoiseName | undefined;
  readonly seed: number | bigint;
  readonly signal?: AbortSignal | undefined;
  /** Called after every episode with its return. */
  readonly onEpisode?: ((done: { steps: number; return: number }) => void) | undefined;
}

/**
 * Let an agent act in an environment and learn: one update per step. Actions are scaled here, at the environment's edge: the
 * agent's lie in [-1, 1]. A time limit ends an episode and no value: the transition counts as one that goes on.
 *
 * @throws The signal's reason, when it aborts.
 */
export async function practise(agent: Ddpg, environment: Environment, options: PracticeOptions): Promise<void> {
  const { steps, warmup, noise: scale, kind = 'gaussian', seed, signal, onEpisode } = options;
  const { actionSize, actionLimit } = environment;
  const noise = createNoise(kind, { random: new Random(seed, STREAM_NOISE) });
  const uniform = new Random(seed, STREAM_WARMUP);
  let episode = 0;
  let earned = 0;
  let state = environment.reset(deriveSeed(seed, STREAM_EPISODE, episode));
  for (let step = 0; step < steps; step++) {
    signal?.throwIfAborted();
    const action =
      step < warmup
        ? Float32Array.from({ length: actionSize }, () => 2 * uniform.float() - 1)
        : withNoise(await agent.act(state), noise.sample(actionSize), scale);
    const next = environment.step(action.map((value) => value * actionLimit));
    agent.remember({ state, action, reward: next.reward, nextState: next.state, done: next.terminated });
    await agent.learn();
    earned += next.reward;
    state = next.state;
    if (!next.terminated && !next.truncated) continue;
    onEpisode?.({ steps: step + 1, return: earned });
    episode += 1;
    earned = 0;
    noise.reset();
    state = environment.reset(deriveSeed(seed, STREAM_EPISODE, episode));
  }
}

/** Actions with noise added, within [-1, 1]. */
export function withNoise(action: Float32Array, noise: ArrayLike<number>, scale: number): Float32Array {
  return action.map((value, at) => Math.min(1, Math.max(-1, value + scale * (noise[at] as number))));
}

/**
 * Returns of episodes in which the agent acts without noise. All run side by side, one environment each.
 *
 * @param environments Fresh ones, as many as episodes.
 */
export async function greedyReturns(
  agent: Ddpg,
  environments: readonly Environment[],
  seed: number | bigint,
): Promise<Float64Array> {
  const returns = new Float64Array(environments.length);
  const { stateSize, actionSize } = agent.nets;
  const states = new Float32Array(environments.length * stateSize);
  environments.forEach((environment, at) => {
    states.set(environment.reset(deriveSeed(seed, STREAM_EPISODE, at)), at * stateSize);
  });
  let open = environments.map((_, at) => at);
  while (open.length > 0) {
    const actions = await agent.act(states);
    open = open.filter((at) => {
      const environment = environments[at] as Environment;
      const own = actions.subarray(at * actionSize, (at + 1) * actionSize);
      const next = environment.step(own.map((value) => value * environment.actionLimit));
      returns[at] = (returns[at] as number) + next.reward;
      states.set(next.state, at * stateSize);
      return !next.terminated && !next.truncated;
    });
  }
  return returns;
}
