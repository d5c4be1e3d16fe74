import { checkMatrix, type Matrix, type MatrixView } from '../matrix.js';
import { takeRows } from '../models/samples.js';
import { pngUri } from './png.js';

/** Larger images are shrunk to this many pixels on their longer side. */
const LARGEST_SIDE = 32;
/** Thumbnails in a row of the sheet. */
const COLUMNS = 40;

/** Many small images in one. */
export interface SpriteSheet {
  readonly uri: string;
  /** Of one thumbnail, in pixels. */
  readonly width: number;
  readonly height: number;
  readonly columns: number;
  readonly rows: number;
  /** Place of a sample's thumbnail, counted along the rows; by pool index. */
  readonly places: ReadonlyMap<number, number>;
}

/** Images have one channel or three. */
export function isImageShape(shape: readonly number[]): boolean {
  return shape.length === 3 && (shape[2] === 1 || shape[2] === 3);
}

/**
 * Thumbnails of chosen samples on one sheet.
 *
 * @param samples [N, height x width x channels]; bytes, or numbers whose range over the chosen ones becomes 0 to 255
 *   (numbers within [0, 1] are multiplied by 255).
 * @param shape Of one sample, [height, width, 1 or 3].
 * @param indices Rows of `samples`, distinct, at least one.
 */
export function spriteSheet(samples: Matrix, shape: readonly number[], indices: readonly number[]): SpriteSheet {
  const [height = 0, width = 0, channels = 1] = shape;
  const bytes = asBytes(takeRows(checkMatrix('report', 'samples', samples), indices));
  const shrink = Math.max(1, Math.ceil(Math.max(height, width) / LARGEST_SIDE));
  const [h, w] = [Math.max(1, Math.floor(height / shrink)), Math.max(1, Math.floor(width / shrink))];
  const columns = Math.min(COLUMNS, indices.length);
  const rows = Math.ceil(indices.length / columns);
  const data = new Uint8Array(rows * h * columns * w * channels);
  for (let i = 0; i < indices.length; i++) {
    const [top, left] = [Math.floor(i / columns) * h, (i % columns) * w];
    for (let y = 0; y < h; y++) {
      for (let x = 0; x < w; x++) {
        for (let c = 0; c < channels; c++) {
          let sum = 0;
          for (let dy = 0; dy < shrink; dy++) {
            const from =
              i * height * width * channels + (y * shrink + dy) * width * channels + x * shrink * channels + c;
            for (let dx = 0; dx < shrink; dx++) sum += bytes[from + dx * channels] as number;
          }
          data[((top + y) * columns * w + left + x) * channels + c] = Math.round(sum / shrink ** 2);
        }
      }
    }
  }
  const uri = pngUri({ width: columns * w, height: rows * h, channels: channels === 3 ? 3 : 1, data });
  return { uri, width: w, height: h, columns, rows, places: new Map(indices.map((index, place) => [index, place])) };
}

function asBytes(taken: Matrix): Uint8Array {
  const { data } = taken as MatrixView;
  if (data instanceof Uint8Array) return data;
  let [low, high] = [0, 1];
  for (const value of data) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return Uint8Array.from(data, (value) => Math.round((255 * (value - low)) / (high - low)));
}
