import { FormatError } from '../errors.js';

/** What one annotator said about one item. */
export interface Answer {
  /** Id of the item in the pool, always text. */
  readonly id: string;
  readonly annotator: string;
  /** Name of the class; null where the annotator refused to choose one. */
  readonly label: string | null;
  /** When, as ISO 8601 in UTC with six decimals, so that text order is the order in time; missing where the file does not say. */
  readonly at?: string | undefined;
  /** File and line or task, for error messages. */
  readonly where: string;
}

/** The answers of a file. */
export interface AnswerFile {
  readonly answers: readonly Answer[];
  /** Rows or tasks that nobody has answered yet, drafts included. */
  readonly unanswered: number;
}

export interface AnswerOptions {
  /** Who answered where the file does not say; default `anonymous`. */
  readonly annotator?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export const ANONYMOUS = 'anonymous';

/**
 * A point in time as text whose order is the order in time. Without a zone it is taken for UTC.
 *
 * @throws {FormatError} Not a date with a time as ISO 8601 has it.
 */
export function timeText(text: string, where: string): string {
  const parts = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d+))?\s*(Z|[+-]\d\d:?\d\d)?$/i.exec(text.trim());
  const [, day = '', clock = '', fraction = '', zone = 'Z'] = parts ?? [];
  const time = Date.parse(`${day}T${clock.length === 5 ? `${clock}:00` : clock}${zone.toUpperCase()}`);
  if (parts === null || Number.isNaN(time)) {
    throw new FormatError(`${where}: expected a time such as 2026-01-31T12:00:00Z, got ${JSON.stringify(text)}`);
  }
  return `${new Date(time).toISOString().slice(0, 19)}.${fraction.slice(0, 6).padEnd(6, '0')}Z`;
}

/**
 * An id or a name as text. Numbers are written out; one too large to be exact is refused, it may name another item.
 *
 * @returns undefined for null and undefined.
 * @throws {FormatError} Neither text nor a number.
 */
export function plainText(value: unknown, where: string, what: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number' && Number.isFinite(value)) {
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
      throw new FormatError(`${where}: the number ${value} in ${what} is too large to be exact; write it in quotes`);
    }
    return String(value);
  }
  throw new FormatError(`${where}: expected text in ${what}, got ${JSON.stringify(value).slice(0, 40)}`);
}
