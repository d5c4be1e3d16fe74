/** Long calls, cut into blocks of rows: a few in flight, the event loop free, an abort heard at once. */
import { DetachedError } from '../errors.js';
import { isDetached } from './check.js';
import { expected } from './text.js';
import { nextTurn } from './turn.js';

/** How far a call is. */
export interface Progress {
  /** Rows finished; never falls. */
  readonly done: number;
  readonly total: number;
}

/** What every asynchronous kernel takes. */
export interface AsyncOptions {
  /** Rejects with `signal.reason` as soon as it is aborted. */
  readonly signal?: AbortSignal | undefined;
  /** Called after every finished block. An error thrown here ends the call. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

export const ASYNC_KEYS: readonly string[] = ['signal', 'onProgress'];

/** Input bytes per block: small enough to copy in a fraction of a millisecond, large enough to outweigh a hand-over. */
const BLOCK_BYTES = 2 * 1024 * 1024;
/** Blocks start at multiples of this many rows. */
const ROW_GRAIN = 64;

/** Rows per block. It depends on the input alone, never on threads or load. */
export function blockRows(rowBytes: number): number {
  const rows = Math.floor(BLOCK_BYTES / Math.max(1, rowBytes));
  return rows < ROW_GRAIN ? Math.max(1, rows) : rows - (rows % ROW_GRAIN);
}

export function checkAsync(where: string, options: AsyncOptions | undefined): void {
  const { signal, onProgress } = options ?? {};
  if (signal !== undefined && !(typeof signal === 'object' && signal !== null && 'aborted' in signal)) {
    throw expected(where, 'an AbortSignal', 'signal', signal);
  }
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw expected(where, 'a function', 'onProgress', onProgress);
  }
  signal?.throwIfAborted();
}

/** True where the memory is shared: it cannot be detached, so blocks are read in place. */
export function isShared(view: ArrayBufferView): boolean {
  return typeof SharedArrayBuffer !== 'undefined' && view.buffer instanceof SharedArrayBuffer;
}

/** A watch over memory that another part of the program may transfer away between two blocks. */
export function stillAttached(where: string, name: string, view: ArrayBufferView): () => void {
  const bytes = view.byteLength;
  return () => {
    if (view.byteLength < bytes || isDetached(view)) {
      throw new DetachedError(
        `${where}: the buffer of ${name} was detached or shrunk during the call; wait for the promise before transferring it`,
      );
    }
  };
}

/**
 * Run `submit(begin, end)` over all rows.
 *
 * Blocks are submitted in order, at most `inFlight` at a time. `submit` must take what it needs from the caller's memory
 * before it returns its promise. Its promise resolves to false to stop early: blocks before it are still waited for.
 *
 * @param check Called before every block; may throw.
 * @returns True when every block went through. After an abort or an error the blocks in flight finish unseen, so
 *   `submit` must not write into the caller's memory once {@link BlockRun.stopped} is set.
 */
export async function runBlocks(
  run: BlockRun,
  submit: (begin: number, end: number) => Promise<boolean>,
): Promise<boolean> {
  const { rows, blockRows: step, signal, onProgress } = run;
  const pending = new Set<Promise<void>>();
  let done = 0;
  let failure: { error: unknown } | null = null;
  let complete = true;
  let hearAbort: () => void = () => undefined;
  const aborted = new Promise<void>((resolve) => {
    hearAbort = resolve;
  });
  signal?.addEventListener('abort', hearAbort, { once: true });

  const settle = (rowsDone: number, goOn: boolean): void => {
    if (run.stopped) return;
    complete &&= goOn;
    done += rowsDone;
    onProgress?.({ done, total: rows });
  };
  const begin = (from: number, to: number): void => {
    const task: Promise<void> = submit(from, to)
      .then((goOn) => settle(to - from, goOn))
      .catch((error: unknown) => {
        failure ??= { error };
      })
      .finally(() => pending.delete(task));
    pending.add(task);
  };
  const alive = (): void => {
    signal?.throwIfAborted();
    if (failure) throw failure.error;
  };

  try {
    for (let from = 0; from < rows && complete; from += step) {
      alive();
      run.check();
      begin(from, Math.min(rows, from + step));
      await Promise.race([nextTurn(), aborted]);
      while (pending.size >= run.inFlight && !signal?.aborted) await Promise.race([...pending, aborted]);
    }
    while (pending.size > 0 && !signal?.aborted) await Promise.race([Promise.all(pending), aborted]);
    alive();
    return complete;
  } finally {
    run.stopped = true;
    signal?.removeEventListener('abort', hearAbort);
  }
}

export interface BlockRun {
  readonly rows: number;
  readonly blockRows: number;
  readonly inFlight: number;
  readonly check: () => void;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: Progress) => void) | undefined;
  /** Set when the call has ended, for better or worse. */
  stopped: boolean;
}

/** A run over `rows` rows of `rowBytes` bytes, read from `view`. */
export function blockRun(
  where: string,
  name: string,
  view: ArrayBufferView,
  rows: number,
  rowBytes: number,
  inFlight: number,
  options: AsyncOptions | undefined,
): BlockRun {
  return {
    rows,
    blockRows: blockRows(rowBytes),
    inFlight,
    check: stillAttached(where, name, view),
    signal: options?.signal,
    onProgress: options?.onProgress,
    stopped: false,
  };
}
