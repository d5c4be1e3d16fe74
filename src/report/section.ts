import type { ReportTable } from './table.js';

/** A part of the page about one run; an empty `html` leaves it out. */
export interface Section {
  readonly html: string;
  /** For JSON and Markdown; those on the page are in `html` already. */
  readonly tables: readonly ReportTable[];
  /** CSS rules that it needs. */
  readonly styles?: readonly string[] | undefined;
}

export const NOTHING: Section = { html: '', tables: [] };

/** Headings below a run's own: the levels follow one another whether the page is about one run or many. */
export type HeadingLevel = 2 | 3;

/** A section's heading, and one within it. */
export function heading(level: HeadingLevel, text: string, id?: string): string {
  return `<h${level} class="sub"${id === undefined ? '' : ` id="${id}"`}>${text}</h${level}>`;
}

export function subheading(level: HeadingLevel, text: string): string {
  return `<h${level + 1} class="subsub">${text}</h${level + 1}>`;
}

/** `1 seed`, `3 seeds`. */
export function count(n: number, noun: string): string {
  return `${n.toLocaleString('en')} ${noun}${n === 1 ? '' : 's'}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listOf(words: readonly string[]): string {
  if (words.length < 2) return words[0] ?? '';
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
