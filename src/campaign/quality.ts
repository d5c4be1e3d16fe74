import { likeliestClasses } from '../models/likeliest.js';
import type { FloatRows, Model } from '../models/model.js';
import { takeRows } from '../models/samples.js';
import { Random } from '../reference/philox.js';
import type { Quality } from './records.js';

/** Fewer labels than this say nothing about accuracy. */
const LEAST_LABELS = 20;
const FOLDS = 5;
/** Philox stream of the order in which labels are dealt to folds. */
const STREAM_FOLDS = 48;

/** Labelled items, and how a model is made of some of them. */
export interface Labeled {
  readonly samples: FloatRows;
  /** Rows of `samples`. */
  readonly indices: Uint32Array;
  /** Class of each. */
  readonly labels: Uint32Array;
  /** Group of every row of `samples`: one that is trained on never helps to measure; null: no groups. */
  readonly groups: readonly string[] | null;
  /** Whether the item was drawn at random, by position in `indices`. */
  readonly isRandom: readonly boolean[];
}

/**
 * Accuracy by cross-validation over the labels, and that of the part that was drawn at random.
 *
 * @param fit Makes a model of the labels at these positions.
 */
export async function crossValidate(
  labeled: Labeled,
  seed: number,
  fit: (positions: number[]) => Promise<Model>,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<Pick<Quality, 'crossValidated' | 'random'>> {
  const count = labeled.indices.length;
  const folds = dealFolds(labeled, FOLDS, seed);
  if (count < LEAST_LABELS || new Set(folds).size < 2) return { crossValidated: null, random: null };
  const positions = Array.from({ length: count }, (_, at) => at);
  const isRight = new Array<boolean>(count).fill(false);
  for (let fold = 0; fold < FOLDS; fold++) {
    const held = positions.filter((at) => folds[at] === fold);
    const kept = positions.filter((at) => folds[at] !== fold);
    if (held.length === 0 || kept.length === 0) continue;
    const model = await fit(kept);
    const rows = Uint32Array.from(held, (at) => labeled.indices[at]!);
    const predicted = likeliestClasses(await model.predictProba(takeRows(viewOf(labeled.samples), rows), options));
    held.forEach((at, i) => (isRight[at] = predicted[i] === labeled.labels[at]));
  }
  const random = positions.filter((at) => labeled.isRandom[at]);
  const right = random.filter((at) => isRight[at]).length;
  return {
    crossValidated: { accuracy: isRight.filter(Boolean).length / count, labels: count },
    random:
      random.length < LEAST_LABELS
        ? null
        : { accuracy: right / random.length, labels: random.length, ...wilsonInterval(right, random.length) },
  };
}

/**
 * A fold for every label: groups stay whole, classes are spread evenly, the order is drawn from the seed.
 *
 * @returns Fold by position.
 */
export function dealFolds({ indices, labels, groups }: Labeled, folds: number, seed: number): number[] {
  const units = new Map<string, number[]>();
  for (let at = 0; at < indices.length; at++) {
    const key = groups === null ? String(at) : (groups[indices[at]!] ?? '');
    units.set(key, [...(units.get(key) ?? []), at]);
  }
  const random = new Random(seed, STREAM_FOLDS);
  const order = [...units.values()].map((unit) => ({ unit, draw: random.float() }));
  const classOf = (unit: readonly number[]): number => labels[unit[0]!]!;
  order.sort((a, b) => classOf(a.unit) - classOf(b.unit) || a.draw - b.draw);
  const fold = new Array<number>(indices.length).fill(0);
  order.forEach(({ unit }, turn) => unit.forEach((at) => (fold[at] = turn % folds)));
  return fold;
}

/** Normal quantile of 95 % on both sides together. */
const Z = 1.959963984540054;

/**
 * 95 % interval of a share.
 *
 * @see E. B. Wilson: Probable inference, the law of succession, and statistical inference. JASA 22, 1927.
 */
export function wilsonInterval(right: number, count: number): { low: number; high: number } {
  const share = right / count;
  const centre = (share + (Z * Z) / (2 * count)) / (1 + (Z * Z) / count);
  const half = (Z / (1 + (Z * Z) / count)) * Math.sqrt((share * (1 - share)) / count + (Z * Z) / (4 * count * count));
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

function viewOf(samples: FloatRows): Parameters<typeof takeRows>[0] {
  return { ...samples, dtype: 'f32', stride: samples.cols };
}
