import type { Pixels } from './png.js';

/** Half the width of the filter, in source pixels when enlarging, in target pixels when shrinking. */
const SUPPORT = 3;
/** Weights are whole numbers of 2^-22: sums over 8-bit pixels stay exact. */
const ONE = 1 << 22;

/** What target position t takes from the source: `weights[t * width + i]` of source position `starts[t] + i`, i < `lengths[t]`. */
interface Plan {
  readonly width: number;
  readonly starts: Int32Array;
  readonly lengths: Int32Array;
  readonly weights: Float64Array;
}

/**
 * Resize an image with the Lanczos filter of three lobes, columns first, rounding to 8 bits in between: the same bytes as
 * Pillow's `resize(size, Image.LANCZOS)`.
 *
 * @see C. E. Duchon: Lanczos filtering in one and two dimensions. J. Appl. Meteorol., 1979.
 */
export function resize(image: Pixels, width: number, height: number): Pixels {
  const { channels } = image;
  if (width === image.width && height === image.height) return image;
  const columns = lanczosPlan(image.width, width);
  const rows = lanczosPlan(image.height, height);
  const wide = new Uint8Array(image.height * width * channels);
  for (let y = 0; y < image.height; y++) {
    const from = y * image.width * channels;
    filterLine(image.data, from, channels, wide, y * width * channels, channels, columns, channels);
  }
  const data = new Uint8Array(height * width * channels);
  const line = width * channels;
  for (let x = 0; x < width; x++) {
    filterLine(wide, x * channels, line, data, x * channels, line, rows, channels);
  }
  return { width, height, channels, data };
}

/** Filter one line of pixels; the steps are bytes from one pixel of the line to the next. */
function filterLine(
  source: Uint8Array,
  from: number,
  fromStep: number,
  target: Uint8Array,
  to: number,
  toStep: number,
  { width, starts, lengths, weights }: Plan,
  channels: number,
): void {
  for (let position = 0; position < starts.length; position++) {
    const first = from + (starts[position] as number) * fromStep;
    const taps = lengths[position] as number;
    for (let c = 0; c < channels; c++) {
      let sum = ONE / 2;
      for (let i = 0; i < taps; i++) {
        sum += (source[first + i * fromStep + c] as number) * (weights[position * width + i] as number);
      }
      target[to + position * toStep + c] = Math.min(255, Math.max(0, Math.floor(sum / ONE)));
    }
  }
}

/** Data sets bring thousands of images of one size to another. */
let lastPlans: { readonly key: string; readonly plan: Plan }[] = [];

function lanczosPlan(from: number, to: number): Plan {
  const key = `${from} ${to}`;
  const known = lastPlans.find((entry) => entry.key === key)?.plan;
  if (known !== undefined) return known;
  const plan = makePlan(from, to);
  lastPlans = [{ key, plan }, ...lastPlans.slice(0, 3)];
  return plan;
}

function makePlan(from: number, to: number): Plan {
  const scale = from / to;
  const stretch = Math.max(1, scale);
  const support = SUPPORT * stretch;
  const width = 2 * Math.ceil(support) + 1;
  const plan = {
    width,
    starts: new Int32Array(to),
    lengths: new Int32Array(to),
    weights: new Float64Array(to * width),
  };
  for (let position = 0; position < to; position++) {
    const centre = (position + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - support + 0.5));
    const end = Math.min(from, Math.trunc(centre + support + 0.5));
    const taps = Array.from({ length: end - start }, (_, i) => lanczos((start + i - centre + 0.5) / stretch));
    const sum = taps.reduce((total, tap) => total + tap, 0);
    plan.starts[position] = start;
    plan.lengths[position] = taps.length;
    plan.weights.set(
      taps.map((tap) => Math.trunc((tap / sum) * ONE + (tap / sum < 0 ? -0.5 : 0.5))),
      position * width,
    );
  }
  return plan;
}

function lanczos(x: number): number {
  return x >= -SUPPORT && x < SUPPORT ? sinc(x) * sinc(x / SUPPORT) : 0;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** The largest rectangle in the middle of an image that has the shape of width x height. */
export function cropToShape(image: Pixels, width: number, height: number): Pixels {
  const scale = Math.min(image.width / width, image.height / height);
  const inner = { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
  if (inner.width === image.width && inner.height === image.height) return image;
  const { channels } = image;
  const left = (image.width - inner.width) >> 1;
  const top = (image.height - inner.height) >> 1;
  const data = new Uint8Array(inner.width * inner.height * channels);
  for (let y = 0; y < inner.height; y++) {
    const start = ((top + y) * image.width + left) * channels;
    data.set(image.data.subarray(start, start + inner.width * channels), y * inner.width * channels);
  }
  return { ...inner, channels, data };
}

/** Grey as ITU-R 601-2 weighs colours (Pillow's mode L), or three equal channels of a grey image. */
export function withChannels(image: Pixels, channels: 1 | 3): Pixels {
  if (image.channels === channels) return image;
  const { width, height } = image;
  const data = new Uint8Array(width * height * channels);
  const byte = (at: number): number => image.data[at] as number;
  for (let pixel = 0; pixel < width * height; pixel++) {
    if (channels === 3) data.fill(byte(pixel), pixel * 3, pixel * 3 + 3);
    else {
      const [red, green, blue] = [byte(pixel * 3), byte(pixel * 3 + 1), byte(pixel * 3 + 2)];
      data[pixel] = (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
    }
  }
  return { width, height, channels, data };
}
