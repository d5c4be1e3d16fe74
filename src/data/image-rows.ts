import { join } from 'node:path';
import { z } from 'zod';
import { FormatError, ShapeError } from '../errors.js';
import { readImage } from '../pool/image.js';
import type { Pixels } from '../pool/png.js';
import { cropToShape, resize, withChannels } from '../pool/resize.js';
import { type LabeledSamples, type LoadOptions, scaleBytes } from './dataset.js';

const LARGEST = 255;
/** Decoders work on threads of their own; more files at once only take memory. */
const AT_ONCE = 8;

/** Options of data sets of image files. */
export const pixelOptions = {
  /** Height and width that every image is brought to, [height, width] or one number for both. */
  size: z.union([z.int().min(1), z.tuple([z.int().min(1), z.int().min(1)])]).optional(),
  /** 3: red, green, blue; 1: grey. */
  channels: z.union([z.literal(1), z.literal(3)]).default(3),
  /** Where an image has another shape: 'crop' takes its middle, 'stretch' all of it. */
  fit: z.enum(['crop', 'stretch']).default('crop'),
};

export interface PixelOptions {
  readonly size?: number | readonly [number, number] | undefined;
  readonly channels: 1 | 3;
  readonly fit: 'crop' | 'stretch';
}

/** An image file and its class. */
export interface ImageRow {
  /** Relative to the folder of all images, with `/`. */
  readonly file: string;
  readonly label: number;
}

/** Samples and the shape of each. */
export interface ImageSamples extends LabeledSamples {
  readonly sampleShape: readonly [number, number, 1 | 3];
}

/**
 * Read image files as samples, pixels / 255.
 *
 * @param shape [height, width] that the images must have where no `size` is given; default: that of the first.
 * @throws {FormatError} An image is damaged.
 * @throws {ShapeError} Without `size`, an image of another size.
 * @throws {UnavailableError} Decoding needs a package that is not installed.
 */
export async function readImageRows(
  folder: string,
  rows: readonly ImageRow[],
  options: PixelOptions,
  where: LoadOptions,
  shape?: readonly [number, number],
): Promise<ImageSamples> {
  const { channels, fit, size } = options;
  let target = typeof size === 'number' ? ([size, size] as const) : (size ?? shape);
  let data: Float32Array | undefined;
  let cols = 0;
  const bring = (image: Pixels, file: string): Pixels => {
    const [height, width] = target ?? [image.height, image.width];
    if (size === undefined && (image.height !== height || image.width !== width)) {
      throw new ShapeError(
        `${join(folder, file)}: expected ${height} x ${width} pixels as the first image has, got ${image.height} x ` +
          `${image.width}; say with the option size what all images are to be brought to`,
      );
    }
    const part = fit === 'crop' ? cropToShape(image, width, height) : image;
    return withChannels(resize(part, width, height), channels);
  };
  for (let at = 0; at < rows.length; at += AT_ONCE) {
    where.signal?.throwIfAborted();
    const files = rows.slice(at, at + AT_ONCE).map(({ file }) => file);
    const images = await Promise.all(files.map((file) => readImage(join(folder, file), where)));
    for (const [offset, image] of images.entries()) {
      const pixels = bring(image, files[offset] as string);
      target ??= [pixels.height, pixels.width];
      cols = pixels.data.length;
      data ??= new Float32Array(rows.length * cols);
      data.set(scaleBytes(pixels.data, LARGEST), (at + offset) * cols);
    }
    where.onProgress?.({ task: 'read', name: folder, done: at + images.length, total: rows.length, unit: 'images' });
  }
  if (target === undefined || data === undefined)
    throw new FormatError(`${folder}: expected at least one image, got none`);
  const labels = Uint32Array.from(rows, ({ label }) => label);
  return { samples: { data, rows: rows.length, cols }, labels, sampleShape: [...target, channels] };
}
