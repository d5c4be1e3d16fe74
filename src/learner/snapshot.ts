import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { FormatError } from '../errors.js';
import type { Model } from '../models/model.js';
import { loadBundle, saveBundle } from '../models/storage.js';

const FORMAT = 'querent-learner';
/** The model is written to the folder that the current document does not name, so a crash never tears the pair. */
const MODEL_FOLDERS = ['model-0', 'model-1'] as const;

const snapshotSchema = z.object({
  /** Decimal: it may be larger than a safe integer. */
  seed: z.string(),
  classes: z.int(),
  warmStart: z.boolean(),
  strategy: z.object({ name: z.string(), options: z.record(z.string(), z.unknown()), state: z.unknown() }),
  model: z.string(),
  pool: z.object({ rows: z.int(), cols: z.int(), sha256: z.string() }),
  labeled: z.array(z.int()),
  labels: z.array(z.int()),
  rounds: z.int(),
  /** Picks whose labels have come and that the model has not been trained on yet; null: none. */
  pending: z.array(z.int()).nullable(),
  isFitted: z.boolean(),
});

/** Everything about a learner that is not the model or the samples. */
export type LearnerState = Omit<z.infer<typeof snapshotSchema>, 'model'>;

export interface LoadedSnapshot {
  readonly state: LearnerState;
  /** Folder of the saved model. */
  readonly modelDir: string;
  /** [rows, cols] where the snapshot holds the samples. */
  readonly pool: Float32Array | undefined;
}

/**
 * Write a snapshot; a crash at any moment leaves the old one or the new one.
 *
 * @param pool The samples, for a snapshot that can be restored without them.
 */
export async function saveSnapshot(
  dir: string,
  state: LearnerState,
  model: Model,
  pool: Float32Array | undefined,
): Promise<void> {
  const current = await currentModel(dir);
  const next = MODEL_FOLDERS.find((name) => name !== current) ?? MODEL_FOLDERS[0];
  await model.save(join(dir, next));
  const meta = { ...state, model: next };
  await saveBundle(dir, FORMAT, { meta, arrays: pool === undefined ? {} : { pool } });
  if (current !== undefined) await rm(join(dir, current), { recursive: true, force: true });
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
 * @throws {FormatError} It is damaged.
 */
export async function loadSnapshot(dir: string): Promise<LoadedSnapshot> {
  const { meta, arrays } = await loadBundle(dir, FORMAT);
  const parsed = snapshotSchema.safeParse(meta);
  if (!parsed.success) {
    throw new FormatError(`${dir}: expected a snapshot of a learner (${parsed.error.issues[0]?.message ?? 'damaged'})`);
  }
  const { model, ...state } = parsed.data;
  return { state, modelDir: join(dir, model), pool: arrays['pool'] };
}
