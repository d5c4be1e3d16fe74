import test from 'ava';
import fc from 'fast-check';
import { createStrategy, type QueryContext, type QueryStrategy, strategies } from '../../src/index.js';
import { aroundOthers, changeContext } from '../../src/strategies/inner.js';
import { arrayContext } from '../helpers/array-context.js';
import { anyWorld, contextOf, type World } from '../helpers/query-context.js';

/** Five predictions of two classes; the margins and entropies fall in the order of the pool. */
const PREDICTIONS = [[0.5, 0.5], [0.6, 0.4], [0.3, 0.7], [0.8, 0.2], [0.05, 0.95]]; // prettier-ignore

const picks = async (name: string, options: object, context: QueryContext, n: number): Promise<number[]> => [
  ...(await createStrategy(name, options).query(context, n)).indices,
];

async function check(holds: (world: World) => Promise<boolean>, runs = 40): Promise<void> {
  await fc.assert(fc.asyncProperty(anyWorld, holds), { numRuns: runs });
}

const COMBINATORS = [...strategies.values()].filter(
  // a proxy answers in place of the model: what the strategy inside needs is not needed of the learner
  ({ name, options }) => 'shape' in options && 'of' in (options.shape as object) && name !== 'selection-via-proxy',
);

test('there are strategies around others, and each of them passes on needs', (t) => {
  t.true(COMBINATORS.length >= 8);
  for (const { name } of COMBINATORS) {
    const takesMany = name === 'weighted' || name === 'rank';
    const { needs } = createStrategy(name, { of: takesMany ? ['bald', 'gsx'] : 'bald' });
    t.true(needs.includes('members'), name);
    if (takesMany) t.true(needs.includes('samples'));
  }
});

test('strategies around one other that has nothing to add answer as it does', async (t) => {
  const same: [string, object][] = [
    ['weighted', { of: ['margin'] }],
    ['weighted', { of: ['margin'], normalize: 'z-score', weights: [0.3] }],
    ['rank', { of: ['margin'] }],
    ['subsample', { of: 'margin', size: 1000 }],
    ['cost-aware', { of: 'margin', exponent: 0 }],
    ['epsilon-greedy', { of: 'margin', epsilon: 0 }],
    ['stochastic', { of: 'margin', beta: 1e9, mode: 'softmax' }],
    ['sequential', { of: 'random', then: 'margin', factor: 1e6 }],
  ];
  for (const [name, options] of same) {
    await t.notThrowsAsync(
      check(async (world) => {
        if (world.distinct < world.size || world.contrast === 0) return true; // ties may fall otherwise
        const plain = await picks('margin', {}, contextOf(world), world.n);
        return (await picks(name, options, contextOf(world), world.n)).join() === plain.join();
      }),
      name,
    );
  }
});

test('weighted adds scores on one scale, with a sign if it is asked to', async (t) => {
  const context = arrayContext({ predictions: PREDICTIONS });
  t.deepEqual(
    await picks('weighted', { of: ['margin', 'entropy'], weights: [1, -1], normalize: 'none' }, context, 5),
    [...PREDICTIONS.keys()].sort((a, b) => scoreOf(b) - scoreOf(a)),
  );
  function scoreOf(index: number): number {
    const [p = 0, q = 0] = PREDICTIONS[index]!;
    return 1 - Math.abs(p - q) + p * Math.log(p) + q * Math.log(q);
  }
  t.deepEqual(await picks('weighted', { of: ['margin', 'margin'], weights: [1, -2] }, context, 5), [4, 3, 2, 1, 0]);
  t.throws(() => createStrategy('weighted', { of: ['margin', 'entropy'], weights: [1] }), {
    code: 'ERR_QUERENT_ARGUMENT',
    message: /one weight for each of the 2 strategies, got 1/,
  });
  await t.throwsAsync(createStrategy('weighted', { of: ['random'] }).query(context, 2), {
    code: 'ERR_QUERENT_ARGUMENT',
    message: /got random, which has none; strategy rank takes any/,
  });
});

test('scores that are infinite or all equal do not spoil a sum', async (t) => {
  const fixed = (name: string, scores: number[]): QueryStrategy => ({
    name,
    needs: [],
    query: async ({ unlabeled }, n) => ({ indices: unlabeled.slice(0, n), scores: scores.slice(0, n) }),
  });
  const { weighted } = await import('../../src/strategies/weighted.js');
  const table: Record<string, QueryStrategy> = {
    greedy: fixed('greedy', [Infinity, 3, 1]),
    flat: fixed('flat', [7, 7, 7]),
    endless: fixed('endless', [Infinity, Infinity, Infinity]),
  };
  const type = weighted((name) => table[name]!);
  const context = arrayContext({ unlabeled: Uint32Array.from([4, 6, 9]) });
  for (const normalize of ['min-max', 'z-score', 'none']) {
    const { indices, scores } = await type.create({ of: ['greedy', 'flat', 'endless'], normalize }).query(context, 3);
    t.deepEqual([...indices], [4, 6, 9], normalize);
    t.true(Array.from(scores!).every(Number.isFinite));
  }
});

test('rank adds ranks, ties share theirs, and strategies without scores vote too', async (t) => {
  // margin: 0 1 2 3 4; labels by price: 4 first. Borda points 4+0, 3+1, …: all 4, the lowest index wins.
  const costs = [16, 8, 4, 2, 1].map((cost) => cost ** 4);
  const context = arrayContext({ predictions: PREDICTIONS, costs });
  t.deepEqual(
    await picks('rank', { of: ['margin', { name: 'cost-aware', exponent: 4 }] }, context, 5),
    [0, 1, 2, 3, 4],
  );
  t.deepEqual(
    await picks('rank', { of: ['margin', { name: 'cost-aware', exponent: 4 }], weights: [1, 2] }, context, 5),
    [4, 3, 2, 1, 0],
  );
  const flat = arrayContext({ predictions: [...PREDICTIONS.map(() => [0.5, 0.5])] });
  t.deepEqual((await createStrategy('rank', { of: ['margin'] }).query(flat, 2)).scores, Float64Array.from([2, 2]));
  t.is((await picks('rank', { of: ['random', 'random'] }, context, 5)).length, 5);
});

test('two of the same random kind inside one strategy do not draw alike', async (t) => {
  const unlabeled = Uint32Array.from({ length: 50 }, (_, i) => i);
  const seen: string[] = [];
  const { rank } = await import('../../src/strategies/rank.js');
  const type = rank(() => {
    const inner = createStrategy('random');
    return {
      ...inner,
      async query(context, n) {
        const result = await inner.query(context, n);
        seen.push(result.indices.join());
        return result;
      },
    };
  });
  await type.create({ of: ['random', 'random'] }).query(arrayContext({ unlabeled }), 5);
  t.is(new Set(seen).size, 2);
});

test('sequential picks among the first candidates only', async (t) => {
  const features = PREDICTIONS.map((_, index) => [index, 0]);
  const context = arrayContext({ predictions: PREDICTIONS, features });
  t.deepEqual(await picks('sequential', { of: 'margin', then: 'gsx', factor: 1.5 }, context, 2), [1, 0]);
  await t.notThrowsAsync(
    check(async (world) => {
      const [wide, count] = [contextOf(world), Math.min(world.n, 3)];
      const best = await picks('margin', {}, wide, 2 * count);
      const chosen = await picks('sequential', { of: 'margin', then: 'random', factor: 2 }, wide, count);
      return chosen.every((index) => best.includes(index));
    }),
  );
});

test('class-balance evens out labels and picks over the predicted classes', async (t) => {
  const predictions = [[0.9, 0.1, 0], [0.8, 0.2, 0], [0.7, 0.3, 0], [0.4, 0.6, 0], [0.1, 0.2, 0.7], [0.6, 0.4, 0]]; // prettier-ignore
  const unlabeled = Uint32Array.from([0, 1, 2, 3, 4, 5]);
  const world = { predictions, unlabeled, labeled: Uint32Array.from([6, 7, 8]), labels: Uint32Array.from([1, 1, 2]) };
  // Best by margin: 3 and 5 (0.8), 2, 4, 1, 0. Classes 0 0 0 1 2 0, labels 0, 2, 1 of them.
  t.deepEqual(await picks('class-balance', {}, arrayContext(world), 6), [5, 2, 4, 3, 1, 0]);
  const tied = arrayContext({ ...world, labels: Uint32Array.from([0, 1, 2]) });
  t.deepEqual(await picks('class-balance', {}, tied, 3), [3, 5, 4]);
});

test('subsample offers a part of the pool that is drawn anew each round, evenly', async (t) => {
  const counts = new Uint32Array(20);
  const predictions = Array.from({ length: 20 }, (_, i) => [0.5 + i / 50, 0.5 - i / 50]);
  for (let seed = 0; seed < 400; seed++) {
    const offered: number[] = [];
    const context = arrayContext({ predictions, seed });
    const watched = {
      ...context,
      predict: (indices: Uint32Array) => (offered.push(...indices), context.predict(indices)),
    };
    const [first] = await picks('subsample', { of: 'margin', size: 5 }, watched, 1);
    if (offered.length !== 5 || first !== Math.min(...offered)) return t.fail();
    for (const index of offered) counts[index]! += 1;
  }
  for (const count of counts) t.true(Math.abs(count - 100) < 40, String(count));
  t.is((await picks('subsample', { size: 2 }, arrayContext({ predictions }), 7)).length, 7);
});

test('cost-aware divides by the price of a label', async (t) => {
  const costs = [4, 1, 1, 1, 1];
  const context = arrayContext({ predictions: PREDICTIONS, costs });
  t.deepEqual(await picks('cost-aware', { of: 'margin' }, context, 3), [1, 2, 3]);
  t.deepEqual(await picks('cost-aware', { of: 'margin', exponent: 0.1 }, context, 3), [0, 1, 2]);
  t.deepEqual(await picks('cost-aware', { of: 'margin' }, arrayContext({ predictions: PREDICTIONS }), 3), [0, 1, 2]);
  for (const price of [0, -1, NaN]) {
    const broken = arrayContext({ predictions: PREDICTIONS, costs: [1, price, 1, 1, 1] });
    await t.throwsAsync(createStrategy('cost-aware').query(broken, 2), {
      code: 'ERR_QUERENT_VALUE',
      message: /positive price for sample 1/,
    });
  }
});

test('epsilon-greedy takes about as many random samples as it says', async (t) => {
  const predictions = Array.from({ length: 400 }, (_, i) => [0.5 + i / 1000, 0.5 - i / 1000]);
  let strangers = 0;
  for (let seed = 0; seed < 40; seed++) {
    const chosen = await picks('epsilon-greedy', { epsilon: 0.3 }, arrayContext({ predictions, seed }), 20);
    strangers += chosen.filter((index) => index >= 20).length;
  }
  // 800 picks, 0.3 of them random, of which hardly any falls among the few that margin would have taken
  t.true(Math.abs(strangers - 240) < 45, String(strangers));
});

test('pseudo-labels of an inner strategy come through, without those of samples that are asked about', async (t) => {
  const predictions = [[0.5, 0.5], [0.999, 0.001], [0.001, 0.999], [0.6, 0.4], [0.998, 0.002]]; // prettier-ignore
  for (const [name, options] of [
    ['epsilon-greedy', { of: 'ceal', epsilon: 0.5 }],
    ['sequential', { of: 'ceal', then: 'random', factor: 2 }],
    ['subsample', { of: 'ceal', size: 3 }],
  ] as const) {
    let guesses = 0;
    for (let seed = 0; seed < 20; seed++) {
      const { indices, pseudoLabels } = await createStrategy(name, options).query(
        arrayContext({ predictions, seed }),
        2,
      );
      const guessed = [...(pseudoLabels?.indices ?? [])]; // none where chance alone chose
      t.true(guessed.every((index) => !indices.includes(index)));
      guesses += guessed.length;
    }
    t.true(guesses > 0, name);
  }
});

test('what inner strategies watch and remember is watched and remembered outside', (t) => {
  let memory = 1;
  const learner: QueryStrategy = {
    name: 'learner',
    needs: ['labels'],
    watch: 7,
    query: async () => ({ indices: new Uint32Array(0) }),
    state: () => memory,
    restore: (state) => void (memory = state as number),
  };
  const around = aroundOthers([createStrategy('margin'), learner, { ...learner, watch: 3 }], ['embeddings']);
  t.deepEqual([...around.needs].sort(), ['embeddings', 'labels', 'probabilities']);
  t.is(around.watch, 7);
  memory = 42;
  const state: unknown = JSON.parse(JSON.stringify(around.state!()));
  t.deepEqual(state, [null, 42, 42]);
  memory = 0;
  around.restore!(state);
  t.is(memory, 42);
  around.restore!(null);
});

test('a changed context keeps what changes by itself, and hands on what it does not know', (t) => {
  let labels = Uint32Array.from([1]);
  const base = arrayContext({ predictions: PREDICTIONS });
  const live: QueryContext = Object.freeze({
    ...base,
    novelty: 5,
    get labels() {
      return labels;
    },
  });
  const changed = changeContext(live, { unlabeled: Uint32Array.from([2]), seed: 9 });
  t.deepEqual([[...changed.unlabeled], changed.seed], [[2], 9]);
  labels = Uint32Array.from([1, 2, 3]);
  t.is(changed.labels.length, 3);
  t.is((changed as QueryContext & { novelty: number }).novelty, 5);
  t.is({ ...changed }.unlabeled, changed.unlabeled);
  t.is(live.unlabeled.length, 5);
});

test('strategies that buy labels themselves are refused inside others, whole or nested', async (t) => {
  const buyer: QueryStrategy = {
    name: 'buyer',
    needs: ['oracle'],
    query: async () => ({ indices: new Uint32Array(0) }),
  };
  const { subsample } = await import('../../src/strategies/subsample.js');
  const type = subsample((name, options) => (name === 'buyer' ? buyer : createStrategy(name, options)));
  t.throws(() => type.create({ of: 'buyer' }), {
    code: 'ERR_QUERENT_ARGUMENT',
    message: /strategy subsample: expected strategies that only choose, got buyer, which buys labels itself/,
  });
});

test('strategies nest, with options at every level, and say which one is wrong', async (t) => {
  const options = {
    of: { name: 'weighted', of: ['margin', { name: 'stochastic', of: { name: 'entropy', normalized: true } }] },
    then: { name: 'class-balance', of: 'random' },
    factor: 3,
  };
  const strategy = createStrategy('sequential', options);
  t.deepEqual(strategy.options, options);
  t.is((await strategy.query(arrayContext({ predictions: PREDICTIONS }), 2)).indices.length, 2);
  t.throws(() => createStrategy('subsample', { of: { name: 'margin', tiebreak: 'index' } }), {
    message: /strategy margin: unknown option 'tiebreak'/,
  });
  t.throws(() => createStrategy('subsample', { of: 'marign' }), { message: /there is no strategy 'marign'/ });
  t.throws(() => createStrategy('subsample', { of: 5 }), { message: /expected the name of a strategy/ });
  t.throws(() => createStrategy('rank', { of: [] }), { code: 'ERR_QUERENT_ARGUMENT' });
});
