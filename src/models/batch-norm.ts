import type * as tfTypes from '@tensorflow/tfjs';
import type { Parameter, Tensor1D, Tensor4D, Tf } from './network.js';

/** Added to variances, so that constant channels do not divide by zero. */
const EPSILON = 1e-5;

/** Scale and shift [channels] of a batch normalisation. */
export function normParameters(name: string, channels: number): Parameter[] {
  return [
    { name: `${name}/scale`, shape: [channels], fanIn: 0, initial: 1 },
    { name: `${name}/shift`, shape: [channels], fanIn: 0 },
  ];
}

/** Running mean and variance [channels] of a batch normalisation. */
export function normStatistics(name: string, channels: number): Parameter[] {
  return [
    { name: `${name}/mean`, shape: [channels], fanIn: 0 },
    { name: `${name}/variance`, shape: [channels], fanIn: 0, initial: 1 },
  ];
}

/**
 * Batch normalisation of every channel over batch, height and width, M numbers each:
 *     y = γ (x − μ) / √(σ² + ε) + β      ε = 1e-5
 *
 * @param images x [B, height, width, channels].
 * @param scale γ [channels].
 * @param shift β [channels].
 * @param mean μ [channels], of the batch or a running one.
 * @param variance σ² [channels], divided by M.
 * @see Ioffe, Szegedy: Batch Normalization. ICML 2015.
 */
export function normalize(
  tf: Tf,
  images: Tensor4D,
  scale: Tensor1D,
  shift: Tensor1D,
  mean: Tensor1D,
  variance: Tensor1D,
): Tensor4D {
  return tf.batchNorm(images, mean, variance, shift, scale, EPSILON);
}

/**
 * {@link normalize} by the batch's own mean and variance, which depend on x. With x̂ = (x − μ) / √(σ² + ε) the gradient is
 *     ∂β = Σ ∂y,   ∂γ = Σ ∂y x̂,   ∂x = γ / √(σ² + ε) (∂y − ∂β / M − x̂ ∂γ / M)
 * in one piece: TensorFlow would go back through every op of mean and variance.
 *
 * @returns `statistics`: mean, and variance divided by M − 1, for running means of them.
 */
export function normalizeByBatch(
  tf: Tf,
  images: Tensor4D,
  scale: Tensor1D,
  shift: Tensor1D,
): { images: Tensor4D; statistics: [Tensor1D, Tensor1D] } {
  const count = images.size / (images.shape[3] || 1);
  const axes = [0, 1, 2];
  const mean: Tensor1D = tf.mean(images, axes);
  const variance: Tensor1D = tf.mean(tf.squaredDifference(images, mean), axes);
  const normalized = tf.customGrad((x, gamma, beta, save) => {
    (save as tfTypes.GradSaveFunc)([x as Tensor4D, gamma as Tensor1D, mean, variance]);
    return {
      value: normalize(tf, x as Tensor4D, gamma as Tensor1D, beta as Tensor1D, mean, variance),
      gradFunc: (dy: Tensor4D, saved: tfTypes.Tensor[]) => {
        const [input, weight, mu, spread] = saved as [Tensor4D, Tensor1D, Tensor1D, Tensor1D];
        const hat = tf.batchNorm(input, mu, spread, undefined, undefined, EPSILON);
        const shiftMean: Tensor1D = tf.mean(dy, axes);
        const scaleMean: Tensor1D = tf.mean(tf.mul(dy, hat), axes);
        const own = normalize(tf, input, scaleMean, shiftMean, mu, spread);
        const slope = tf.mul(weight, tf.rsqrt(tf.add(spread, EPSILON)));
        return [tf.mul(tf.sub(dy, own), slope), tf.mul(scaleMean, count), tf.mul(shiftMean, count)];
      },
    };
  });
  const unbiased: Tensor1D = tf.mul(variance, count / Math.max(count - 1, 1));
  return { images: normalized(images, scale, shift) as Tensor4D, statistics: [mean, unbiased] };
}
