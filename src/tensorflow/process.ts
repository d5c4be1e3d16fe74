import { spawn } from 'node:child_process';

export interface Outcome {
  /** Exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The program could not be started at all (usually: it is not installed). */
  readonly missing: boolean;
}

export interface ProcessOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Milliseconds before it is killed. */
  timeout?: number;
  signal?: AbortSignal | undefined;
}

/** Run a program to its end and keep what it said. Never rejects, except with the reason of `signal`. */
export function runProcess(command: string, args: readonly string[], options: ProcessOptions = {}): Promise<Outcome> {
  const { signal, ...rest } = options;
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], killSignal: 'SIGKILL', ...rest });
    const texts = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => (texts[name] += text));
    }
    const stop = (): void => void child.kill('SIGKILL');
    signal?.addEventListener('abort', stop, { once: true });
    let missing = false;
    child.on('error', () => {
      missing = child.pid === undefined;
    });
    child.on('close', (code, endedBy) => {
      signal?.removeEventListener('abort', stop);
      if (signal?.aborted) reject(signal.reason as Error);
      else resolve({ code, signal: endedBy, ...texts, missing });
    });
  });
}

/** The last lines of a program's output, for an error message. */
export function lastLines(text: string, count = 12): string {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
