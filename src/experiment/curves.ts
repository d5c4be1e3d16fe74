import type { RoundRecord } from './records.js';
import type { Point } from './statistics/curve.js';

/** The learning curves of an experiment: accuracy by labels, by strategy and seed. */
export type Curves = ReadonlyMap<string, ReadonlyMap<number, readonly Point[]>>;

/** Strategies in the order in which they first appear. */
export function strategiesOf(rounds: readonly RoundRecord[]): string[] {
  return [...new Set(rounds.map(({ strategy }) => strategy))];
}

/** Ascending in labels; of two rounds with as many labels (a correction) the later one counts. */
export function curvesOf(rounds: readonly RoundRecord[]): Curves {
  const curves = new Map<string, Map<number, Point[]>>();
  for (const { strategy, seed, labels, accuracy } of [...rounds].sort((a, b) => a.round - b.round)) {
    const seeds = curves.get(strategy) ?? new Map<number, Point[]>();
    curves.set(strategy, seeds);
    const others = (seeds.get(seed) ?? []).filter(({ x }) => x !== labels);
    seeds.set(
      seed,
      [...others, { x: labels, y: accuracy }].sort((a, b) => a.x - b.x),
    );
  }
  return curves;
}

/** Two strategies on the seeds that both ran, up to the most labels that all of these runs reached. */
export interface Paired {
  /** Ascending. */
  readonly seeds: readonly number[];
  readonly labels: number;
  /** Per seed. */
  readonly a: readonly (readonly Point[])[];
  readonly b: readonly (readonly Point[])[];
}

/** @returns undefined where no seed ran both. */
export function pairUp(curves: Curves, a: string, b: string): Paired | undefined {
  const [ofA, ofB] = [curves.get(a), curves.get(b)];
  if (ofA === undefined || ofB === undefined) return undefined;
  const seeds = [...ofA.keys()].filter((seed) => ofB.has(seed)).sort((x, y) => x - y);
  if (seeds.length === 0) return undefined;
  const runs = seeds.flatMap((seed) => [ofA.get(seed) ?? [], ofB.get(seed) ?? []]);
  const labels = Math.min(...runs.map((run) => run.at(-1)?.x ?? 0));
  const upTo = (of: ReadonlyMap<number, readonly Point[]>): Point[][] =>
    seeds.map((seed) => (of.get(seed) ?? []).filter(({ x }) => x <= labels));
  return { seeds, labels, a: upTo(ofA), b: upTo(ofB) };
}

/** Mean over curves at every number of labels that all of them have, ascending. */
export function meanCurve(curves: readonly (readonly Point[])[]): Point[] {
  const [first = [], ...others] = curves;
  return first.flatMap(({ x, y }) => {
    const rest = others.map((curve) => curve.find((point) => point.x === x)?.y);
    if (rest.some((value) => value === undefined)) return [];
    return [{ x, y: rest.reduce<number>((sum, value) => sum + (value as number), y) / curves.length }];
  });
}
