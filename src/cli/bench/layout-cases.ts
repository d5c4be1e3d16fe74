/** Layouts of the digits that are part of the package. */
import { loadDataset, matrix, tsne } from '../../index.js';
import { least, OURS, type BenchCase } from './case.js';
import { timedAsync, type Runner } from './measure.js';

const SKLEARN = 'sklearn t-SNE (Barnes-Hut)';

const tsneCase: BenchCase = {
  id: 't-sne-1348x64',
  title: 't-SNE of the 1348 digits of the pool, Barnes-Hut, 1000 iterations from PCA, f32, one thread',
  gates: [least(SKLEARN, OURS, 3)],
  rounds: 3,
  tolerance: 0.1, // of the divergence: descents end in different minima
  async prepare(context) {
    const { pool } = await loadDataset('digits');
    // fewer rows would end in minima that differ too much to be compared
    const rows = Math.max(300, Math.min(pool.samples.rows, context.scaled(1348)));
    const data = (pool.samples.data as Float32Array).slice(0, rows * 64);
    await context.share('x', data, [rows, 64]);
    const points = matrix(data, rows, 64);
    const runners: Runner[] = [
      {
        name: OURS,
        run: () =>
          timedAsync(
            () => tsne(points, { threads: 1 }),
            ({ kl }) => kl,
          ),
      },
      ...(await context.peers({ name: SKLEARN, rounds: 1 })),
    ];
    return { runners, bytes: data.byteLength, elements: rows * 1000 };
  },
};

export const LAYOUT_CASES: readonly BenchCase[] = [tsneCase];
