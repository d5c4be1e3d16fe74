import { readFile } from 'node:fs/promises';
import { FormatError, UnavailableError } from '../errors.js';
import { storageError } from './atomic.js';
import { decodePng, isPlainPng, type Pixels } from './png.js';

/**
 * Decode an image: PNG without any further package, JPEG, WebP and interlaced PNG with `sharp`. Turned as its EXIF data
 * says; transparency is dropped.
 *
 * @throws {FormatError} No image, or a damaged one.
 * @throws {UnavailableError} It needs sharp, which is not installed; says how to get it.
 */
export async function decodeImage(bytes: Uint8Array, name: string): Promise<Pixels> {
  if (isPlainPng(bytes)) return decodePng(bytes, name);
  const sharp = await loadSharp(name);
  try {
    const image = sharp(bytes).autoOrient().removeAlpha().toColourspace('srgb').raw({ depth: 'uchar' });
    const { data, info } = await image.toBuffer({ resolveWithObject: true });
    if (info.channels !== 1 && info.channels !== 3) throw new Error(`it has ${info.channels} channels`);
    return { width: info.width, height: info.height, channels: info.channels, data };
  } catch (cause) {
    throw new FormatError(`${name}: expected a PNG, JPEG or WebP image (${(cause as Error).message})`, { cause });
  }
}

/** Read and decode an image file. @throws As {@link decodeImage}; {StorageError} It cannot be read. */
export async function readImage(path: string, options: { signal?: AbortSignal | undefined } = {}): Promise<Pixels> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path, options);
  } catch (error) {
    throw options.signal?.aborted === true ? options.signal.reason : storageError('read', path, error);
  }
  return decodeImage(bytes, path);
}

type Sharp = (typeof import('sharp'))['default'];

async function loadSharp(name: string): Promise<Sharp> {
  try {
    return (await import('sharp')).default;
  } catch (cause) {
    throw new UnavailableError(
      `${name}: decoding it needs the package sharp, which does not load here; install it with "npm install sharp", ` +
        `or save the images as PNG (${(cause as Error).message.split('\n')[0] ?? ''})`,
      { cause },
    );
  }
}
