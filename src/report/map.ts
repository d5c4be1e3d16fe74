import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nextTurn } from '../contract/turn.js';
import { checkMatrix, matrix, type Matrix } from '../matrix.js';
import { denseRows, takeRows } from '../models/samples.js';
import { writeFileAtomic } from '../pool/atomic.js';
import { sampleWithoutReplacement, tsne } from '../kernels/index.js';
import { principalComponents } from '../reference/principal.js';

/** How points of many dimensions are laid out in two. */
export type MapMethod = 'tsne' | 'pca';

/** Points of the map at most. */
export const MAP_POINTS = 5000;
/** Positions are whole numbers from 0 to this. */
export const MAP_GRID = 1000;
const MARGIN = 25;
/** Fewer points than this have no neighbourhoods to keep. */
const LEAST_NEIGHBOURS = 10;
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
  const method = indices.length < LEAST_NEIGHBOURS ? 'pca' : (options.method ?? 'tsne');
  const taken = checkMatrix('report', 'samples', takeRows(checkMatrix('report', 'samples', samples), indices));
  const points = denseRows(taken, 0, taken.rows);
  const key = keyOf(points, indices, method, seed);
  const path = join(folder, `map-${method}.json`);
  const kept = await readCache(path, key, indices.length);
  const positions = kept ?? (await layOut(points, taken.cols, method, { seed, signal, onProgress }));
  if (kept === undefined) {
    const document = { format: 'querent-map', version: CACHE_VERSION, key, method, positions: base64Of(positions) };
    await writeFileAtomic(path, `${JSON.stringify(document)}\n`).catch(() => undefined);
  }
  return { method, indices, positions };
}

async function layOut(
  points: Float32Array,
  cols: number,
  method: MapMethod,
  { seed = 0, signal, onProgress }: MapOptions,
): Promise<Uint16Array> {
  const view = matrix(points, points.length / cols, cols);
  if (method === 'pca') {
    await nextTurn(); // what is written about it shows before, for it takes its time in one go
    signal?.throwIfAborted();
    return toGrid(principalComponents(view));
  }
  const { embedding } = await tsne(view, {
    seed,
    signal,
    onProgress: ({ done, total }) => onProgress?.(done / total),
  });
  return toGrid(embedding);
}

/** Both axes by the same factor, so that distances stay comparable. [N, 2] in both. */
function toGrid(points: ArrayLike<number>): Uint16Array {
  const grid = new Uint16Array(points.length);
  const ranges = [0, 1].map((axis) => rangeOf(points, axis));
  const width = Math.max(...ranges.map(([low, high]) => high - low)) || 1;
  const scale = (MAP_GRID - 2 * MARGIN) / width;
  for (let i = 0; i < points.length; i++) {
    const [low, high] = ranges[i % 2] as [number, number];
    grid[i] = Math.round(MAP_GRID / 2 + scale * ((points[i] as number) - (low + high) / 2));
  }
  return grid;
}

function rangeOf(points: ArrayLike<number>, axis: number): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (let i = axis; i < points.length; i += 2) {
    low = Math.min(low, points[i] as number);
    high = Math.max(high, points[i] as number);
  }
  return [low, high];
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
