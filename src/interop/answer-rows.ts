import { FormatError } from '../errors.js';
import { readJsonl } from '../pool/jsonl.js';
import { type Answer, type AnswerFile, type AnswerOptions, ANONYMOUS, plainText, timeText } from './answer.js';
import { readTextTable } from './text-table.js';

/**
 * One answer per row, as a table, JSON lines or Label Studio's JSON-MIN have it:
 *     id | querent_id   the item; querent_id where both are there
 *     label             name of the class; empty or null: not answered yet
 *     skipped           true, yes, 1 or x: the annotator refused to choose
 *     annotator         who; may be missing
 *     at | updated_at   when; may be missing
 */
interface AnswerRow {
  readonly id?: unknown;
  readonly querent_id?: unknown;
  readonly label?: unknown;
  readonly skipped?: unknown;
  readonly annotator?: unknown;
  readonly at?: unknown;
  readonly updated_at?: unknown;
}

/** @returns null where the row has no answer yet. */
export function answerOfRow(row: AnswerRow, where: string, options: AnswerOptions): Answer | null {
  const id = plainText(row.querent_id ?? row.id, where, 'id');
  if (id === undefined || id === '') throw new FormatError(`${where}: expected the id of an item in id, got none`);
  const label = plainText(row.label, where, 'label')?.trim() ?? '';
  const isSkipped = truth(row.skipped, where);
  if (isSkipped && label !== '') {
    throw new FormatError(`${where}: ${JSON.stringify(id)} is skipped and has the label ${JSON.stringify(label)}`);
  }
  if (!isSkipped && label === '') return null;
  const named = plainText(row.annotator, where, 'annotator')?.trim() ?? '';
  const time = plainText(row.at ?? row.updated_at, where, 'at')?.trim() ?? '';
  return {
    id,
    annotator: named === '' ? (options.annotator ?? ANONYMOUS) : named,
    label: isSkipped ? null : label,
    ...(time === '' ? {} : { at: timeText(time, where) }),
    where,
  };
}

function truth(value: unknown, where: string): boolean {
  const text = plainText(value, where, 'skipped')?.trim().toLowerCase() ?? '';
  if (['', 'false', 'no', '0'].includes(text)) return false;
  if (['true', 'yes', '1', 'x'].includes(text)) return true;
  throw new FormatError(`${where}: expected true or false in skipped, got ${JSON.stringify(value)}`);
}

/** Answers in rows that came one by one. */
export class AnswerCollector {
  readonly answers: Answer[] = [];
  unanswered = 0;

  add(answer: Answer | null): void {
    if (answer === null) this.unanswered++;
    else this.answers.push(answer);
  }
}

/**
 * Read answers from JSON lines: see {@link AnswerRow}.
 *
 * @throws {FormatError} A line that is not whole, not UTF-8 or not such a row; names the line.
 */
export async function readJsonlAnswers(path: string, options: AnswerOptions = {}): Promise<AnswerFile> {
  const found = new AnswerCollector();
  for await (const { value, line } of readJsonl(path, { signal: options.signal })) {
    found.add(answerOfRow(value, `${path}: line ${line}`, options));
  }
  return found;
}

/**
 * Read answers from a CSV file with the columns id and label: see {@link AnswerRow}. Further columns are ignored.
 *
 * @throws {FormatError} A column is missing or a row is damaged; names the line.
 */
export async function readCsvAnswers(path: string, options: AnswerOptions = {}): Promise<AnswerFile> {
  const { columns, rows } = await readTextTable(path, options);
  const hasId = columns.includes('id') || columns.includes('querent_id');
  if (!hasId || !columns.includes('label')) {
    throw new FormatError(`${path}: expected the columns id and label, got ${columns.join(', ')}`);
  }
  const found = new AnswerCollector();
  for (const { cells, line } of rows) {
    const row: AnswerRow = Object.fromEntries(columns.map((column, at) => [column, cells[at]]));
    found.add(answerOfRow(row, `${path}: line ${line}`, options));
  }
  return found;
}
