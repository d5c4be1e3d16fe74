import { loadDataset, type Matrix, Random } from '../../src/index.js';

/** A pool of digits, half of it junk, with clean samples to validate on. */
export interface JunkDigits {
  readonly pool: Matrix;
  readonly labels: Uint32Array;
  /** 1 for junk. */
  readonly isJunk: Uint8Array;
  readonly validation: { readonly samples: Matrix; readonly labels: Uint32Array };
}

const POOL = 400;
const VALIDATION = 400;
const SIDE = 8;

/**
 * 400 digits; where `withJunk`, half of them are replaced by the mean of a mirrored digit and another one, labelled at random: a
 * classifier is uncertain about these and learns nothing from them.
 */
export async function junkDigits(seed: number, withJunk = true): Promise<JunkDigits> {
  const { pool: all } = await loadDataset('digits');
  const source = all.samples as Matrix;
  const random = new Random(seed, 80);
  const order = random.shuffle(Uint32Array.from({ length: source.rows }, (_, row) => row));
  const rowOf = (index: number): Float32Array =>
    (source.data as Float32Array).slice(index * source.cols, (index + 1) * source.cols);
  const take = (from: number, count: number) => {
    const rows = order.subarray(from, from + count);
    const data = new Float32Array(count * source.cols);
    rows.forEach((index, at) => data.set(rowOf(index), at * source.cols));
    return {
      samples: { data, rows: count, cols: source.cols },
      labels: Uint32Array.from(rows, (index) => all.labels[index] as number),
    };
  };
  const { samples: pool, labels } = take(0, POOL);
  const isJunk = new Uint8Array(POOL);
  if (withJunk) {
    for (const at of random.shuffle(Uint32Array.from({ length: POOL }, (_, i) => i)).subarray(0, POOL / 2)) {
      const [a, b] = [rowOf(random.below(source.rows)), rowOf(random.below(source.rows))];
      for (let pixel = 0; pixel < source.cols; pixel++) {
        const mirrored = a[pixel - (pixel % SIDE) + SIDE - 1 - (pixel % SIDE)] as number;
        pool.data[at * source.cols + pixel] = (mirrored + (b[pixel] as number)) / 2;
      }
      labels[at] = random.below(10);
      isJunk[at] = 1;
    }
  }
  return { pool, labels, isJunk, validation: take(POOL, VALIDATION) };
}
