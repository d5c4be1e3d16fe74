import test from 'ava';
import fc from 'fast-check';
import { createStrategy, type QueryContext, Random, strategies } from '../../src/index.js';

interface World {
  readonly size: number;
  readonly classes: number;
  readonly labeled: readonly number[];
  readonly n: number;
  readonly seed: number;
  /** 0: every prediction is the same; else how different they are. */
  readonly contrast: number;
}

/** Any pool of 1 to 40 samples, any of them labelled but one; batches may exceed what is left. */
const anyWorld: fc.Arbitrary<World> = fc.integer({ min: 1, max: 40 }).chain((size) =>
  fc.record({
    size: fc.constant(size),
    classes: fc.integer({ min: 2, max: 6 }),
    labeled: fc.uniqueArray(fc.nat({ max: size - 1 }), { maxLength: size - 1 }),
    n: fc.integer({ min: 1, max: 60 }),
    seed: fc.nat(),
    contrast: fc.constantFrom(0, 1, 8),
  }),
);

/** Everything a strategy can ask for, as a pure function of the world. */
function contextOf({ size, classes, labeled, seed, contrast }: World): QueryContext {
  const probabilities = (index: number, salt: number): number[] => {
    const random = new Random(seed * 1000 + index, 90 + salt);
    const weights = Array.from({ length: classes }, () => Math.exp(contrast * random.float()));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return weights.map((weight) => weight / total);
  };
  const rows = (indices: Uint32Array, cols: number, row: (index: number) => number[]) => ({
    data: Float32Array.from([...indices].flatMap(row)),
    rows: indices.length,
    cols,
  });
  return {
    unlabeled: Uint32Array.from({ length: size }, (_, i) => i).filter((i) => !labeled.includes(i)),
    labeled: Uint32Array.from(labeled),
    labels: Uint32Array.from(labeled, (index) => index % classes),
    classes,
    seed,
    round: 3,
    predict: async (indices) => rows(indices, classes, (index) => probabilities(index, 0)),
    embed: async (indices) => rows(indices, classes, (index) => probabilities(index, 1)),
    members: async (indices, passes) => {
      const parts = Array.from({ length: passes }, (_, pass) =>
        rows(indices, classes, (i) => probabilities(i, 2 + pass)),
      );
      return { ...parts[0]!, data: Float32Array.from(parts.flatMap(({ data }) => [...data])), passes };
    },
    samples: (indices) => rows(indices, classes, (index) => probabilities(index, 1)),
    log: () => undefined,
  };
}

/** `holds` for every world; a failure shows the smallest one that breaks it, and its seed. */
async function check(holds: (world: World) => Promise<boolean>): Promise<void> {
  await fc.assert(fc.asyncProperty(anyWorld, holds), { numRuns: 60 });
}

for (const [name, { needs }] of strategies) {
  if (needs.includes('oracle')) continue; // these buy labels themselves and obey a law of their own

  test(`${name} asks for min(n, pool) distinct unlabelled samples`, async (t) => {
    await t.notThrowsAsync(
      check(async (world) => {
        const context = contextOf(world);
        const { indices, scores } = await createStrategy(name).query(context, world.n);
        const isFull = indices.length === Math.min(world.n, context.unlabeled.length);
        const isDistinct = new Set(indices).size === indices.length;
        const isScored = scores === undefined || scores.length === indices.length;
        return isFull && isDistinct && isScored && indices.every((index) => context.unlabeled.includes(index));
      }),
    );
  });

  test(`${name} gives the same answer to the same question`, async (t) => {
    await t.notThrowsAsync(
      check(async (world) => {
        const strategy = createStrategy(name);
        const first = await strategy.query(contextOf(world), world.n);
        const again = await strategy.query(contextOf(world), world.n);
        const fresh = await createStrategy(name).query(contextOf(world), world.n);
        return [again, fresh].every(({ indices }) => indices.join() === first.indices.join());
      }),
    );
  });

  test(`${name} leaves what it is given as it is`, async (t) => {
    await t.notThrowsAsync(
      check(async (world) => {
        const [context, copy] = [contextOf(world), contextOf(world)];
        const given: Float32Array[] = [];
        const watched: QueryContext = {
          ...context,
          predict: async (indices) => {
            const rows = await context.predict(indices);
            given.push(rows.data);
            return rows;
          },
        };
        await createStrategy(name).query(watched, world.n);
        const wanted = (await copy.predict(copy.unlabeled)).data;
        const same = (['unlabeled', 'labeled', 'labels'] as const).every(
          (key) => context[key].join() === copy[key].join(),
        );
        return same && given.every((data) => data.length !== wanted.length || data.join() === wanted.join());
      }),
    );
  });

  test(`${name} refuses options that it does not know`, (t) => {
    t.throws(() => createStrategy(name, { colour: 'red' }), {
      code: 'ERR_QUERENT_ARGUMENT',
      message: /unknown option 'colour'/,
    });
  });

  test(`${name} can be made again from its name and options`, (t) => {
    const { name: own, options } = createStrategy(name);
    t.is(own, name);
    t.deepEqual(createStrategy(own, JSON.parse(JSON.stringify(options))).options, options);
  });
}

test('an unknown strategy is an error that lists the known ones', (t) => {
  const error = t.throws(() => createStrategy('entropi'), { code: 'ERR_QUERENT_ARGUMENT' });
  for (const name of strategies.keys()) t.true(error.message.includes(`'${name}'`));
});
