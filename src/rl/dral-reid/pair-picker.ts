import { z } from 'zod';
import { FormatError, ValueError } from '../../errors.js';
import { Adam } from '../../models/adam.js';
import { Random } from '../../reference/philox.js';
import { STREAM_ACTOR, STREAM_CRITIC } from '../seeds.js';
import { type GraphInput, GraphNetwork, type GraphPass } from './graph-network.js';
import { DIFFERENT, SAME, type SimilarityGraph } from './similarity-graph.js';

export interface PairPickerOptions {
  /** Units of each hidden layer. */
  readonly hidden: number;
  /** Of both networks. */
  readonly learningRate: number;
  /** Worth of a reward one pick later. */
  readonly gamma: number;
  /** β: weight of the policy's entropy in the actor's loss. */
  readonly entropyBonus: number;
}

/** What the picker sees before a pick. */
export interface PickState extends GraphInput {
  /** Nodes that may be picked, ascending. */
  readonly open: readonly number[];
}

/** A pick, and what came of it. */
export interface Transition {
  readonly state: PickState;
  /** Place in `state.open`. */
  readonly pick: number;
  readonly reward: number;
  /** Missing after the last pick for an anchor. */
  readonly next?: PickState | undefined;
}

const networkState = z.object({ weights: z.array(z.number()), moments: z.array(z.number()), steps: z.int().min(0) });

/** Both networks and their optimisers as plain JSON. */
export const pickerState = z.object({ actor: networkState, critic: networkState });
export type PickerState = z.output<typeof pickerState>;

interface TrainedNetwork {
  readonly weights: Float32Array;
  readonly adam: Adam;
}

/** Of a node; see {@link pickState}. */
const FEATURES = 7;

/**
 * The graph as both networks see it. Features of a node: its similarity to the anchor; whether it is known to be the
 * same; whether it is known to be another; the mean of its edges; the strongest of its edges to nodes that are the same,
 * and to others; the share of the picks that is left. Neighbours count in proportion to their edges.
 *
 * @param left Picks left for this anchor, of `all`.
 */
export function pickState(graph: SimilarityGraph, left: number, all: number): PickState {
  const { nodes, edges, answers } = graph;
  const features = new Float64Array(nodes * FEATURES);
  const neighbours = new Float64Array(nodes * nodes);
  for (let i = 0; i < nodes; i++) {
    let sum = 0;
    const strongest = { [SAME]: 0, [DIFFERENT]: 0 };
    for (let j = 0; j < nodes; j++) {
      const edge = edges[i * nodes + j] as number;
      const answer = answers[j];
      sum += edge;
      if (answer === SAME || answer === DIFFERENT) strongest[answer] = Math.max(strongest[answer], edge);
    }
    if (sum > 0) for (let at = i * nodes; at < (i + 1) * nodes; at++) neighbours[at] = (edges[at] as number) / sum;
    const own = [
      i === 0 ? 1 : graph.similarity(0, i),
      Number(answers[i] === SAME),
      Number(answers[i] === DIFFERENT),
      sum / Math.max(1, nodes - 1),
      strongest[SAME],
      strongest[DIFFERENT],
      left / all,
    ];
    features.set(own, i * FEATURES);
  }
  return { nodes, features, neighbours, open: graph.open() };
}

/**
 * Discrete actor-critic on a graph: π is the softmax of the actor's outputs at the open nodes, V the mean of the
 * critic's outputs at all nodes. After every anchor one step of Adam for each network, on the mean over its answers of
 *     A   = r + γ V(s′) − V(s)                     a constant here; V(s′) is 0 after the last pick
 *     L_π = −A log π(g | s) − β H(π(· | s))        moves the actor only
 *     L_V = ½ (r + γ V(s′) − V(s))²                moves the critic only, through V(s)
 * Begins with the uniform policy.
 *
 * @see Mnih et al.: Asynchronous Methods for Deep Reinforcement Learning. ICML 2016. Differs: advantages over one step,
 *   one actor, separate networks.
 */
export class PairPicker {
  readonly #options: PairPickerOptions;
  readonly #network: GraphNetwork;
  readonly #actor: TrainedNetwork;
  readonly #critic: TrainedNetwork;

  private constructor(
    options: PairPickerOptions,
    network: GraphNetwork,
    trained: { readonly actor: TrainedNetwork; readonly critic: TrainedNetwork },
  ) {
    this.#options = options;
    this.#network = network;
    this.#actor = trained.actor;
    this.#critic = trained.critic;
  }

  static create(options: PairPickerOptions, seed: number | bigint): PairPicker {
    const network = new GraphNetwork(FEATURES, options.hidden);
    const fresh = (stream: number): TrainedNetwork => ({
      weights: network.initialWeights(new Random(seed, stream)),
      adam: new Adam(network.size, undefined),
    });
    return new PairPicker(options, network, { actor: fresh(STREAM_ACTOR), critic: fresh(STREAM_CRITIC) });
  }

  /** @throws {FormatError} The networks have another size than these options make. */
  static from(options: PairPickerOptions, { actor, critic }: PickerState): PairPicker {
    const network = new GraphNetwork(FEATURES, options.hidden);
    const { size } = network;
    const revive = ({ weights, moments, steps }: PickerState['actor']): TrainedNetwork => {
      if (weights.length !== size || moments.length !== 2 * size) {
        throw new FormatError(`dral-reid: expected the state of networks with ${size} weights, got ${weights.length}`);
      }
      const adam = new Adam(size, { moments: Float32Array.from(moments), steps });
      return { weights: Float32Array.from(weights), adam };
    };
    return new PairPicker(options, network, { actor: revive(actor), critic: revive(critic) });
  }

  /** What {@link PairPicker.from} goes on from. */
  state(): PickerState {
    const plain = ({ weights, adam }: TrainedNetwork): PickerState['actor'] => ({
      weights: [...weights],
      moments: [...adam.moments],
      steps: adam.steps,
    });
    return { actor: plain(this.#actor), critic: plain(this.#critic) };
  }

  /** π(· | s), in the order of `state.open`. */
  probabilities(state: PickState): Float64Array {
    return policy(state.open, this.#network.forward(this.#actor.weights, state).output);
  }

  /** V(s). */
  value(state: PickState): number {
    return mean(this.#network.forward(this.#critic.weights, state).output);
  }

  /**
   * One step of both networks.
   *
   * @param transitions Of one anchor, in order; nothing happens without any.
   * @throws {ValueError} An advantage is not finite; nothing has moved then.
   */
  learn(transitions: readonly Transition[]): void {
    if (transitions.length === 0) return;
    const { learningRate, gamma, entropyBonus } = this.#options;
    const network = this.#network;
    const [actor, critic] = [this.#actor, this.#critic];
    const policyGradient = new Float32Array(network.size);
    const valueGradient = new Float32Array(network.size);
    const judge = remembering((state: PickState) => network.forward(critic.weights, state));
    for (const { state, pick, reward, next } of transitions) {
      const valued = judge(state);
      const target = reward + (next === undefined ? 0 : gamma * mean(judge(next).output));
      const advantage = target - mean(valued.output);
      if (!Number.isFinite(advantage)) {
        throw new ValueError(
          `dral-reid: an advantage became ${advantage} after ${critic.adam.steps} updates; lower learningRate (now ${learningRate})`,
        );
      }
      const valueErrors = new Float64Array(state.nodes).fill(-advantage / state.nodes);
      add(valueGradient, network.backward(critic.weights, valued, valueErrors), 1 / transitions.length);

      const acted = network.forward(actor.weights, state);
      const errors = policyErrors(state.open, acted.output, pick, advantage, entropyBonus);
      add(policyGradient, network.backward(actor.weights, acted, errors), 1 / transitions.length);
    }
    critic.adam.update(critic.weights, valueGradient, learningRate, 0);
    actor.adam.update(actor.weights, policyGradient, learningRate, 0);
  }
}

/** Softmax of the outputs at the open nodes. */
function policy(open: readonly number[], output: Float64Array): Float64Array {
  const logits = open.map((node) => output[node] as number);
  const top = Math.max(...logits);
  const weights = Float64Array.from(logits, (logit) => Math.exp(logit - top));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** ∂L_π / ∂output, [nodes]. */
function policyErrors(
  open: readonly number[],
  output: Float64Array,
  pick: number,
  advantage: number,
  entropyBonus: number,
): Float64Array {
  const probs = policy(open, output);
  const logs = probs.map((p) => (p > 0 ? Math.log(p) : 0));
  const entropy = -probs.reduce((sum, p, place) => sum + p * (logs[place] as number), 0);
  const errors = new Float64Array(output.length);
  open.forEach((node, place) => {
    const p = probs[place] as number;
    const chosen = place === pick ? 1 : 0;
    errors[node] = advantage * (p - chosen) + entropyBonus * p * ((logs[place] as number) + entropy);
  });
  return errors;
}

/** The state after a pick is the one before the next: compute it once. */
function remembering(compute: (state: PickState) => GraphPass): (state: PickState) => GraphPass {
  const known = new Map<PickState, GraphPass>();
  return (state) => {
    const pass = known.get(state) ?? compute(state);
    known.set(state, pass);
    return pass;
  };
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function add(sums: Float32Array, values: Float32Array, factor: number): void {
  for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] as number) + factor * (values[i] as number);
}
