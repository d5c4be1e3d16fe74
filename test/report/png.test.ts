import test from 'ava';
import fc from 'fast-check';
import sharp from 'sharp';
import { loadDataset } from '../../src/index.js';
import { encodePng } from '../../src/report/png.js';
import { spriteSheet } from '../../src/report/thumbnails.js';

test('an independent reader sees the pixels that were written', async (t) => {
  const image = fc
    .record({
      width: fc.integer({ min: 1, max: 40 }),
      height: fc.integer({ min: 1, max: 40 }),
      channels: fc.constantFrom(1, 2, 3, 4) as fc.Arbitrary<1 | 2 | 3 | 4>,
    })
    .chain((shape) => {
      const length = shape.width * shape.height * shape.channels;
      return fc.uint8Array({ minLength: length, maxLength: length }).map((data) => ({ ...shape, data }));
    });
  const property = fc.asyncProperty(image, async (pixels) => {
    const { data, info } = await sharp(encodePng(pixels)).raw().toBuffer({ resolveWithObject: true });
    if (info.width !== pixels.width || info.height !== pixels.height) return false;
    // sharp reads grey as three channels unless told otherwise
    const step = info.channels;
    const isGrey = pixels.channels < 3;
    for (let at = 0; at < pixels.width * pixels.height; at++) {
      for (let c = 0; c < pixels.channels; c++) {
        const isOpacity = isGrey && c === 1;
        const from = isOpacity ? step - 1 : c;
        if (data[at * step + from] !== pixels.data[at * pixels.channels + c]) return false;
      }
    }
    return true;
  });
  await t.notThrowsAsync(fc.assert(property, { numRuns: 60, seed: 7 }));
});

test('bytes that do not fill the image are an error', (t) => {
  t.throws(() => encodePng({ width: 3, height: 2, channels: 1, data: new Uint8Array(5) }), {
    code: 'ERR_QUERENT_SHAPE',
  });
  t.throws(() => encodePng({ width: 0, height: 2, channels: 1, data: new Uint8Array(0) }), {
    code: 'ERR_QUERENT_SHAPE',
  });
});

const pixelsOf = async (uri: string): Promise<{ data: Buffer; width: number }> => {
  const bytes = Buffer.from(uri.slice('data:image/png;base64,'.length), 'base64');
  const { data, info } = await sharp(bytes).toColourspace('b-w').raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width };
};

test('a sheet holds every thumbnail at its place', async (t) => {
  const { pool, sampleShape } = await loadDataset('digits');
  const indices = Array.from({ length: 57 }, (_, at) => 3 * at);
  const sheet = spriteSheet(pool.samples, sampleShape, indices);
  const { data, width } = await pixelsOf(sheet.uri);
  t.is(width, 8 * sheet.columns);
  for (const index of indices) {
    const place = sheet.places.get(index)!;
    const [top, left] = [8 * Math.floor(place / sheet.columns), 8 * (place % sheet.columns)];
    for (let at = 0; at < 64; at++) {
      const expected = Math.round(255 * (pool.samples.data as Float32Array)[64 * index + at]!);
      if (data[(top + Math.floor(at / 8)) * width + left + (at % 8)] !== expected) t.fail(`sample ${index}`);
    }
  }
  t.pass();
});

test('large images shrink to the mean of their pixels, numbers outside 0 to 1 are brought into it', async (t) => {
  const data = Float32Array.from({ length: 64 * 64 }, (_, at) => (Math.floor(at / 64) < 32 ? -1 : 1));
  const sheet = spriteSheet({ data, rows: 1, cols: 64 * 64 }, [64, 64, 1], [0]);
  t.deepEqual([sheet.width, sheet.height], [32, 32]);
  const { data: pixels } = await pixelsOf(sheet.uri);
  t.is(pixels[0], 0);
  t.is(pixels[32 * 32 - 1], 255);
});

test('colour images that are not square keep their shape and their channels', async (t) => {
  const [height, width] = [40, 80];
  const data = Uint8Array.from({ length: height * width * 3 }, (_, at) => [200, 100, 50][at % 3]!);
  const sheet = spriteSheet({ data, rows: 1, cols: height * width * 3 }, [height, width, 3], [0]);
  t.deepEqual([sheet.width, sheet.height], [26, 13]);
  const bytes = Buffer.from(sheet.uri.slice('data:image/png;base64,'.length), 'base64');
  const { data: pixels, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
  t.deepEqual([info.width, info.height, info.channels], [26, 13, 3]);
  t.deepEqual([...pixels.subarray(0, 3)], [200, 100, 50]);
});
