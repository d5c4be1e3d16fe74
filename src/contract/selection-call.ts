/** What `kCenterGreedy`, `kMeansPlusPlus` and `badge` do once an engine is chosen. */
import { dtypeCode, type FloatMatrixView, type MatrixView, widenRow } from '../matrix.js';
import { inBackground } from './background.js';
import { checkAsync } from './blocks.js';
import { COSINE, EUCLIDEAN } from './codes.js';
import type { Engine } from './engine.js';
import { invalidEmbedding, invalidRow } from './rows.js';
import {
  type BadgeOptions,
  type KCenterOptions,
  type KMeansPlusPlusOptions,
  planBadge,
  planKCenter,
  planKMeansPlusPlus,
  sharedMatrix,
} from './selection-plan.js';
import { type MatrixLike, readMatrixAsync } from './tensor-like.js';

/** Row numbers in the order in which they were picked. */
export interface Selection {
  readonly indices: Uint32Array;
}

export interface KCenterSelection extends Selection {
  /** Distance of each pick to the nearest labelled row or earlier pick; Infinity for a first pick without labels. */
  readonly distances: Float64Array;
  /** Largest distance of any row to the nearest labelled row or pick. */
  readonly coveringRadius: number;
}

export async function kCenterWith(
  engine: Engine,
  where: string,
  embeddings: MatrixLike,
  k: number,
  options: KCenterOptions | undefined,
): Promise<KCenterSelection> {
  checkAsync(where, options);
  const plan = planKCenter(where, await readMatrixAsync(where, 'embeddings', embeddings), k, options);
  if (plan.points.rows === 0) return { indices: new Uint32Array(0), distances: new Float64Array(0), coveringRadius: 0 };
  const points = await sharedMatrix(where, 'embeddings', plan.points, options?.signal);
  const { indices, distances, coveringRadius, badRow } = await inBackground(plan.k, options, (control) =>
    engine.kCenter(
      points.data,
      dtypeCode(points.dtype),
      points.rows,
      points.cols,
      points.stride,
      plan.metric,
      plan.listed,
      plan.first,
      plan.k,
      plan.threads,
      control,
    ),
  );
  if (badRow >= 0) throw badEmbedding(where, points, badRow, plan.metric);
  return { indices, distances, coveringRadius };
}

export async function kMeansPlusPlusWith(
  engine: Engine,
  where: string,
  embeddings: MatrixLike,
  k: number,
  options: KMeansPlusPlusOptions | undefined,
): Promise<Selection> {
  checkAsync(where, options);
  const plan = planKMeansPlusPlus(where, await readMatrixAsync(where, 'embeddings', embeddings), k, options);
  if (plan.points.rows === 0) return { indices: new Uint32Array(0) };
  const points = await sharedMatrix(where, 'embeddings', plan.points, options?.signal);
  const { indices, badRow } = await inBackground(plan.k, options, (control) =>
    engine.kMeansPlusPlus(
      points.data,
      dtypeCode(points.dtype),
      points.rows,
      points.cols,
      points.stride,
      plan.listed,
      plan.k,
      plan.seed,
      plan.threads,
      control,
    ),
  );
  if (badRow >= 0) throw badEmbedding(where, points, badRow, EUCLIDEAN);
  return { indices };
}

export async function badgeWith(
  engine: Engine,
  where: string,
  predictions: MatrixLike,
  embeddings: MatrixLike,
  k: number,
  options: BadgeOptions | undefined,
): Promise<Selection> {
  checkAsync(where, options);
  const read = [
    readMatrixAsync(where, 'probs', predictions),
    readMatrixAsync(where, 'embeddings', embeddings),
  ] as const;
  const [probsView, pointsView] = await Promise.all(read);
  const plan = planBadge(where, probsView, pointsView, k, options);
  if (plan.points.rows === 0) return { indices: new Uint32Array(0) };
  const [probs, points] = await Promise.all([
    sharedMatrix<FloatMatrixView>(where, 'probs', plan.probs, options?.signal),
    sharedMatrix(where, 'embeddings', plan.points, options?.signal),
  ]);
  const { rule } = plan;
  const { indices, badRow, badPrediction } = await inBackground(plan.k, options, (control) =>
    engine.badge(
      probs.data,
      dtypeCode(probs.dtype),
      probs.cols,
      probs.stride,
      rule.from,
      rule.normalize,
      rule.tolerance,
      points.data,
      dtypeCode(points.dtype),
      points.rows,
      points.cols,
      points.stride,
      plan.listed,
      plan.k,
      plan.seed,
      plan.threads,
      control,
    ),
  );
  if (badRow >= 0 && badPrediction) {
    const row = widenRow(probs, badRow, new Float64Array(probs.cols));
    throw invalidRow(where, `row ${badRow} of probs`, row, rule, false);
  }
  if (badRow >= 0) throw badEmbedding(where, points, badRow, EUCLIDEAN);
  return { indices };
}

function badEmbedding(where: string, points: MatrixView, badRow: number, metric: number): Error {
  const row = widenRow(points, badRow, new Float64Array(points.cols));
  return invalidEmbedding(where, `row ${badRow} of embeddings`, row, metric === COSINE);
}
