import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { FormatError } from '../errors.js';
import type { Model } from '../models/model.js';
import { loadBundle, saveBundle } from '../models/storage.js';
import type { QueryStrategy } from '../strategies/strategy.js';

const FORMAT = 'querent-learner';
const VERSION = 2;
/** The model is written to the folder that the current document does not name, so a crash never tears the pair. */
const MODEL_FOLDERS = ['model-0', 'model-1'] as const;
/** The strategy's files go along with the model's. */
const strategyFolder = (model: string): string => model.replace('model', 'strategy');

const named = z.object({ name: z.string(), options: z.record(z.string(), z.unknown()) });
const pickSchema = z.object({
  index: z.int(),
  rank: z.int(),
  score: z.number().optional(),
  predicted: z.int().optional(),
  confidence: z.number().optional(),
  nearestLabeled: z.int().optional(),
  nearestDistance: z.number().optional(),
});

const snapshotSchema = z.object({
  version: z.literal(VERSION),
  /** Decimal: it may be larger than a safe integer. */
  seed: z.string(),
  classes: z.int(),
  warmStart: z.boolean(),
  explain: z.boolean(),
  skipCost: z.number(),
  grouping: z.enum(['together', 'apart']),
  strategy: named.extend({ state: z.unknown() }),
  coldStart: named,
  stopping: z.object({
    criteria: z.array(named.extend({ state: z.unknown(), seen: z.int() })),
    stop: z.object({ stop: z.string(), reason: z.string() }).nullable(),
  }),
  /** A share of the pool with its answers, or samples that were given. */
  validation: z
    .union([
      z.literal('given'),
      z.object({
        share: z.number(),
        answers: z.object({ labels: z.array(z.int()), bought: z.int(), cost: z.number() }).nullable(),
      }),
    ])
    .nullable(),
  model: z.string(),
  pool: z.object({ rows: z.int(), cols: z.int(), sha256: z.string() }),
  book: z.object({
    labeled: z.array(z.int()),
    labels: z.array(z.int()),
    paid: z.array(z.int()),
    refused: z.array(z.int()),
    known: z.array(z.tuple([z.int(), z.int()])),
    cost: z.number(),
  }),
  rounds: z.int(),
  /** What came since the last training. */
  unfinished: z.object({
    isStale: z.boolean(),
    indices: z.array(z.int()),
    refused: z.array(z.int()),
    picks: z.array(pickSchema),
  }),
  /** Classes that the next training takes for granted. */
  pseudo: z.object({ indices: z.array(z.int()), labels: z.array(z.int()) }).nullable(),
  isFitted: z.boolean(),
});

/** Everything about a learner that is not the model or an array. */
export type LearnerState = Omit<z.infer<typeof snapshotSchema>, 'model' | 'version'>;

/** The arrays of a learner, one value per pool sample. */
export interface LearnerArrays {
  /** The samples themselves, [rows, cols]. */
  readonly pool?: Float32Array | undefined;
  /** What {@link Units} keeps. */
  readonly things?: Uint32Array | undefined;
  readonly groups?: Uint32Array | undefined;
  readonly prices?: Float64Array | undefined;
  /** [moments, rows] of the last training. */
  readonly history?: Uint32Array | undefined;
}

export interface LoadedSnapshot {
  readonly state: LearnerState;
  readonly arrays: LearnerArrays;
  /** Folder of the saved model. */
  readonly modelDir: string;
  /** Folder of the strategy's files, where it has any. */
  readonly strategyDir: string;
}

/** Write a snapshot; a crash at any moment leaves the old one or the new one. */
export async function saveSnapshot(
  dir: string,
  state: LearnerState,
  { model, strategy }: { readonly model: Model; readonly strategy: QueryStrategy },
  { pool, things, groups, prices, history }: LearnerArrays,
): Promise<void> {
  const current = await currentModel(dir);
  const next = MODEL_FOLDERS.find((name) => name !== current) ?? MODEL_FOLDERS[0];
  await model.save(join(dir, next));
  await rm(join(dir, strategyFolder(next)), { recursive: true, force: true });
  await strategy.save?.(join(dir, strategyFolder(next)));
  const arrays = Object.entries({
    pool,
    things: things && asFloats(things),
    groups: groups && asFloats(groups),
    prices: prices && asFloats(prices),
    history: history && asFloats(history),
  }).filter((entry): entry is [string, Float32Array] => entry[1] !== undefined);
  const meta = { version: VERSION, ...state, model: next };
  await saveBundle(dir, FORMAT, { meta, arrays: Object.fromEntries(arrays) });
  if (current === undefined) return;
  for (const old of [current, strategyFolder(current)]) await rm(join(dir, old), { recursive: true, force: true });
}

/** The same bytes: bundles hold 32-bit words. */
function asFloats(values: Uint32Array | Float64Array): Float32Array {
  return new Float32Array(values.buffer, values.byteOffset, values.byteLength / 4);
}

function asWords(values: Float32Array | undefined): Uint32Array | undefined {
  return values && new Uint32Array(values.buffer, values.byteOffset, values.length);
}

function asDoubles(values: Float32Array | undefined): Float64Array | undefined {
  return values && new Float64Array(values.slice().buffer); // a copy begins where 64-bit numbers may
}

async function currentModel(dir: string): Promise<string | undefined> {
  try {
    const document = JSON.parse(await readFile(join(dir, `${FORMAT}.json`), 'utf8')) as { meta?: { model?: string } };
    return MODEL_FOLDERS.find((name) => name === document.meta?.model);
  } catch {
    return undefined; // no snapshot yet, or none that could be read back
  }
}

/**
 * Read a snapshot.
 *
 * @throws {StorageError} There is none.
 * @throws {FormatError} It is damaged, or of another version.
 */
export async function loadSnapshot(dir: string): Promise<LoadedSnapshot> {
  const { meta, arrays } = await loadBundle(dir, FORMAT);
  const version = (meta as { version?: unknown } | null)?.version ?? 1; // the first one did not say
  if (version !== VERSION) {
    throw new FormatError(
      `${dir}: expected a snapshot of version ${VERSION}, got version ${String(version)}; ` +
        'go on with the querent that wrote it, or begin again and teach the labels that it holds',
    );
  }
  const parsed = snapshotSchema.safeParse(meta);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new FormatError(
      `${dir}: expected a snapshot of a learner (${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'damaged'})`,
    );
  }
  const { model, version: _, ...state } = parsed.data;
  const { pool, things, groups, prices, history } = arrays;
  return {
    state,
    modelDir: join(dir, model),
    strategyDir: join(dir, strategyFolder(model)),
    arrays: {
      pool,
      things: asWords(things),
      groups: asWords(groups),
      prices: asDoubles(prices),
      history: asWords(history),
    },
  };
}
