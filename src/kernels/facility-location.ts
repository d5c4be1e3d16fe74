import { totalmem } from 'node:os';
import {
  type FacilityHost,
  type FacilityLocationOptions,
  type FacilityLocationSelection,
  facilityLocationWith,
} from '../contract/facility-call.js';
import type { MatrixLike } from '../contract/tensor-like.js';
import { activeAddon, engine } from '../native.js';

function host(): FacilityHost {
  return {
    pairBytes: activeAddon() === null ? 8 : 4,
    memoryLimit: totalmem() / 4,
    notify: (message) => process.emitWarning(message, { type: 'QuerentWarning', code: 'QUERENT_SPARSE_SIMILARITIES' }),
  };
}

/**
 * Greedy facility location: k rows that together resemble every row of the pool. Maximises Σ_i max over picks j of
 * similarity(i, j), each pick adding the most; exact, the lowest row first among equals.
 *     euclidean  similarity = largest squared distance of any pair - squared distance
 *     cosine     similarity = 1 + cos
 * Runs on worker threads. While the similarities of all pairs fit into `memoryLimit` (4 bytes a pair), all count. Beyond
 * it, or with `neighbours`, those of each row to its most similar rows count and the others are 0; before falling back to
 * that by itself, the call says so (`onNotice`, by default a process warning).
 *
 * @param embeddings [N, d], f32, f64, f16, bf16 or u8, of no particular unit.
 * @param k How many rows to pick; 0 gives empty arrays.
 * @returns Rows in the order they were picked, and what each one added; gains never grow.
 * @throws {ShapeError} k is larger than N; sizes that do not fit; more neighbours than `memoryLimit` allows.
 * @throws {ValueError} A row with NaN, an infinity or a number beyond 1e100; a row of zeros under cosine. It names the
 *   first.
 * @throws {ArgumentError} An unknown option or value.
 * @throws {DetachedError} The buffer was transferred away, before or during the call.
 * @throws `signal.reason` as soon as the signal is aborted.
 * @see Minoux: Accelerated greedy algorithms for maximizing submodular set functions. 1978. Wei, Iyer, Bilmes:
 *   Submodularity in Data Subset Selection and Active Learning. ICML 2015.
 */
export async function facilityLocation(
  embeddings: MatrixLike,
  k: number,
  options?: FacilityLocationOptions,
): Promise<FacilityLocationSelection> {
  const chosen = engine();
  return facilityLocationWith(chosen, 'facilityLocation', embeddings, k, options, host());
}
