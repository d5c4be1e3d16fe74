import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkMatrix, type Matrix } from '../matrix.js';
import { denseRows, takeRows } from '../models/samples.js';
import { writeFileAtomic } from '../pool/atomic.js';
import { sampleWithoutReplacement } from '../kernels/index.js';
import { principalComponents } from './pca.js';

/** How points of many dimensions are laid out in two. */
export type MapMethod = 'pca';

/** Points of the map at most. */
export const MAP_POINTS = 5000;
/** Positions are whole numbers from 0 to this. */
export const MAP_GRID = 1000;
const MARGIN = 25;
/** Picks may take this share of the points, so that the rest of the pool still shows. */
const PICKS_SHARE = 0.7;
const CACHE_VERSION = 1;

/** Where samples of the pool lie. */
export interface PoolMap {
  readonly method: MapMethod;
  /** Pool indices, ascending. */
  readonly indices: Uint32Array;
  /** x and y of each, 0 to {@link MAP_GRID}: [2 N]. */
  readonly positions: Uint16Array;
}

export interface MapOptions {
  readonly method?: MapMethod | undefined;
  readonly seed?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told the share that is done, 0 to 1. */
  readonly onProgress?: ((share: number) => void) | undefined;
}

/**
 * Which samples are on the map: the whole pool, or of a larger one the picks of as many seeds as fit (of the first in any
 * case, sampled if they alone are too many) and random others.
 *
 * @param rows Of the pool.
 * @param picksBySeed Pool indices, the most important seed first.
 * @returns Ascending.
 */
export function choosePoints(
  rows: number,
  picksBySeed: readonly (readonly number[])[],
  { most = MAP_POINTS, seed = 0 }: { most?: number; seed?: number } = {},
): Uint32Array {
  if (rows <= most) return Uint32Array.from({ length: rows }, (_, index) => index);
  let chosen = new Set<number>();
  for (const [at, picks] of picksBySeed.entries()) {
    const together = new Set([...chosen, ...picks]);
    if (at > 0 && together.size > PICKS_SHARE * most) break;
    chosen = together;
  }
  if (chosen.size > most) {
    const all = [...chosen].sort((a, b) => a - b);
    chosen = new Set(Array.from(sampleWithoutReplacement(all.length, most, { seed }), (at) => all[at] as number));
  }
  const rest = Array.from({ length: rows }, (_, index) => index).filter((index) => !chosen.has(index));
  for (const at of sampleWithoutReplacement(rest.length, most - chosen.size, { seed })) chosen.add(rest[at] as number);
  return Uint32Array.from(chosen).sort();
}

/**
 * Lay out chosen samples. The same samples, method and seed give the same map, and are looked up in the folder's
 * map-….json first; a folder that cannot be written costs only the time to do it again.
 *
 * @param samples The pool [N, D].
 * @param indices Rows of it, ascending.
 */
export async function mapSamples(
  folder: string,
  samples: Matrix,
  indices: Uint32Array,
  options: MapOptions = {},
): Promise<PoolMap> {
  const { seed = 0, signal, onProgress } = options;
  const { method = 'pca' } = options;
  const taken = checkMatrix('report', 'samples', takeRows(checkMatrix('report', 'samples', samples), indices));
  const points = denseRows(taken, 0, taken.rows);
  const key = keyOf(points, indices, method, seed);
  const path = join(folder, `map-${method}.json`);
  const kept = await readCache(path, key, indices.length);
  const positions = kept ?? (await layOut(points, taken.cols, { seed, signal, onProgress }));
  if (kept === undefined) {
    const document = { format: 'querent-map', version: CACHE_VERSION, key, method, positions: base64Of(positions) };
    await writeFileAtomic(path, `${JSON.stringify(document)}\n`).catch(() => undefined);
  }
  return { method, indices, positions };
}

async function layOut(
  points: Float32Array,
  cols: number,
  { seed = 0, signal, onProgress }: MapOptions,
): Promise<Uint16Array> {
  const flat = await principalComponents(points, points.length / cols, cols, 2, { seed, signal, onProgress });
  return toGrid(flat.data, flat.cols);
}

/** Both axes by the same factor, so that distances stay comparable; the first two columns are x and y. */
function toGrid(points: Float32Array, cols: number): Uint16Array {
  const rows = points.length / cols;
  const axis = (k: number): Float64Array =>
    Float64Array.from({ length: rows }, (_, row) => (k < cols ? (points[row * cols + k] as number) : 0));
  const axes = [axis(0), axis(1)] as const;
  const ranges = axes.map((values) => [
    values.reduce((a, b) => Math.min(a, b), Infinity),
    values.reduce((a, b) => Math.max(a, b), -Infinity),
  ]);
  const width = Math.max(...ranges.map(([low = 0, high = 0]) => high - low)) || 1;
  const scale = (MAP_GRID - 2 * MARGIN) / width;
  const grid = new Uint16Array(2 * rows);
  for (const [k, values] of axes.entries()) {
    const [low = 0, high = 0] = ranges[k] as number[];
    const middle = (low + high) / 2;
    for (let row = 0; row < rows; row++)
      grid[2 * row + k] = Math.round(MAP_GRID / 2 + scale * ((values[row] as number) - middle));
  }
  return grid;
}

function keyOf(points: Float32Array, indices: Uint32Array, method: MapMethod, seed: number): string {
  const hash = createHash('sha256').update(`${CACHE_VERSION} ${method} ${seed}\n`);
  for (const array of [indices, points]) hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  return hash.digest('hex');
}

async function readCache(path: string, key: string, count: number): Promise<Uint16Array | undefined> {
  try {
    const value = JSON.parse(await readFile(path, 'utf8')) as { key?: unknown; positions?: unknown };
    if (value.key !== key || typeof value.positions !== 'string') return undefined;
    const bytes = Buffer.from(value.positions, 'base64');
    if (bytes.length !== 4 * count) return undefined;
    return Uint16Array.from({ length: 2 * count }, (_, at) => bytes.readUInt16LE(2 * at));
  } catch {
    return undefined; // no cache, or a damaged one: the map is made anew
  }
}

/** 16-bit numbers, low byte first. */
export function base64Of(numbers: Uint16Array): string {
  const bytes = Buffer.alloc(2 * numbers.length);
  for (let i = 0; i < numbers.length; i++) bytes.writeUInt16LE(numbers[i] as number, 2 * i);
  return bytes.toString('base64');
}
