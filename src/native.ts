/**
 * Loading the compiled addon, once, at first use. An addon that does not load is not an error: the TypeScript reference
 * serves, and one process warning says why and what to do about it.
 *
 *     QUERENT_LEVEL   a CPU level ('scalar', 'avx2', …), 'auto', or 'reference' to compute in TypeScript
 *     QUERENT_ADDON   'off' leaves the addon alone and computes in TypeScript without a warning
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { NativeAddon } from '../bindings/native.js';
import type { Engine } from './contract/engine.js';
import { choices, expected } from './contract/text.js';
import { QuerentError, UnavailableError } from './errors.js';
import { referenceEngine } from './reference/engine.js';
import { VERSION } from './contract/version.js';

/** CPU levels that some build of the addon knows. */
export const LEVELS = ['scalar', 'avx2', 'avx512', 'neon'] as const;
/** What kernels can run as: a CPU level, or plain TypeScript ('reference'). */
export type Level = (typeof LEVELS)[number] | 'reference';

/** This file lies one folder below the package, in src/ as in dist/. */
const PACKAGE_ROOT = fileURLToPath(new URL('..', import.meta.url));

/** What is called on the addon: a build from older sources may lack one. */
const CALLS: readonly (keyof NativeAddon)[] = [
  'levels',
  'level',
  'setLevel',
  'hardwareThreads',
  'adviseHugePages',
  'bytesToBoundary',
  'score',
  'scoreAsync',
  'scoreTopK',
  'topK',
  'TopKState',
  'mcDropout',
  'mcDropoutAsync',
  'mcAccumulate',
  'voteEntropy',
  'voteEntropyAsync',
  'sampleWithoutReplacement',
  'kCenter',
  'kMeansPlusPlus',
  'badge',
  'ReplayStore',
  'facilityLocation',
  'pairwiseDistances',
  'pairwiseDistancesAsync',
  'kMeans',
  'batchBald',
  'tsne',
];

interface LoadedAddon {
  readonly addon: NativeAddon;
  readonly path: string;
}

interface State {
  readonly loaded: LoadedAddon | null;
  /** Why there is no addon; '' where none was wanted. */
  readonly why: string;
  /** True while the reference serves although an addon may be there. */
  isReference: boolean;
  /** A wish of QUERENT_LEVEL that cannot be granted; every kernel call says so. */
  readonly refusal: QuerentError | null;
}

let state: State | null = null;

function current(): State {
  state ??= load(process.env.QUERENT_LEVEL ?? '', process.env.QUERENT_ADDON ?? '');
  return state;
}

function load(level: string, addonWish: string): State {
  if (addonWish === 'off' || level === 'reference') {
    return { loaded: null, why: '', isReference: true, refusal: refuse(level, null) };
  }
  try {
    const loaded = loadAddon();
    const isSet = level === '' || loaded.addon.setLevel(level);
    return { loaded, why: '', isReference: false, refusal: isSet ? null : refuse(level, loaded.addon) };
  } catch (error) {
    const why = error instanceof Error ? error.message.trim() : String(error);
    const refusal = refuse(level, null);
    if (!refusal) warnOnce(why);
    return { loaded: null, why, isReference: true, refusal };
  }
}

function loadAddon(): LoadedAddon {
  const require = createRequire(import.meta.url);
  const locate = require('node-gyp-build') as { path(folder: string): string };
  const path = locate.path(PACKAGE_ROOT);
  const addon = require(path) as NativeAddon;
  if (addon.version !== VERSION) {
    throw new Error(`${path} was built from version ${addon.version}, this package is version ${VERSION}`);
  }
  const missing = CALLS.filter((name) => typeof addon[name] !== 'function');
  if (missing.length > 0) throw new Error(`${path} was built from other sources: it lacks ${missing.join(', ')}`);
  return { addon, path };
}

/** The command that makes an addon for this machine. */
export function buildCommand(): string {
  const isCheckout = existsSync(new URL('../src/native.ts', import.meta.url));
  return isCheckout ? 'npm run build:native' : `npx --yes cmake-js@8 compile --directory "${PACKAGE_ROOT}"`;
}

function warnOnce(why: string): void {
  process.emitWarning(
    `The native addon did not load, so the kernels run in TypeScript: same results within 2e-6, far slower. ` +
      `Why: ${why.replace(/\s+/g, ' ')}. To build it: ${buildCommand()}`,
    { type: 'QuerentWarning', code: 'QUERENT_NO_ADDON' },
  );
}

/** Null when `level` can be had from `addon`, else the error that says what can. */
function refuse(level: string, addon: NativeAddon | null): QuerentError | null {
  if (level === '' || level === 'auto' || level === 'reference') return null;
  const known = LEVELS.some((name) => name === level);
  if (!known) return expected('QUERENT_LEVEL', choices(['auto', 'reference', ...LEVELS]), 'the CPU level', level);
  const offer = addon ? choices(addon.levels()) : "only 'reference', because the native addon is not loaded";
  return new UnavailableError(`expected a CPU level that this machine and build have (${offer}), got '${level}'`);
}

/** The addon, unless it did not load or the reference was chosen. */
export function activeAddon(): NativeAddon | null {
  const { loaded, isReference } = current();
  return isReference ? null : (loaded?.addon ?? null);
}

/** What computes the next call. */
export function engine(): Engine {
  const { refusal } = current();
  if (refusal) throw refusal;
  return activeAddon() ?? referenceEngine;
}

/**
 * Choose the CPU level of all later calls of this process. Every level gives the same bits; this is for tests and
 * measurements. 'auto' takes the best one, 'reference' computes in TypeScript.
 *
 * @throws {UnavailableError} The level is unknown to this build or machine.
 */
export function setLevel(level: Level | 'auto'): void {
  if (level !== 'auto' && level !== 'reference' && !LEVELS.some((name) => name === level)) {
    throw expected('setLevel', choices(['auto', 'reference', ...LEVELS]), 'level', level);
  }
  const { loaded, why } = current();
  const addon = loaded?.addon ?? null;
  if (level !== 'reference' && !(addon === null ? level === 'auto' : addon.setLevel(level))) {
    throw refuse(level, addon) as QuerentError;
  }
  state = { loaded, why, isReference: addon === null || level === 'reference', refusal: null };
}

/** Where the addon came from, or why there is none. */
export function addonReport(): { path: string | null; why: string } {
  const { loaded, why } = current();
  return { path: loaded?.path ?? null, why };
}
