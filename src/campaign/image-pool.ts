import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ArgumentError, ShapeError } from '../errors.js';
import type { MatrixView } from '../matrix.js';
import { storageError } from '../pool/atomic.js';
import { decodeImage } from '../pool/image.js';
import { listImageFiles } from '../pool/image-files.js';
import type { Pixels } from '../pool/png.js';
import { resize, withChannels } from '../pool/resize.js';
import { readArray } from './array-file.js';
import type { ItemPool, ReadOptions } from './pool.js';
import type { PoolSource } from './settings.js';

/** Read a folder of images as a pool; ids are the paths inside it. See {@link readPool}. */
export async function readImagePool(folder: string, source: PoolSource, options: ReadOptions): Promise<ItemPool> {
  const { signal, onProgress } = options;
  if (Array.isArray(source.features)) {
    throw new ArgumentError(`${folder}: a folder of images has no columns; features must be an .npy file or left out`);
  }
  const ids = await listImageFiles(folder, { signal });
  const hash = createHash('sha256');
  const images: Pixels[] = [];
  for (const [at, id] of ids.entries()) {
    signal?.throwIfAborted();
    const path = join(folder, id);
    const bytes = await readFile(path).catch((error: unknown) => {
      throw storageError('read', path, error);
    });
    hash.update(`${id}\n${createHash('sha256').update(bytes).digest('hex')}\n`);
    if (source.features === null) {
      const image = await decodeImage(bytes, path);
      images.push(source.imageSize === null ? image : resize(image, ...source.imageSize));
    }
    onProgress?.(at + 1, ids.length);
  }
  const { matrix, sampleShape, checksum } =
    source.features === null
      ? { ...stack(folder, ids, images), checksum: '' }
      : await featuresBeside(folder, ids.length, source.features, options);
  return {
    size: ids.length,
    ids,
    kind: 'image',
    shown: (index) => ids[index] ?? '',
    root: folder,
    fields: () => ({}),
    features: matrix,
    isPixels: source.features === null,
    sampleShape,
    labels: null,
    groups: null,
    costs: null,
    checksum: hash.update(checksum).digest('hex'),
  };
}

/** The class of an image that lies in a folder named by it; null for one that lies in none. */
export function folderOf(id: string): string | null {
  const [first, ...rest] = id.split('/');
  return rest.length === 0 ? null : (first ?? null);
}

/** Pixels of images of one size as rows of numbers in [0, 1]. */
function stack(
  folder: string,
  ids: readonly string[],
  images: readonly Pixels[],
): { matrix: MatrixView; sampleShape: readonly number[] } {
  const channels = images.some((image) => image.channels === 3) ? 3 : 1;
  const { width, height } = images[0] as Pixels;
  const cols = width * height * channels;
  const data = new Float32Array(images.length * cols);
  for (const [at, image] of images.entries()) {
    if (image.width !== width || image.height !== height) {
      throw new ShapeError(
        `${join(folder, ids[at] ?? '')}: expected ${width} x ${height} pixels as in ${ids[0]}, ` +
          `got ${image.width} x ${image.height}; name a size to bring all images to (imageSize)`,
      );
    }
    const bytes = withChannels(image, channels).data;
    for (let i = 0; i < cols; i++) data[at * cols + i] = (bytes[i] as number) / 255;
  }
  return {
    matrix: { data, dtype: 'f32', rows: images.length, cols, stride: cols },
    sampleShape: [height, width, channels],
  };
}

async function featuresBeside(
  folder: string,
  count: number,
  path: string,
  options: ReadOptions,
): Promise<{ matrix: MatrixView; sampleShape: readonly number[]; checksum: string }> {
  const { matrix, checksum } = await readArray(path, options);
  if (matrix.rows !== count) {
    throw new ShapeError(
      `${path}: expected a row for each of the ${count} images of ${folder}, in the order of their paths, got ${matrix.rows}`,
    );
  }
  return { matrix, sampleShape: [matrix.cols], checksum };
}
