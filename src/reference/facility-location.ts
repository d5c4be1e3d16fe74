import {
  type FacilityHost,
  type FacilityLocationOptions,
  type FacilityLocationSelection,
  facilityLocationWith,
} from '../contract/facility-call.js';
import type { MatrixLike } from '../contract/tensor-like.js';
import { referenceEngine as engine } from './engine.js';

/** f64 distances of all pairs, and no way to ask for the machine's memory. */
const HOST: FacilityHost = {
  pairBytes: 8,
  memoryLimit: 2 ** 30,
  // eslint-disable-next-line no-console -- the one way to warn that every platform has
  notify: (message) => console.warn(message),
};

/** `facilityLocation` in plain TypeScript, on the calling thread: the same picks. The event loop gets its turns. */
export async function facilityLocation(
  embeddings: MatrixLike,
  k: number,
  options?: FacilityLocationOptions,
): Promise<FacilityLocationSelection> {
  return facilityLocationWith(engine, 'facilityLocation', embeddings, k, options, HOST);
}
