/**
 * Hierarchical clustering by average linkage, along chains of nearest neighbours: O(N²) time, and the same tree as merging
 * the nearest two clusters again and again.
 *
 * @see Benzécri: Construction d'une classification ascendante hiérarchique par la recherche en chaîne des voisins
 *   réciproques. Cahiers de l'analyse des données 7, 1982. Murtagh: A survey of recent advances in hierarchical clustering
 *   algorithms. The Computer Journal 26, 1983.
 */
import { type Control, reportDone } from '../contract/background.js';
import { Pace } from './pace.js';

/** Two clusters that become one, each named by one of its rows, at the mean distance between their rows. */
export interface Merge {
  readonly a: number;
  readonly b: number;
  readonly distance: number;
}

/**
 * The rows - 1 merges, by distance.
 *
 * @param distances [rows · rows], symmetric; used up by the call.
 * @returns Null when stopped.
 */
export async function averageLinkageMerges(
  distances: Float64Array,
  rows: number,
  control: Control,
): Promise<Merge[] | null> {
  const pace = new Pace(control);
  const tree = new Chain(distances, rows);
  const merges: Merge[] = [];
  while (merges.length < rows - 1) {
    if (!(await pace.goOn())) return null;
    merges.push(tree.nextMerge());
    reportDone(control, merges.length);
  }
  return merges.sort((p, q) => p.distance - q.distance);
}

class Chain {
  readonly #distances: Float64Array;
  readonly #rows: number;
  /** Rows that stand for a cluster, in no order. */
  readonly #alive: Uint32Array;
  readonly #sizes: Float64Array;
  #count: number;
  #chain: number[] = [];

  constructor(distances: Float64Array, rows: number) {
    this.#distances = distances;
    this.#rows = rows;
    this.#alive = Uint32Array.from({ length: rows }, (_, row) => row);
    this.#sizes = new Float64Array(rows).fill(1);
    this.#count = rows;
  }

  /** Follow nearest neighbours until two clusters are each other's, and merge those. */
  nextMerge(): Merge {
    if (this.#chain.length === 0) this.#chain.push(this.#alive[0] as number);
    for (;;) {
      const last = this.#chain.at(-1) as number;
      const before = this.#chain.at(-2) ?? -1;
      const next = this.#nearest(last, before);
      if (next === before) {
        this.#chain.length -= 2;
        return this.#merge(Math.min(last, next), Math.max(last, next));
      }
      this.#chain.push(next);
    }
  }

  /** The cluster nearest to `row`: `preferred` among equals (or chains would not end), else the lowest. */
  #nearest(row: number, preferred: number): number {
    const line = this.#distances.subarray(row * this.#rows, (row + 1) * this.#rows);
    let best = preferred;
    let least = preferred < 0 ? Infinity : (line[preferred] as number);
    for (let i = 0; i < this.#count; i++) {
      const other = this.#alive[i] as number;
      if (other === row) continue;
      const distance = line[other] as number;
      if (distance < least || best < 0 || (distance === least && best !== preferred && other < best)) {
        least = distance;
        best = other;
      }
    }
    return best;
  }

  #merge(kept: number, gone: number): Merge {
    const rows = this.#rows;
    const distances = this.#distances;
    const distance = distances[kept * rows + gone] as number;
    this.#alive[this.#alive.indexOf(gone)] = this.#alive[this.#count - 1] as number;
    this.#count -= 1;
    const size = this.#sizes[kept] as number;
    const more = this.#sizes[gone] as number;
    for (let i = 0; i < this.#count; i++) {
      const other = this.#alive[i] as number;
      if (other === kept) continue;
      const sum = size * (distances[kept * rows + other] as number) + more * (distances[gone * rows + other] as number);
      distances[kept * rows + other] = sum / (size + more);
      distances[other * rows + kept] = sum / (size + more);
    }
    this.#sizes[kept] = size + more;
    return { a: kept, b: gone, distance };
  }
}

/**
 * Cluster numbers [rows] after the merges that `isTaken` lets through; clusters are numbered by their lowest row.
 *
 * @param merges By distance.
 */
export function cutTree(
  merges: readonly Merge[],
  rows: number,
  isTaken: (merge: Merge, position: number) => boolean,
): { assignments: Uint32Array; clusters: number } {
  const parents = Uint32Array.from({ length: rows }, (_, row) => row);
  const root = (row: number): number => {
    let at = row;
    while (parents[at] !== at) {
      parents[at] = parents[parents[at] as number] as number;
      at = parents[at] as number;
    }
    return at;
  };
  merges.forEach((merge, position) => {
    if (isTaken(merge, position)) parents[root(merge.a)] = root(merge.b);
  });
  const numbers = new Map<number, number>();
  const assignments = new Uint32Array(rows);
  for (let row = 0; row < rows; row++) {
    const at = root(row);
    const number = numbers.get(at) ?? numbers.size;
    numbers.set(at, number);
    assignments[row] = number;
  }
  return { assignments, clusters: numbers.size };
}
