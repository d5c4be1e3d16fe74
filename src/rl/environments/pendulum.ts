import { ArgumentError } from '../../errors.js';
import { Random } from '../../reference/philox.js';
import { STREAM_START } from '../seeds.js';
import type { Environment, EnvironmentStep } from './environment.js';

const GRAVITY = 10;
const MASS = 1;
const LENGTH = 1;
/** Seconds. */
const STEP = 0.05;
const MAX_TORQUE = 2;
const MAX_SPEED = 8;
const EPISODE_STEPS = 200;

/**
 * Pendulum swing-up: a rod on a motor that is too weak to lift it at once has to be brought upright and kept there.
 * With angle θ (0 is upright), speed ω and torque u, m = l = 1, g = 10, δ = 0.05 s:
 *     r = −(φ² + 0.1 ω² + 0.001 u²)           of the state before the step, φ = θ in [−π, π)
 *     ω ← clip(ω + (3g / 2l · sin θ + 3 / (m l²) · u) δ, ±8)
 *     θ ← θ + ω δ                              with the new ω
 * The state that agents see is (cos θ, sin θ, ω) in f32; inside it is f64, and θ counts whole turns. The torque u is in
 * N m and within ±2. Episodes start at θ ~ U(±π), ω ~ U(±1); after 200 steps a time limit cuts them, which is no end of
 * the task.
 *
 * @see Towers et al.: Gymnasium. 2024, arXiv:2407.17032; Pendulum-v1, whose dynamics these are.
 */
export class Pendulum implements Environment {
  readonly stateSize = 3;
  readonly actionSize = 1;
  readonly actionLimit = MAX_TORQUE;
  #theta = 0;
  #omega = 0;
  #steps = EPISODE_STEPS;

  /** Angle in rad, 0 upright, whole turns included. */
  get theta(): number {
    return this.#theta;
  }

  /** Speed in rad/s, in [-8, 8] after a step. */
  get omega(): number {
    return this.#omega;
  }

  reset(seed: number | bigint): Float32Array {
    const random = new Random(seed, STREAM_START);
    const theta = Math.PI * (2 * random.float() - 1);
    return this.start(theta, 2 * random.float() - 1);
  }

  /**
   * Begin an episode at a given place.
   *
   * @param theta rad.
   * @param omega rad/s.
   * @throws {ArgumentError} Not finite.
   */
  start(theta: number, omega: number): Float32Array {
    if (!Number.isFinite(theta) || !Number.isFinite(omega)) {
      throw new ArgumentError(`pendulum: expected a finite angle and speed, got ${theta} and ${omega}`);
    }
    this.#theta = theta;
    this.#omega = omega;
    this.#steps = 0;
    return this.#observe();
  }

  step(action: ArrayLike<number>): EnvironmentStep {
    const [given = NaN] = Array.from(action);
    if (action.length !== 1 || Number.isNaN(given)) {
      throw new ArgumentError(`pendulum: expected an action of one number, got [${Array.from(action).join(', ')}]`);
    }
    if (this.#steps >= EPISODE_STEPS) {
      throw new ArgumentError('pendulum: expected a step within an episode, got one before its start or after its end');
    }
    const torque = clip(given, MAX_TORQUE);
    const cost = wrapped(this.#theta) ** 2 + 0.1 * this.#omega ** 2 + 0.001 * torque ** 2;
    const pull = ((3 * GRAVITY) / (2 * LENGTH)) * Math.sin(this.#theta);
    const push = (3 / (MASS * LENGTH ** 2)) * torque;
    this.#omega = clip(this.#omega + (pull + push) * STEP, MAX_SPEED);
    this.#theta += this.#omega * STEP;
    this.#steps += 1;
    return { state: this.#observe(), reward: -cost, terminated: false, truncated: this.#steps === EPISODE_STEPS };
  }

  #observe(): Float32Array {
    return Float32Array.of(Math.cos(this.#theta), Math.sin(this.#theta), this.#omega);
  }
}

function clip(value: number, limit: number): number {
  return Math.min(Math.max(value, -limit), limit);
}

/** The same angle in [-π, π). */
function wrapped(angle: number): number {
  const turn = 2 * Math.PI;
  return ((((angle + Math.PI) % turn) + turn) % turn) - Math.PI;
}
