import { z } from 'zod';
import { choices, show } from './contract/text.js';
import { ArgumentError } from './errors.js';

/**
 * Check named options against their schema and fill in defaults; the caller's object is left alone.
 *
 * @param where Begins the error sentence, e.g. `model cnn`.
 * @throws {ArgumentError} A value out of its range, or a key that the schema does not know; lists the known ones.
 */
export function parseOptions<Schema extends z.ZodType>(
  where: string,
  schema: Schema,
  value: unknown,
): z.output<Schema> {
  const parsed = schema.safeParse(value ?? {});
  if (parsed.success) return parsed.data;
  const sentences = parsed.error.issues.map((issue) => describe(issue, schema, value));
  throw new ArgumentError(`${where}: ${sentences.join('; ')}`);
}

function describe(issue: z.core.$ZodIssue, schema: z.ZodType, value: unknown): string {
  const path = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const known = schema instanceof z.ZodObject && path === '' ? Object.keys(schema.shape as object) : [];
    const list = known.length === 0 ? 'it takes none' : `the options are ${known.join(', ')}`;
    return `unknown option ${issue.keys.map(show).join(', ')}${path === '' ? `; ${list}` : ` in ${path}`}`;
  }
  const found = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], value);
  const rule = issue.message.replace(/^Invalid (input|option): /, '').replace(/, received .*$/, '');
  return `${rule} for ${path === '' ? 'options' : path}, got ${show(found)}`;
}

/**
 * Look a name up in a registry.
 *
 * @param kind What the registry holds, e.g. `strategy`.
 * @throws {ArgumentError} No such name; lists the valid ones.
 */
export function lookUp<Entry>(kind: string, registry: ReadonlyMap<string, Entry>, name: string): Entry {
  const entry = registry.get(name);
  if (entry === undefined) {
    throw new ArgumentError(`there is no ${kind} ${show(name)}; expected ${choices([...registry.keys()])}`);
  }
  return entry;
}

/** A seed as options and configuration files hold it. */
export const seedSchema = z.int().min(0);
