/** One round of SRAL, with an agent and a classifier that do what the test says. */
import test from 'ava';
import { type Interactive, type QueryContext, SKIPPED } from '../../src/index.js';
import type { Transition } from '../../src/rl/ddpg/ddpg.js';
import { type SralOptions, sralOptions } from '../../src/rl/sral/options.js';
import { type RoundParts, SralRound, type WindowAgent } from '../../src/rl/sral/round.js';

const CLASSES = 3;

interface Script {
  readonly size?: number;
  /** Validation accuracies, one per measurement; the last one stays. */
  readonly accuracies?: readonly number[];
  readonly budget?: number;
  /** Pool indices about which the oracle does not answer. */
  readonly refused?: readonly number[];
  /** The action of a candidate, by pool index. */
  readonly action?: (index: number) => number;
  readonly options?: Partial<SralOptions>;
  readonly paid?: readonly number[];
  readonly hasCheckpoint?: boolean;
}

/** Sample i has entropy that falls with i, so windows go by in the order of the pool; its embedding is (i + 1, 0). */
async function play(script: Script) {
  const {
    size = 40,
    accuracies = [0.5],
    budget = 10,
    refused = [],
    action = () => 1,
    options = {},
    paid = [],
  } = script;
  const owned = new Set<number>([size]); // one labelled sample outside of the windows
  const gone = new Set<number>();
  const known = new Set(paid);
  const events: string[] = [];
  let bought = 0;
  let measured = 0;
  const interactive: Interactive = {
    get remaining() {
      return budget - bought;
    },
    async label(indices) {
      events.push(`label ${[...indices].join(' ')}`);
      return Int32Array.from(indices, (index) => {
        if (refused.includes(index)) {
          gone.add(index);
          return SKIPPED;
        }
        if (!known.has(index)) bought += 1;
        known.add(index);
        owned.add(index);
        return index % CLASSES;
      });
    },
    release(indices) {
      events.push(`release ${[...indices].join(' ')}`);
      for (const index of indices) owned.delete(index);
    },
    async fit({ warmStart, epochs } = {}) {
      events.push(`fit ${warmStart === true ? `warm ${epochs}` : 'anew'}`);
      return { epochs: 1, loss: 0 };
    },
    async evaluate() {
      const accuracy = accuracies[Math.min(measured++, accuracies.length - 1)]!;
      return { accuracy, logLoss: 1 - accuracy };
    },
    ...((script.hasCheckpoint ?? true) && {
      checkpoint: () => () => void events.push('go back'),
    }),
  };
  const predicted: number[] = [];
  const probabilityRows = (indices: Uint32Array) => {
    predicted.push(indices.length);
    const data = new Float32Array(indices.length * CLASSES);
    indices.forEach((index, row) => {
      const doubt = 0.3 * (1 - index / 1000);
      data.set([doubt, 1 - 2 * doubt, doubt], row * CLASSES);
    });
    return { data, rows: indices.length, cols: CLASSES };
  };
  const context: QueryContext = {
    get unlabeled() {
      const all = Uint32Array.from({ length: size }, (_, index) => index);
      return all.filter((index) => !owned.has(index) && !gone.has(index));
    },
    get labeled() {
      return Uint32Array.from(owned);
    },
    get labels() {
      return Uint32Array.from(owned, (index) => index % CLASSES);
    },
    classes: CLASSES,
    seed: 5,
    round: 1,
    predict: async (indices) => probabilityRows(indices),
    embed: async (indices) => ({
      data: Float32Array.from([...indices].flatMap((index) => [index + 1, 0])),
      rows: indices.length,
      cols: 2,
    }),
    members: async () => Promise.reject(new Error('not asked for')),
    samples: () => ({ data: new Float32Array(0), rows: 0, cols: 2 }),
    interactive,
    log: () => undefined,
  };
  const stored: Transition[] = [];
  const windows: number[][] = [];
  const agent: WindowAgent & { features?: number } = {
    async act(state) {
      const d = agent.features!;
      const own = Array.from({ length: state.length / d }, (_, row) => state.slice(row * d, (row + 1) * d));
      // the entropy tells which sample it is
      const indices = own.map((row) => (row.every((x) => x === 0) ? -1 : indexOf(row)));
      windows.push(indices);
      return Float32Array.from(indices, (index) => (index < 0 ? 1 : action(index)));
    },
    explore: (state) => agent.act(state),
    async experience(transition) {
      stored.push(transition);
      return undefined;
    },
  };
  const parsed = sralOptions.parse({ window: 4, ...options });
  const indexOf = (row: Float32Array): number =>
    parsed.features === 'all' ? Math.round((1 - row[3]! / 0.3) * 1000) || 0 : -2;
  const parts: RoundParts = {
    options: parsed,
    context,
    most: budget,
    agentFor: async (features) => {
      agent.features = features;
      return agent;
    },
    isFrozen: false,
    discarded: [],
    signal: undefined,
  };
  const round = new SralRound(parts);
  const result = await round.run();
  const isNear = (at: number, reward: number): boolean => Math.abs(stored[at]!.reward - reward) < 1e-6;
  return { result, report: round.report, events, stored, windows, bought, predicted, isNear };
}

const even = (index: number): number => (index % 2 === 0 ? 0.5 + index / 1000 : -0.5);

test('windows go by in the order of the ranking; picks are labelled as they come, the rest is discarded', async (t) => {
  const { result, windows, events, bought } = await play({ action: even, budget: 4 });
  t.deepEqual(windows, [
    [0, 1, 2, 3],
    [4, 5, 6, 7],
  ]);
  t.deepEqual(events, ['label 2 0', 'fit warm 3', 'label 6 4', 'fit warm 3']);
  t.deepEqual([...result.indices], [2, 0, 6, 4]);
  t.is(bought, 4);
});

test('a window is cut to the highest values that the budget has room for', async (t) => {
  const { result, bought } = await play({ action: (index) => index / 100, budget: 6 });
  t.deepEqual([...result.indices], [3, 2, 1, 0, 7, 6]);
  t.is(bought, 6);
  t.deepEqual(
    Array.from(result.scores!, (score) => Math.round(score * 100) || 0),
    [3, 2, 1, 0, 7, 6],
  );
});

test('the reward is the change of the validation accuracy, scaled, less the price of the labels', async (t) => {
  const { stored, isNear } = await play({ action: even, budget: 4, accuracies: [0.5, 0.6, 0.55] });
  t.is(stored.length, 2);
  t.true(isNear(0, 10 * 0.1 - 0.002 * 2));
  t.true(isNear(1, 10 * -0.05 - 0.002 * 2));
  t.deepEqual(
    stored.map(({ done }) => done),
    [false, true],
  );
  t.deepEqual(stored[0]!.nextState, stored[1]!.state);
});

test('the log-loss can be rewarded instead, without scale and price', async (t) => {
  const options = { reward: 'log-loss', rewardScale: 1, labelPrice: 0 } as const;
  const { isNear } = await play({ action: even, budget: 2, accuracies: [0.5, 0.6], options });
  t.true(isNear(0, 0.1));
});

test('states hold unit embeddings, sorted probabilities, entropy and the budget spent', async (t) => {
  const { stored } = await play({ action: even, budget: 4 });
  const d = stored[1]!.state.length / 4;
  t.is(d, 2 + CLASSES + 2);
  const row = [...stored[1]!.state.slice(0, d)]; // sample 4, when 2 of 4 labels are bought
  const doubt = 0.3 * (1 - 4 / 1000);
  const p = [1 - 2 * doubt, doubt, doubt];
  const entropy = -p.reduce((sum, value) => sum + value * Math.log(value), 0);
  const wanted = [1, 0, ...p, entropy, 0.5];
  row.forEach((value, at) => t.true(Math.abs(value - wanted[at]!) < 1e-6, `${at}: ${value}`));
});

test('embeddings alone can be the state', async (t) => {
  const { stored } = await play({ budget: 4, options: { features: 'embedding' } });
  t.deepEqual([...stored[0]!.state], [1, 0, 1, 0, 1, 0, 1, 0]);
});

test('with a small budget, labels are asked for when it is collected, and the windows share the reward', async (t) => {
  const options = { labelAfter: 'small-budget', smallBudget: 3 } as const;
  const script = { action: even, budget: 6, accuracies: [0.5, 0.56, 0.53], options };
  const { events, stored, isNear } = await play(script);
  // two windows of two picks each, the second cut to one
  t.deepEqual(events, ['label 2 0 6', 'fit warm 3', 'label 10 8 14', 'fit warm 3']);
  t.is(stored.length, 4);
  t.true(isNear(0, (10 * 0.06 * 2) / 3 - 0.004));
  t.true(isNear(1, (10 * 0.06 * 1) / 3 - 0.002));
  t.true(isNear(2, (10 * -0.03 * 2) / 3 - 0.004));
  t.true(isNear(3, (10 * -0.03 * 1) / 3 - 0.002));
  stored.slice(1).forEach(({ state }, at) => t.deepEqual(stored[at]!.nextState, state));
  t.deepEqual(
    stored.map(({ done }) => done),
    [false, false, false, true],
  );
});

test('picks that do not raise the accuracy go back, the classifier too, and the next gain counts from before', async (t) => {
  const options = { negativeReward: 'return' } as const;
  const script = { action: even, budget: 6, accuracies: [0.5, 0.5, 0.6, 0.55], options };
  const { result, events, bought, report, isNear } = await play(script);
  t.deepEqual(events, [
    ...['label 2 0', 'fit warm 3', 'release 2 0', 'go back'],
    ...['label 6 4', 'fit warm 3'],
    ...['label 10 8', 'fit warm 3', 'release 10 8', 'go back'],
  ]);
  t.deepEqual([...result.indices], [6, 4]);
  t.is(bought, 6); // what went back stays paid
  t.is(report.returned, 4);
  t.true(isNear(0, -0.004));
  t.true(isNear(1, 1 - 0.004));
  t.true(isNear(2, -0.5 - 0.004));
});

test('a classifier that cannot go back is trained again without the picks', async (t) => {
  const { events } = await play({
    ...{ action: even, budget: 2, accuracies: [0.5, 0.4], hasCheckpoint: false },
    options: { negativeReward: 'return' },
  });
  t.deepEqual(events, ['label 2 0', 'fit warm 3', 'release 2 0', 'fit warm 3']);
});

test('a round that bought nothing and kept nothing keeps its last picks after all', async (t) => {
  const paid = [0, 1, 2, 3];
  const { result, bought } = await play({ size: 4, paid, budget: 4, options: { negativeReward: 'return' } });
  t.is(bought, 0);
  t.deepEqual([...result.indices].sort(), paid);
});

test('labels that were paid for before cost no budget', async (t) => {
  const { result, bought } = await play({ paid: [0, 1, 2], budget: 2 });
  t.is(bought, 2);
  t.true(result.indices.length >= 2);
});

test('after five windows of nothing the best candidate is labelled; the guard can be switched off', async (t) => {
  const shy = (index: number): number => -0.5 - index / 1000;
  const guarded = await play({ action: shy, budget: 1 });
  t.is(guarded.windows.length, 5);
  t.deepEqual([...guarded.result.indices], [16]);
  t.is(guarded.stored.at(-1)!.action[0], 0); // what was done, not what was said
  t.true(guarded.stored.slice(0, 4).every(({ reward }) => reward === 0));
  const free = await play({ action: shy, budget: 1, options: { maxDiscards: 0 } });
  t.is(free.result.indices.length, 0);
  t.is(free.windows.length, 10);
  t.true(free.stored.at(-1)!.done);
});

test('the pool may end within a window: what is missing is rows of zeros', async (t) => {
  const { windows, result, stored } = await play({ size: 6, budget: 20 });
  t.deepEqual(windows, [
    [0, 1, 2, 3],
    [4, 5, -1, -1],
  ]);
  t.is(result.indices.length, 6);
  t.is(stored.length, 2);
});

test('refused samples are neither kept nor paid, and their windows go on', async (t) => {
  const { result, bought } = await play({ refused: [0, 1, 2, 3, 5], budget: 3 });
  t.deepEqual([...result.indices], [4, 6, 8]);
  t.is(bought, 3);
});

test('after the first ranking of a round only the shortlist is predicted anew', async (t) => {
  const { predicted } = await play({ size: 300, budget: 8, options: { shortlist: 20 } });
  t.deepEqual(predicted, [300, 20, 16, 16]);
  const once = await play({ size: 300, budget: 8, options: { rerank: 'round' } });
  t.deepEqual(once.predicted, [300, 256, 256]);
});

test('a random ranking is another one by seed only, and predicts only what is looked at', async (t) => {
  const options = { ranking: 'random' } as const;
  const first = await play({ budget: 8, options });
  t.deepEqual((await play({ budget: 8, options })).windows, first.windows);
  t.notDeepEqual(first.windows[0], [0, 1, 2, 3]);
});

test('discarded candidates may come back after each small budget', async (t) => {
  const options = { discardsLast: 'small-budget', smallBudget: 2 } as const;
  const { windows } = await play({ action: even, budget: 4, options });
  t.deepEqual(windows, [
    [0, 1, 2, 3],
    [1, 3, 4, 5],
    [1, 3, 5, 6],
  ]);
});

test('training can be from scratch', async (t) => {
  const { events } = await play({ action: even, budget: 2, options: { fineTune: 0 } });
  t.deepEqual(events, ['label 2 0', 'fit anew']);
});
