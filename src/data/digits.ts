import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliDecompress } from 'node:zlib';
import { z } from 'zod';
import { FormatError } from '../errors.js';
import { storageError } from '../pool/atomic.js';
import { datasetType, type LabeledSamples, scaleBytes } from './dataset.js';

const ASSET = fileURLToPath(new URL('../../assets/digits.br', import.meta.url));
const SHA256 = '87ff0c9e40dc7e2c0e34e7257799c2e3f3aec1a016363bb11cad869ec428a826';
const IMAGES = 1797;
const PIXELS = 64;
const LARGEST = 16;

/**
 * 1797 handwritten digits of 8 x 8 pixels, part of the package. Pixels / 16; every fourth image (index % 4 = 3, 449 in
 * all) is the test set, the other 1348 are the pool, in their order.
 *
 * @see E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits (its test set). UCI Machine Learning
 *   Repository, 1998, https://doi.org/10.24432/C50P49, CC BY 4.0.
 */
export const digits = datasetType({
  name: 'digits',
  description: '1797 handwritten digits of 8 x 8 pixels (UCI optical digits, embedded)',
  licence: 'CC BY 4.0',
  files: [],
  options: z.strictObject({}),
  async load() {
    const bytes = await readAsset();
    const pixels = scaleBytes(bytes.subarray(0, IMAGES * PIXELS), LARGEST);
    const classes = bytes.subarray(IMAGES * PIXELS);
    const indices = Array.from({ length: IMAGES }, (_, index) => index);
    const take = (chosen: number[]): LabeledSamples => {
      const data = new Float32Array(chosen.length * PIXELS);
      chosen.forEach((from, to) => data.set(pixels.subarray(from * PIXELS, (from + 1) * PIXELS), to * PIXELS));
      const labels = Uint8Array.from(chosen, (index) => classes[index] as number);
      return { samples: { data, rows: chosen.length, cols: PIXELS }, labels };
    };
    return {
      name: 'digits',
      sampleShape: [8, 8, 1],
      classes: 10,
      pool: take(indices.filter((index) => index % 4 !== 3)),
      test: take(indices.filter((index) => index % 4 === 3)),
      source: 'E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits, UCI (CC BY 4.0)',
    };
  },
});

async function readAsset(): Promise<Uint8Array> {
  let packed: Uint8Array;
  try {
    packed = await readFile(ASSET);
  } catch (error) {
    throw storageError('read', ASSET, error);
  }
  const bytes = await promisify(brotliDecompress)(packed);
  if (createHash('sha256').update(bytes).digest('hex') !== SHA256) {
    throw new FormatError(`${ASSET}: the content is not that of the package; install querent again`);
  }
  return bytes;
}
