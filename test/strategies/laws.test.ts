import test from 'ava';
import fc from 'fast-check';
import {
  createStrategy,
  type QueryContext,
  type QueryResult,
  type QueryStrategy,
  strategies,
} from '../../src/index.js';
import { anyWorld, contextOf, interactiveContext, type World } from '../helpers/query-context.js';

/** Corners of {@link anyWorld} that every strategy must stand. */
const corners: Record<string, fc.Arbitrary<World>> = {
  'any pool': anyWorld,
  'no labels at all': anyWorld.map((world) => ({ ...world, labeled: [] })),
  'labels of one class only': anyWorld.map((world) => ({ ...world, known: 1 })),
  'predictions and samples that are all equal': anyWorld.map((world) => ({ ...world, contrast: 0 })),
  'a pool with one sample left': anyWorld.map((world) => ({ ...world, labeled: rest(world.size) })),
  'a pool of one sample': anyWorld.map((world) => ({ ...world, size: 1, labeled: [] })),
  'a batch larger than the pool': anyWorld.map((world) => ({ ...world, n: 1000 })),
};

function rest(size: number): number[] {
  return Array.from({ length: size - 1 }, (_, i) => i + 1);
}

/** `holds` for every world; a failure shows the smallest one that breaks it, and its seed. */
async function check(
  worlds: fc.Arbitrary<World>,
  runs: number,
  holds: (world: World) => Promise<boolean>,
): Promise<void> {
  await fc.assert(fc.asyncProperty(worlds, holds), { numRuns: runs });
}

/** A full batch of distinct unlabelled samples, with a number for each where there are scores. */
function isLawful({ indices, scores, pseudoLabels }: QueryResult, context: QueryContext, n: number): boolean {
  const pool = new Set(context.unlabeled);
  const isFull = indices instanceof Uint32Array && indices.length === Math.min(n, pool.size);
  const isDistinct = new Set(indices).size === indices.length;
  const isScored = scores === undefined || (scores.length === indices.length && !Array.from(scores).some(Number.isNaN));
  const guessed = pseudoLabels?.indices ?? new Uint32Array(0);
  const isGuessed =
    new Set([...guessed, ...indices]).size === guessed.length + indices.length &&
    guessed.every((index) => pool.has(index)) &&
    Array.from(pseudoLabels?.labels ?? []).every((label) => label < context.classes) &&
    pseudoLabels?.labels.length === pseudoLabels?.indices.length;
  return isFull && isDistinct && isScored && isGuessed && indices.every((index) => pool.has(index));
}

const asText = ({ indices, scores, pseudoLabels }: QueryResult): string =>
  JSON.stringify([indices, scores ?? null, pseudoLabels ?? null]);

/** The context, and everything that it handed out with a copy of how it was then. */
function watched(context: QueryContext): { context: QueryContext; isUntouched: () => boolean } {
  const given: [ArrayLike<number>, string][] = [];
  const keep = (data: ArrayLike<number>): void => void given.push([data, Array.from(data).join()]);
  const { unlabeled, labeled, labels, costs, validation } = context;
  for (const list of [unlabeled, labeled, labels, costs!, validation!.labels, dataOf(validation!.samples)]) keep(list);
  const kept = async <T extends { data: ArrayLike<number> }>(rows: Promise<T>): Promise<T> => {
    keep((await rows).data);
    return rows;
  };
  return {
    context: {
      ...context,
      predict: (indices) => kept(context.predict(indices)),
      embed: (indices) => kept(context.embed(indices)),
      members: (indices, passes) => kept(context.members(indices, passes)),
      predictSamples: (samples) => kept(context.predictSamples!(samples)),
      samples(indices) {
        const rows = context.samples(indices);
        keep(dataOf(rows));
        return rows;
      },
      async history(indices) {
        const history = await context.history!(indices);
        keep(history.classes);
        return history;
      },
    },
    isUntouched: () => given.every(([data, before]) => Array.from(data).join() === before),
  };
}

function dataOf({ data }: { readonly data: unknown }): ArrayLike<number> {
  return data as Float32Array;
}

/** Strategies that train a model in every query get fewer worlds. */
const SLOW: readonly string[] = ['selection-via-proxy'];

for (const [name, { needs }] of strategies) {
  const runs = (count: number): number => (SLOW.includes(name) ? Math.ceil(count / 5) : count);
  if (needs.includes('oracle')) {
    test(`${name} buys at most n distinct unlabelled samples, the same ones for the same seed`, async (t) => {
      await t.notThrowsAsync(check(anyWorld, 20, (world) => isLawfulBuyer(() => createStrategy(name), world)));
    });
  } else {
    for (const [corner, worlds] of Object.entries(corners)) {
      test(`${name} asks for min(n, pool) distinct unlabelled samples of ${corner}`, async (t) => {
        await t.notThrowsAsync(
          check(worlds, runs(corner === 'any pool' ? 30 : 10), async (world) => {
            const context = contextOf(world);
            return isLawful(await createStrategy(name).query(context, world.n), context, world.n);
          }),
        );
      });
    }

    test(`${name} gives the same answer to the same question, also from its snapshot`, async (t) => {
      await t.notThrowsAsync(
        check(anyWorld, runs(15), async (world) => {
          const strategy = createStrategy(name);
          const before = JSON.stringify(strategy.state?.() ?? null);
          const first = asText(await strategy.query(contextOf(world), world.n));
          const again = asText(await strategy.query(contextOf(world), world.n));
          const copy = createStrategy(name, JSON.parse(JSON.stringify(strategy.options)));
          copy.restore?.(JSON.parse(before));
          const fresh = asText(await copy.query(contextOf(world), world.n));
          return again === first && fresh === first;
        }),
      );
    });

    test(`${name} leaves what it is given as it is`, async (t) => {
      await t.notThrowsAsync(
        check(anyWorld, runs(15), async (world) => {
          const { context, isUntouched } = watched(contextOf(world));
          await createStrategy(name).query(context, world.n);
          return isUntouched();
        }),
      );
    });
  }

  test(`${name} refuses options that it does not know`, (t) => {
    t.throws(() => createStrategy(name, { colour: 'red' }), {
      code: 'ERR_QUERENT_ARGUMENT',
      message: /unknown option 'colour'/,
    });
  });

  test(`${name} can be made again from its name and options, and needs what its kind says`, (t) => {
    const { name: own, options, needs: ownNeeds } = createStrategy(name);
    t.is(own, name);
    t.deepEqual([...ownNeeds].sort(), [...needs].sort());
    t.deepEqual(createStrategy(own, JSON.parse(JSON.stringify(options))).options, options);
  });
}

/** At most n bought, all of them distinct samples that had no label, and twice the same. */
async function isLawfulBuyer(create: () => QueryStrategy, world: World): Promise<boolean> {
  const answers = [];
  for (let time = 0; time < 2; time++) {
    const { context, bought } = interactiveContext(world);
    const { indices } = await create().query(context, world.n);
    const kept = [...indices];
    const isOwned = kept.every((index) => bought.includes(index) && !world.labeled.includes(index));
    if (bought.length > world.n || new Set(kept).size < kept.length || !isOwned) return false;
    answers.push(kept.join());
  }
  return answers[0] === answers[1];
}

/** Buys one label at a time, best margin first, and gives every third one back. */
const buyer: QueryStrategy = {
  name: 'buyer',
  needs: ['oracle', 'probabilities'],
  async query(context, n) {
    const kept: number[] = [];
    const { interactive } = context;
    while (interactive !== undefined && interactive.remaining > 0 && kept.length < n && context.unlabeled.length > 0) {
      const { indices } = await createStrategy('margin').query(context, 1);
      const [label = 0] = await interactive.label(indices);
      await interactive.fit({ warmStart: true });
      if (label < 0) continue;
      kept.push(indices[0]!);
      if (kept.length % 3 === 0) break;
    }
    return { indices: Uint32Array.from(kept) };
  },
};

test('the law of strategies that buy labels themselves holds for one, and catches one that buys too much', async (t) => {
  await t.notThrowsAsync(check(anyWorld, 20, (world) => isLawfulBuyer(() => buyer, world)));
  const greedy: QueryStrategy = {
    ...buyer,
    async query({ interactive, unlabeled }) {
      await interactive?.label(unlabeled);
      return { indices: unlabeled };
    },
  };
  await t.throwsAsync(check(anyWorld, 100, (world) => isLawfulBuyer(() => greedy, world)));
});

test('an unknown strategy is an error that lists the known ones', (t) => {
  const error = t.throws(() => createStrategy('entropi'), { code: 'ERR_QUERENT_ARGUMENT' });
  for (const name of strategies.keys()) t.true(error.message.includes(`'${name}'`));
});
