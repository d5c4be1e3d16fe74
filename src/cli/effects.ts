import { Writable } from 'node:stream';
import { QuerentError } from '../errors.js';

/** Exit codes of every subcommand. */
export const EXIT = { good: 0, failure: 1, usage: 2, interrupted: 130 } as const;

/** Options that do not fit together or cannot be meant: exit code 2. */
export class UsageError extends QuerentError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_QUERENT_USAGE', message, options);
  }
}

/** Ctrl-C or SIGTERM arrived; what was unfinished has been put away. Exit code 130. */
export class InterruptedError extends QuerentError {
  constructor(signalName: string) {
    super('ERR_QUERENT_INTERRUPTED', `stopped by ${signalName}`);
  }
}

/** What a subcommand does to the world outside its files; tests pass their own. */
export interface Effects {
  /** Results. */
  readonly stdout: Writable;
  /** Progress and warnings. */
  readonly stderr: Writable & { isTTY?: boolean; columns?: number };
  readonly signal: AbortSignal;
}

export function processEffects(): Effects {
  return { stdout: process.stdout, stderr: process.stderr, signal: interruptSignal() };
}

let interrupt: AbortController | undefined;

/**
 * Aborts, with an {@link InterruptedError} as its reason, at the first SIGINT or SIGTERM; a second one ends the process
 * at once. One signal for the whole process.
 */
export function interruptSignal(): AbortSignal {
  if (interrupt !== undefined) return interrupt.signal;
  const controller = new AbortController();
  interrupt = controller;
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(EXIT.interrupted);
      controller.abort(new InterruptedError(name));
    });
  }
  return controller.signal;
}

/** Wait until the text has been handed to the system: a pipe may be slower than we are. */
export function print(stream: Writable, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => (error ? reject(error) : resolve()));
  });
}

export interface Progress {
  /** @param done In the units of `total`; never decreasing. */
  update(done: number): void;
  /** Take the bar away (terminal) or write the last line (file). */
  done(): void;
}

export interface ProgressOptions {
  /** Default process.stderr. */
  stream?: Writable & { isTTY?: boolean; columns?: number };
  /** How to write an amount, default grouped digits. */
  format?: (amount: number) => string;
}

/** Milliseconds between two redraws, and between two plain lines. */
const REDRAW_MS = 80;
const LINE_MS = 5000;
/** Shorter work shows nothing: a bar that flashes by only distracts. */
const PATIENCE_MS = 400;

/**
 * Progress of long work on stderr: on a terminal one line that is redrawn, elsewhere a plain line every few seconds.
 *
 * @param total The amount that means finished; 0 or NaN when it is not known.
 */
export function progressBar(label: string, total: number, options: ProgressOptions = {}): Progress {
  const { stream = process.stderr as Required<ProgressOptions>['stream'], format = groupDigits } = options;
  const started = performance.now();
  const interval = stream.isTTY ? REDRAW_MS : LINE_MS;
  let shownAt = stream.isTTY ? started + PATIENCE_MS - REDRAW_MS : started;
  let visible = false;
  const columns = (): number => stream.columns || 80; // some terminals say 0

  function describe(done: number, now: number): string {
    const seconds = (now - started) / 1000;
    const share = total > 0 ? Math.min(1, done / total) : NaN;
    if (Number.isNaN(share)) return `${label}  ${format(done)}  ${seconds.toFixed(0)} s`;
    const left = share > 0 ? (seconds / share) * (1 - share) : NaN;
    const eta = Number.isNaN(left) ? '' : `  ${left < 10 ? left.toFixed(1) : left.toFixed(0)} s left`;
    const amounts = `${(share * 100).toFixed(0).padStart(3)} %  ${format(done)} of ${format(total)}${eta}`;
    if (!stream.isTTY) return `${label}  ${amounts.trimStart()}`;
    const room = columns() - label.length - amounts.length - 6;
    const width = Math.max(0, Math.min(30, room));
    const filled = Math.round(share * width);
    const bar = width < 5 ? '' : `${'█'.repeat(filled)}${'░'.repeat(width - filled)}  `;
    return `${label}  ${bar}${amounts}`;
  }

  return {
    update(done) {
      const now = performance.now();
      if (now - shownAt < interval) return;
      shownAt = now;
      const text = describe(done, now);
      stream.write(stream.isTTY ? `\r\x1b[2K${text.slice(0, columns() - 1)}` : `${text}\n`);
      visible = true;
    },
    done() {
      if (stream.isTTY && visible) stream.write('\r\x1b[2K');
      visible = false;
    },
  };
}

/** 1234567 -> 1 234 567: readable in every language. */
export function groupDigits(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ' ');
}

/** Bytes in powers of ten, as disks and drives count them. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value >= 100 || unit === 0 ? value.toFixed(0) : value.toFixed(1)} ${units[unit]}`;
}

/** Seconds as people say them. */
export function formatSeconds(seconds: number): string {
  if (seconds < 0.1) return `${(seconds * 1000).toFixed(1)} ms`;
  return seconds < 100 ? `${seconds.toFixed(2)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** Columns padded to their widest cell: text to the left, numbers to the right. */
export function alignTable(header: readonly string[], rows: readonly (readonly string[])[], left = 0): string {
  const widths = header.map((title, at) => Math.max(title.length, ...rows.map((row) => (row[at] ?? '').length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => (at < left ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  ')
      .trimEnd();
  return [line(header), ...rows.map(line)].map((text) => `${text}\n`).join('');
}
