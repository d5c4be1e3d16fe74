/** Prioritised replay as a careful programmer writes it without an addon: a binary tree of sums in one Float64Array. */
export class PlainReplay {
  readonly #capacity: number;
  readonly #alpha: number;
  /** Node i has the children 2 i and 2 i + 1; the root is 1, the leaves begin at #leaves. */
  readonly #sums: Float64Array;
  readonly #leaves: number;
  readonly #columns: readonly { readonly data: Float32Array; readonly width: number }[];
  readonly #random: () => number;

  constructor(capacity: number, widths: readonly number[], alpha: number, random: () => number) {
    this.#capacity = capacity;
    this.#alpha = alpha;
    this.#leaves = 2 ** Math.ceil(Math.log2(capacity));
    this.#sums = new Float64Array(2 * this.#leaves);
    this.#columns = widths.map((width) => ({ data: new Float32Array(capacity * width), width }));
    this.#random = random;
  }

  update(rows: Uint32Array, priorities: Float32Array): void {
    const sums = this.#sums;
    for (let i = 0; i < rows.length; i++) {
      let node = this.#leaves + (rows[i] as number);
      sums[node] = ((priorities[i] as number) + 1e-6) ** this.#alpha;
      for (node >>= 1; node > 0; node >>= 1) sums[node] = (sums[2 * node] as number) + (sums[2 * node + 1] as number);
    }
  }

  sample(n: number, beta: number): { rows: Uint32Array; weights: Float32Array; columns: Float32Array[] } {
    const sums = this.#sums;
    const total = sums[1] as number;
    const rows = new Uint32Array(n);
    const weights = new Float32Array(n);
    let largest = 0;
    for (let i = 0; i < n; i++) {
      let target = this.#random() * total;
      let node = 1;
      while (node < this.#leaves) {
        node *= 2;
        const left = sums[node] as number;
        if (target >= left) {
          target -= left;
          node += 1;
        }
      }
      rows[i] = node - this.#leaves;
      const weight = ((this.#capacity * (sums[node] as number)) / total) ** -beta;
      weights[i] = weight;
      largest = Math.max(largest, weight);
    }
    for (let i = 0; i < n; i++) weights[i] = (weights[i] as number) / largest;
    return { rows, weights, columns: this.#columns.map(({ data, width }) => gatherRows(data, width, rows)) };
  }
}

/** `rows` of a row-major [N, width]. */
export function gatherRows(data: Float32Array, width: number, rows: Uint32Array): Float32Array {
  const out = new Float32Array(rows.length * width);
  for (let i = 0; i < rows.length; i++) {
    const from = (rows[i] as number) * width;
    for (let j = 0; j < width; j++) out[i * width + j] = data[from + j] as number;
  }
  return out;
}
