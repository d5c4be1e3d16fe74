import { denseActorCritic } from '../../src/rl/ddpg/actor-critic.js';
import { Ddpg } from '../../src/rl/ddpg/ddpg.js';
import { greedyReturns, practise } from '../../src/rl/ddpg/practice.js';
import { Pendulum } from '../../src/rl/environments/pendulum.js';

const STEPS = 10_000;
const EPISODES = 100;

/** What DDPG is to reach: the mean return of 100 episodes without noise. */
export const PENDULUM_WANTED = -200;

export interface PendulumCheck {
  /** Mean return of 100 greedy episodes. */
  readonly return: number;
  readonly seconds: number;
}

/** Settings that solve the task, and those of SRAL, which do not. */
export const PENDULUM_SETTINGS = {
  usual: { replay: 100_000, learnAfter: 1000 },
  sral: { replay: 3000, learnAfter: 128, actorRate: 1e-4, criticRate: 1e-4 },
} as const;

/** Let an agent practise for 10 000 steps, then measure it. */
export async function checkPendulum(seed: number, settings: object = PENDULUM_SETTINGS.usual): Promise<PendulumCheck> {
  const started = performance.now();
  const agent = Ddpg.create(denseActorCritic({ stateSize: 3, actionSize: 1, hidden: [64, 64] }), settings, seed);
  await practise(agent, new Pendulum(), { steps: STEPS, warmup: 1000, noise: 0.1, seed });
  const environments = Array.from({ length: EPISODES }, () => new Pendulum());
  const returns = await greedyReturns(agent, environments, 1_000_000);
  return {
    return: returns.reduce((sum, value) => sum + value, 0) / EPISODES,
    seconds: (performance.now() - started) / 1000,
  };
}
