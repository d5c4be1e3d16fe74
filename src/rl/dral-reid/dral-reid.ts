import { z } from 'zod';
import { ArgumentError, FormatError } from '../../errors.js';
import { strategyType } from '../../strategies/types.js';
import { AnchorTurns, turnsState } from './anchor-turns.js';
import { dralReidOptions } from './options.js';
import { PairPicker, pickerState } from './pair-picker.js';
import { type Agent, Survey } from './survey.js';

const agentState = z.object({ picker: pickerState, turns: turnsState }).nullable();

/**
 * Deep reinforcement active learning for re-identification: for one labelled sample after another, the anchor, an agent
 * picks among its nearest unlabelled samples those whose answer to "the same or another?" is least foreseeable, and
 * learns to pick from the answers. Of the paper are:
 *     pool      the n_s gallery images nearest to the anchor (n_s = 30)
 *     state     their similarities to it and to each other, kept between k-reciprocal neighbours only
 *     action    one image of the pool that has not been picked; K_max of them (10)
 *     reward    [m + y (max d(same, g) − min d(different, g))]₊, y = ±1, m = 0.2; see {@link hingeReward}
 *     update    an answer moves the anchor's similarities up (same) or down (different)
 *     agent     softmax actor-critic with the advantage over one step
 * The three numbers are recalled and not checked against its text. Where it is silent, or speaks of another setting:
 * 1. Anchors are labelled samples, classes in turn and the samples of a class in turn. A question buys the class; it is
 *    the same when it is that of the anchor.
 * 2. Distances are those of the model's embeddings, divided by the largest one within the pool.
 * 3. While nothing is known to be different, the mean distance within the pool stands for the least one.
 * 4. How far answers move similarities: {@link SimilarityGraph}; k = 15.
 * 5. Both networks are small graph networks, which know no order of the images, in place of layers over the whole
 *    matrix: {@link PairPicker}. They take one step after each anchor. γ = 0.5 and a small bonus for entropy learned
 *    fastest on clusters that overlap in pairs.
 * 6. The model learns classes as its learner trains it, not by a triplet loss on pairs: at the end of the round, or
 *    every `fitEvery` labels.
 * 7. A refused question uses up a pick and teaches nothing.
 *
 * It begins with random picks; the agent goes on from round to round. The score of a pick is its probability. Without
 * any label there is no anchor, and nothing is bought. Embeddings are those of the last training; O(N d) per anchor.
 *
 * @see Liu, Wang, Gong, Lu, Tao: Deep Reinforcement Active Learning for Human-In-The-Loop Person Re-Identification.
 *   ICCV 2019.
 */
export const dralReid = strategyType({
  name: 'dral-reid',
  description: 'an agent picks neighbours of a labelled sample to be told the same or different (re-identification)',
  needs: ['embeddings', 'labels', 'oracle'],
  options: dralReidOptions,
  create(options) {
    let agent: Agent | undefined;
    return {
      async query(context, n, { signal } = {}) {
        if (context.interactive === undefined) {
          throw new ArgumentError('strategy dral-reid: expected a context in which labels can be bought');
        }
        agent ??= { picker: PairPicker.create(options, context.seed), turns: new AnchorTurns() };
        return new Survey(context, context.interactive, options, agent, signal).run(n);
      },
      state: (): z.output<typeof agentState> =>
        agent === undefined ? null : { picker: agent.picker.state(), turns: agent.turns.state() },
      restore(state) {
        const { success, data } = agentState.safeParse(state);
        if (!success) throw new FormatError('strategy dral-reid: expected a state of this strategy');
        agent = data
          ? { picker: PairPicker.from(options, data.picker), turns: new AnchorTurns(data.turns) }
          : undefined;
      },
    };
  },
});
