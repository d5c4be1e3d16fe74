import { Random } from '../../reference/philox.js';
import { type Interactive, type QueryContext, type QueryResult, SKIPPED } from '../../strategies/strategy.js';
import { Breather } from '../../strategies/support/breather.js';
import { candidatesOf } from '../../strategies/support/candidates.js';
import { concat } from '../../strategies/support/rows.js';
import { STREAM_PICKS } from '../seeds.js';
import type { Anchor, AnchorTurns } from './anchor-turns.js';
import { Gallery } from './gallery.js';
import type { DralReidOptions } from './options.js';
import { type PairPicker, pickState, type Transition } from './pair-picker.js';
import { pickReward } from './reward.js';
import { SimilarityGraph } from './similarity-graph.js';

/** What goes on from round to round. */
export interface Agent {
  readonly picker: PairPicker;
  readonly turns: AnchorTurns;
}

/** The questions of one query: anchor after anchor until its labels are spent. */
export class Survey {
  readonly #context: QueryContext;
  readonly #interactive: Interactive;
  readonly #options: DralReidOptions;
  readonly #agent: Agent;
  readonly #signal: AbortSignal | undefined;
  readonly #random: Random;
  readonly #breather: Breather;
  readonly #asked = new Set<number>();
  readonly #bought: number[] = [];
  readonly #scores: number[] = [];
  #anchors = 0;
  #same = 0;
  #reward = 0;

  constructor(
    context: QueryContext,
    interactive: Interactive,
    options: DralReidOptions,
    agent: Agent,
    signal: AbortSignal | undefined,
  ) {
    this.#context = context;
    this.#interactive = interactive;
    this.#options = options;
    this.#agent = agent;
    this.#signal = signal;
    this.#random = new Random(context.seed, STREAM_PICKS);
    this.#breather = new Breather(signal);
  }

  async run(n: number): Promise<QueryResult> {
    const { neighbours, reciprocal, fitEvery = Infinity, candidates: limit } = this.#options;
    const labeled = this.#context.labeled;
    const candidates = candidatesOf(this.#context, limit, n);
    let gallery = await this.#embed(labeled, candidates);
    let fitted = 0;
    while (this.#mayBuy(n)) {
      if (this.#bought.length - fitted >= fitEvery) {
        await this.#interactive.fit({ warmStart: true });
        fitted = this.#bought.length;
        gallery = await this.#embed(labeled, candidates);
      }
      const anchor = this.#agent.turns.take(this.#context);
      if (anchor === undefined) break;
      const { indices, distances } = await gallery.near(anchor.index, neighbours, this.#signal);
      if (indices.length === 0) break;
      await this.#askAbout(anchor, indices, new SimilarityGraph(distances, reciprocal), n);
      for (const index of indices) if (this.#asked.has(index)) gallery.close(index);
    }
    this.#tell();
    return { indices: Uint32Array.from(this.#bought), scores: this.#scores };
  }

  /** Pick among the neighbours of an anchor, nodes 1, 2, … of the graph. */
  async #askAbout(anchor: Anchor, indices: Uint32Array, graph: SimilarityGraph, n: number): Promise<void> {
    const { maxPicks, margin, frozen } = this.#options;
    const { picker } = this.#agent;
    const picks = Math.min(maxPicks, indices.length);
    const transitions: Transition[] = [];
    let state = pickState(graph, picks, picks);
    for (let left = picks; left > 0 && this.#mayBuy(n); left--) {
      await this.#breather.breathe();
      const probs = picker.probabilities(state);
      const pick = drawFrom(probs, this.#random);
      const node = state.open[pick] as number;
      const index = indices[node - 1] as number;
      const [label = SKIPPED] = await this.#interactive.label(Uint32Array.of(index));
      this.#asked.add(index);
      const isAnswered = label !== SKIPPED;
      const isSame = label === anchor.label;
      const reward = isAnswered ? pickReward(graph, node, isSame, margin) : 0;
      if (isAnswered) graph.answer(node, isSame);
      else graph.close(node);
      const next = pickState(graph, left - 1, picks);
      if (isAnswered) {
        transitions.push({ state, pick, reward, next: left === 1 ? undefined : next });
        this.#bought.push(index);
        this.#scores.push(probs[pick] as number);
        this.#same += Number(isSame);
        this.#reward += reward;
      }
      state = next;
    }
    this.#anchors += 1;
    if (!frozen) picker.learn(transitions);
  }

  #mayBuy(n: number): boolean {
    return this.#bought.length < n && this.#interactive.remaining > 0;
  }

  #tell(): void {
    const answers = this.#bought.length;
    if (answers === 0) return;
    const reward = (this.#reward / answers).toFixed(3);
    this.#context.log(
      `dral-reid: ${answers} answers for ${this.#anchors} anchors, ${this.#same} of them the same; mean reward ${reward}`,
    );
  }

  async #embed(labeled: Uint32Array, candidates: Uint32Array): Promise<Gallery> {
    const indices = concat(labeled, candidates);
    const closed = [...labeled, ...this.#asked];
    return new Gallery(await this.#context.embed(indices), indices, closed, this.#options.metric);
  }
}

/** A place drawn in proportion to the probabilities, which sum to 1. */
function drawFrom(probs: Float64Array, random: Random): number {
  let rest = random.float();
  for (let place = 0; place < probs.length - 1; place++) {
    rest -= probs[place] as number;
    if (rest < 0) return place;
  }
  return probs.length - 1;
}
