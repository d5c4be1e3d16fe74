import { readFileSync } from 'node:fs';
import test from 'ava';
import sharp from 'sharp';
import { QuerentError } from '../../src/errors.js';
import { decodeImage, readImage } from '../../src/pool/image.js';
import { decodePng, type Pixels } from '../../src/pool/png.js';
import { cropToShape, resize, withChannels } from '../../src/pool/resize.js';
import { pngOf } from '../helpers/files.js';

interface Golden {
  png: { name: string; file: string; width: number; height: number; channels: 1 | 3; data: string; grey: string }[];
  resize: { width: number; height: number; channels: 1 | 3; data: string; to: [number, number]; resized: string }[];
}
const golden = JSON.parse(readFileSync(new URL('../golden/files.json', import.meta.url), 'utf8')) as Golden;
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));

for (const { name, file, width, height, channels, data, grey } of golden.png) {
  test(`a PNG is decoded as Pillow decodes it: ${name}`, (t) => {
    const image = decodePng(bytesOf(file), name);
    t.deepEqual(image, { width, height, channels, data: bytesOf(data) });
    t.deepEqual(withChannels(image, 1).data, bytesOf(grey));
    t.deepEqual(
      withChannels(withChannels(image, 1), 3).data.filter((_, at) => at % 3 === 2),
      bytesOf(grey),
    );
  });

  test(`a PNG cut short anywhere or with any byte changed is a typed error: ${name}`, (t) => {
    const whole = bytesOf(file);
    for (let at = 0; at < whole.length; at++) {
      t.throws(() => decodePng(whole.subarray(0, at), name), { instanceOf: QuerentError });
      const changed = whole.slice();
      changed[at]! ^= 0x10;
      t.throws(() => decodePng(changed, name), { instanceOf: QuerentError });
    }
  });
}

for (const { width, height, channels, data, to, resized } of golden.resize) {
  test(`${width} x ${height} x ${channels} becomes ${to.join(' x ')} with Pillow's own bytes`, (t) => {
    const image: Pixels = { width, height, channels, data: bytesOf(data) };
    t.deepEqual(resize(image, ...to), { width: to[0], height: to[1], channels, data: bytesOf(resized) });
    t.is(resize(image, width, height), image);
  });
}

test('sixteen bits keep their upper eight', (t) => {
  const image = decodePng(pngOf({ width: 2, height: 1, depth: 16, data: Uint8Array.from([7, 255, 200, 1]) }), 'x');
  t.deepEqual([...image.data], [7, 200]);
});

test('a PNG that cannot be is an error that says why', (t) => {
  const data = Uint8Array.from([1, 2]);
  const cases: [Uint8Array, RegExp][] = [
    [pngOf({ width: 2, height: 1, colour: 5, data }), /no PNG of colour type 5 with 8 bits/],
    [pngOf({ width: 2, height: 1, colour: 2, depth: 4, data }), /no PNG of colour type 2 with 4 bits/],
    [pngOf({ width: 2, height: 1, interlace: 1, data }), /without interlacing/],
    [pngOf({ width: 2, height: 1, filter: 5, data }), /filter 0 to 4 in row 0, got 5/],
    [pngOf({ width: 0, height: 1, data: new Uint8Array(0) }), /1 to 268435456 pixels, got 0 x 1/],
    [pngOf({ width: 4, height: 1, data }), /expected 5 bytes of rows, got 3/],
    [pngOf({ width: 1, height: 1, data }), /packed data is damaged|expected 2 bytes of rows, got 3/],
    [pngOf({ width: 16384, height: 16384, data: new Uint8Array(16384) }), /cannot hold 268451840/],
    [pngOf({ width: 2, height: 1, colour: 3, data }), /expected a palette/],
    [
      pngOf({ width: 2, height: 1, colour: 3, palette: new Uint8Array(6), data }),
      /colour 2 is beyond the palette of 2/,
    ],
  ];
  for (const [bytes, message] of cases) t.throws(() => decodePng(bytes, 'x'), { code: 'ERR_QUERENT_FORMAT', message });
});

test('the middle of an image has the shape that is asked for', (t) => {
  const image: Pixels = { width: 4, height: 2, channels: 1, data: Uint8Array.from([0, 1, 2, 3, 4, 5, 6, 7]) };
  t.deepEqual(cropToShape(image, 5, 5), { width: 2, height: 2, channels: 1, data: Uint8Array.from([1, 2, 5, 6]) });
  t.is(cropToShape(image, 8, 4), image);
});

test('JPEG, WebP and interlaced PNG are decoded, turned as their EXIF data says', async (t) => {
  const pixels = Buffer.from(Array.from({ length: 8 * 4 * 3 }, (_, at) => (at * 37) % 256));
  const image = sharp(pixels, { raw: { width: 8, height: 4, channels: 3 } });
  const interlaced = await decodeImage(await image.clone().png({ progressive: true }).toBuffer(), 'x');
  t.deepEqual(new Uint8Array(interlaced.data), new Uint8Array(pixels));
  const lossless = await decodeImage(await image.clone().webp({ lossless: true }).toBuffer(), 'x');
  t.deepEqual(new Uint8Array(lossless.data), new Uint8Array(pixels));
  const turned = await decodeImage(await image.clone().withMetadata({ orientation: 6 }).jpeg().toBuffer(), 'x');
  t.deepEqual([turned.width, turned.height, turned.channels], [4, 8, 3]);
  const flat = sharp({ create: { width: 8, height: 8, channels: 3, background: { r: 200, g: 100, b: 50 } } });
  const jpeg = await decodeImage(await flat.jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).toBuffer(), 'x');
  for (const [at, value] of jpeg.data.entries()) t.true(Math.abs(value - [200, 100, 50][at % 3]!) <= 2);
});

test('what is no image, is cut short or missing is a typed error', async (t) => {
  await t.throwsAsync(decodeImage(Buffer.from('hello'), 'x'), {
    code: 'ERR_QUERENT_FORMAT',
    message: /x: expected a PNG/,
  });
  const image = sharp({ create: { width: 40, height: 40, channels: 3, background: 'red' } });
  const jpeg = await image.jpeg().toBuffer();
  for (let length = 0; length < jpeg.length - 2; length += 7) {
    await t.throwsAsync(decodeImage(jpeg.subarray(0, length), 'x'), { code: 'ERR_QUERENT_FORMAT' });
  }
  await t.throwsAsync(readImage('/nowhere/x.png'), { code: 'ERR_QUERENT_STORAGE', message: /no such file/ });
});
