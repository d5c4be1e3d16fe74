/** Picked rows on their way out: the files of --out and the text of --json, one form for every command that picks. */
import { extname } from 'node:path';
import { writeFileAtomic } from '../pool/atomic.js';
import { writeNpy } from '../pool/npy.js';
import { UsageError } from './effects.js';

export interface PickedRows {
  /** Best or first picked first. */
  readonly indices: Uint32Array;
  /** One per pick; null where picks have none. */
  readonly scores: Float32Array | Float64Array | null;
}

const OUT_FORMATS: readonly string[] = ['.json', '.csv', '.npy'];

/** Refuse a name for --out before any work is done. */
export function checkOut(path: string | undefined): void {
  if (path === undefined || OUT_FORMATS.includes(extname(path).toLowerCase())) return;
  throw new UsageError(`--out ${path}: expected a file named ${OUT_FORMATS.join(', ')}`);
}

/** @param about What stands beside `indices` and `scores`. A score that is not finite is null. */
export function picksJson({ indices, scores }: PickedRows, about: object): string {
  const finite = Array.from(indices, (_, at) => {
    const value = scores?.[at] ?? NaN;
    return Number.isFinite(value) ? value : null;
  });
  return `${JSON.stringify({ indices: [...indices], scores: finite, ...about })}\n`;
}

/** Write the picks in the form that the file's name asks for. */
export async function writePicks(path: string, picks: PickedRows, about: object): Promise<void> {
  const format = extname(path).toLowerCase();
  if (format === '.npy') return writeNpy(path, picks.indices, 'i8');
  if (format === '.json') return writeFileAtomic(path, picksJson(picks, about));
  const lines = Array.from(picks.indices, (index, at) => `${index},${picks.scores?.[at] ?? ''}\n`);
  return writeFileAtomic(path, `index,score\n${lines.join('')}`);
}
