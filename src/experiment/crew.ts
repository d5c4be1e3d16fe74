import { EventEmitter } from 'node:events';
import type { Dataset } from '../data/dataset.js';
import { QuerentError } from '../errors.js';
import type { ExperimentConfig } from './config.js';
import type { Entry } from './records.js';
import type { RunTask } from './run-one.js';
import { errorOf, type FromWorker, type PlainError } from './worker-messages.js';
import { WorkerProcess } from './worker-process.js';

/** How many processes an experiment may have, and how large. */
export interface CrewLimits {
  /** Processes at once, at least 1. */
  readonly processes: number;
  /**
   * Resident memory of all processes together, in MB: another is started only when it is expected to fit, by the largest so
   * far, and one that outgrows its share is stopped. Undefined: as many as `processes` says.
   */
  readonly memory?: number | undefined;
}

export interface CrewOptions extends CrewLimits {
  readonly config: ExperimentConfig;
  /** Undefined: every worker loads it by its name. */
  readonly dataset: Dataset | undefined;
  readonly dataDir: string | undefined;
  readonly signal: AbortSignal | undefined;
  readonly log: (message: string) => void;
}

/** What becomes of the runs; the crew waits for each. */
export interface CrewHooks {
  onEntry(task: RunTask, entry: Entry): Promise<void>;
  onDone(task: RunTask, stop: string): Promise<void>;
  onFailure(task: RunTask, error: PlainError): Promise<void>;
}

/** A process is expected to grow by this much over the largest one so far. */
const GROWTH = 1.25;
/** Rounds after which the first process is believed to have shown its size: one of them with a query. */
const TELLING_ROUNDS = 2;
const WATCH_MS = 250;
/** So many processes in a row that die before they have begun end the experiment. */
const START_TRIES = 3;

/**
 * The worker processes of an experiment. Each does one run after the other, so that TensorFlow and the data are loaded once per
 * process. A process that dies takes its run with it and nothing else; another takes its place.
 */
export class Crew {
  readonly #options: CrewOptions;
  readonly #workers = new Set<WorkerProcess>();
  readonly #changed = new EventEmitter();
  #tasks: RunTask[] = [];
  #hooks: CrewHooks | undefined;
  #largest = 0;
  #failedStarts = 0;
  /** Set once the size of a process is known well enough to start others by. */
  #isMeasured = false;
  #broken: { error: unknown } | undefined;

  constructor(options: CrewOptions) {
    this.#options = options;
    this.#isMeasured = options.memory === undefined;
  }

  /** Start the first process; its environment and data are those of all. @throws What keeps it from starting. */
  async begin(): Promise<Extract<FromWorker, { type: 'ready' }>> {
    const worker = this.#start();
    const { signal } = this.#options;
    return new Promise((resolve, reject) => {
      const stop = (): void => reject(signal?.reason as Error);
      const refuse = (error: PlainError): void => reject(errorOf(error));
      signal?.addEventListener('abort', stop, { once: true });
      worker.events.once('ready', (message: Extract<FromWorker, { type: 'ready' }>) => {
        signal?.removeEventListener('abort', stop);
        resolve(message);
      });
      worker.events.once('unable', refuse);
      worker.events.once('gone', refuse);
      if (signal?.aborted === true) stop();
    });
  }

  /** Do all tasks. @throws What a hook throws, or the signal's reason; the processes are stopped then. */
  async work(tasks: readonly RunTask[], hooks: CrewHooks): Promise<void> {
    this.#tasks = [...tasks];
    this.#hooks = hooks;
    const { signal } = this.#options;
    const stop = (): void => this.#break(signal?.reason);
    signal?.addEventListener('abort', stop, { once: true });
    const watch = setInterval(() => void this.#watchMemory(), WATCH_MS);
    try {
      if (signal?.aborted === true) stop();
      for (const worker of this.#workers) if (worker.isReady) this.#assign(worker);
      this.#grow();
      while (this.#broken === undefined && (this.#tasks.length > 0 || this.#isBusy())) {
        await new Promise((resolve) => this.#changed.once('change', resolve));
      }
      if (this.#broken !== undefined) throw this.#broken.error;
    } finally {
      clearInterval(watch);
      signal?.removeEventListener('abort', stop);
    }
  }

  /** Stop all processes and wait until they are gone. Rounds that are written down survive that. */
  async close(): Promise<void> {
    this.#tasks = [];
    await Promise.all([...this.#workers].map((worker) => worker.kill()));
  }

  #isBusy(): boolean {
    return [...this.#workers].some(({ task }) => task !== undefined);
  }

  #break(error: unknown): void {
    this.#broken ??= { error };
    this.#changed.emit('change');
  }

  /** Start processes while there is work for them, and room. */
  #grow(): void {
    if (this.#broken !== undefined) return;
    const { processes, memory } = this.#options;
    const idle = [...this.#workers].filter(({ task }) => task === undefined).length; // also those that are starting
    for (let wanted = this.#tasks.length - idle; wanted > 0; wanted--) {
      const count = this.#workers.size;
      const fits = memory === undefined || (count + 1) * this.#largest * GROWTH <= memory;
      if (count >= processes || (count > 0 && !(this.#isMeasured && fits))) return;
      this.#start();
    }
  }

  #start(): WorkerProcess {
    const { config, dataset, dataDir, log } = this.#options;
    const worker = new WorkerProcess(config.threads);
    this.#workers.add(worker);
    worker.events.on('ready', () => {
      this.#failedStarts = 0;
      this.#assign(worker);
    });
    worker.events.on('unable', (error: PlainError) => {
      if (this.#hooks !== undefined) this.#break(errorOf(error));
    });
    worker.events.on('log', log);
    worker.events.on('entry', (entry: Entry) => this.#guard(() => this.#entry(worker, entry)));
    worker.events.on('done', (stop: string) => this.#guard(() => this.#end(worker, 'done', stop)));
    worker.events.on('failed', (error: PlainError) => this.#guard(() => this.#end(worker, 'failed', error)));
    worker.events.on('gone', (error: PlainError) => this.#guard(() => this.#gone(worker, error)));
    worker.tell({ type: 'begin', config, dataset, dataDir });
    return worker;
  }

  /** Work on a message; what goes wrong there ends the experiment. */
  #guard(work: () => Promise<void>): void {
    if (this.#broken !== undefined) return;
    work().catch((error: unknown) => this.#break(error));
  }

  #assign(worker: WorkerProcess): void {
    if (this.#hooks === undefined || this.#broken !== undefined || worker.task !== undefined) return;
    const task = this.#tasks.shift();
    if (task !== undefined) worker.run(task);
    this.#changed.emit('change');
  }

  async #entry(worker: WorkerProcess, entry: Entry): Promise<void> {
    const { task } = worker;
    if (task === undefined) return;
    await this.#hooks?.onEntry(task, entry);
    worker.rounds += 1;
    if (!this.#isMeasured && worker.rounds >= TELLING_ROUNDS) {
      await this.#watchMemory();
      this.#isMeasured = true;
    }
    worker.tell({ type: 'recorded' });
    this.#grow();
  }

  async #end(worker: WorkerProcess, how: 'done' | 'failed', outcome: string | PlainError): Promise<void> {
    const { task } = worker;
    if (task === undefined) return;
    if (how === 'done') await this.#hooks?.onDone(task, outcome as string);
    else await this.#hooks?.onFailure(task, outcome as PlainError);
    worker.task = undefined;
    this.#isMeasured = true; // a whole run tells, however short
    if (how === 'done') this.#assign(worker);
    else await worker.kill(); // whatever went wrong in there may go on being wrong
    this.#grow();
    this.#changed.emit('change');
  }

  async #gone(worker: WorkerProcess, error: PlainError): Promise<void> {
    this.#workers.delete(worker);
    const { task } = worker;
    if (task !== undefined) await this.#hooks?.onFailure(task, error);
    else if (!worker.isReady && this.#hooks !== undefined) {
      this.#failedStarts += 1;
      if (this.#failedStarts >= START_TRIES) throw errorOf(error);
    }
    worker.task = undefined;
    this.#grow();
    this.#changed.emit('change');
  }

  async #watchMemory(): Promise<void> {
    const { memory } = this.#options;
    for (const worker of [...this.#workers]) {
      const size = await worker.memory();
      if (worker.task !== undefined) this.#largest = Math.max(this.#largest, size);
      const share = (memory ?? Infinity) / this.#workers.size;
      if (size <= share) continue;
      const others =
        this.#workers.size > 1 ? `its share of the ${memory} MB for ${this.#workers.size} processes` : 'the limit';
      worker.stop(
        new QuerentError(
          'ERR_QUERENT_WORKER',
          `its process was stopped: it had grown to ${size.toFixed(0)} MB, more than ${others} (${share.toFixed(0)} MB); ` +
            'allow more memory or fewer processes, and resume',
        ),
      );
    }
  }
}
