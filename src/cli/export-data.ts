import { writeFile } from 'node:fs/promises';
import { dirname, extname, join, resolve } from 'node:path';
import type { Dataset, LabeledSamples, LoadOptions } from '../data/dataset.js';
import { loadDataset } from '../data/registry.js';
import { ArgumentError } from '../errors.js';
import { csvLine } from '../interop/text-table.js';
import { elementReader } from '../matrix.js';
import { makeFolder } from '../models/storage.js';
import { storageError, writeFileAtomic } from '../pool/atomic.js';
import { encodePng } from '../report/png.js';
import { type Effects, print } from './effects.js';

/** What to write, and how to load it. */
export interface ExportOptions {
  /** The pool. */
  readonly export: string;
  /** Its labels. */
  readonly labels?: string | undefined;
  readonly test?: string | undefined;
  readonly load?: LoadOptions | undefined;
}

/** Write the pool, the answers and the test samples of a data set. */
export async function exportData(name: string, options: ExportOptions, effects: Effects): Promise<void> {
  const { stdout, signal } = effects;
  const data = await loadDataset(name, { ...options.load, signal });
  const { pool, test } = data;
  const ids = idsOf(name, pool);
  const written = [await writeSamples(options.export, data, pool, ids, false, signal)];
  if (options.labels !== undefined) {
    const isFolder = !isTable(options.export);
    const rows = ids.map((id, at) => csvLine([isFolder ? `${id}.png` : id, className(data, pool.labels[at])]));
    await makeFolder(dirname(resolve(options.labels)));
    await writeFileAtomic(options.labels, csvLine(['id', 'label']) + rows.join(''));
    written.push(`${rows.length} answers in ${options.labels}`);
  }
  if (options.test !== undefined) {
    written.push(await writeSamples(options.test, data, test, idsOf(`${name}-test`, test), true, signal));
  }
  await print(stdout, `${[...written, data.source].join('\n')}\n`);
}

const isTable = (path: string): boolean => extname(path).toLowerCase() === '.csv';

function className({ classNames }: Dataset, label: number | undefined): string {
  return classNames?.[label ?? -1] ?? String(label);
}

/** Ids of one length, so that they sort as the samples do. */
function idsOf(prefix: string, { samples }: LabeledSamples): string[] {
  const digits = String(samples.rows - 1).length;
  return Array.from({ length: samples.rows }, (_, row) => `${prefix}-${String(row).padStart(digits, '0')}`);
}

/** @param isLabeled Whether the files tell the labels: in a column, or by the folders that images are in. */
async function writeSamples(
  path: string,
  data: Dataset,
  set: LabeledSamples,
  ids: readonly string[],
  isLabeled: boolean,
  signal: AbortSignal,
): Promise<string> {
  if (isTable(path)) await writeTable(path, data, set, ids, isLabeled);
  else await writeImages(path, data, set, ids, isLabeled, signal);
  return `${ids.length} samples in ${path}`;
}

async function writeTable(
  path: string,
  data: Dataset,
  { samples, labels }: LabeledSamples,
  ids: readonly string[],
  isLabeled: boolean,
): Promise<void> {
  const { rows, cols } = samples;
  const read = reader(samples);
  const head = isLabeled ? ['id', 'label'] : ['id'];
  const lines = [csvLine([...head, ...Array.from({ length: cols }, (_, c) => `f${c}`)])];
  for (let row = 0; row < rows; row++) {
    const first = isLabeled ? [ids[row], className(data, labels[row])] : [ids[row]];
    lines.push(csvLine([...first, ...Array.from({ length: cols }, (_, c) => read(row * cols + c))]));
  }
  await makeFolder(dirname(resolve(path)));
  await writeFileAtomic(path, lines.join(''));
}

async function writeImages(
  folder: string,
  data: Dataset,
  { samples, labels }: LabeledSamples,
  ids: readonly string[],
  isLabeled: boolean,
  signal: AbortSignal,
): Promise<void> {
  const [height = 0, width = 0, channels = 1, ...more] = data.sampleShape;
  if (more.length > 0 || (channels !== 1 && channels !== 3) || width === 0) {
    throw new ArgumentError(
      `data ${data.name}: samples of shape [${data.sampleShape.join(', ')}] are no images; export to a .csv file`,
    );
  }
  const read = reader(samples);
  const scale = samples.data instanceof Uint8Array ? 1 : 255;
  for (const [row, id] of ids.entries()) {
    signal.throwIfAborted();
    const pixels = Uint8Array.from({ length: samples.cols }, (_, c) =>
      Math.round(read(row * samples.cols + c) * scale),
    );
    const inside = isLabeled ? join(folder, className(data, labels[row])) : folder;
    await makeFolder(inside);
    await writeFile(join(inside, `${id}.png`), encodePng({ width, height, channels, data: pixels })).catch(
      (error: unknown) => {
        throw storageError('write', inside, error);
      },
    );
  }
}

function reader({ data, dtype }: LabeledSamples['samples']): (at: number) => number {
  if (data instanceof Uint8Array) return (at) => data[at] as number;
  if (data instanceof Float32Array || data instanceof Float64Array) {
    return (at) => Number((data[at] as number).toPrecision(7));
  }
  return elementReader(data as Uint16Array, dtype ?? 'f16');
}
