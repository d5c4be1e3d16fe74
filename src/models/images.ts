import { z } from 'zod';
import { ArgumentError } from '../errors.js';
import type { Random } from '../reference/philox.js';

/** Shape of an image sample; its numbers are row-major [height, width, channels]. */
export interface ImageShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** Options of networks for images about changing them while training. */
export const imageOptions = {
  /** Every time a sample is trained on: shift it by up to 4 pixels each way, and mirror every second one. */
  augment: z.enum(['none', 'crop-flip']).default('none'),
};

export type Augmentation = z.output<typeof imageOptions.augment>;

/** @throws {ArgumentError} Samples that are not images. */
export function imageShape(name: string, sampleShape: readonly number[]): ImageShape {
  const [height, width, channels, ...more] = sampleShape;
  if (height === undefined || width === undefined || channels === undefined || more.length > 0) {
    throw new ArgumentError(
      `model ${name}: expected sampleShape [height, width, channels], got [${sampleShape.join(', ')}]`,
    );
  }
  return { height, width, channels };
}

/** Pixels of zeros around an image before a part of its size is cut out of it. */
const PADDING = 4;

/** What {@link imageOptions} asks for, as networks take it. */
export function augmentation(
  augment: Augmentation,
  shape: ImageShape,
): { augment?: (samples: Float32Array, random: Random) => void } {
  return augment === 'none' ? {} : { augment: (samples, random) => cropAndFlip(samples, shape, random) };
}

/**
 * Each image becomes a random part, of its own size, of itself with 4 pixels of zeros around; every second one is mirrored
 * left to right. Draws row, column and mirroring of one image after the other.
 *
 * @param samples [B, height · width · channels], changed in place.
 * @see He, Zhang, Ren, Sun: Deep Residual Learning for Image Recognition. CVPR 2016, section 4.2.
 */
export function cropAndFlip(samples: Float32Array, { height, width, channels }: ImageShape, random: Random): void {
  const size = height * width * channels;
  for (let start = 0; start < samples.length; start += size) {
    const image = samples.subarray(start, start + size);
    const original = image.slice();
    const down = random.below(2 * PADDING + 1) - PADDING;
    const right = random.below(2 * PADDING + 1) - PADDING;
    const isMirrored = random.below(2) === 1;
    image.fill(0);
    for (let y = Math.max(0, -down); y < Math.min(height, height - down); y++) {
      for (let x = Math.max(0, -right); x < Math.min(width, width - right); x++) {
        const from = ((y + down) * width + x + right) * channels;
        const to = (y * width + (isMirrored ? width - 1 - x : x)) * channels;
        for (let c = 0; c < channels; c++) image[to + c] = original[from + c] as number;
      }
    }
  }
}
