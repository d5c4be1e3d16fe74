import type { Dataset } from '../data/dataset.js';
import { ArgumentError, QuerentError } from '../errors.js';
import type { ExperimentConfig } from './config.js';
import type { Environment } from './environment.js';
import type { Entry, RunKey } from './records.js';

/** What an experiment tells a worker process. */
export type ToWorker =
  | {
      readonly type: 'begin';
      readonly config: ExperimentConfig;
      /** Missing: by its name in the configuration. */
      readonly dataset?: Dataset | undefined;
      readonly dataDir?: string | undefined;
    }
  /** Do a run; `state` is the folder of its snapshots. */
  | { readonly type: 'run'; readonly key: RunKey; readonly state?: string | undefined }
  /** The last entry is written down: go on. */
  | { readonly type: 'recorded' };

/** What a worker process tells the experiment. */
export type FromWorker =
  | { readonly type: 'ready'; readonly environment: Environment; readonly source: string }
  /** It cannot begin at all. */
  | { readonly type: 'unable'; readonly error: PlainError }
  | { readonly type: 'entry'; readonly entry: Entry }
  | { readonly type: 'done'; readonly stop: string }
  | { readonly type: 'failed'; readonly error: PlainError }
  | { readonly type: 'log'; readonly message: string }
  /** Resident memory in MB. */
  | { readonly type: 'memory'; readonly megabytes: number };

/** An error on its way between processes. */
export interface PlainError {
  readonly code: string | null;
  readonly message: string;
}

export function plainError(error: unknown): PlainError {
  const { code } = error as { code?: unknown };
  const message = error instanceof Error ? error.message : String(error);
  return { code: typeof code === 'string' ? code : null, message: message === '' ? String(error) : message };
}

/** The error again, of a class that callers can tell apart. */
export function errorOf({ code, message }: PlainError): Error {
  if (code === 'ERR_QUERENT_ARGUMENT') return new ArgumentError(message);
  return code === null ? new Error(message) : new QuerentError(code, message);
}
