import { z } from 'zod';
import { facilityLocation as coverPool } from '../kernels/index.js';
import { STREAM_REFERENCE } from './seeds.js';
import { candidatesOf, candidatesOption, subsample } from './support/candidates.js';
import { greedyMedoids } from './support/greedy-medoids.js';
import { nearestRows } from './support/nearest.js';
import { comparable, concat, slice } from './support/rows.js';
import { strategyType } from './types.js';

/**
 * Facility location: samples that together with the labelled ones resemble the whole pool, greedily: each pick adds the
 * most to Σ_i max over labels and picks j of similarity(i, j), and what it adds is its score. Similarity is minus the
 * squared distance, or the cosine. Before there are labels this is the kernel `facilityLocation` on the candidates. With
 * labels the kernel, which knows none, does not apply: what the labels cover is taken off first, i runs over a uniform
 * draw of at most `reference` unlabelled samples, and the lazy greedy runs on C x R distances, 4 bytes each (134 MB at the
 * limits).
 *
 * @see Wei, Iyer, Bilmes: Submodularity in Data Subset Selection and Active Learning. ICML 2015. Minoux: Accelerated greedy
 *   algorithms for maximizing submodular set functions. 1978.
 */
export const facilityLocation = strategyType({
  name: 'facility-location',
  description: 'samples that, with the labelled ones, resemble the whole pool',
  needs: ['embeddings'],
  options: z.strictObject({
    metric: z.enum(['euclidean', 'cosine']).default('euclidean'),
    /** Of a larger pool a uniform draw of so many samples can be picked. */
    candidates: candidatesOption.default(8192),
    /** Samples that are to be resembled at most, once there are labels. */
    reference: z.int().min(1).default(4096),
  }),
  create: ({ metric, candidates: limit, reference }) => ({
    async query(context, n, { signal } = {}) {
      const { unlabeled, labeled, seed, embed, log } = context;
      const candidates = candidatesOf(context, limit, n);
      const k = Math.min(n, candidates.length);
      if (labeled.length === 0) {
        const points = comparable(await embed(candidates), metric);
        const { indices, gains } = await coverPool(points, k, { metric, signal, onNotice: log });
        return { indices: indices.map((row) => candidates[row] as number), scores: gains };
      }
      const targets = subsample(unlabeled, reference, seed, STREAM_REFERENCE);
      const all = comparable(await embed(concat(concat(labeled, targets), candidates)), metric);
      const [to, end] = [labeled.length + targets.length, all.rows];
      const resembled = slice(all, labeled.length, to);
      const squared = metric === 'euclidean';
      const { distances } = await nearestRows(resembled, slice(all, 0, labeled.length), 1, { metric, squared, signal });
      const start = Float64Array.from(distances);
      const { picks, gains } = await greedyMedoids(slice(all, to, end), resembled, start, k, { metric, signal });
      return { indices: Uint32Array.from(picks, (row) => candidates[row] as number), scores: gains };
    },
  }),
});
