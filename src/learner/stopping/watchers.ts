import { ArgumentError, FormatError, UnavailableError } from '../../errors.js';
import { isTypedList } from '../lists.js';
import type { StoppingCriterion, StoppingView } from './criterion.js';
import { createStopping } from './registry.js';

/** A criterion, its name, or its name with its options. */
export type StoppingLike = StoppingCriterion | string | ({ readonly name: string } & Readonly<Record<string, unknown>>);

/** Why a run ended. */
export interface Stop {
  /** Name of the criterion; or 'budget', 'pool', 'oracle', 'strategy'. */
  readonly stop: string;
  /** A sentence. */
  readonly reason: string;
}

/** One criterion in a snapshot. */
export interface WatcherState {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly state: unknown;
  /** The last round that it has seen; -1 none. */
  readonly seen: number;
}

interface Watcher {
  readonly criterion: StoppingCriterion;
  seen: number;
}

/** The stopping criteria of a learner: any one of them stops it. */
export class Watchers {
  readonly #watchers: readonly Watcher[];
  #stop: Stop | undefined;

  /** @throws {ArgumentError} Unknown names or options, or no criterion. */
  constructor(where: string, given: StoppingLike | readonly StoppingLike[] = []) {
    const list = isTypedList(given) ? (given as readonly StoppingLike[]) : [given as StoppingLike];
    this.#watchers = list.map((each) => ({ criterion: toCriterion(where, each), seen: -1 }));
  }

  /** Set once a criterion has been met. */
  get stop(): Stop | undefined {
    return this.#stop;
  }

  /** @throws {UnavailableError} A criterion measures on samples that the learner does not have. */
  check(where: string, has: { readonly test: boolean; readonly validation: boolean }): void {
    for (const { criterion } of this.#watchers) {
      const missing = criterion.needs.filter((need) => !has[need]);
      if (missing.length > 0) {
        throw new UnavailableError(
          `${where}: stopping criterion ${criterion.name} needs ${missing.join(' and ')} samples; pass ${missing.join(', ')}`,
        );
      }
    }
  }

  /** Show a finished round to every criterion that has not seen it. */
  async observe(view: StoppingView): Promise<Stop | undefined> {
    let found: Stop | undefined;
    for (const watcher of this.#watchers) {
      if (watcher.seen >= view.round) continue;
      const reason = await watcher.criterion.observe(view);
      watcher.seen = view.round;
      if (reason !== undefined) found ??= { stop: watcher.criterion.name, reason };
    }
    this.#stop ??= found;
    return found;
  }

  get isEmpty(): boolean {
    return this.#watchers.length === 0;
  }

  state(): { criteria: WatcherState[]; stop: Stop | null } {
    const criteria = this.#watchers.map(({ criterion, seen }) => {
      const { name, options = {} } = criterion;
      return { name, options: { ...options }, state: criterion.state?.() ?? null, seen };
    });
    return { criteria, stop: this.#stop ?? null };
  }

  /** @throws {FormatError} A state of other criteria. */
  restore(where: string, { criteria, stop }: { criteria: readonly WatcherState[]; stop: Stop | null }): void {
    const names = (list: readonly { name: string }[]): string => list.map(({ name }) => name).join(', ') || 'none';
    const mine = this.#watchers.map(({ criterion }) => criterion);
    if (names(mine) !== names(criteria)) {
      throw new FormatError(`${where}: expected the stopping criteria ${names(criteria)}, got ${names(mine)}`);
    }
    criteria.forEach(({ state, seen }, at) => {
      const watcher = this.#watchers[at] as Watcher;
      watcher.seen = seen;
      try {
        watcher.criterion.restore?.(state);
      } catch (cause) {
        throw new FormatError(`${where}: the state of stopping criterion ${watcher.criterion.name} is damaged`, {
          cause,
        });
      }
    });
    this.#stop = stop ?? undefined;
  }
}

function toCriterion(where: string, given: StoppingLike): StoppingCriterion {
  if (typeof given === 'string') return createStopping(given);
  if (typeof given !== 'object' || given === null || typeof given.name !== 'string') {
    throw new ArgumentError(`${where}: expected the name of a stopping criterion, or { name, …options }, in stopping`);
  }
  if (typeof (given as StoppingCriterion).observe === 'function') return given as StoppingCriterion;
  const { name, ...options } = given;
  return createStopping(name, options);
}
