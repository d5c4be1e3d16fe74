/** Fixed inputs whose result bits are committed (test/golden/hashes.json) and must come out at every level. */
import * as querent from '../../src/index.js';
import { POINT_DTYPES, points } from './points.js';
import { DTYPES, predictions, sha256 } from './values.js';

const WIDTHS = [2, 3, 10, 16, 17, 33, 64, 65, 100, 129, 1000];

/** Name and hash of every case, computed with whatever level is set. */
export async function goldenHashes(threads?: number): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const dtype of DTYPES) {
    for (const from of ['probabilities', 'logits'] as const) {
      for (const method of ['entropy', 'margin', 'least-confidence'] as const) {
        const parts = WIDTHS.map((cols) => {
          const rows = cols > 500 ? 70 : 501;
          const probs = predictions({ rows, cols, dtype, kind: from, seed: cols, gap: cols % 3, skip: cols % 5 });
          const out = dtype === 'f64' ? new Float64Array(rows) : new Float32Array(rows);
          return querent.score(probs, { method, from, onInvalid: 'exclude', threads, out });
        });
        hashes[`score ${dtype} ${from} ${method}`] = sha256(...parts);
      }
    }
    const chances = predictions({ rows: 300, cols: 21, dtype, kind: 'chances', seed: 5 });
    const counts = predictions({ rows: 300, cols: 21, dtype, kind: 'counts', seed: 6 });
    for (const method of ['entropy', 'margin', 'least-confidence'] as const) {
      hashes[`multilabel ${dtype} ${method}`] = sha256(
        querent.score(chances, { method, kind: 'multilabel', threads, onInvalid: 'exclude' }),
      );
      hashes[`divide ${dtype} ${method}`] = sha256(
        querent.score(counts, { method, normalize: 'divide', threads, onInvalid: 'exclude' }),
      );
    }
    for (const from of ['probabilities', 'logits'] as const) {
      const [passes, rows, cols] = [5, 301, 10];
      const { data } = predictions({ rows: passes * rows, cols, dtype, kind: from, seed: 8 });
      const measures = [
        'bald',
        'predictive-entropy',
        'expected-entropy',
        'mean-std',
        'variation-ratio',
        'mean-variation-ratio',
      ] as const;
      const result = querent.mcDropout(data, { passes, rows, cols, dtype, from, normalize: 'none', measures, threads });
      for (const measure of measures) hashes[`passes ${dtype} ${from} ${measure}`] = sha256(result[measure]);
      const options = { passes, rows, cols, dtype, from, normalize: 'divide', numSamples: 150, threads } as const;
      const batch = await querent.batchBald(data, 5, options);
      hashes[`batchBald ${dtype} ${from}`] = sha256(batch.indices, batch.scores);
    }
  }
  const votes = new Uint8Array(7 * 1001).map((_, i) => (i * 7919) % 9);
  hashes['vote-entropy'] = sha256(
    querent.committee(votes, { members: 7, rows: 1001, cols: 9, measure: 'vote-entropy', threads }),
  );
  const pool = predictions({ rows: 20_000, cols: 4, kind: 'logits', seed: 12 });
  const best = querent.scoreTopK(pool, 500, { method: 'margin', from: 'logits', tieBreak: 'random', seed: 3, threads });
  hashes['scoreTopK random ties'] = sha256(best.indices, best.scores as Float32Array);
  hashes['sampleWithoutReplacement'] = sha256(querent.sampleWithoutReplacement(100_000, 1000, { seed: 2n ** 63n }));
  hashes['replay'] = replayHash();
  for (const dtype of POINT_DTYPES) Object.assign(hashes, await pairHashes(dtype, threads));
  return hashes;
}

/** What is computed from all pairs of rows. */
async function pairHashes(dtype: querent.DType, threads: number | undefined): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  const few = points({ rows: 93, cols: 130, dtype, seed: 14 });
  const many = points({ rows: 311, cols: 21, dtype, seed: 15, distinct: 280, gap: 1 });
  for (const metric of ['euclidean', 'cosine'] as const) {
    const table = querent.pairwiseDistances(few, undefined, { metric, threads });
    hashes[`pairwiseDistances ${dtype} ${metric}`] = sha256(table);
    for (const neighbours of [undefined, 12]) {
      const { indices, gains } = await querent.facilityLocation(many, 40, { metric, neighbours, threads });
      hashes[`facilityLocation ${dtype} ${metric} ${neighbours ?? 'all'}`] = sha256(indices, gains);
    }
  }
  const { centroids, assignments, nearest } = await querent.kMeans(many, 17, { seed: 2, threads });
  hashes[`kMeans ${dtype}`] = sha256(centroids.data as Float32Array | Float64Array, assignments, nearest);
  for (const theta of [0, 0.5]) {
    const { embedding } = await querent.tsne(many, { theta, iterations: 40, threads });
    hashes[`tsne ${dtype} ${theta}`] = sha256(embedding);
  }
  return hashes;
}

/** Rows, weights and fields that a prioritised buffer gives while it is filled, overwritten and updated. */
function replayHash(): string {
  const fields = { x: { shape: 2 } } as const;
  const buffer = new querent.ReplayBuffer({ capacity: 777, fields, prioritized: { alpha: 0.6, beta: 0.4 }, seed: 11 });
  const random = new querent.Random(9);
  const parts: (Float32Array | Uint32Array)[] = [];
  for (let round = 0; round < 30; round++) {
    const rows = buffer.add({ x: new Float32Array(100).fill(round) });
    buffer.updatePriorities(
      rows,
      Float64Array.from(rows, () => Math.max(0, random.float() - 0.1) * 10),
    );
    const { indices, weights, x } = buffer.sample(65);
    parts.push(indices, weights as Float32Array, x);
  }
  return sha256(...parts);
}
