import type { Optimizer } from './optimizer.js';

export interface AdamOptions {
  /** Decay of the mean of gradients. */
  readonly beta1?: number;
  /** Decay of the mean of squared gradients. */
  readonly beta2?: number;
  readonly epsilon?: number;
}

/**
 * Adam with decoupled weight decay, over one flat array of weights.
 *     m ← β₁ m + (1 − β₁) g          v ← β₂ v + (1 − β₂) g²
 *     w ← w − η (m̂ / (√v̂ + ε) + λ w)      m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ)
 * Plain TypeScript on purpose: a fused pass over the gradient costs a tenth of the dozen TensorFlow ops it would take,
 * gives the same bits on every backend, and the moments need no tensors that could leak.
 *
 * @see Kingma, Ba: Adam: A Method for Stochastic Optimization. ICLR 2015.
 * @see Loshchilov, Hutter: Decoupled Weight Decay Regularization. ICLR 2019.
 */
export class Adam implements Optimizer {
  readonly #beta1: number;
  readonly #beta2: number;
  readonly #epsilon: number;
  /** [2, P]: m, then v. */
  readonly moments: Float32Array;
  /** Updates made, t above. */
  steps: number;

  constructor(size: number, state: { moments: Float32Array; steps: number } | undefined, options: AdamOptions = {}) {
    this.#beta1 = options.beta1 ?? 0.9;
    this.#beta2 = options.beta2 ?? 0.999;
    this.#epsilon = options.epsilon ?? 1e-8;
    this.moments = state?.moments.slice() ?? new Float32Array(2 * size);
    this.steps = state?.steps ?? 0;
  }

  /** Move `weights` [P] in place against `gradient` [P]. */
  update(weights: Float32Array, gradient: Float32Array, learningRate: number, weightDecay: number): void {
    this.steps += 1;
    const [beta1, beta2, epsilon] = [this.#beta1, this.#beta2, this.#epsilon];
    const size = weights.length;
    const first = this.moments.subarray(0, size);
    const second = this.moments.subarray(size);
    const correct1 = 1 / (1 - beta1 ** this.steps);
    const correct2 = 1 / (1 - beta2 ** this.steps);
    const keep = 1 - learningRate * weightDecay;
    for (let i = 0; i < size; i++) {
      const g = gradient[i] as number;
      const m = beta1 * (first[i] as number) + (1 - beta1) * g;
      const v = beta2 * (second[i] as number) + (1 - beta2) * g * g;
      first[i] = m;
      second[i] = v;
      weights[i] = keep * (weights[i] as number) - (learningRate * m * correct1) / (Math.sqrt(v * correct2) + epsilon);
    }
  }
}
