import { show } from '../contract/text.js';
import { ArgumentError } from '../errors.js';
import { armsOf, baselineOf as baselineArm } from '../experiment/config.js';
import type { FailureRecord, PicksRecord, RoundRecord } from '../experiment/records.js';
import { RunFolder, type RunManifest } from '../experiment/run-folder.js';

/** One run folder as the report sees it. */
export interface RunData {
  /** Unique in the page; names in it begin with it. */
  readonly id: string;
  readonly path: string;
  readonly manifest: RunManifest;
  /** Of the strategies that are shown. */
  readonly rounds: readonly RoundRecord[];
  /** Of every strategy that was run: tests are corrected for all of them, whichever are shown. */
  readonly allRounds: readonly RoundRecord[];
  readonly picks: readonly PicksRecord[];
  /** Runs that ended in an error and have not been finished since. */
  readonly failures: readonly FailureRecord[];
  /** Labels of the strategies that are shown, in the order of the configuration; also those without a round so far. */
  readonly strategies: readonly string[];
  readonly seeds: readonly number[];
}

/**
 * @param id Unique in the page.
 * @param wanted Strategies to show, by label or by name; undefined: all.
 * @throws {StorageError} There is no run in the folder.
 * @throws {FormatError} Its files are damaged.
 */
export async function readRun(path: string, id: string, wanted?: readonly string[]): Promise<RunData> {
  const { manifest, rounds, picks, failures } = await RunFolder.open(path);
  const arms = armsOf(manifest.config);
  const isShown = ({ label, name }: { label: string; name: string }): boolean =>
    wanted === undefined || wanted.includes(label) || wanted.includes(name);
  const strategies = arms.filter(isShown).map(({ label }) => label);
  const isOfShown = ({ strategy }: { strategy: string }): boolean => strategies.includes(strategy);
  return {
    id,
    path,
    manifest,
    rounds: rounds.filter(isOfShown),
    allRounds: rounds,
    picks: picks.filter(isOfShown),
    failures: failures.filter(isOfShown),
    strategies,
    seeds: manifest.config.seeds,
  };
}

/** @throws {ArgumentError} A wanted strategy is in no folder; names those that are. */
export function checkWanted(runs: readonly RunData[], wanted: readonly string[] | undefined): void {
  const arms = runs.flatMap(({ manifest }) => armsOf(manifest.config));
  for (const strategy of wanted ?? []) {
    if (arms.some(({ label, name }) => label === strategy || name === strategy)) continue;
    const known = [...new Set(arms.map(({ label }) => label))].join(', ');
    throw new ArgumentError(`report: expected strategies of the runs (${known}), got ${show(strategy)}`);
  }
}

/** The label of a strategy that is shown, by label or else by name; undefined where this run has none. */
export function findShown({ manifest, strategies }: RunData, wanted: string): string | undefined {
  const shown = armsOf(manifest.config).filter(({ label }) => strategies.includes(label));
  return (shown.find(({ label }) => label === wanted) ?? shown.find(({ name }) => name === wanted))?.label;
}

/** @throws {ArgumentError} A wanted strategy is shown of no folder; names those that are. */
export function checkShown(runs: readonly RunData[], wanted: readonly string[]): void {
  const missing = wanted.find((strategy) => runs.every((run) => findShown(run, strategy) === undefined));
  if (missing === undefined) return;
  const shown = [...new Set(runs.flatMap(({ strategies }) => strategies))].join(', ');
  throw new ArgumentError(`report: expected strategies that are shown (${shown}), got ${show(missing)}`);
}

/** The strategy that the others are compared with: `random`, where it was run. */
export function baselineOf({ manifest, strategies }: RunData): string | undefined {
  return baselineArm(armsOf(manifest.config).filter(({ label }) => strategies.includes(label)))?.label;
}

/** Colours that the page defines, one set for light and one for dark. The first is the baseline's. */
export const SERIES_COLORS = 8;

/** Number of a strategy's colour, from 1; the baseline is grey, the others take turns. */
export function colorsOf(run: RunData): Map<string, number> {
  const baseline = baselineOf(run);
  const others = run.strategies.filter((strategy) => strategy !== baseline);
  const colors = others.map((strategy, at): [string, number] => [strategy, (at % (SERIES_COLORS - 1)) + 2]);
  return new Map([...(baseline === undefined ? [] : [[baseline, 1] as [string, number]]), ...colors]);
}
