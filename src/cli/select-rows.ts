import { SCORE_DEFINITIONS } from '../contract/codes.js';
import { ArgumentError, ShapeError, ValueError } from '../errors.js';
import { type Level, setLevel } from '../native.js';
import { readIndexFile } from '../pool/index-files.js';
import { runtimeInfo } from '../runtime.js';
import {
  alignTable,
  type Effects,
  formatBytes,
  formatSeconds,
  groupDigits,
  print,
  progressBar,
  UsageError,
} from './effects.js';
import { checkOut, picksJson, writePicks } from './picks.js';
import { type InputFile, openInput, readInput } from './select-inputs.js';
import {
  type InputName,
  type OptionName,
  type SelectInput,
  type Selected,
  type Selector,
  SELECTORS,
  type SelectorOptions,
} from './selectors.js';

/** Options of `querent select`, as commander delivers them. */
export interface SelectOptions extends SelectorOptions {
  readonly strategy: string;
  readonly count: number;
  readonly embeddings?: string;
  readonly probs?: string;
  readonly samples?: string;
  readonly labeled?: string;
  readonly out?: string;
  readonly threads?: number;
  readonly level?: string;
  readonly json?: boolean;
}

const INPUTS: readonly InputName[] = ['embeddings', 'probs', 'samples'];
/** Every option that only some strategies have, as it is written. */
const FLAGS: Readonly<Record<OptionName, string>> = {
  labeled: '--labeled',
  metric: '--metric',
  first: '--first',
  from: '--from',
  normalize: '--normalize',
  seed: '--seed',
  numSamples: '--num-samples',
  neighbours: '--neighbours',
};

/** Rows of the text table at most; the files and --json hold all picks. */
const TABLE_ROWS = 20;

/** What was done, beside the picks. */
interface Work {
  readonly rows: number;
  readonly inputs: readonly SelectInput[];
  readonly readSeconds: number;
  readonly seconds: number;
}

/** `querent select`: read embeddings or predictions, pick rows, print and write them. */
export async function selectRows(options: SelectOptions, effects: Effects): Promise<void> {
  const selector = checkUse(options);
  if (options.level !== undefined) setLevel(options.level as Level);
  const labeled = Uint32Array.from(new Set(options.labeled === undefined ? [] : await readIndexFile(options.labeled)));
  const files: InputFile[] = [];
  const started = performance.now();
  try {
    for (const name of selector.inputs) files.push(await openInput(name, options[name] as string));
    const rows = checkRows(files, labeled, options);
    const k = clampCount(rows, labeled.length, options, effects);
    const inputs: SelectInput[] = [];
    for (const file of files) inputs.push(await readInput(file, effects));
    const readSeconds = (performance.now() - started) / 1000;
    const selected = await select(selector, inputs, k, labeled, options, effects);
    const seconds = (performance.now() - started) / 1000;
    await report(selector, selected, { rows, inputs, readSeconds, seconds }, options, effects);
  } finally {
    for (const { file } of files) await file.close();
  }
}

/** Refuse what cannot be meant, before any file is opened. */
function checkUse(options: SelectOptions): Selector {
  const { strategy } = options;
  const selector = SELECTORS[strategy];
  if (selector === undefined) throw new UsageError(`there is no strategy ${strategy} of select`);
  for (const name of INPUTS) {
    const isNeeded = selector.inputs.includes(name);
    if (isNeeded && options[name] === undefined) throw new UsageError(`--strategy ${strategy} needs --${name} FILE`);
    if (!isNeeded && options[name] !== undefined) {
      throw new UsageError(`--${name} has no effect with --strategy ${strategy}`);
    }
  }
  for (const [name, flag] of Object.entries(FLAGS) as [OptionName, string][]) {
    if (options[name] !== undefined && !selector.options.includes(name)) {
      throw new UsageError(`${flag} has no effect with --strategy ${strategy}`);
    }
  }
  if (options.first !== undefined && options.labeled !== undefined) {
    throw new UsageError(
      '--first has no effect with --labeled: the first pick is the row farthest from the labelled ones',
    );
  }
  checkOut(options.out);
  return selector;
}

/** The number of rows that all files agree on. */
function checkRows(files: readonly InputFile[], labeled: Uint32Array, options: SelectOptions): number {
  const [main] = files as readonly [InputFile, ...InputFile[]];
  const { rows } = main;
  for (const other of files) {
    if (other.rows === rows) continue;
    throw new ShapeError(
      `${other.file.path}: --${other.name} has ${other.rows} rows, --${main.name} (${main.file.path}) has ${rows}`,
    );
  }
  const refuse = (flag: string, row: number): void => {
    if (row < rows) return;
    throw new ArgumentError(`${flag}: row ${row} is not in ${main.file.path}, which has ${rows} rows (counted from 0)`);
  };
  refuse(
    `--labeled ${options.labeled}`,
    labeled.reduce((most, row) => Math.max(most, row), -1),
  );
  refuse('--first', options.first ?? -1);
  return rows;
}

function clampCount(rows: number, labelled: number, options: SelectOptions, effects: Effects): number {
  const eligible = rows - labelled;
  if (options.count <= eligible) return options.count;
  const missing = labelled > 0 ? `, ${groupDigits(labelled)} labelled` : '';
  effects.stderr.write(
    `querent: warning: ${groupDigits(eligible)} rows can be picked (${groupDigits(rows)} in the file${missing}), ` +
      `fewer than -k ${options.count}\n`,
  );
  return eligible;
}

async function select(
  selector: Selector,
  inputs: readonly SelectInput[],
  k: number,
  labeled: Uint32Array,
  options: SelectOptions,
  effects: Effects,
): Promise<Selected> {
  const bar = progressBar('picking', k, { stream: effects.stderr });
  try {
    return await selector.select({
      k,
      labeled,
      options,
      threads: options.threads,
      signal: effects.signal,
      onProgress: ({ done }) => bar.update(done),
      notice: (message) => void effects.stderr.write(`querent: ${message}\n`),
      input: (name) => inputs[selector.inputs.indexOf(name)] as SelectInput,
    });
  } catch (error) {
    throw error instanceof ValueError ? inFlags(error, selector, options) : error;
  } finally {
    bar.done();
  }
}

/** The error of a kernel about a row, with the file for the argument and flags for option names. */
function inFlags(error: ValueError, selector: Selector, options: SelectOptions): ValueError {
  const message = error.message
    .replace(/^\w+: (row \d+)(?: of (embeddings|probs))?/, (_, row: string, name: InputName | undefined) => {
      const path = options[name ?? (selector.inputs[0] as InputName)];
      return `${path}: ${row}`;
    })
    .replace("pass from: 'logits'", 'use --from logits')
    .replace("normalize: 'divide'", '--normalize divide');
  return new ValueError(message, { cause: error });
}

async function report(
  selector: Selector,
  selected: Selected,
  work: Work,
  options: SelectOptions,
  effects: Effects,
): Promise<void> {
  const { strategy, metric = 'euclidean' } = options;
  const radius = selected.coveringRadius;
  const about = {
    definitions: SCORE_DEFINITIONS,
    strategy,
    ...(selector.options.includes('metric') ? { metric } : {}),
    rows: work.rows,
    ...(radius === undefined ? {} : { coveringRadius: Number.isFinite(radius) ? radius : null }),
  };
  if (options.out !== undefined) await writePicks(options.out, selected, about);
  const text = options.json ? picksJson(selected, about) : summary(selector, selected, work, options);
  await print(effects.stdout, text);
}

function summary(selector: Selector, selected: Selected, work: Work, options: SelectOptions): string {
  const { indices, scores, coveringRadius } = selected;
  const shown = Math.min(indices.length, TABLE_ROWS);
  const header = ['rank', 'index', ...(scores === null ? [] : [selector.scoreName])];
  const table = Array.from({ length: shown }, (_, at) => [
    String(at + 1),
    String(indices[at]),
    ...(scores === null ? [] : [(scores[at] as number).toPrecision(7)]),
  ]);
  const more = indices.length - shown;
  const hint = options.out === undefined ? ' (--json or --out give them all)' : '';
  const sizes = work.inputs.map(({ shape, dtype }) => `${shape.map(groupDigits).join(' x ')} ${dtype}`).join(' and ');
  // libuv counts kilobytes on every system
  const peak = formatBytes(process.resourceUsage().maxRSS * 1024);
  return [
    shown === 0 ? '' : alignTable(header, table),
    more > 0 ? `… ${groupDigits(more)} more${hint}\n` : '',
    `${groupDigits(indices.length)} of ${groupDigits(work.rows)} rows (${sizes}) in ${formatSeconds(work.seconds)}`,
    `, ${formatSeconds(work.readSeconds)} of it reading; peak memory ${peak}`,
    coveringRadius === undefined ? '' : `; covering radius ${coveringRadius.toPrecision(7)}`,
    ` (${options.strategy}, ${runtimeInfo().level})`,
    options.out === undefined ? '\n' : `; wrote ${options.out}\n`,
  ].join('');
}
