/** Long calls that run as one piece behind a promise: stopped by a signal, watched through a word of shared memory. */
import { type Progress, type AsyncOptions, isShared, stillAttached } from './blocks.js';
import { nextTurn } from './turn.js';

/**
 * What a running call and its caller share, on a SharedArrayBuffer where there is one:
 *     [0]  set to 1 by the caller: stop as soon as possible
 *     [1]  written by the call: units (picks, usually) that are done
 */
export type Control = Int32Array;

const STOP = 0;
const DONE = 1;
/** How often progress is looked at, in ms. */
const WATCH_INTERVAL = 50;
/** Bytes copied between two turns of the event loop. */
const COPY_BYTES = 4 * 1024 * 1024;

function newControl(): Control {
  const bytes = 2 * Int32Array.BYTES_PER_ELEMENT;
  return new Int32Array(
    typeof SharedArrayBuffer === 'undefined' ? new ArrayBuffer(bytes) : new SharedArrayBuffer(bytes),
  );
}

export function isStopped(control: Control): boolean {
  return Atomics.load(control, STOP) !== 0;
}

export function reportDone(control: Control, done: number): void {
  Atomics.store(control, DONE, done);
}

/**
 * Run `start` to its end. An abort rejects with the signal's reason at once, while the call itself winds down unseen; so
 * does an error thrown by `onProgress`.
 *
 * @param total What `onProgress` counts up to.
 */
export async function inBackground<T>(
  total: number,
  options: AsyncOptions | undefined,
  start: (control: Control) => Promise<T>,
): Promise<T> {
  const { signal, onProgress } = options ?? {};
  signal?.throwIfAborted();
  const control = newControl();
  let seen = -1;
  let end: (error: unknown) => void = () => undefined;
  const interrupted = new Promise<never>((_, reject) => {
    end = (error) => {
      Atomics.store(control, STOP, 1);
      reject(error instanceof Error ? error : new Error(String(error), { cause: error }));
    };
  });
  interrupted.catch(() => undefined);
  const report = (progress: Progress): void => {
    if (progress.done === seen) return;
    seen = progress.done;
    onProgress?.(progress);
  };
  const watch = (): void => {
    try {
      report({ done: Atomics.load(control, DONE), total });
    } catch (error) {
      end(error);
    }
  };
  const hearAbort = (): void => end(signal?.reason);
  signal?.addEventListener('abort', hearAbort, { once: true });
  const timer = onProgress === undefined ? undefined : setInterval(watch, WATCH_INTERVAL);
  try {
    const result = await Promise.race([start(control), interrupted]);
    report({ done: total, total });
    return result;
  } finally {
    clearInterval(timer);
    signal?.removeEventListener('abort', hearAbort);
  }
}

type Bytes = ArrayBufferView & { readonly BYTES_PER_ELEMENT: number };

/**
 * The elements of `view` on memory that cannot be detached: the view itself when it is shared, else a copy, made in
 * pieces with the event loop running in between.
 *
 * @throws {DetachedError} The buffer was transferred away meanwhile.
 */
export async function sharedElements<V extends Bytes>(
  where: string,
  name: string,
  view: V,
  signal: AbortSignal | undefined,
): Promise<V> {
  if (isShared(view) || typeof SharedArrayBuffer === 'undefined') return view;
  const check = stillAttached(where, name, view);
  const bytes = view.byteLength;
  const copy = new Uint8Array(new SharedArrayBuffer(bytes));
  for (let at = 0; at < bytes; at += COPY_BYTES) {
    if (at > 0) await nextTurn();
    signal?.throwIfAborted();
    check();
    copy.set(new Uint8Array(view.buffer, view.byteOffset + at, Math.min(COPY_BYTES, bytes - at)), at);
  }
  const kind = view.constructor as unknown as new (buffer: ArrayBufferLike, offset: number, length: number) => V;
  return new kind(copy.buffer, 0, bytes / view.BYTES_PER_ELEMENT);
}
