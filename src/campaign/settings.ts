import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { FormatError, StorageError } from '../errors.js';
import { EXCHANGE_FORMATS } from '../interop/answers.js';
import { seedSchema } from '../options.js';
import { storageError, writeFileAtomic } from '../pool/atomic.js';

const FORMAT = 'querent-campaign';
const VERSION = 1;

/** A model or strategy: a name, and options for it. */
const choiceSchema = z.object({ name: z.string(), options: z.record(z.string(), z.unknown()) });

/** Where items, and what a model learns from, are found. */
export const poolSourceSchema = z.strictObject({
  /** A table (.csv, .tsv, .jsonl), a folder of images, an array (.npy, .npz) of features, or null: rows of predictions only. */
  path: z.string().nullable(),
  /** Columns of the table, or a file (.npy, .npz) with a row per item; null: every numeric column, or the pixels. */
  features: z.union([z.array(z.string()).min(1), z.string()]).nullable(),
  /** Columns of the table; null: the column of that name, where there is one. */
  id: z.string().nullable(),
  text: z.string().nullable(),
  image: z.string().nullable(),
  html: z.string().nullable(),
  label: z.string().nullable(),
  group: z.string().nullable(),
  cost: z.string().nullable(),
  /** Width and height that images are brought to; null: all have the same size already. */
  imageSize: z.tuple([z.int().min(1), z.int().min(1)]).nullable(),
});

export type PoolSource = z.output<typeof poolSourceSchema>;

export const settingsSchema = z.object({
  pool: poolSourceSchema,
  /** SHA-256 over everything that makes the pool; null where there are only predictions. */
  poolChecksum: z.string().nullable(),
  poolSize: z.int().min(1),
  /** A table with the pool's columns, or a folder of images in folders named by class, to measure on; null: none. */
  test: z.string().nullable(),
  testChecksum: z.string().nullable(),
  classNames: z.array(z.string().min(1)).min(2),
  /** Null: no features to train on, predictions come from outside. */
  model: choiceSchema.nullable(),
  strategy: choiceSchema,
  coldStart: choiceSchema,
  /** When asking on is of little use. */
  stopping: choiceSchema,
  /** Questions per batch. */
  n: z.int().min(1),
  format: z.enum(EXCHANGE_FORMATS),
  /** Annotators who must answer before a question is closed. */
  annotators: z.int().min(1),
  /** Where annotators find images: put before their paths; `embed`: inside the tasks. */
  imageUrl: z.string().nullable(),
  seed: seedSchema,
});

/** What a campaign is: campaign.json. */
export type CampaignSettings = z.output<typeof settingsSchema>;

/** Path of a campaign's settings. */
export function settingsPath(dir: string): string {
  return join(dir, 'campaign.json');
}

/**
 * @throws {StorageError} There is no campaign in the folder.
 * @throws {FormatError} The file is damaged, or of a later version.
 */
export async function readSettings(dir: string): Promise<CampaignSettings> {
  const path = settingsPath(dir);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new StorageError(`there is no campaign in ${dir}; begin one with: querent ask ${dir} --pool FILE`, {
        cause: error,
      });
    }
    throw storageError('read', path, error);
  }
  let value: Partial<{ format: string; version: number; settings: unknown }> | null;
  try {
    value = JSON.parse(text) as typeof value;
  } catch (cause) {
    throw new FormatError(`${path}: not valid JSON (${(cause as Error).message})`, { cause });
  }
  if (value?.format !== FORMAT || value.version !== VERSION) {
    throw new FormatError(
      `${path}: expected format ${FORMAT}, version ${VERSION}, got ${value?.format}, ${value?.version}`,
    );
  }
  const parsed = settingsSchema.safeParse(value.settings);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new FormatError(`${path}: settings.${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'damaged'}`);
  }
  return parsed.data;
}

/** Write the settings in one step. */
export function writeSettings(dir: string, settings: CampaignSettings): Promise<void> {
  return writeFileAtomic(
    settingsPath(dir),
    `${JSON.stringify({ format: FORMAT, version: VERSION, settings }, null, 2)}\n`,
  );
}
