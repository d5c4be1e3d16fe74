/** A small graph network: one number per node, the same function whatever the order of the nodes. */
import type { Random } from '../../reference/philox.js';

/** Nodes and how they are connected. */
export interface GraphInput {
  readonly nodes: number;
  /** [nodes, features]. */
  readonly features: Float64Array;
  /** A [nodes, nodes]: how much node j counts among the neighbours of i; rows sum to 1, or to 0 without neighbours. */
  readonly neighbours: Float64Array;
}

/** What one pass through the network computed. */
export interface GraphPass {
  readonly input: GraphInput;
  /** [H, A H] for the input H of each layer over the neighbours, [nodes, 2 · width]. */
  readonly inputs: readonly Float64Array[];
  /** What these layers gave, [nodes, hidden]. */
  readonly activations: readonly Float64Array[];
  /** [nodes]. */
  readonly output: Float64Array;
}

/** Where the weights of a layer over the neighbours lie: W [2 · width, hidden] from `start` on, b from `bias` on. */
interface Layer {
  readonly width: number;
  readonly start: number;
  readonly bias: number;
}

/**
 * A graph network with one output per node. With H₀ the features and A the neighbours:
 *     H₁ = relu([H₀, A H₀] W₁ + b₁)        H₂ = relu([H₁, A H₁] W₂ + b₂)        output = H₂ w₃ + b₃
 * Weights are one flat array in this order, rows of W one after another. Sums are f64.
 *
 * @see Kipf, Welling: Semi-Supervised Classification with Graph Convolutional Networks. ICLR 2017. Differs: the node
 *   itself has weights of its own.
 */
export class GraphNetwork {
  readonly #hidden: number;
  readonly #layers: readonly Layer[];
  /** Where w₃ starts; b₃ is the last weight. */
  readonly #top: number;
  /** Number of weights. */
  readonly size: number;

  constructor(features: number, hidden: number) {
    this.#hidden = hidden;
    const second = (2 * features + 1) * hidden;
    this.#top = second + (2 * hidden + 1) * hidden;
    this.#layers = [
      { width: features, start: 0, bias: 2 * features * hidden },
      { width: hidden, start: second, bias: second + 2 * hidden * hidden },
    ];
    this.size = this.#top + hidden + 1;
  }

  /** He's normal weights, no biases. The last layer is zero: at first all nodes are alike. */
  initialWeights(random: Random): Float32Array {
    const weights = new Float32Array(this.size);
    for (const { width, start, bias } of this.#layers) {
      const deviation = Math.sqrt(1 / width);
      for (let at = start; at < bias; at++) weights[at] = deviation * random.normal();
    }
    return weights;
  }

  forward(weights: Float32Array, input: GraphInput): GraphPass {
    const hidden = this.#hidden;
    const inputs: Float64Array[] = [];
    const activations: Float64Array[] = [];
    let below = input.features;
    for (const layer of this.#layers) {
      const wide = besideNeighbours(below, layer.width, input);
      below = this.#activate(weights, layer, wide, input.nodes);
      inputs.push(wide);
      activations.push(below);
    }
    const output = new Float64Array(input.nodes).fill(weights[this.size - 1] as number);
    for (let node = 0; node < input.nodes; node++) {
      for (let unit = 0; unit < hidden; unit++) {
        const part = (below[node * hidden + unit] as number) * (weights[this.#top + unit] as number);
        output[node] = (output[node] as number) + part;
      }
    }
    return { input, inputs, activations, output };
  }

  /**
   * @param errors Derivative of a loss by the output, [nodes].
   * @returns Its derivative by the weights.
   */
  backward(weights: Float32Array, { input, inputs, activations }: GraphPass, errors: Float64Array): Float32Array {
    const hidden = this.#hidden;
    const gradient = new Float64Array(this.size);
    const last = activations.at(-1) as Float64Array;
    let above = new Float64Array(last.length);
    for (let node = 0; node < input.nodes; node++) {
      const error = errors[node] as number;
      add(gradient, this.size - 1, error);
      for (let unit = 0; unit < hidden; unit++) {
        const at = node * hidden + unit;
        add(gradient, this.#top + unit, error * (last[at] as number));
        above[at] = error * (weights[this.#top + unit] as number);
      }
    }
    for (let depth = this.#layers.length - 1; depth >= 0; depth--) {
      const layer = this.#layers[depth] as Layer;
      // what a unit that is off would pass on is lost
      const isOn = activations[depth] as Float64Array;
      for (let at = 0; at < above.length; at++) if (isOn[at] === 0) above[at] = 0;
      const wide = this.#backLayer(weights, layer, inputs[depth] as Float64Array, above, gradient);
      if (depth > 0) above = fromNeighbours(wide, layer.width, input);
    }
    return Float32Array.from(gradient);
  }

  /** relu(wide W + b), [nodes, hidden]. */
  #activate(weights: Float32Array, { width, start, bias }: Layer, wide: Float64Array, nodes: number): Float64Array {
    const hidden = this.#hidden;
    const out = new Float64Array(nodes * hidden);
    for (let node = 0; node < nodes; node++) {
      for (let unit = 0; unit < hidden; unit++) out[node * hidden + unit] = weights[bias + unit] as number;
      for (let i = 0; i < 2 * width; i++) {
        const value = wide[node * 2 * width + i] as number;
        if (value === 0) continue;
        const row = start + i * hidden;
        for (let unit = 0; unit < hidden; unit++) {
          add(out, node * hidden + unit, value * (weights[row + unit] as number));
        }
      }
    }
    return out.map((sum) => Math.max(0, sum));
  }

  /** Add a layer's part to `gradient`; the derivative by its input, [nodes, 2 · width]. */
  #backLayer(
    weights: Float32Array,
    { width, start, bias }: Layer,
    wide: Float64Array,
    above: Float64Array,
    gradient: Float64Array,
  ): Float64Array {
    const hidden = this.#hidden;
    const below = new Float64Array(wide.length);
    for (let at = 0; at < above.length; at++) {
      const error = above[at] as number;
      if (error === 0) continue;
      const [node, unit] = [Math.floor(at / hidden), at % hidden];
      add(gradient, bias + unit, error);
      for (let i = 0; i < 2 * width; i++) {
        const weight = start + i * hidden + unit;
        add(gradient, weight, error * (wide[node * 2 * width + i] as number));
        add(below, node * 2 * width + i, error * (weights[weight] as number));
      }
    }
    return below;
  }
}

function add(sums: Float64Array, at: number, value: number): void {
  sums[at] = (sums[at] as number) + value;
}

/** [H, A H] for H [nodes, width]. */
function besideNeighbours(below: Float64Array, width: number, { nodes, neighbours }: GraphInput): Float64Array {
  const wide = new Float64Array(nodes * 2 * width);
  for (let i = 0; i < nodes; i++) {
    wide.set(below.subarray(i * width, (i + 1) * width), i * 2 * width);
    for (let j = 0; j < nodes; j++) {
      const share = neighbours[i * nodes + j] as number;
      if (share === 0) continue;
      for (let c = 0; c < width; c++) add(wide, (2 * i + 1) * width + c, share * (below[j * width + c] as number));
    }
  }
  return wide;
}

/** The derivative by H [nodes, width], from that by [H, A H]. */
function fromNeighbours(
  wide: Float64Array,
  width: number,
  { nodes, neighbours }: GraphInput,
): Float64Array<ArrayBuffer> {
  const below = new Float64Array(nodes * width);
  for (let i = 0; i < nodes; i++) {
    for (let c = 0; c < width; c++) add(below, i * width + c, wide[2 * i * width + c] as number);
    for (let j = 0; j < nodes; j++) {
      const share = neighbours[i * nodes + j] as number;
      if (share === 0) continue;
      for (let c = 0; c < width; c++) add(below, j * width + c, share * (wide[(2 * i + 1) * width + c] as number));
    }
  }
  return below;
}
