import { type FloatRows, type Interactive, type QueryContext, Random } from '../../src/index.js';
import { poolContext, rowsOf } from './diversity.js';

/** Images of identities as points in the plane. */
export interface ReidToy {
  /** [images, 2]. */
  readonly points: FloatRows;
  /** Identity of each image. */
  readonly identities: Uint32Array;
  readonly identityCount: number;
  /** Whether an image lies between its identity and the one that resembles it, where it could be of either. */
  readonly isBoundary: readonly boolean[];
}

const PAIRS = 20;
const LONE = 5;
const IMAGES = 15;
/** Of the images of an identity around its centre. */
const SPREAD = 0.25;
/** Between the centres of a pair. */
const APART = 3;
const BOUNDARY_SHARE = 0.25;

/**
 * Pairs of identities that resemble each other, and lone ones that resemble nobody. Of the images of a pair a quarter
 * lies around the middle between the two, where both mix: these are the ones whose identity has to be asked for. All others
 * sit close around the centre of their identity.
 */
export function reidToy(seed: number): ReidToy {
  const random = new Random(seed, 95);
  const identityCount = 2 * PAIRS + LONE;
  const around = (x: number, y: number, spread: number) =>
    [x + spread * random.normal(), y + spread * random.normal()] as const;
  // the first of each pair, the lone ones, the second of each pair: neighbouring classes are strangers
  const centres = Array.from({ length: PAIRS + LONE }, () => around(0, 0, 30));
  for (const [x, y] of centres.slice(0, PAIRS)) {
    const angle = 2 * Math.PI * random.float();
    centres.push([x + APART * Math.cos(angle), y + APART * Math.sin(angle)]);
  }
  const partner = (identity: number) => (identity < PAIRS ? identity + PAIRS + LONE : identity - PAIRS - LONE);
  const isLone = (identity: number) => identity >= PAIRS && identity < PAIRS + LONE;
  const identities = Uint32Array.from({ length: identityCount * IMAGES }, (_, image) => image % identityCount);
  const isBoundary = Array.from(identities, (identity) => !isLone(identity) && random.float() < BOUNDARY_SHARE);
  const rows = Array.from(identities, (identity, image) => {
    const [x, y] = centres[identity]!;
    if (!isBoundary[image]) return around(x, y, SPREAD);
    const [otherX, otherY] = centres[partner(identity)]!;
    const part = 0.3 + 0.2 * random.float();
    return around(x + part * (otherX - x), y + part * (otherY - y), SPREAD);
  });
  return { points: rowsOf(rows), identities, identityCount, isBoundary };
}

/** A context for buying up to `budget` labels of a toy; one image of each identity is labelled from the start. */
export function reidContext(toy: ReidToy, budget: number, seed: number): QueryContext {
  const { points, identities, identityCount } = toy;
  const book = new Map(Array.from({ length: identityCount }, (_, identity) => [identity, identity]));
  const interactive: Interactive = {
    get remaining() {
      return budget + identityCount - book.size;
    },
    label: async (indices) => {
      for (const index of indices) book.set(index, identities[index]!);
      return Int32Array.from(indices, (index) => identities[index]!);
    },
    release: () => undefined,
    fit: async () => ({ epochs: 1, loss: 0 }),
    evaluate: () => Promise.reject(new Error('not asked for')),
  };
  return {
    ...poolContext({ points, classes: identityCount, seed }),
    get unlabeled() {
      return Uint32Array.from(identities.keys()).filter((index) => !book.has(index));
    },
    get labeled() {
      return Uint32Array.from(book.keys());
    },
    get labels() {
      return Uint32Array.from(book.values());
    },
    interactive,
  };
}

/** Share of some images that are boundary images. */
export function boundaryShare({ isBoundary }: ReidToy, indices: Iterable<number>): number {
  const picks = [...indices];
  return picks.filter((index) => isBoundary[index]).length / picks.length;
}
