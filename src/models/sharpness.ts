export interface SharpnessOptions {
  readonly sharpness: 'none' | 'sam' | 'friendly';
  /** ρ, how far away the gradient is taken: a distance between weights, at least 0. */
  readonly rho: number;
  /** σ, how much of the mean gradient `friendly` takes away. */
  readonly sigma: number;
  /** λ, decay of the mean gradient, in [0, 1). */
  readonly lambda: number;
}

/**
 * Sharpness-aware minimisation: the optimiser steps w by the gradient of the same batch at w + ε, where the loss is higher.
 *     sam        d = g
 *     friendly   m ← λ m + (1 − λ) g,   d = g − σ m      m = 0 before the first step
 *     ε = ρ d / ‖d‖₂                                     0 where d is 0
 * g is the batch's gradient at w, without weight decay; all weights make one vector. m stands for the gradient of all samples,
 * which `friendly` takes out: what is left is the batch's own noise.
 *
 * Differs: the authors' program takes away m as it was before this step and starts it at the first gradient. With σ = 1 the
 * direction is the same, g − m = λ (g − m before).
 *
 * @see Foret, Kleiner, Mobahi, Neyshabur: Sharpness-Aware Minimization for Efficiently Improving Generalization. ICLR 2021.
 * @see Li, Zhou, He, Cheng, Huang: Friendly Sharpness-Aware Minimization. CVPR 2024.
 */
export class Sharpness {
  readonly #options: SharpnessOptions;
  /** [P]: m, of `friendly` alone. */
  readonly meanGradient: Float32Array | undefined;

  /** @param meanGradient To go on from, [P]; copied. */
  constructor(options: SharpnessOptions, size: number, meanGradient: Float32Array | undefined) {
    this.#options = options;
    if (options.sharpness === 'friendly') this.meanGradient = meanGradient?.slice() ?? new Float32Array(size);
  }

  /** w + ε for `weights` w [P] and `gradient` g [P], both left as they are; moves m on. */
  climb(weights: Float32Array, gradient: Float32Array): Float32Array {
    const { rho } = this.#options;
    const direction = this.#direction(gradient);
    const norm = Math.sqrt(direction.reduce((sum, d) => sum + d * d, 0));
    const scale = norm > 0 ? rho / norm : 0;
    return weights.map((w, i) => w + scale * (direction[i] as number));
  }

  #direction(gradient: Float32Array): Float32Array {
    const mean = this.meanGradient;
    if (mean === undefined) return gradient;
    const { sigma, lambda } = this.#options;
    return gradient.map((g, i) => {
      const m = lambda * (mean[i] as number) + (1 - lambda) * g;
      mean[i] = m;
      return g - sigma * m;
    });
  }
}
