import { extname } from 'node:path';
import {
  type Kind,
  type Method,
  type Normalize,
  type OnInvalid,
  SCORE_DEFINITIONS,
  type Source,
  type TieBreak,
} from '../contract/codes.js';
import { rowFault } from '../contract/rows.js';
import { planScore, type ScoringOptions } from '../contract/score-plan.js';
import { ArgumentError, ValueError } from '../errors.js';
import { score, TopKAccumulator } from '../kernels/index.js';
import { widenRow } from '../matrix.js';
import { type Level, setLevel } from '../native.js';
import { readIndexFile } from '../pool/index-files.js';
import { createNpyWriter, type NpyWriter } from '../pool/npy.js';
import { openPool, type PoolBlock, type PoolSource } from '../pool/source.js';
import { runtimeInfo } from '../runtime.js';
import {
  alignTable,
  formatBytes,
  formatSeconds,
  groupDigits,
  print,
  progressBar,
  UsageError,
  type Effects,
} from './effects.js';
import { checkOut, picksJson, writePicks } from './picks.js';

/** Options of `querent score`, as commander delivers them. */
export interface ScoreFileOptions {
  readonly method: Method;
  readonly top: number;
  readonly from: Source;
  readonly kind: Kind;
  readonly normalize: Normalize;
  readonly onInvalid: OnInvalid;
  readonly tieBreak: TieBreak;
  readonly seed?: bigint;
  readonly exclude?: string;
  readonly out?: string;
  readonly scores?: string;
  readonly csvHeader: 'auto' | 'yes' | 'no';
  readonly threads?: number;
  readonly level?: string;
  readonly json?: boolean;
}

interface Picks {
  readonly indices: Uint32Array;
  readonly scores: Float32Array | Float64Array;
  /** Rows of the file, excluded and invalid ones included. */
  readonly rows: number;
  readonly excluded: number;
  readonly invalid: number;
}

/** Rows of the text table at most; the files and --json hold all picks. */
const TABLE_ROWS = 20;

/** `querent score`: score a file row by row, print and write the rows to label first. */
export async function scoreFile(path: string, options: ScoreFileOptions, effects: Effects): Promise<void> {
  checkOut(options.out);
  if (options.scores !== undefined && extname(options.scores).toLowerCase() !== '.npy') {
    throw new UsageError(`--scores ${options.scores}: expected a file named .npy`);
  }
  if (options.seed !== undefined && options.tieBreak !== 'random') {
    throw new UsageError('--seed has an effect only with --tie-break random');
  }
  if (options.level !== undefined) setLevel(options.level as Level);
  const started = performance.now();
  const exclude = new Set(options.exclude === undefined ? [] : await readIndexFile(options.exclude));
  const header = { auto: 'auto', yes: true, no: false } as const;
  const source = await openPool(path, { header: header[options.csvHeader] });
  let picks: Picks;
  try {
    picks = await pickRows(source, Uint32Array.from(exclude).sort(), options, effects);
  } finally {
    await source.close();
  }
  const seconds = (performance.now() - started) / 1000;
  if (picks.indices.length < options.top) {
    const missing = [
      picks.excluded > 0 ? `, ${groupDigits(picks.excluded)} excluded` : '',
      picks.invalid > 0 ? `, ${groupDigits(picks.invalid)} invalid` : '',
    ].join('');
    const eligible = `${groupDigits(picks.indices.length)} rows can be picked (${groupDigits(picks.rows)} in the file${missing})`;
    effects.stderr.write(`querent: warning: ${eligible}, fewer than --top ${options.top}\n`);
  }
  const about = describePicks(picks, options);
  if (options.out !== undefined) await writePicks(options.out, picks, about);
  const text = options.json ? picksJson(picks, about) : summary(source, picks, options, seconds);
  await print(effects.stdout, text);
}

async function pickRows(
  source: PoolSource,
  exclude: Uint32Array,
  options: ScoreFileOptions,
  effects: Effects,
): Promise<Picks> {
  const lastExcluded = exclude.at(-1) ?? -1;
  if (source.format === 'npy') checkExcluded(lastExcluded, source.maxRows, options, source);
  const inRange = Math.max(0, source.maxRows - exclude.length);
  let k = Math.min(options.top, inRange);
  for (let pass = 0; ; pass++) {
    const best = new TopKAccumulator(k, { exclude, tieBreak: options.tieBreak, seed: options.seed });
    const scoresPath = pass === 0 ? options.scores : undefined;
    const { rows, invalid } = await scoreBlocks(source, best, scoresPath, options, effects);
    checkExcluded(lastExcluded, rows, options, source);
    const { eligible } = best;
    if (eligible >= k) {
      const { indices, scores } = best.result();
      return { indices, scores, rows, excluded: exclude.length, invalid };
    }
    k = eligible; // known only now: rows that turned out invalid, or the length of a text file
  }
}

function checkExcluded(last: number, rows: number, options: ScoreFileOptions, source: PoolSource): void {
  if (last < rows) return;
  throw new ArgumentError(
    `--exclude ${options.exclude}: row ${last} is not in ${source.path}, which has ${rows} rows (counted from 0)`,
  );
}

/** One sweep over the file: while a block is scored, the next is being read. */
async function scoreBlocks(
  source: PoolSource,
  best: TopKAccumulator,
  scoresPath: string | undefined,
  options: ScoreFileOptions,
  effects: Effects,
): Promise<{ rows: number; invalid: number }> {
  const { method, from, kind, normalize, onInvalid, threads } = options;
  const scoring: ScoringOptions = { method, from, kind, normalize, onInvalid, threads };
  const bar = progressBar('scoring', source.size, { stream: effects.stderr, format: formatBytes });
  const writer = scoresPath === undefined ? undefined : await scoresWriter(scoresPath, source);
  let room: Float32Array | Float64Array = new Float32Array(0);
  let rows = 0;
  let invalid = 0;
  try {
    for await (const block of source.blocks(effects.signal)) {
      effects.signal.throwIfAborted();
      if (room.length < block.rows) {
        room = block.dtype === 'f64' ? new Float64Array(block.rows) : new Float32Array(block.rows);
      }
      const scores = room.subarray(0, block.rows);
      scoreBlock(source.path, block, scores, scoring);
      best.add(scores, block.begin);
      if (onInvalid === 'exclude') invalid += countNaN(scores);
      await writer?.write(scores);
      rows = block.begin + block.rows;
      bar.update(block.bytesRead);
    }
    await writer?.commit(rows);
  } finally {
    bar.done();
    await writer?.discard();
  }
  return { rows, invalid };
}

function countNaN(values: Float32Array | Float64Array): number {
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) count++;
  }
  return count;
}

function scoreBlock(path: string, block: PoolBlock, out: Float32Array | Float64Array, scoring: ScoringOptions): void {
  try {
    score(block, { ...scoring, out } as Parameters<typeof score>[1]);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    const row = out.findIndex(Number.isNaN);
    const view = { ...block, stride: block.cols };
    const fault = rowFault(widenRow(view, row, new Float64Array(block.cols)), planScore('score', view, scoring));
    const sums = scoring.from === 'probabilities' && scoring.normalize === 'check' && scoring.kind === 'multiclass';
    const advice = sums ? 'use --from logits for raw network outputs, --normalize divide for counts, or ' : 'use ';
    throw new ValueError(
      `${path}: row ${block.begin + row} is not usable: ${fault ?? error.message}; ` +
        `${advice}--on-invalid exclude to go on without it`,
      { cause: error },
    );
  }
}

interface ScoresWriter extends Omit<NpyWriter, 'commit'> {
  commit(rows: number): Promise<void>;
}

/** The scores go to disk as they come. A text file tells its length at the end only: then they wait in memory. */
async function scoresWriter(path: string, source: PoolSource): Promise<ScoresWriter> {
  if (source.format === 'npy') {
    const writer = await createNpyWriter(path, 'f4', [source.maxRows]);
    return { write: (values) => writer.write(values), commit: () => writer.commit(), discard: () => writer.discard() };
  }
  const parts: Float32Array[] = [];
  return {
    write: (values) => {
      parts.push(Float32Array.from(values));
      return Promise.resolve();
    },
    async commit(rows) {
      const writer = await createNpyWriter(path, 'f4', [rows]);
      for (const part of parts) await writer.write(part);
      await writer.commit();
    },
    discard: () => Promise.resolve(),
  };
}

/** What the outputs say beside the picks. */
function describePicks(picks: Picks, options: ScoreFileOptions): object {
  const { method, from, kind } = options;
  return { definitions: SCORE_DEFINITIONS, method, from, kind, rows: picks.rows };
}

function summary(source: PoolSource, picks: Picks, options: ScoreFileOptions, seconds: number): string {
  const shown = Math.min(picks.indices.length, TABLE_ROWS);
  const small = !((picks.scores[0] ?? 1) >= 1e-3);
  const digits = (value: number): string => (small ? value.toExponential(5) : value.toFixed(6));
  const table = Array.from({ length: shown }, (_, at) => [
    String(at + 1),
    String(picks.indices[at]),
    digits(picks.scores[at] ?? NaN),
  ]);
  const more = picks.indices.length - shown;
  const hint = options.out === undefined ? ' (--json or --out give them all)' : '';
  const invalid = picks.invalid > 0 ? `, ${groupDigits(picks.invalid)} invalid rows left out` : '';
  const written = [options.out, options.scores].filter((path) => path !== undefined).join(', ');
  return [
    shown === 0 ? '' : alignTable(['rank', 'index', options.method], table),
    more > 0 ? `… ${groupDigits(more)} more${hint}\n` : '',
    `${groupDigits(picks.rows)} rows in ${formatSeconds(seconds)}, ${formatBytes(source.size / seconds)}/s${invalid}`,
    ` (${SCORE_DEFINITIONS}, ${runtimeInfo().level})`,
    written === '' ? '\n' : `; wrote ${written}\n`,
  ].join('');
}
