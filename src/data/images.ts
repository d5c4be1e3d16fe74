import { FormatError } from '../errors.js';
import { type Dataset, type LabeledSamples, scaleBytes } from './dataset.js';
import { allRows, limitRows, type SizeOptions } from './split.js';

const LARGEST = 255;

/** Images of a file: `pixels` is [N, height, width, channels]. */
export interface ImagePart {
  readonly pixels: Uint8Array;
  readonly labels: Uint8Array;
}

/** What a data set says of itself. */
export type About = Pick<Dataset, 'name' | 'sampleShape' | 'classes' | 'classNames' | 'source'>;

/**
 * A data set of images: pixels / 255. Where fewer samples are asked for, their ids are their row numbers in the whole.
 *
 * @throws {ArgumentError} More samples are asked for than there are.
 */
export function imageDataset(about: About, parts: { pool: ImagePart; test: ImagePart }, sizes: SizeOptions): Dataset {
  const { pool, test } = parts;
  const all = { pool: allRows(pool.labels.length), test: allRows(test.labels.length) };
  const rows = limitRows(about.name, all, sizes);
  return {
    ...about,
    pool: takeImages(pool, rows.pool),
    test: takeImages(test, rows.test),
    ...(rows.pool === all.pool ? {} : { ids: rows.pool }),
  };
}

function takeImages({ pixels, labels }: ImagePart, rows: readonly number[]): LabeledSamples {
  const cols = labels.length === 0 ? 0 : pixels.length / labels.length;
  if (rows.length === labels.length) {
    return { samples: { data: scaleBytes(pixels, LARGEST), rows: rows.length, cols }, labels };
  }
  const data = new Float32Array(rows.length * cols);
  rows.forEach((row, at) => data.set(scaleBytes(pixels.subarray(row * cols, (row + 1) * cols), LARGEST), at * cols));
  return { samples: { data, rows: rows.length, cols }, labels: Uint8Array.from(rows, (row) => labels[row] as number) };
}

/** One part out of those of several files. */
export function joinParts(parts: readonly ImagePart[]): ImagePart {
  const join = (arrays: readonly Uint8Array[]): Uint8Array => {
    const joined = new Uint8Array(arrays.reduce((length, array) => length + array.length, 0));
    let at = 0;
    for (const array of arrays) {
      joined.set(array, at);
      at += array.length;
    }
    return joined;
  };
  return { pixels: join(parts.map((part) => part.pixels)), labels: join(parts.map((part) => part.labels)) };
}

/** @throws {FormatError} A label is not below `classes`; names the first. */
export function checkLabelBytes(labels: Uint8Array, classes: number, path: string): void {
  const at = labels.findIndex((label) => label >= classes);
  if (at >= 0) {
    throw new FormatError(`${path}: expected labels from 0 to ${classes - 1}, got ${labels[at]} for image ${at}`);
  }
}
