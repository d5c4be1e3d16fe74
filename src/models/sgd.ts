import type { Optimizer } from './optimizer.js';

export interface SgdOptions {
  /** Share of the last step that the next one keeps, in [0, 1). */
  readonly momentum?: number;
}

/**
 * Stochastic gradient descent with momentum and coupled weight decay, over one flat array of weights.
 *     b ← μ b + g + λ w      b = 0 before the first step
 *     w ← w − η b
 * The learning rate η multiplies b, not what goes into it: a falling rate damps also the steps that b remembers.
 *
 * @see Sutskever, Martens, Dahl, Hinton: On the Importance of Initialization and Momentum in Deep Learning. ICML 2013.
 *   Differs: η stands outside b.
 */
export class Sgd implements Optimizer {
  readonly #momentum: number;
  /** [P]: b. */
  readonly moments: Float32Array;
  steps: number;

  constructor(size: number, state: { moments: Float32Array; steps: number } | undefined, options: SgdOptions = {}) {
    this.#momentum = options.momentum ?? 0.9;
    this.moments = state?.moments.slice() ?? new Float32Array(size);
    this.steps = state?.steps ?? 0;
  }

  update(weights: Float32Array, gradient: Float32Array, learningRate: number, weightDecay: number): void {
    this.steps += 1;
    const momentum = this.#momentum;
    for (let i = 0; i < weights.length; i++) {
      const w = weights[i] as number;
      const b = momentum * (this.moments[i] as number) + (gradient[i] as number) + weightDecay * w;
      this.moments[i] = b;
      weights[i] = w - learningRate * b;
    }
  }
}
