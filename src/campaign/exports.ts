import { readFile } from 'node:fs/promises';
import { dirname, extname, join, resolve } from 'node:path';
import type { ExchangeFormat } from '../interop/answers.js';
import { labelStudioConfig } from '../interop/label-studio-config.js';
import { labelStudioTasks } from '../interop/label-studio-tasks.js';
import type { ExportedQuestion } from '../interop/question.js';
import { csvQuestions, jsonlQuestions } from '../interop/question-rows.js';
import { csvLine } from '../interop/text-table.js';
import { makeFolder } from '../models/storage.js';
import { storageError, writeFileAtomic } from '../pool/atomic.js';
import type { Batch, Pick } from './records.js';
import type { CampaignState } from './state.js';

const ENDINGS: Readonly<Record<ExchangeFormat, string>> = { 'label-studio': '.json', jsonl: '.jsonl', csv: '.csv' };

/** Where Label Studio serves files of its machine from, when it is allowed to. */
const LOCAL_FILES = '/data/local-files/?d=';

/** Where questions go: file format and place. */
export interface ExportOptions {
  /** Default that of the campaign. */
  readonly format?: ExchangeFormat | undefined;
  /** Default `exports/questions-<batch>` in the campaign's folder, with the format's ending. */
  readonly out?: string | undefined;
}

/**
 * Write questions for people.
 *
 * @param name Part of the default file name.
 * @returns Paths of the files.
 */
export async function exportQuestions(
  state: CampaignState,
  questions: readonly { readonly pick: Pick; readonly rank: number; readonly batch: Batch }[],
  name: string,
  options: ExportOptions,
): Promise<string[]> {
  const { settings, pool, dir } = state;
  const format = options.format ?? settings.format;
  const out = options.out ?? join(dir, 'exports', `questions-${name}${ENDINGS[format]}`);
  await makeFolder(dirname(resolve(out)));
  const isForLabelStudio = format === 'label-studio';
  const exported: ExportedQuestion[] = [];
  for (const { pick, rank } of questions) {
    const { index, id, score, predicted, confidence, nearest } = pick;
    const shown =
      pool.kind === 'image' ? await imageAddress(state, pool.shown(index), isForLabelStudio) : pool.shown(index);
    exported.push({ id, rank, score, predicted, confidence, nearest, shown, fields: pool.fields(index) });
  }
  if (!isForLabelStudio) {
    await writeFileAtomic(
      out,
      format === 'csv' ? csvQuestions(exported, pool.kind) : jsonlQuestions(exported, pool.kind),
    );
    return [out];
  }
  const tasks = exported.flatMap((question, at) =>
    labelStudioTasks([question], pool.kind, questions[at]?.batch.model ?? 'querent'),
  );
  const config = join(dir, 'exports', 'label-config.xml');
  await makeFolder(dirname(config));
  await writeFileAtomic(config, labelStudioConfig(pool.kind, settings.classNames));
  await writeFileAtomic(out, `${JSON.stringify(tasks, null, 1)}\n`);
  return [out, config];
}

const MEDIA: Readonly<Record<string, string>> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.webp': 'image/webp',
};

/** Where annotators find an image. An address that is whole already, as tables may hold, stays. */
async function imageAddress(
  { settings, pool }: CampaignState,
  inside: string,
  isForLabelStudio: boolean,
): Promise<string> {
  const { imageUrl } = settings;
  if (/^(https?|data|s3|gs):/i.test(inside)) return inside;
  const path = resolve(pool.root, inside);
  if (!isForLabelStudio) return path;
  if (imageUrl === 'embed') {
    const bytes = await readFile(path).catch((error: unknown) => {
      throw storageError('read', path, error);
    });
    return `data:${MEDIA[extname(path).toLowerCase()] ?? 'image/png'};base64,${bytes.toString('base64')}`;
  }
  const encoded = (text: string): string => text.split('/').map(encodeURIComponent).join('/');
  if (imageUrl === null) return LOCAL_FILES + encoded(path.split('\\').join('/').replace(/^\//, ''));
  return imageUrl + encoded(inside);
}

/** Write what the answers come to: labels.csv and conflicts.csv. */
export async function exportResults(state: CampaignState): Promise<void> {
  const { dir, pool } = state;
  const folder = join(dir, 'exports');
  await makeFolder(folder);
  const labels = state.labeled().map(({ index, label }) => csvLine([pool.ids[index], label]));
  await writeFileAtomic(join(folder, 'labels.csv'), csvLine(['id', 'label']) + labels.join(''));
  const conflicts = state
    .conflicts()
    .map(({ id, votes, label }) =>
      csvLine([id, label, votes.map(([annotator, vote]) => `${annotator}: ${vote ?? '(skipped)'}`).join('; ')]),
    );
  await writeFileAtomic(join(folder, 'conflicts.csv'), csvLine(['id', 'label', 'votes']) + conflicts.join(''));
}
