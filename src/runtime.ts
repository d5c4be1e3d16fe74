/** What computes here, for people and for the records of a run. */
import { SCORE_DEFINITIONS } from './contract/codes.js';
import { activeAddon, addonReport, buildCommand, type Level } from './native.js';
import { VERSION } from './contract/version.js';

/** What the TensorFlow chooser reports about itself: the package it took and what that costs. */
export interface TensorflowInfo {
  readonly backend: string;
  readonly [detail: string]: unknown;
}

/** What runs here, for logs and bug reports. */
export interface RuntimeInfo {
  /** Version of this package. */
  readonly version: string;
  /** Version of the score definitions; outputs name it. */
  readonly definitions: string;
  /** Version of Node. */
  readonly node: string;
  /** The compiled addon in use; null when the TypeScript reference computes. */
  readonly addon: { readonly path: string } | null;
  /** Why there is no addon and how to get one; left out when there is nothing to say. */
  readonly addonMissing?: { readonly why: string; readonly fix: string };
  /** What the next kernel call runs at. */
  readonly level: Level;
  /** The levels that can be chosen here, best first; all of them give the same bits. */
  readonly levels: readonly Level[];
  /** Threads that a call may use. */
  readonly threads: number;
  readonly cuda: { readonly available: boolean; readonly why?: string };
  /** Null until something of this package has loaded TensorFlow. */
  readonly tensorflow: TensorflowInfo | null;
}

let tensorflow: TensorflowInfo | null = null;

/** Called by whatever loads TensorFlow, so that {@link runtimeInfo} can tell. */
export function reportTensorflow(info: TensorflowInfo): void {
  tensorflow = info;
}

/** What computes here. Loads the addon if nothing has yet. */
export function runtimeInfo(): RuntimeInfo {
  const addon = activeAddon();
  const { path, why } = addonReport();
  return {
    version: VERSION,
    definitions: SCORE_DEFINITIONS,
    node: process.version,
    addon: addon && path !== null ? { path } : null,
    ...(why === '' ? {} : { addonMissing: { why, fix: buildCommand() } }),
    level: addon ? addon.level() : 'reference',
    levels: addon ? addon.levels() : ['reference'],
    threads: addon ? addon.hardwareThreads() : 1,
    cuda: { available: false, why: 'this version computes on the CPU; it has no CUDA back end' },
    tensorflow,
  };
}
