import { readFileSync } from 'node:fs';
import type { FloatRows, QueryContext } from '../../src/index.js';

export interface PoolArrays {
  /** [N, cols], embeddings and samples. */
  readonly points: FloatRows;
  /** [N, classes]; default: all the same. */
  readonly probabilities?: FloatRows;
  readonly labeled?: readonly number[];
  readonly labels?: readonly number[];
  readonly classes?: number;
  readonly seed?: number;
}

/** A context whose answers are rows of arrays. */
export function poolContext(arrays: PoolArrays): QueryContext {
  const { points, labeled = [], labels = labeled.map(() => 0), seed = 1 } = arrays;
  const classes = arrays.classes ?? arrays.probabilities?.cols ?? 3;
  const flat = { data: new Float32Array(points.rows * classes).fill(1 / classes), rows: points.rows, cols: classes };
  const take = ({ data, cols }: FloatRows, indices: Uint32Array): FloatRows => ({
    data: Float32Array.from(Array.from(indices).flatMap((i) => [...data.subarray(i * cols, (i + 1) * cols)])),
    rows: indices.length,
    cols,
  });
  const isLabeled = new Set(labeled);
  return {
    unlabeled: Uint32Array.from({ length: points.rows }, (_, i) => i).filter((i) => !isLabeled.has(i)),
    labeled: Uint32Array.from(labeled),
    labels: Uint32Array.from(labels),
    classes,
    seed,
    round: 1,
    predict: async (indices) => take(arrays.probabilities ?? flat, indices),
    embed: async (indices) => take(points, indices),
    members: () => Promise.reject(new Error('not asked for')),
    samples: (indices) => take(points, indices),
    log: () => undefined,
  };
}

/** Rows of plain numbers. */
export function rowsOf(rows: readonly (readonly number[])[]): FloatRows {
  return { data: Float32Array.from(rows.flat()), rows: rows.length, cols: rows[0]?.length ?? 0 };
}

/** test/golden/diversity.json, made by make_diversity.py. */
export interface DiversityGolden {
  readonly world: {
    readonly cols: number;
    readonly classes: number;
    readonly h: number[];
    readonly p: number[];
    readonly labeled: number[];
    readonly labels: number[];
  };
  readonly cal: { readonly cosine: number[]; readonly euclidean: number[] };
  readonly egl: { readonly bias: number[]; readonly none: number[] };
  readonly density: readonly { readonly beta: number; readonly metric: string; readonly scores: number[] }[];
  readonly probcover: readonly {
    readonly delta: number;
    readonly n: number;
    readonly picks: number[];
    readonly covered: number[];
  }[];
  readonly facility: readonly {
    readonly metric: string;
    readonly n: number;
    readonly picks: number[];
    readonly gains: number[];
  }[];
  readonly kMeans: { readonly k: number; readonly centroids: number[]; readonly assignments: number[] };
  readonly typiclust: {
    readonly cols: number;
    readonly h: number[];
    readonly labeled: number[];
    readonly n: number;
    readonly picks: number[];
    readonly scores: number[];
  };
  readonly eer: {
    readonly decay: number;
    readonly head: number[];
    readonly 'log-loss': number[];
    readonly '0/1': number[];
  };
}

export const golden = JSON.parse(
  readFileSync(new URL('../golden/diversity.json', import.meta.url), 'utf8'),
) as DiversityGolden;

/** The context of the golden world. */
export function goldenContext(): QueryContext {
  const { h, p, cols, classes, labeled, labels } = golden.world;
  const rows = h.length / cols;
  return poolContext({
    points: { data: Float32Array.from(h), rows, cols },
    probabilities: { data: Float32Array.from(p), rows, cols: classes },
    labeled,
    labels,
  });
}

/** Scores by pool index, of a query for the whole pool. */
export function byIndex(indices: Uint32Array, scores: ArrayLike<number> | undefined, unlabeled: Uint32Array): number[] {
  const found = new Map(Array.from(indices, (index, at) => [index, scores?.[at] ?? NaN]));
  return Array.from(unlabeled, (index) => found.get(index) ?? NaN);
}
