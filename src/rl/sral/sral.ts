import { z } from 'zod';
import { ArgumentError, FormatError } from '../../errors.js';
import type { QueryContext, QueryOptions, QueryResult, QueryStrategy } from '../../strategies/strategy.js';
import { type StrategyType, strategyType } from '../../strategies/types.js';
import { SralAgent } from './agent.js';
import { type SralOptions, sralOptions } from './options.js';
import { type RoundReport, SralRound } from './round.js';

const stateSchema = z.object({ discarded: z.array(z.int()) }).nullable();

/**
 * Uncertainty-driven smart reinforcement active learning: a DDPG agent looks at the most uncertain samples in small windows and
 * learns, from the change of the classifier's validation accuracy, which of them are worth a label.
 *
 * The agent lives on from round to round and, used with several learners, from pool to pool; snapshots hold it. See
 * {@link sralOptions} for what the paper leaves open, docs/sral.md for the differences.
 *
 * @see Jiu, Wu, Song, Li, Xu: Image classification method based on uncertainty-driven smart reinforcement active learning.
 *   Journal of Graphics 47(1):47-56, 2026, DOI 10.11996/JG.j.2095-302X.2026010047.
 */
export const sral = sralType({
  name: 'sral',
  description: 'a reinforcement-learning agent that chooses among the most uncertain samples',
  options: sralOptions,
});

/**
 * The reinforcement method that SRAL is compared with: the same frame over a margin ranking, with the convolutional policy, every
 * pick kept, and the embeddings alone as the state.
 *
 * @see arXiv:2412.19877, 2024, by the lead author of SRAL, which calls itself DRAL. Not to be confused with the pair
 *   picker of Liu et al., ICCV 2019, which is `dral-reid`.
 */
export const dral = sralType({
  name: 'dral',
  description: 'a reinforcement-learning agent that chooses among the samples of smallest margin',
  options: sralOptions.extend({
    ranking: sralOptions.shape.ranking.default('margin'),
    policy: sralOptions.shape.policy.default('conv'),
    features: sralOptions.shape.features.default('embedding'),
  }),
});

function sralType(type: {
  readonly name: string;
  readonly description: string;
  readonly options: z.ZodType<SralOptions>;
}): StrategyType {
  return strategyType({
    ...type,
    needs: ['probabilities', 'embeddings', 'labels', 'oracle'],
    create(options) {
      if (options.frozen && options.agent === undefined) {
        throw new ArgumentError(`strategy ${type.name}: expected the folder of an agent for frozen, got none`);
      }
      return new Sral(type.name, options).asStrategy();
    },
  });
}

/** A strategy with an agent that it carries along. */
class Sral {
  readonly #name: string;
  readonly #options: SralOptions;
  #agent: SralAgent | undefined;
  #discarded: readonly number[] = [];

  constructor(name: string, options: SralOptions) {
    this.#name = name;
    this.#options = options;
  }

  asStrategy(): Pick<QueryStrategy, 'query' | 'state' | 'restore' | 'save' | 'load'> {
    return {
      query: (context, n, options) => this.#query(context, n, options),
      state: () => (this.#discarded.length === 0 ? null : { discarded: [...this.#discarded] }),
      restore: (state) => {
        const parsed = stateSchema.safeParse(state);
        if (!parsed.success) throw new FormatError(`strategy ${this.#name}: expected a state of this strategy`);
        this.#discarded = parsed.data?.discarded ?? [];
      },
      save: async (dir) => {
        await this.#agent?.save(dir);
      },
      load: async (dir) => {
        this.#agent = (await SralAgent.isIn(dir)) ? await SralAgent.load(dir, this.#options) : undefined;
      },
    };
  }

  async #query(context: QueryContext, n: number, { signal }: QueryOptions = {}): Promise<QueryResult> {
    const options = this.#options;
    if (options.resetAgent) this.#agent = undefined;
    const isForever = options.discardsLast === 'forever';
    const isPassed = new Set(this.#discarded);
    if (context.unlabeled.every((index) => isPassed.has(index))) this.#discarded = []; // all are: begin again
    const round = new SralRound({
      options,
      context,
      most: n,
      agentFor: (features) => this.#agentFor(features, context.seed),
      isFrozen: options.frozen,
      discarded: isForever ? this.#discarded : [],
      signal,
    });
    const result = await round.run();
    if (isForever) this.#discarded = [...this.#discarded, ...round.report.discarded];
    this.#tell(context, round.report);
    return result;
  }

  async #agentFor(features: number, seed: number): Promise<SralAgent> {
    const { agent: folder, window } = this.#options;
    this.#agent ??=
      folder === undefined
        ? SralAgent.create(this.#options, { candidates: window, features }, seed)
        : await SralAgent.load(folder, this.#options);
    const { size } = this.#agent;
    if (size.features !== features) {
      throw new FormatError(
        `strategy ${this.#name}: expected an agent for ${features} features a candidate, got one for ${size.features}; ` +
          'it can go on only where embeddings and classes are as many as where it learned',
      );
    }
    return this.#agent;
  }

  #tell({ log }: QueryContext, report: RoundReport): void {
    const { windows, seen, labeled, returned, reward, losses } = report;
    const agent = this.#agent;
    if (agent === undefined) return;
    const parts = [
      `${windows} windows, ${labeled} of ${seen} candidates labelled`,
      ...(returned > 0 ? [`${returned} of them returned`] : []),
      `reward ${reward.toFixed(3)}`,
      `${agent.steps} steps and ${agent.updates} updates so far`,
      ...(this.#options.frozen ? [] : [`noise ${agent.sigma.toFixed(2)}`]),
      ...(losses === undefined
        ? []
        : [`losses: critic ${losses.critic.toPrecision(2)}, actor ${losses.actor.toPrecision(2)}`]),
    ];
    log(`${this.#name}: ${parts.join('; ')}`);
  }
}
