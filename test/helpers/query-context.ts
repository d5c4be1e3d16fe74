import fc from 'fast-check';
import { type Interactive, type QueryContext, Random, SKIPPED } from '../../src/index.js';

/** A pool as a strategy meets it, in few numbers; {@link contextOf} makes the rest of them. */
export interface World {
  readonly size: number;
  readonly classes: number;
  /** Pool indices with labels. */
  readonly labeled: readonly number[];
  /** Classes that occur among the labels: 1 to classes. */
  readonly known: number;
  readonly n: number;
  readonly seed: number;
  /** 0: every prediction and every sample is the same; else how different they are. */
  readonly contrast: number;
  /** Samples i and i + distinct are copies of each other. */
  readonly distinct: number;
  /** Members that a committee has whatever is asked for; 0: as many as are asked for. */
  readonly committee: number;
}

/** Any pool of 1 to 40 samples, any of them labelled but one; batches may exceed what is left. */
export const anyWorld: fc.Arbitrary<World> = fc
  .record({ size: fc.integer({ min: 1, max: 40 }), classes: fc.integer({ min: 2, max: 6 }) })
  .chain(({ size, classes }) =>
    fc.record({
      size: fc.constant(size),
      classes: fc.constant(classes),
      labeled: fc.uniqueArray(fc.nat({ max: size - 1 }), { maxLength: size - 1 }),
      known: fc.integer({ min: 1, max: classes }),
      n: fc.integer({ min: 1, max: 60 }),
      seed: fc.nat(),
      contrast: fc.constantFrom(0, 1, 8),
      distinct: fc.constantFrom(1000, 5),
      committee: fc.constantFrom(0, 1, 3),
    }),
  );

const FEATURES = 4;
const EMBEDDING = 5;
const MOMENTS = 3;
const VALIDATION = 12;

/** Everything a strategy can ask for, as a pure function of the world. */
export function contextOf(world: World): QueryContext {
  const { size, classes, labeled, known, seed, contrast, distinct, committee } = world;
  const randomOf = (index: number, stream: number) => new Random(seed * 1000 + (index % distinct), 90 + stream);
  const probabilities = (index: number, stream: number): number[] => {
    const random = randomOf(index, stream);
    const weights = Array.from({ length: classes }, () => Math.exp(contrast * random.float()));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return weights.map((weight) => weight / total);
  };
  const point = (index: number, stream: number, cols: number): number[] => {
    const random = randomOf(index, stream);
    return Array.from({ length: cols }, () => 1 + contrast * random.normal());
  };
  const rows = (indices: ArrayLike<number>, cols: number, row: (index: number) => number[]) => ({
    data: Float32Array.from(Array.from(indices).flatMap(row)),
    rows: indices.length,
    cols,
  });
  const likeliest = (p: number[]): number => p.indexOf(Math.max(...p));
  const held = Uint32Array.from({ length: VALIDATION }, (_, i) => size + i);
  return {
    unlabeled: Uint32Array.from({ length: size }, (_, i) => i).filter((i) => !labeled.includes(i)),
    labeled: Uint32Array.from(labeled),
    labels: Uint32Array.from(labeled, (index) => index % known),
    classes,
    seed,
    round: 3,
    predict: async (indices) => rows(indices, classes, (index) => probabilities(index, 0)),
    embed: async (indices) => rows(indices, EMBEDDING, (index) => point(index, 1, EMBEDDING)),
    members: async (indices, wanted) => {
      const passes = committee === 0 ? wanted : committee;
      const parts = Array.from({ length: passes }, (_, t) => rows(indices, classes, (i) => probabilities(i, 10 + t)));
      const data = Float32Array.from(parts.flatMap((part) => [...part.data]));
      return { data, passes, rows: indices.length, cols: classes };
    },
    samples: (indices) => rows(indices, FEATURES, (index) => point(index, 2, FEATURES)),
    history: async (indices) => ({
      moments: MOMENTS,
      rows: indices.length,
      classes: Uint32Array.from({ length: MOMENTS * indices.length }, (_, at) => {
        const index = indices[at % indices.length]!;
        return likeliest(probabilities(index, 3 + Math.floor(at / indices.length)));
      }),
    }),
    costs: Float64Array.from({ length: size }, (_, index) => 0.5 + randomOf(index, 4).float()),
    validation: {
      samples: rows(held, FEATURES, (index) => point(index, 2, FEATURES)),
      labels: Uint32Array.from(held, (index) => index % classes),
    },
    predictSamples: async () => rows(held, classes, (index) => probabilities(index, 0)),
    log: () => undefined,
  };
}

/** A context whose strategy buys labels itself, and what it bought; every fifth sample is refused by the oracle. */
export function interactiveContext(world: World): { context: QueryContext; bought: number[] } {
  const base = contextOf(world);
  const bought: number[] = [];
  const refused = new Set<number>();
  const book = new Map<number, number>(world.labeled.map((index, at) => [index, base.labels[at]!]));
  const paid = new Set<number>();
  const classOf = (index: number): number => index % world.classes;
  const interactive: Interactive = {
    get remaining() {
      return world.n - bought.length;
    },
    async label(indices) {
      for (const index of indices) {
        if (book.has(index) || refused.has(index) || index >= world.size) throw new Error(`${index} is not on offer`);
      }
      const fresh = [...indices].filter((index) => !paid.has(index));
      if (fresh.length > world.n - bought.length) throw new Error('more than remains');
      return Int32Array.from(indices, (index) => {
        if (index % 5 === 4) {
          refused.add(index);
          return SKIPPED;
        }
        if (!paid.has(index)) bought.push(index);
        paid.add(index);
        book.set(index, classOf(index));
        return classOf(index);
      });
    },
    release: (indices) => indices.forEach((index) => book.delete(index)),
    fit: async () => ({ epochs: 1, loss: 0.5 }),
    evaluate: async () => ({ accuracy: book.size / (book.size + 5), logLoss: 1 / (1 + book.size) }),
  };
  const context: QueryContext = {
    ...base,
    get unlabeled() {
      return Uint32Array.from({ length: world.size }, (_, i) => i).filter((i) => !book.has(i) && !refused.has(i));
    },
    get labeled() {
      return Uint32Array.from(book.keys());
    },
    get labels() {
      return Uint32Array.from(book.values());
    },
    interactive,
  };
  return { context, bought };
}
