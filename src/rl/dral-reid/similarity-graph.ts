/** What is known of a node: it shows the same identity as the anchor, another one, or nothing is known. */
export const SAME = 1;
export const DIFFERENT = -1;
export const UNKNOWN = 0;

/** How far towards 1 or 0 an answer takes the similarity of an equal of its image. */
const PULL = 0.5;

/**
 * The anchor (node 0) and the images to pick from, as a graph of similarities in [0, 1]:
 *     d(i, j) ← d(i, j) / max d            S(i, j) = 1 − d(i, j)
 *     E(i, j) = S(i, j) where i and j are k-reciprocal neighbours, else 0
 * An answer about image g, with q the anchor and i every image without an answer:
 *     same:        S(q, g) = 1             S(q, i) ← S(q, i) + ½ E(g, i) (1 − S(q, i))
 *     different:   S(q, g) = 0             S(q, i) ← S(q, i) − ½ E(g, i) S(q, i)
 * after which E is made anew. Distances do not change.
 */
export class SimilarityGraph {
  readonly nodes: number;
  /** {@link SAME}, {@link DIFFERENT} or {@link UNKNOWN} for each node; the anchor is the same as itself. */
  readonly answers: Int8Array;
  readonly #reciprocal: number;
  /** [nodes, nodes], symmetric; the diagonal means nothing. */
  readonly #distances: Float64Array;
  readonly #similarities: Float64Array;
  readonly #isOpen: Uint8Array;
  #edges: Float64Array;

  /**
   * @param distances [nodes, nodes], symmetric, in any unit; at least one node.
   * @param reciprocal k: how many neighbours each node has, at least 1.
   */
  constructor(distances: ArrayLike<number>, reciprocal: number) {
    this.nodes = Math.round(Math.sqrt(distances.length));
    this.answers = new Int8Array(this.nodes);
    this.answers[0] = SAME;
    this.#isOpen = new Uint8Array(this.nodes).fill(1, 1);
    this.#reciprocal = reciprocal;
    this.#distances = scaled(distances, this.nodes);
    this.#similarities = this.#distances.map((distance) => 1 - distance);
    this.#edges = reciprocalEdges(this.#similarities, this.nodes, reciprocal);
  }

  /** E, [nodes, nodes]: symmetric, with zeros on the diagonal. Another array after each answer. */
  get edges(): Float64Array {
    return this.#edges;
  }

  /** S(i, j). */
  similarity(i: number, j: number): number {
    return this.#similarities[i * this.nodes + j] as number;
  }

  /** Distance in [0, 1]: 1 is that of the farthest two nodes. */
  distance(i: number, j: number): number {
    return this.#distances[i * this.nodes + j] as number;
  }

  /** Mean distance of two different nodes; 0 where there is one only. */
  get meanDistance(): number {
    let sum = 0;
    for (let i = 0; i < this.nodes; i++) for (let j = 0; j < i; j++) sum += this.distance(i, j);
    return this.nodes < 2 ? 0 : (2 * sum) / (this.nodes * (this.nodes - 1));
  }

  /** Nodes with this answer, ascending. */
  answered(answer: number): number[] {
    return [...this.answers.keys()].filter((node) => this.answers[node] === answer);
  }

  /** Nodes that may be picked, ascending. */
  open(): number[] {
    return [...this.#isOpen.keys()].filter((node) => this.#isOpen[node] === 1);
  }

  /** Take a node out of what may be picked: nobody could say what it shows. */
  close(node: number): void {
    this.#isOpen[node] = 0;
  }

  /** Write down whether an open node shows the identity of the anchor. */
  answer(node: number, isSame: boolean): void {
    this.close(node);
    this.answers[node] = isSame ? SAME : DIFFERENT;
    const target = isSame ? 1 : 0;
    this.#relate(node, target);
    for (let i = 1; i < this.nodes; i++) {
      if (this.answers[i] !== UNKNOWN) continue;
      const before = this.similarity(0, i);
      this.#relate(i, before + PULL * (this.#edges[node * this.nodes + i] as number) * (target - before));
    }
    this.#edges = reciprocalEdges(this.#similarities, this.nodes, this.#reciprocal);
  }

  /** Set the similarity of the anchor and a node. */
  #relate(node: number, similarity: number): void {
    this.#similarities[node] = similarity;
    this.#similarities[node * this.nodes] = similarity;
  }
}

/** Distances divided by the largest one between two nodes; all 0 where they coincide. */
function scaled(distances: ArrayLike<number>, nodes: number): Float64Array {
  let largest = 0;
  for (let i = 0; i < nodes; i++) {
    for (let j = 0; j < i; j++) largest = Math.max(largest, distances[i * nodes + j] as number);
  }
  return Float64Array.from(distances, (distance) => (largest > 0 ? distance / largest : 0));
}

/**
 * Similarities of pairs that are among the k most similar nodes of each other, the lowest among equals; 0 elsewhere.
 *
 * @see Zhong, Zheng, Cao, Li: Re-ranking Person Re-identification with k-reciprocal Encoding. CVPR 2017.
 */
export function reciprocalEdges(similarities: Float64Array, nodes: number, k: number): Float64Array {
  const isNear = new Uint8Array(nodes * nodes);
  for (let i = 0; i < nodes; i++) {
    const row = similarities.subarray(i * nodes, (i + 1) * nodes);
    for (let j = 0; j < nodes; j++) if (j !== i && rank(row, i, j) < k) isNear[i * nodes + j] = 1;
  }
  return similarities.map((similarity, at) => {
    const [i, j] = [Math.floor(at / nodes), at % nodes];
    return isNear[at] === 1 && isNear[j * nodes + i] === 1 ? similarity : 0;
  });
}

/** How many nodes other than `own` come before node j. */
function rank(row: Float64Array, own: number, j: number): number {
  const similarity = row[j] as number;
  let before = 0;
  for (let other = 0; other < row.length; other++) {
    const value = row[other] as number;
    if (other !== own && (value > similarity || (value === similarity && other < j))) before += 1;
  }
  return before;
}
