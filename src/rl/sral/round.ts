import { UnavailableError } from '../../errors.js';
import { type Interactive, type QueryContext, type QueryResult, SKIPPED } from '../../strategies/strategy.js';
import type { DdpgLosses, Transition } from '../ddpg/ddpg.js';
import type { SralOptions } from './options.js';
import { type Window, Windows } from './windows.js';

/** A window that was decided about. */
interface Decision {
  readonly window: Window;
  /** [n]. */
  readonly action: Float32Array;
  /** Pool indices to label, the most wanted first. */
  readonly picks: readonly number[];
}

/** A decision whose reward is known, and whose next state is not yet. */
interface Outcome extends Decision {
  readonly reward: number;
}

/** What came of labelling picks. */
interface Verdict {
  /** Picks that were labelled; the others were refused or no longer affordable. */
  readonly labeled: ReadonlySet<number>;
  /** How much better the classifier is on the validation samples than before. */
  readonly gain: number;
  /** The picks went back to the pool. */
  readonly isReturned: boolean;
}

/** Decides about windows, and learns from what comes of it. */
export interface WindowAgent {
  /**
   * What to do with the candidates of a window: below 0 discard, from 0 on label.
   *
   * @param state [n, d].
   * @returns [n], each in [-1, 1].
   */
  act(state: Float32Array): Promise<Float32Array>;
  /** As {@link act}, with exploration. */
  explore(state: Float32Array): Promise<Float32Array>;
  /** Store what came of a decision and learn; losses of the last update, where there was one. */
  experience(transition: Transition): Promise<DdpgLosses | undefined>;
}

/** What a round came to, for people who watch. */
export interface RoundReport {
  readonly windows: number;
  readonly seen: number;
  readonly labeled: number;
  readonly returned: number;
  /** Sum of rewards. */
  readonly reward: number;
  /** Of the last update. */
  readonly losses: DdpgLosses | undefined;
  /** Candidates that were seen and not picked. */
  readonly discarded: readonly number[];
}

export interface RoundParts {
  readonly options: SralOptions;
  readonly context: QueryContext;
  /** Labels that the round may buy. */
  readonly most: number;
  /** The agent for candidates of so many features. */
  readonly agentFor: (features: number) => Promise<WindowAgent>;
  /** Only apply the policy: no exploration, nothing is stored, nothing learned. */
  readonly isFrozen: boolean;
  /** Candidates of earlier rounds that are not looked at. */
  readonly discarded: Iterable<number>;
  readonly signal: AbortSignal | undefined;
}

/**
 * One round of SRAL: windows of the ranked pool go by, the agent decides about their candidates, what it picks is labelled,
 * the classifier is trained, and the change of its validation accuracy is the reward.
 *     until the round's labels are bought or the pool is through:
 *       C ← the next n of the ranking;  a ← μ(s(C)) + noise;  A ← {i ∈ C : aᵢ ≥ 0}, the highest that the budget has room for
 *       once the picks are due (`labelAfter`): label them, train, Δ ← change on the validation samples
 *       r ← κ Δ |A| / |picks that were due| − c |A|;  store (s, a, r, s′, end of the round?);  update the agent
 * No candidate is looked at twice, so a round ends. At the end of the pool a window is filled up with rows of zeros, and what
 * is decided about these is not looked at.
 */
export class SralRound {
  readonly #parts: RoundParts;
  readonly #buyer: Interactive;
  readonly #windows: Windows;
  /** Labelled and kept: pool index to value of the action. */
  readonly #kept = new Map<number, number>();
  /** The last decision whose reward is known: its transition waits for the state that follows. */
  #last: Outcome | undefined;
  #agent: WindowAgent | undefined;
  #emptyWindows = 0;
  readonly #report = { windows: 0, seen: 0, labeled: 0, returned: 0, reward: 0, discarded: [] as number[] };
  #losses: DdpgLosses | undefined;

  constructor(parts: RoundParts) {
    const { context, options, discarded, signal } = parts;
    if (context.interactive === undefined) {
      throw new UnavailableError('SRAL buys labels as it goes; give the learner an oracle and validation samples');
    }
    this.#parts = parts;
    this.#buyer = context.interactive;
    this.#windows = new Windows(context, options, discarded, signal);
  }

  get report(): RoundReport {
    return { ...this.#report, losses: this.#losses };
  }

  async run(): Promise<QueryResult> {
    const { options, most, signal } = this.#parts;
    const affordable = this.#buyer.remaining;
    let level = await this.#measure();
    let lastReturned: readonly number[] = [];
    while (this.#buyer.remaining > 0) {
      signal?.throwIfAborted();
      const due = await this.#collect(Math.min(options.smallBudget ?? most, this.#buyer.remaining));
      if (due.length === 0) break;
      const verdict = await this.#label(due, level);
      if (verdict.isReturned) lastReturned = [...verdict.labeled];
      else level += verdict.gain;
      await this.#settle(due, verdict);
      if (options.discardsLast === 'small-budget') this.#windows.forget();
    }
    await this.#endEpisode();
    if (this.#kept.size === 0 && this.#buyer.remaining === affordable) await this.#takeBack(lastReturned);
    return { indices: Uint32Array.from(this.#kept.keys()), scores: Float64Array.from(this.#kept.values()) };
  }

  /** Let windows go by until their picks are due, or the pool is through. */
  async #collect(quota: number): Promise<Decision[]> {
    const due: Decision[] = [];
    let count = 0;
    while (count < quota && !(this.#parts.options.labelAfter === 'window' && count > 0)) {
      const window = await this.#windows.next(1 - this.#buyer.remaining / this.#parts.most);
      if (window === undefined) break;
      await this.#continueEpisode(window.state);
      const decision = await this.#decide(window, quota - count);
      due.push(decision);
      count += decision.picks.length;
      // a window of which nothing was picked needs no label to be settled
      if (count === 0) await this.#settle(due.splice(0), { labeled: new Set(), gain: 0, isReturned: false });
    }
    return due;
  }

  async #decide(window: Window, room: number): Promise<Decision> {
    this.#agent ??= await this.#parts.agentFor(window.features);
    const { options, isFrozen } = this.#parts;
    const action = await (isFrozen ? this.#agent.act(window.state) : this.#agent.explore(window.state));
    const byValue = [...window.indices.keys()].sort((a, b) => (action[b] as number) - (action[a] as number) || a - b);
    let places = byValue.filter((place) => (action[place] as number) >= 0).slice(0, room);
    const { maxDiscards } = options;
    this.#emptyWindows = places.length === 0 ? this.#emptyWindows + 1 : 0;
    if (maxDiscards > 0 && this.#emptyWindows >= maxDiscards) {
      places = byValue.slice(0, 1);
      action[places[0] as number] = 0; // what was done, for the critic to learn from
      this.#emptyWindows = 0;
    }
    const picks = places.map((place) => window.indices[place] as number);
    const isPicked = new Set(picks);
    this.#report.windows += 1;
    this.#report.seen += window.indices.length;
    this.#report.discarded.push(...window.indices.filter((index) => !isPicked.has(index)));
    return { window, action, picks };
  }

  /** Label what is due, train, and see whether that was worth it. */
  async #label(due: readonly Decision[], level: number): Promise<Verdict> {
    const { fineTune, negativeReward } = this.#parts.options;
    const picks = Uint32Array.from(due.flatMap((decision) => decision.picks));
    const answers = await this.#buyer.label(picks);
    const known = picks.filter((_, at) => answers[at] !== SKIPPED);
    const labeled = new Set(known);
    if (known.length === 0) return { labeled, gain: 0, isReturned: false };
    this.#report.labeled += known.length;
    const goBack = this.#buyer.checkpoint?.();
    await this.#fit(fineTune);
    const gain = (await this.#measure()) - level;
    if (negativeReward === 'return' && !(gain > 0)) {
      this.#buyer.release(known);
      this.#report.returned += known.length;
      if (goBack !== undefined) goBack();
      else if (this.#parts.context.labeled.length > 0) await this.#fit(fineTune);
      return { labeled, gain, isReturned: true };
    }
    for (const { window, action, picks: own } of due) {
      for (const index of own) {
        if (labeled.has(index)) this.#kept.set(index, action[window.indices.indexOf(index)] as number);
      }
    }
    this.#windows.modelChanged();
    return { labeled, gain, isReturned: false };
  }

  /** Give every decision its reward: the gain by its share of the labels, less their price. */
  async #settle(due: readonly Decision[], { labeled, gain }: Verdict): Promise<void> {
    const { rewardScale, labelPrice } = this.#parts.options;
    for (const [at, decision] of due.entries()) {
      const count = decision.picks.filter((index) => labeled.has(index)).length;
      const reward = count === 0 ? 0 : rewardScale * gain * (count / labeled.size) - labelPrice * count;
      this.#report.reward += reward;
      if (at > 0) await this.#continueEpisode(decision.window.state);
      this.#last = { ...decision, reward };
    }
  }

  /** The state that follows the last decision is known. */
  #continueEpisode(nextState: Float32Array): Promise<void> {
    return this.#experience(nextState, false);
  }

  async #endEpisode(): Promise<void> {
    if (this.#last !== undefined) await this.#experience(new Float32Array(this.#last.window.state.length), true);
  }

  async #experience(nextState: Float32Array, done: boolean): Promise<void> {
    if (this.#last === undefined || this.#agent === undefined) return;
    const { window, action, reward } = this.#last;
    this.#last = undefined;
    if (this.#parts.isFrozen) return;
    const losses = await this.#agent.experience({ state: window.state, action, reward, nextState, done });
    if (losses !== undefined) this.#losses = losses;
  }

  /** A round in which everything went back and nothing was bought would end the run: its last picks are kept after all. */
  async #takeBack(indices: readonly number[]): Promise<void> {
    if (indices.length === 0) return;
    await this.#buyer.label(Uint32Array.from(indices));
    for (const index of indices) this.#kept.set(index, 0);
  }

  async #fit(epochs: number): Promise<void> {
    await this.#buyer.fit(epochs === 0 ? { warmStart: false } : { warmStart: true, epochs });
  }

  /** Of the classifier on the validation samples, higher is better. */
  async #measure(): Promise<number> {
    const { accuracy, logLoss } = await this.#buyer.evaluate('validation');
    return this.#parts.options.reward === 'accuracy' ? accuracy : -logLoss;
  }
}
