/** Peak memory of one run: in a process of its own, so that nothing freed by earlier work is there to be used again. */
import { fork } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UnavailableError } from '../../errors.js';
import type { Measured } from './measure.js';

/** memory-child.ts in a checkout, memory-child.js after a build. */
const CHILD = fileURLToPath(new URL(`./memory-child${extname(import.meta.url)}`, import.meta.url));
const KILOBYTE = 1024;

/**
 * Do the work once and see how far the resident memory rises above where it stands now. Linux forgets the earlier peak on
 * request; elsewhere the work is charged only with what it needs above that peak, a lower bound.
 */
export async function withPeak(run: () => Measured | Promise<Measured>): Promise<Measured> {
  globalThis.gc?.();
  forgetPeak();
  const before = linuxStatus('VmRSS') ?? peakBytes();
  const measured = await run();
  return { ...measured, peakBytes: Math.max(0, peakBytes() - before) };
}

/** getrusage of a new process starts at the peak of its parent, so on Linux the values of the process itself are read. */
function linuxStatus(name: 'VmRSS' | 'VmHWM'): number | undefined {
  try {
    const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * KILOBYTE;
  } catch {
    return undefined;
  }
}

const peakBytes = (): number => linuxStatus('VmHWM') ?? process.resourceUsage().maxRSS * KILOBYTE;

function forgetPeak(): void {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // not Linux, or not allowed: then the peak so far stays
  }
}

/** What memory-child is told. */
export interface MemoryOrder {
  readonly id: string;
  readonly runner: string;
  readonly scale: number;
}

/**
 * Run one runner of a case, by name, in a fresh Node process that makes its own data.
 *
 * @param level CPU level that was asked for.
 * @throws {UnavailableError} The process failed.
 */
export function runInChild(order: MemoryOrder, level: string | undefined, signal: AbortSignal): Promise<Measured> {
  signal.throwIfAborted();
  const child = fork(CHILD, [JSON.stringify(order)], {
    execArgv: [...process.execArgv, '--expose-gc'],
    env: { ...process.env, NODE_NO_WARNINGS: '1', ...(level === undefined ? {} : { QUERENT_LEVEL: level }) },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  return new Promise<Measured>((resolve, reject) => {
    const abort = (): void => {
      child.kill();
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', abort, { once: true });
    child.once('message', (measured) => resolve(measured as Measured));
    child.once('error', reject);
    child.once('exit', (code, by) => {
      signal.removeEventListener('abort', abort);
      const how = by === null ? `exit code ${code}` : `signal ${by}`;
      reject(new UnavailableError(`the process for ${order.runner} of ${order.id} ended with ${how}`));
    });
  });
}
