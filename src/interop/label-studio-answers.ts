import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { FormatError } from '../errors.js';
import { storageError } from '../pool/atomic.js';
import { type Answer, type AnswerFile, type AnswerOptions, ANONYMOUS, plainText, timeText } from './answer.js';
import { AnswerCollector, answerOfRow } from './answer-rows.js';
import { CHOICES_NAME } from './label-studio-config.js';

const personSchema = z.union([
  z.string(),
  z.number(),
  z.looseObject({ id: z.union([z.string(), z.number()]).optional(), email: z.string().optional() }),
]);

const annotationSchema = z.looseObject({
  id: z.union([z.string(), z.number()]).optional(),
  completed_by: personSchema.nullish(),
  was_cancelled: z.boolean().nullish(),
  created_at: z.string().nullish(),
  updated_at: z.string().nullish(),
  result: z.array(
    z.looseObject({
      type: z.string().optional(),
      from_name: z.string().optional(),
      value: z.looseObject({ choices: z.array(z.string()).optional() }).optional(),
    }),
  ),
});

const taskSchema = z.looseObject({
  data: z.looseObject({ querent_id: z.union([z.string(), z.number()]) }),
  annotations: z.array(annotationSchema),
});

/**
 * Read an export of Label Studio: JSON (tasks with all their annotations; drafts do not count, cancelled annotations are
 * refusals) or JSON-MIN (a row per annotation, which leaves the refusals out).
 *
 * @throws {FormatError} Not JSON, cut short, or no tasks that carry `data.querent_id`; names the line or the task.
 * @throws {StorageError} The file cannot be read.
 * @see https://labelstud.io/guide/task_format
 */
export async function readLabelStudioAnswers(path: string, options: AnswerOptions = {}): Promise<AnswerFile> {
  const value = parseDocument(await readUtf8(path), path);
  if (!Array.isArray(value))
    throw new FormatError(`${path}: expected a list of tasks, as Label Studio exports them as JSON`);
  const found = new AnswerCollector();
  for (const [at, entry] of value.entries()) {
    const where = `${path}: task ${at + 1}`;
    if (typeof entry !== 'object' || entry === null) throw new FormatError(`${where}: expected an object`);
    if (!('annotations' in entry) && 'querent_id' in entry) found.add(answerOfRow(entry, where, options));
    else addTask(found, entry, where, options);
  }
  return found;
}

async function readUtf8(path: string): Promise<string> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw storageError('read', path, error);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FormatError(`${path}: the file is not UTF-8 text; export it again as JSON`, { cause });
  }
}

function parseDocument(text: string, path: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const { message } = cause as Error;
    const [, position = String(text.length)] = /position (\d+)/.exec(message) ?? [];
    const line = text.slice(0, Number(position)).split('\n').length;
    const isCut = Number(position) >= text.trimEnd().length || /end of JSON|Unterminated/i.test(message);
    const hint = isCut ? '; the file was cut short' : '';
    throw new FormatError(`${path}: line ${line} is not valid JSON (${message})${hint}`, { cause });
  }
}

function addTask(found: AnswerCollector, entry: object, where: string, options: AnswerOptions): void {
  const parsed = taskSchema.safeParse(entry);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new FormatError(
      `${where}: expected a task of this campaign with annotations, as Label Studio exports them; ` +
        `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'damaged'}`,
    );
  }
  const { data, annotations } = parsed.data;
  const id = plainText(data.querent_id, where, 'data.querent_id') ?? '';
  const answers = annotations.map((annotation) => answerOf(annotation, id, where, options));
  const given = answers.filter((answer) => answer !== null);
  if (given.length === 0) found.add(null);
  for (const answer of given) found.add(answer);
}

/** @returns null for an annotation that was sent without a choice: the question stays open. */
function answerOf(
  annotation: z.output<typeof annotationSchema>,
  id: string,
  where: string,
  options: AnswerOptions,
): Answer | null {
  const time = annotation.updated_at ?? annotation.created_at ?? '';
  const rest = {
    id,
    annotator: annotatorOf(annotation, options),
    ...(time === '' ? {} : { at: timeText(time, where) }),
    where,
  };
  if (annotation.was_cancelled === true) return { ...rest, label: null };
  const choices = annotation.result
    .filter(({ type, from_name: from }) => type === 'choices' && (from ?? CHOICES_NAME) === CHOICES_NAME)
    .flatMap(({ value }) => value?.choices ?? []);
  if (choices.length > 1) {
    throw new FormatError(`${where}: expected one choice for ${JSON.stringify(id)}, got ${choices.join(', ')}`);
  }
  const [label] = choices;
  return label === undefined ? null : { ...rest, label };
}

/** The user's id, which stands in every kind of export; annotations of nobody count one by one. */
function annotatorOf({ completed_by: person, id }: z.output<typeof annotationSchema>, options: AnswerOptions): string {
  const known = typeof person === 'object' && person !== null ? (person.id ?? person.email) : person;
  if (known !== undefined && known !== null && known !== '') return String(known);
  return options.annotator ?? (id === undefined ? ANONYMOUS : `${ANONYMOUS} ${id}`);
}
