/** What one step of an {@link Environment} led to. */
export interface EnvironmentStep {
  /** [stateSize] afterwards; the caller's to keep. */
  readonly state: Float32Array;
  readonly reward: number;
  /** The task has ended: nothing can be earned after this state. */
  readonly terminated: boolean;
  /** A time limit cut the episode here; the state is worth what it would be worth in a longer one. */
  readonly truncated: boolean;
}

/** A task of continuous actions, one episode at a time. */
export interface Environment {
  readonly stateSize: number;
  readonly actionSize: number;
  /** Actions lie in [-actionLimit, actionLimit], in the unit of the environment. */
  readonly actionLimit: number;
  /**
   * Begin an episode.
   *
   * @param seed Decides where it starts.
   * @returns State [stateSize].
   */
  reset(seed: number | bigint): Float32Array;
  /**
   * @param action [actionSize]; what lies beyond the limit counts as the limit.
   * @throws {ArgumentError} An action of another size or with NaN, or no episode under way.
   */
  step(action: ArrayLike<number>): EnvironmentStep;
}
