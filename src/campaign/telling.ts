import { basename } from 'node:path';
import { ValueError } from '../errors.js';
import type { Answer, AnswerFile } from '../interop/answer.js';
import { answersChecksum, type ExchangeFormat, readAnswers } from '../interop/answers.js';
import type { Import } from './records.js';
import type { CampaignState } from './state.js';
import type { Reception } from './votes.js';

/** Answers as a program has them, without a file. */
export type GivenAnswer = Omit<Answer, 'where' | 'annotator'> & { readonly annotator?: string | undefined };

/** Options of `Campaign.tell`. */
export interface TellOptions {
  /** Default: by the ending of each file's name. */
  readonly format?: ExchangeFormat | undefined;
  /** Who answered, where a file does not say. */
  readonly annotator?: string | undefined;
  /** Leave answers about unknown items out instead of refusing them all; default false. */
  readonly ignoreUnknown?: boolean | undefined;
  /** Make a class of every new name instead of refusing it; default false. */
  readonly addClasses?: boolean | undefined;
}

/** What came in. */
export interface Received extends Readonly<Record<Reception, number>> {
  /** Rows and tasks without an answer. */
  readonly unanswered: number;
  /** Answers about items that the pool does not have. */
  readonly ignored: number;
  /** Files whose answers were all taken in by an earlier call. */
  readonly repeated: readonly string[];
}

/** Answers that passed every check, and what they change. */
export interface CheckedAnswers {
  readonly record: Import;
  readonly received: Received;
  /** Names that become classes. */
  readonly newClasses: readonly string[];
}

interface Source {
  readonly name: string;
  readonly file: AnswerFile;
}

/** Ids or names that an error message lists. */
const LISTED = 10;

/** Read files of answers, each whole; nothing is changed. */
export async function readSources(
  paths: readonly string[],
  options: TellOptions & { signal?: AbortSignal | undefined },
): Promise<Source[]> {
  const sources: Source[] = [];
  for (const path of paths) sources.push({ name: basename(path), file: await readAnswers(path, options) });
  return sources;
}

/** Answers of a program in the shape of a file's. */
export function givenSource(answers: readonly GivenAnswer[], { annotator = 'anonymous' }: TellOptions): Source {
  const rows = answers.map((answer, at): Answer => ({
    ...answer,
    annotator: answer.annotator ?? annotator,
    where: `answer ${at + 1}`,
  }));
  return { name: 'answers', file: { answers: rows, unanswered: 0 } };
}

/**
 * Check answers against the campaign and take them into its votes.
 *
 * @throws {ValueError} Unknown items or classes; lists them. Nothing was taken in.
 */
export function takeAnswers(state: CampaignState, sources: readonly Source[], options: TellOptions): CheckedAnswers {
  const rows = new Map(state.pool.ids.map((id, index) => [id, index]));
  const seen = new Set(state.imports.flatMap(({ files }) => files.map(({ checksum }) => checksum)));
  const checked = sources.map(({ name, file }) => ({ name, file, checksum: answersChecksum(file) }));
  const fresh = checked.filter(({ checksum, file }) => file.answers.length > 0 && !seen.has(checksum));
  const all = fresh.flatMap(({ file }) => file.answers);
  const unknown = all.filter(({ id }) => !rows.has(id));
  if (unknown.length > 0 && options.ignoreUnknown !== true) throw unknownItems(unknown, state);
  const answers = all.filter(({ id }) => rows.has(id));
  const newClasses = findNewClasses(answers, state.settings.classNames, options);
  const counts: Record<Reception, number> = { new: 0, corrected: 0, confirmed: 0, known: 0, outdated: 0 };
  const kept: Import['answers'] = [];
  for (const { id, annotator, label, at } of answers) {
    const reception = state.votes.add(rows.get(id) as number, annotator, { label, at });
    counts[reception]++;
    if (reception !== 'known' && reception !== 'outdated') {
      kept.push({ id, annotator, label, ...(at === undefined ? {} : { at }) });
    }
  }
  const repeated = checked.filter(({ checksum, file }) => file.answers.length > 0 && seen.has(checksum));
  return {
    record: {
      time: new Date().toISOString(),
      files: fresh.map(({ name, checksum }) => ({ name, checksum })),
      answers: kept,
    },
    received: {
      ...counts,
      known: counts.known + repeated.reduce((sum, { file }) => sum + file.answers.length, 0),
      unanswered: sources.reduce((sum, { file }) => sum + file.unanswered, 0),
      ignored: unknown.length,
      repeated: repeated.map(({ name }) => name),
    },
    newClasses,
  };
}

function unknownItems(unknown: readonly Answer[], { pool }: CampaignState): ValueError {
  const known = new Set(pool.ids.map(bareNumber));
  const spreadsheet = unknown.some(({ id }) => /^\d+$/.test(id) && known.has(bareNumber(id)))
    ? '; a spreadsheet may have turned "007" into 7: format the column as text'
    : '';
  const ids = [...new Set(unknown.map(({ id }) => id))];
  return new ValueError(
    `${unknown[0]?.where}: the pool has no items ${list(ids)}${spreadsheet}. ` +
      'Nothing was imported; with --ignore-unknown the other answers are',
  );
}

function bareNumber(id: string): string {
  return id.replace(/^0+(?=\d)/, '');
}

function findNewClasses(answers: readonly Answer[], classNames: readonly string[], options: TellOptions): string[] {
  const strangers = answers.filter(({ label }) => label !== null && !classNames.includes(label));
  const names = [...new Set(strangers.map(({ label }) => label as string))].sort();
  if (names.length > 0 && options.addClasses !== true) {
    throw new ValueError(
      `${strangers[0]?.where}: expected one of the classes ${classNames.join(', ')}, got ${list(names)}. ` +
        'Nothing was imported; with --add-classes new names become classes',
    );
  }
  return names;
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, LISTED).map((name) => JSON.stringify(name));
  return `${shown.join(', ')}${names.length > LISTED ? ` and ${names.length - LISTED} more` : ''}`;
}
