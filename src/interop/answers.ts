import { createHash } from 'node:crypto';
import { basename, extname } from 'node:path';
import { FormatError } from '../errors.js';
import type { AnswerFile, AnswerOptions } from './answer.js';
import { readCsvAnswers, readJsonlAnswers } from './answer-rows.js';
import { readLabelStudioAnswers } from './label-studio-answers.js';

/** Kinds of files that questions go out as and answers come back as. */
export const EXCHANGE_FORMATS = ['label-studio', 'jsonl', 'csv'] as const;
/** Formats of files of answers. */
export type ExchangeFormat = (typeof EXCHANGE_FORMATS)[number];

const READERS: Readonly<Record<ExchangeFormat, (path: string, options: AnswerOptions) => Promise<AnswerFile>>> = {
  'label-studio': readLabelStudioAnswers,
  jsonl: readJsonlAnswers,
  csv: readCsvAnswers,
};

const ENDINGS: Readonly<Record<string, ExchangeFormat>> = {
  '.json': 'label-studio',
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
  '.csv': 'csv',
  '.tsv': 'csv',
};

/**
 * Read a file of answers whole.
 *
 * @param options `format` default: by the ending of the file's name.
 * @throws {FormatError} The ending tells nothing, or the file is damaged or cut short; names the line.
 * @throws {StorageError} The file cannot be read.
 */
export async function readAnswers(
  path: string,
  options: AnswerOptions & { readonly format?: ExchangeFormat | undefined } = {},
): Promise<AnswerFile> {
  const format = options.format ?? ENDINGS[extname(path).toLowerCase()];
  if (format === undefined) {
    throw new FormatError(
      `${basename(path)}: expected a file named .json (Label Studio), .jsonl or .csv; give --format where it is named otherwise`,
    );
  }
  return READERS[format](path, options);
}

/** The same for files that say the same, in whatever order. */
export function answersChecksum({ answers }: AnswerFile): string {
  const rows = answers.map(({ id, annotator, label, at }) => JSON.stringify([id, annotator, label, at ?? null]));
  return createHash('sha256').update(rows.sort().join('\n')).digest('hex');
}
