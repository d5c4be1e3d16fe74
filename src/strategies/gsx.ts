import { z } from 'zod';
import { checkMatrix, elementReader, type Matrix } from '../matrix.js';
import { kCenterGreedy } from '../kernels/index.js';
import { strategyType } from './types.js';

/**
 * GSx, greedy sampling in the space of the samples, for regression and before there is any model: always the sample farthest
 * from its nearest labelled or picked one; without labels the one nearest to the mean of all comes first.
 * Its relatives that look at outputs, GSy and iGS, need labels that are numbers; a pool's labels are classes here.
 *
 * @see Wu, Lin, Huang: Active Learning for Regression Using Greedy Sampling. Information Sciences 474, 2019, algorithm 1.
 */
export const gsx = strategyType({
  name: 'gsx',
  description: 'samples farthest from all labelled ones (regression, cold start)',
  needs: ['samples'],
  options: z.strictObject({}),
  create: () => ({
    async query({ unlabeled, labeled, samples }, n, { signal } = {}) {
      const rows = samples(Uint32Array.from([...unlabeled, ...labeled]));
      const count = Math.min(n, unlabeled.length);
      const start =
        labeled.length > 0
          ? { labeled: Uint32Array.from(labeled.keys(), (at) => unlabeled.length + at) }
          : { first: nearestToMean(rows) };
      const { indices, distances } = await kCenterGreedy(rows, count, { ...start, signal });
      return { indices: indices.map((row) => unlabeled[row] as number), scores: distances };
    },
  }),
});

/** The row nearest to the mean of all rows, the lowest on ties. */
function nearestToMean(matrix: Matrix): number {
  const view = checkMatrix('strategy gsx', 'samples', matrix);
  const { rows, cols, stride } = view;
  const read = elementReader(view.data, view.dtype);
  const mean = new Float64Array(cols);
  for (let row = 0; row < rows; row++) for (let c = 0; c < cols; c++) mean[c]! += read(row * stride + c) / rows;
  let nearest = 0;
  let least = Infinity;
  for (let row = 0; row < rows; row++) {
    let distance = 0;
    for (let c = 0; c < cols; c++) distance += (read(row * stride + c) - (mean[c] as number)) ** 2;
    if (distance < least) [nearest, least] = [row, distance];
  }
  return nearest;
}
