import type { ItemKind } from './label-studio-config.js';
import type { ExportedQuestion } from './question.js';
import { csvLine } from './text-table.js';

/** Columns that say what was asked and why, then the item's own, then those to be filled in. */
const BEFORE = ['id', 'rank', 'score', 'predicted', 'confidence', 'nearest'] as const;
const AFTER = ['label', 'skipped', 'annotator'] as const;

/** Questions as a table with empty columns for the answers; {@link readCsvAnswers} reads it back when these are filled in. */
export function csvQuestions(questions: readonly ExportedQuestion[], kind: ItemKind): string {
  const own = [...new Set([kind, ...questions.flatMap(({ fields }) => Object.keys(fields))])];
  const taken = new Set<string>([...BEFORE, ...AFTER, 'at', 'updated_at', 'querent_id']);
  const header = [...BEFORE, ...own.map((name) => (taken.has(name) ? `data_${name}` : name)), ...AFTER];
  const lines = questions.map((question) => {
    const cells = own.map((name) => (name === kind ? question.shown : cellText(question.fields[name])));
    return csvLine([...BEFORE.map((name) => question[name]), ...cells, ...AFTER.map(() => '')]);
  });
  return csvLine(header) + lines.join('');
}

function cellText(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Questions as JSON lines with a label to be filled in; {@link readJsonlAnswers} reads them back. */
export function jsonlQuestions(questions: readonly ExportedQuestion[], kind: ItemKind): string {
  return questions
    .map(({ id, rank, score, predicted, confidence, nearest, shown, fields }) => {
      const why = { id, rank, score, predicted, confidence, nearest };
      return `${JSON.stringify({ ...why, data: { ...fields, [kind]: shown }, label: null })}\n`;
    })
    .join('');
}
