import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { show } from '../contract/text.js';
import { ArgumentError, FormatError } from '../errors.js';
import { armsOf } from '../experiment/config.js';
import { picksSchema, type RoundRecord, roundSchema } from '../experiment/records.js';
import { RunFolder, type RunManifest } from '../experiment/run-folder.js';
import { readJsonLines } from '../pool/atomic.js';

/** A round; what folders of older versions do not hold is missing. */
const reportRoundSchema = roundSchema.extend({
  /** Expected calibration error on the test set. */
  ece: z.number().optional(),
  /** Labels bought so far, per class. */
  balance: z.array(z.number()).optional(),
  stop: z.string().optional(),
});
export type ReportRound = Omit<z.output<typeof reportRoundSchema>, 'stop'> & Pick<RoundRecord, 'stop'>;

/** One value per pick, or nothing where a strategy or an older version gives none. */
const perPick = z.array(z.number().nullable()).nullable().optional();
const reportPicksSchema = picksSchema.extend({
  scores: perPick,
  predicted: perPick,
  confidence: perPick,
});
export type ReportPicks = z.output<typeof reportPicksSchema>;

/** One run folder as the report sees it. */
export interface RunData {
  /** Unique in the page; names in it begin with it. */
  readonly id: string;
  readonly path: string;
  readonly manifest: RunManifest;
  /** Of the strategies that are shown. */
  readonly rounds: readonly ReportRound[];
  readonly picks: readonly ReportPicks[];
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
  const { manifest } = await RunFolder.open(path);
  const arms = armsOf(manifest.config);
  const isShown = ({ label, name }: { label: string; name: string }): boolean =>
    wanted === undefined || wanted.includes(label) || wanted.includes(name);
  const strategies = arms.filter(isShown).map(({ label }) => label);
  const rounds = await readRecords(join(path, 'rounds.jsonl'), reportRoundSchema);
  const picks = await readRecords(join(path, 'picks.jsonl'), reportPicksSchema);
  const isOfShown = ({ strategy }: { strategy: string }): boolean => strategies.includes(strategy);
  return {
    id,
    path,
    manifest,
    rounds: (rounds as ReportRound[]).filter(isOfShown),
    picks: picks.filter(isOfShown),
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

async function readRecords<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.output<Schema>[]> {
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  if (!exists) return [];
  return (await readJsonLines(path)).map((line, at) => {
    const parsed = schema.safeParse(line);
    if (!parsed.success) throw new FormatError(`${path}: line ${at + 1} is not a record of this kind of file`);
    return parsed.data;
  });
}

/** The strategy that the others are compared with: `random`, where it was run. */
export function baselineOf({ manifest, strategies }: RunData): string | undefined {
  const names = new Map(armsOf(manifest.config).map(({ label, name }) => [label, name]));
  return strategies.find((strategy) => names.get(strategy) === 'random');
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
