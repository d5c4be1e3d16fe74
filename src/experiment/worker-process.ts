import { type ChildProcess, fork } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { QuerentError } from '../errors.js';
import type { RunTask } from './run-one.js';
import { type FromWorker, type PlainError, plainError, type ToWorker } from './worker-messages.js';

/** This file and the worker are both TypeScript (from the source) or both JavaScript. */
const WORKER = fileURLToPath(new URL(`./worker${extname(import.meta.url)}`, import.meta.url));
/** What a worker said last, for the sentence about its death. */
const LAST_WORDS = 2000;

/** One worker process, as the crew sees it. Its `events` are named after its messages; `gone` is its end. */
export class WorkerProcess {
  readonly events = new EventEmitter();
  /** What it is doing. */
  task: RunTask | undefined;
  isReady = false;
  /** Rounds that it has run. */
  rounds = 0;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #lastWords = '';
  #reported = 0;
  #stopped: QuerentError | undefined;

  /** @param threads For TensorFlow: the same in every process, or results would depend on how many there are. */
  constructor(threads: number) {
    const limits = {
      TF_NUM_INTRAOP_THREADS: String(threads),
      TF_NUM_INTEROP_THREADS: '1',
      OMP_NUM_THREADS: String(threads),
    };
    this.#child = fork(WORKER, {
      execArgv: passedOn(process.execArgv),
      env: { ...process.env, ...limits },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      serialization: 'advanced',
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#lastWords = (this.#lastWords + text).slice(-LAST_WORDS);
    });
    this.#child.on('message', (message: FromWorker) => this.#hear(message));
    this.#ended = new Promise((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null): void => {
        resolve();
        this.events.emit('gone', this.#obituary(code, signal));
      };
      this.#child.once('close', end);
      this.#child.once('error', (error) => {
        this.#lastWords = error.message;
        if (this.#child.pid === undefined) end(null, null);
      });
    });
  }

  tell(message: ToWorker): void {
    if (this.#child.connected) this.#child.send(message, () => undefined); // its end is heard of as `gone`
  }

  run(task: RunTask): void {
    this.task = task;
    this.tell({ type: 'run', key: task.key, state: task.state?.path });
  }

  /** Kill it for a reason. */
  stop(reason: QuerentError): void {
    this.#stopped ??= reason;
    this.#child.kill('SIGKILL');
  }

  /** Kill it and wait until it is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** Resident memory in MB: what the system says, else what the process told last. */
  async memory(): Promise<number> {
    const status = await readFile(`/proc/${this.#child.pid}/status`, 'utf8').catch(() => '');
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    return kilobytes === undefined ? this.#reported : (Number(kilobytes) * 1024) / 1e6;
  }

  #hear(message: FromWorker): void {
    switch (message.type) {
      case 'ready':
        this.isReady = true;
        this.events.emit('ready', message);
        break;
      case 'memory':
        this.#reported = message.megabytes;
        break;
      case 'entry':
        this.events.emit('entry', message.entry);
        break;
      case 'done':
        this.events.emit('done', message.stop);
        break;
      case 'log':
        this.events.emit('log', message.message);
        break;
      default:
        this.events.emit(message.type, message.error);
    }
  }

  #obituary(code: number | null, signal: NodeJS.Signals | null): PlainError {
    if (this.#stopped !== undefined) return plainError(this.#stopped);
    const how = signal === null ? `ended with exit code ${code}` : `was killed by ${signal}`;
    const hint = signal === 'SIGKILL' ? ' (the system does that when memory runs out)' : '';
    const words = this.#lastWords.trim().split('\n').slice(-3).join(' ').slice(-400);
    return {
      code: 'ERR_QUERENT_WORKER',
      message: `its process ${how}${hint}${words === '' ? '' : `, after saying: ${words}`}`,
    };
  }
}

/** Options of this Node that its workers need too: loaders and limits, but neither a debugger's port nor a script. */
function passedOn(options: readonly string[]): string[] {
  const passed: string[] = [];
  for (let at = 0; at < options.length; at++) {
    const option = options[at] as string;
    if (/^(-e|-p|-pe|--eval|--print)$/.test(option)) at += 1;
    else if (!/^--(inspect|eval=|print=|input-type|test|watch|check|interactive)/.test(option)) passed.push(option);
  }
  return passed;
}
