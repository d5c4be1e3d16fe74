import { escapeHtml } from './html.js';

/** What is shown, and the bare value behind it where that is something else. */
export interface ValueCell {
  readonly text: string;
  readonly value: number | string | null;
  /** Class of the cell on the page. Colour never says anything that `text` does not. */
  readonly look?: string | undefined;
}
export type Cell = string | ValueCell;

/** A table of a report: on the page, in Markdown and in JSON. The first column holds names. */
export interface ReportTable {
  /** Unique within a run, e.g. `results`. */
  readonly id: string;
  /** Says what the table shows, as a sentence. */
  readonly caption: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** How the numbers were made. */
  readonly note?: string | undefined;
}

/** As it goes into JSON: numbers as numbers. */
export interface PlainTable {
  readonly id: string;
  readonly caption: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (number | string | null)[])[];
  readonly note?: string | undefined;
}

const textOf = (cell: Cell): string => (typeof cell === 'string' ? cell : cell.text);

/** @param look Class of the table. */
export function htmlTable({ caption, columns, rows, note }: ReportTable, look = ''): string {
  const head = columns.map((cell) => `<th scope="col">${escapeHtml(cell)}</th>`).join('');
  const body = rows.map(([name = '', ...cells]) => {
    const rest = cells.map((cell) => {
      const style = typeof cell === 'string' || cell.look === undefined ? '' : ` class="${cell.look}"`;
      return `<td${style}>${escapeHtml(textOf(cell))}</td>`;
    });
    return `<tr><th scope="row">${escapeHtml(textOf(name))}</th>${rest.join('')}</tr>`;
  });
  const label = escapeHtml(caption);
  return `<div class="scroll" role="region" aria-label="${label}" tabindex="0"><table${look === '' ? '' : ` class="${look}"`}>
<caption><span>${label}</span></caption>
<thead><tr>${head}</tr></thead><tbody>
${body.join('\n')}
</tbody></table></div>${note === undefined ? '' : `\n<p class="note">${escapeHtml(note)}</p>`}`;
}

/** GitHub's tables; a bar in a name stays a bar. */
export function markdownTable({ caption, columns, rows, note }: ReportTable): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replace(/\|/g, '\\|').replace(/\s+/g, ' ')).join(' | ')} |`;
  const rule = `|${columns.map((_, at) => (at === 0 ? '---' : '--:')).join('|')}|`;
  const body = rows.map((row) => line(row.map(textOf)));
  return [`**${caption}**`, '', line(columns), rule, ...body, ...(note === undefined ? [] : ['', note])].join('\n');
}

export function plainTable({ rows, ...rest }: ReportTable): PlainTable {
  return { ...rest, rows: rows.map((row) => row.map((cell) => (typeof cell === 'string' ? cell : cell.value))) };
}
