import { ActiveLearner, createStrategy, loadDataset, measure, type QueryStrategy } from '../../src/index.js';
import { SralAgent } from '../../src/rl/sral/agent.js';
import { type SralOptions, sralOptions } from '../../src/rl/sral/options.js';
import { SralRound } from '../../src/rl/sral/round.js';
import { junkDigits } from './junk-digits.js';
import { SoftmaxRegression } from './softmax-regression.js';

const INITIAL = 20;
const BUDGET = 100;
const WINDOW = 10;
/** Pools that every method is measured on, apart from those that the agent practises on. */
const TEST_SEEDS = Array.from({ length: 10 }, (_, i) => 1_000_000 + i);

/** How an agent did on the pools it was measured on, against methods that learn nothing. */
export interface SralCheck {
  /** Mean test accuracies. */
  readonly sral: number;
  readonly random: number;
  readonly entropy: number;
  /** Labelled share of the clean candidates that were seen, over that of the junk. */
  readonly ratio: number;
  readonly seconds: number;
}

/** SRAL whose agent and decisions can be looked at. */
class WatchedSral {
  agent: SralAgent | undefined;
  isFrozen = false;
  /** Candidates seen and labelled while frozen: clean, junk. */
  readonly seen = [0, 0];
  readonly labeled = [0, 0];
  readonly #options: SralOptions;

  constructor(options: SralOptions) {
    this.#options = options;
  }

  strategyFor(isJunk: Uint8Array, seed: number): QueryStrategy {
    return {
      name: 'watched-sral',
      needs: ['probabilities', 'embeddings', 'labels', 'oracle'],
      query: async (context, n, { signal } = {}) => {
        const round = new SralRound({
          options: this.#options,
          context,
          most: n,
          agentFor: async (features) =>
            (this.agent ??= SralAgent.create(this.#options, { candidates: this.#options.window, features }, seed)),
          isFrozen: this.isFrozen,
          discarded: [],
          signal,
        });
        const result = await round.run();
        if (this.isFrozen) {
          for (const index of result.indices) this.#count(this.labeled, isJunk[index]);
          for (const index of [...result.indices, ...round.report.discarded]) this.#count(this.seen, isJunk[index]);
        }
        return result;
      },
    };
  }

  get ratio(): number {
    const [clean, junk] = [0, 1].map((kind) => (this.labeled[kind] as number) / Math.max(1, this.seen[kind] as number));
    return (clean as number) / (junk as number);
  }

  #count(counts: number[], kind: number | undefined): void {
    counts[kind ?? 0]! += 1;
  }
}

/**
 * Buy 100 labels of a pool and measure on the test digits. A strategy that trains as it goes buys them in one round; others
 * are trained anew after as many labels as it decides about at a time.
 */
async function episode(
  strategyOf: (isJunk: Uint8Array) => QueryStrategy,
  seed: number,
  clean = false,
): Promise<number> {
  const { pool, labels, isJunk, validation } = await junkDigits(seed, !clean);
  const { test } = await loadDataset('digits');
  const learner = new ActiveLearner({
    model: new SoftmaxRegression(pool.cols, 10),
    strategy: strategyOf(isJunk),
    pool,
    classes: 10,
    oracle: labels,
    validation,
    explain: false,
    seed,
  });
  const budget = INITIAL + BUDGET;
  const batch = learner.strategy.needs.includes('oracle') ? BUDGET : WINDOW;
  await learner.run({ budget, batch, initial: INITIAL });
  return measure(await learner.model.predictProba(test.samples), test.labels).accuracy;
}

export interface SralCheckOptions {
  /** Windows to practise on; default 2000. */
  readonly steps?: number;
  /** Pools to measure on; default 10. */
  readonly tests?: number;
  /** Pools without junk. */
  readonly clean?: boolean;
}

/** Let an agent practise on pools of digits that are half junk, then measure it, frozen, on others. */
export async function checkSral(seed: number, options: SralCheckOptions = {}): Promise<SralCheck> {
  const { steps = 2000, tests = TEST_SEEDS.length, clean = false } = options;
  const started = performance.now();
  const sral = new WatchedSral(
    sralOptions.parse({ window: WINDOW, fineTune: 30, updates: 2, sigmaSteps: 0.6 * steps }),
  );
  const own = (isJunk: Uint8Array): QueryStrategy => sral.strategyFor(isJunk, seed);
  for (let practice = 0; (sral.agent?.steps ?? 0) < steps; practice++) {
    await episode(own, 10_000 * (seed + 1) + practice, clean);
  }
  sral.isFrozen = true;
  const seeds = TEST_SEEDS.slice(0, tests);
  const meanOver = async (strategyOf: (isJunk: Uint8Array) => QueryStrategy): Promise<number> => {
    let sum = 0;
    for (const test of seeds) sum += await episode(strategyOf, test, clean);
    return sum / seeds.length;
  };
  return {
    sral: await meanOver(own),
    random: await meanOver(() => createStrategy('random')),
    entropy: await meanOver(() => createStrategy('entropy')),
    ratio: sral.ratio,
    seconds: (performance.now() - started) / 1000,
  };
}
