import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { timeText } from '../../src/interop/answer.js';
import { answersChecksum, readAnswers } from '../../src/interop/answers.js';
import type { ExportedQuestion } from '../../src/interop/question.js';
import { csvQuestions, jsonlQuestions } from '../../src/interop/question-rows.js';
import { csvLine, readTextTable } from '../../src/interop/text-table.js';

function write(t: ExecutionContext, name: string, content: string | Buffer): string {
  const folder = mkdtempSync(join(tmpdir(), 'querent-rows-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** Text as people and spreadsheets produce it: commas, quotes, line ends, blanks, numbers with leading zeros. */
const awkward = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }).filter((text) => !/[\ud800-\udfff]/.test(text)),
  fc.constantFrom(
    '007',
    '1e5',
    ' x ',
    'a,b',
    'say "hi"',
    'two\nlines',
    'two\r\nlines',
    'ü',
    '日本',
    '\ufeffmark',
    '=1+1',
    '""',
    '',
  ),
);

test('CSV that is written is read back as it was', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(awkward, awkward), { minLength: 1, maxLength: 6 }), async (rows) => {
      const path = write(t, 'table.csv', csvLine(['a', 'b']) + rows.map((row) => csvLine(row)).join(''));
      const table = await readTextTable(path);
      const cells = table.rows.map((row) => [...row.cells]);
      t.deepEqual(cells, rows);
    }),
    { numRuns: 60 },
  );
});

const FORMS = {
  plain: 'id,label\n007,cat\n"a,b",dog\n"two\nlines",cat\n',
  'CRLF and a byte order mark': '\ufeffid,label\r\n007,cat\r\n"a,b",dog\r\n"two\nlines",cat\r\n',
  'no last line end': 'id,label\n007,cat\n"a,b",dog\n"two\nlines",cat',
  'other columns, blank lines, blanks around labels': 'x,label,id\n1, cat ,007\n\n2,dog,"a,b"\n3,cat,"two\nlines"\n',
};
for (const [name, text] of Object.entries(FORMS)) {
  test(`CSV answers: ${name}`, async (t) => {
    const { answers, unanswered } = await readAnswers(write(t, 'answers.csv', text));
    t.deepEqual(
      answers.map(({ id, label, annotator }) => [id, label, annotator]),
      [
        ['007', 'cat', 'anonymous'],
        ['a,b', 'dog', 'anonymous'],
        ['two\nlines', 'cat', 'anonymous'],
      ],
    );
    t.is(unanswered, 0);
  });
}

test('JSON lines: numbers as ids, refusals, times, rows that nobody has answered', async (t) => {
  const text =
    '\ufeff{"id":7,"label":"cat","annotator":"anna","at":"2026-01-31 12:00"}\r\n' +
    '{"id":"007","skipped":true}\n\n{"id":"8","label":null}\n{"id":"9"}\n{"id":"10","label":3}';
  const { answers, unanswered } = await readAnswers(write(t, 'answers.jsonl', text), { annotator: 'ben' });
  t.deepEqual(
    answers.map(({ id, label, annotator, at }) => [id, label, annotator, at]),
    [
      ['7', 'cat', 'anna', '2026-01-31T12:00:00.000000Z'],
      ['007', null, 'ben', undefined],
      ['10', '3', 'ben', undefined],
    ],
  );
  t.is(unanswered, 2);
});

const BROKEN: [name: string, file: string, content: string | Buffer, message: RegExp][] = [
  ['JSON lines cut short', 'a.jsonl', '{"id":"a","label":"x"}\n{"id":"b","lab', /line 2 is not valid JSON/],
  ['CSV cut short in quotes', 'a.csv', 'id,label\na,x\n"b\n', /line \d+ cannot be read as CSV: Quote Not Closed/],
  ['CSV cut short in a row', 'a.csv', 'id,note,label\na,n,x\nb,', /line 3 has 2 cells, expected 3 .*cut short/],
  ['CSV without a label column', 'a.csv', 'id,class\na,x\n', /expected the columns id and label, got id, class/],
  ['CSV with a column twice', 'a.csv', 'id,label,label\n', /names the column "label" twice/],
  ['an empty file', 'a.csv', '', /got no line/],
  ['UTF-16, as spreadsheets save it', 'a.csv', Buffer.from('\ufeffid,label\n', 'utf16le'), /not UTF-8/],
  ['another encoding', 'a.jsonl', Buffer.from('{"id":"\xe4","label":"x"}\n', 'latin1'), /line 1 is not UTF-8/],
  ['an id that is missing', 'a.jsonl', '{"label":"x"}\n', /line 1: expected the id of an item/],
  ['an id too large to be exact', 'a.jsonl', '{"id":12345678901234567890,"label":"x"}', /too large to be exact/],
  ['skipped and labelled', 'a.jsonl', '{"id":"a","label":"x","skipped":true}', /"a" is skipped and has the label "x"/],
  ['a time that is none', 'a.csv', 'id,label,at\na,x,yesterday\n', /line 2: expected a time such as/],
  ['a name that tells nothing', 'answers.txt', '', /expected a file named .json/],
];
for (const [name, file, content, message] of BROKEN) {
  test(`answers are refused: ${name}`, async (t) => {
    await t.throwsAsync(readAnswers(write(t, file, content)), { code: 'ERR_QUERENT_FORMAT', message });
  });
}

test('questions that are filled in are read back as answers', async (t) => {
  const ids = ['007', 'a,b', 'two\nlines', 'ü "x"'];
  const questions = ids.map((id, at): ExportedQuestion => {
    const fields = { label: 'not the answer', note: ['kept', at], id: 'not the id' };
    return {
      id,
      rank: at + 1,
      score: 0.5,
      predicted: 'cat',
      confidence: 0.25,
      nearest: null,
      shown: `text, ${id}`,
      fields,
    };
  });
  const csv = csvQuestions(questions, 'text').replaceAll(/,,,\n(?=\S|$)/g, ',cat,,anna\n');
  const jsonl = jsonlQuestions(questions, 'text').replaceAll('"label":null', '"label":"cat","annotator":"anna"');
  for (const [name, text] of [
    ['q.csv', csv],
    ['q.jsonl', jsonl],
  ] as const) {
    const file = await readAnswers(write(t, name, text));
    t.deepEqual(
      file.answers.map(({ id, label, annotator }) => [id, label, annotator]),
      ids.map((id) => [id, 'cat', 'anna']),
    );
  }
  const empty = await readAnswers(write(t, 'q.csv', csvQuestions(questions, 'text')));
  t.deepEqual([empty.answers.length, empty.unanswered], [0, 4]);
});

test('times have the order of their text', (t) => {
  const times = [
    '2026-01-31T12:00:00Z',
    '2026-01-31T12:00:00.5Z',
    '2026-01-31T14:00:00.500001+02:00',
    '2026-01-31 12:01',
  ];
  const texts = times.map((time) => timeText(time, 'here'));
  t.deepEqual(texts, [...texts].sort());
  t.is(texts[2], '2026-01-31T12:00:00.500001Z');
});

test('files that say the same have the same checksum, in any order', async (t) => {
  const [a, b, c] = await Promise.all(
    ['id,label\na,x\nb,y\n', 'label,id\ny,b\nx,a\n', 'id,label\na,x\nb,x\n'].map(async (text) =>
      answersChecksum(await readAnswers(write(t, 'a.csv', text))),
    ),
  );
  t.is(a, b);
  t.not(a, c);
});
