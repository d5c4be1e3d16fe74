/** Eight children to a node. */
const WIDTH = 8;

/**
 * Sums over weights, for drawing rows in proportion to them; the addon's tree, sum by sum and draw by draw. Weights are
 * finite and >= 0. A node is computed from its children, first to last, and never by adding a difference, so the tree
 * depends on its leaves alone.
 *
 * @see Schaul, Quan, Antonoglou, Silver: Prioritized Experience Replay. ICLR 2016.
 */
export class SumTree {
  /** Leaves first; each level is padded with zeros to whole nodes. */
  readonly #levels: Float64Array[] = [];

  constructor(leaves: number) {
    for (let nodes = leaves; ; nodes = Math.ceil(nodes / WIDTH)) {
      this.#levels.push(new Float64Array(Math.ceil(nodes / WIDTH) * WIDTH));
      if (nodes === 1 && this.#levels.length > 1) return;
    }
  }

  get total(): number {
    return this.#levels[this.#levels.length - 1]?.[0] as number;
  }

  get leaves(): Float64Array {
    return this.#levels[0] as Float64Array;
  }

  /** Bring everything above leaves [begin, end) up to date. */
  sum(begin: number, end: number): void {
    if (begin === end) return;
    for (let level = 1; level < this.#levels.length; level++) {
      const below = this.#levels[level - 1] as Float64Array;
      const here = this.#levels[level] as Float64Array;
      begin = Math.floor(begin / WIDTH);
      end = Math.ceil(end / WIDTH);
      for (let node = begin; node < end; node++) here[node] = sumOf(below, node * WIDTH);
    }
  }

  /** Bring everything above these leaves up to date. */
  sumAbove(leaves: Iterable<number>): void {
    let stale = new Set(leaves);
    for (let level = 1; level < this.#levels.length; level++) {
      const below = this.#levels[level - 1] as Float64Array;
      const here = this.#levels[level] as Float64Array;
      const parents = new Set<number>();
      for (const node of stale) parents.add(Math.floor(node / WIDTH));
      for (const node of parents) here[node] = sumOf(below, node * WIDTH);
      stale = parents;
    }
  }

  /**
   * The leaf whose share `target`, a number in [0, total), falls into. On the way down it falls into the last child that
   * is not zero and whose elder siblings add up to no more than it, and goes on without that sum: a leaf of zero is never
   * drawn, whatever was rounded. `total` must be above zero.
   */
  find(target: number): number {
    let node = 0;
    for (let level = this.#levels.length - 2; level >= 0; level--) {
      const children = this.#levels[level] as Float64Array;
      let begin = 0;
      let found = 0;
      let beginOfFound = 0;
      for (let child = 0; child < WIDTH; child++) {
        const weight = children[node * WIDTH + child] as number;
        if (target >= begin && weight > 0) {
          found = child;
          beginOfFound = begin;
        }
        begin += weight;
      }
      target -= beginOfFound;
      node = node * WIDTH + found;
    }
    return node;
  }
}

function sumOf(children: Float64Array, first: number): number {
  let sum = 0;
  for (let child = 0; child < WIDTH; child++) sum += children[first + child] as number;
  return sum;
}
