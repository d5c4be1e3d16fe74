import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { readLabelStudioAnswers } from '../../src/interop/label-studio-answers.js';
import { type ItemKind, labelStudioConfig } from '../../src/interop/label-studio-config.js';
import { labelStudioTasks } from '../../src/interop/label-studio-tasks.js';
import type { ExportedQuestion } from '../../src/interop/question.js';

const GOLDEN = fileURLToPath(new URL('../golden/label-studio/', import.meta.url));
const CHECK = fileURLToPath(new URL('../golden/check_label_studio.py', import.meta.url));

const CLASSES = ['cat', 'dog & wolf', '<other> "thing"', 'Katze-ä'];
const QUESTIONS: readonly ExportedQuestion[] = [
  {
    id: '007',
    rank: 1,
    score: 0.75,
    predicted: 'dog & wolf',
    confidence: 0.4375,
    nearest: 'a,b',
    shown: 'a "text", with <marks> & ünïcode',
    fields: { source: 'file\nline' },
  },
  { id: 'a,b', rank: 2, score: 0.5, predicted: 'cat', confidence: 0.5, nearest: null, shown: 'second', fields: {} },
  { id: 'cold', rank: 3, score: null, predicted: null, confidence: null, nearest: null, shown: 'third', fields: {} },
];

/** A Python with label-studio-sdk: named by QUERENT_PYTHON. */
function pythonWithSdk(): string | null {
  const python = process.env.QUERENT_PYTHON;
  if (python === undefined || !existsSync(python)) return null;
  try {
    execFileSync(python, ['-c', 'import label_studio_sdk'], { stdio: 'ignore' });
    return python;
  } catch {
    return null;
  }
}

function temporary(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'querent-ls-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  return folder;
}

const tasksText = (kind: ItemKind): string =>
  `${JSON.stringify(labelStudioTasks(QUESTIONS, kind, 'querent-mlp-20'), null, 1)}\n`;

for (const kind of ['text', 'image', 'html'] as const) {
  test(`tasks and configuration for ${kind} are those that Label Studio's SDK found valid`, (t) => {
    t.is(labelStudioConfig(kind, CLASSES), readFileSync(join(GOLDEN, `${kind}.xml`), 'utf8'));
    t.is(tasksText(kind), readFileSync(join(GOLDEN, `${kind}.json`), 'utf8'));
  });

  test.serial(`Label Studio's SDK finds tasks for ${kind} valid`, (t) => {
    const python = pythonWithSdk();
    if (python === null) {
      t.log('skipped: QUERENT_PYTHON names no Python with label-studio-sdk');
      t.pass();
      return;
    }
    const folder = temporary(t);
    const [config, tasks] = [join(folder, 'config.xml'), join(folder, 'tasks.json')];
    writeFileSync(config, labelStudioConfig(kind, CLASSES));
    writeFileSync(tasks, tasksText(kind));
    t.is(execFileSync(python, [CHECK, config, tasks], { encoding: 'utf8' }), 'valid: 3 tasks, 2 predictions\n');
  });
}

test('the score of a prediction is the confidence, not the uncertainty', (t) => {
  const [first, , cold] = labelStudioTasks(QUESTIONS, 'text', 'v1');
  t.is(first!.predictions![0]!.score, 0.4375);
  t.is(first!.data['al_score'], 0.75);
  t.is(first!.data['querent_id'], '007');
  t.false('predictions' in cold!);
});

const choice = (label: string) => ({
  from_name: 'label',
  to_name: 'item',
  type: 'choices',
  value: { choices: [label] },
});

/** A task as Label Studio exports it, shortened. */
const exported = (id: unknown, annotations: object[]) => ({
  id: 1,
  data: { text: 'x', querent_id: id },
  drafts: [{ id: 9, result: [choice('dog')] }],
  predictions: [{ result: [choice('dog')], score: 0.2 }],
  annotations,
});

async function read(t: ExecutionContext, value: unknown): ReturnType<typeof readLabelStudioAnswers> {
  const path = join(temporary(t), 'export.json');
  writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value));
  return readLabelStudioAnswers(path);
}

test('an export is read: annotators, refusals, times; drafts and predictions are no answers', async (t) => {
  const { answers, unanswered } = await read(t, [
    exported('007', [
      {
        id: 1,
        completed_by: 4,
        was_cancelled: false,
        updated_at: '2026-03-09T22:16:08.728378Z',
        result: [choice('cat')],
      },
      {
        id: 2,
        completed_by: { id: 5, email: 'b@x.org' },
        was_cancelled: true,
        created_at: '2026-03-09T23:16:08+01:00',
        result: [],
      },
    ]),
    exported(8, [{ id: 3, completed_by: 4, was_cancelled: false, result: [] }]),
    exported('nobody yet', []),
  ]);
  t.is(unanswered, 2);
  t.like(answers[0], { id: '007', annotator: '4', label: 'cat', at: '2026-03-09T22:16:08.728378Z' });
  t.like(answers[1], { id: '007', annotator: '5', label: null, at: '2026-03-09T22:16:08.000000Z' });
  t.is(answers.length, 2);
});

test('a user counts as the same in every kind of export; annotations of nobody count one by one', async (t) => {
  const { answers } = await read(t, [
    exported('a', [
      { id: 1, completed_by: { id: 4, email: 'a@x.org' }, result: [choice('cat')] },
      { id: 2, completed_by: null, result: [choice('cat')] },
      { id: 3, result: [choice('dog')] },
    ]),
    { id: 4, querent_id: 'b', text: 'x', label: 'dog', annotator: 4, updated_at: '2026-03-09T22:16:08Z' },
  ]);
  t.deepEqual(
    answers.map(({ annotator }) => annotator),
    ['4', 'anonymous 2', 'anonymous 3', '4'],
  );
  t.is(answers[3]!.id, 'b');
});

test('what is no export is refused with line or task', async (t) => {
  const cut = JSON.stringify([exported('a', []), exported('b', [])], null, 1);
  await t.throwsAsync(read(t, cut.slice(0, -30)), { code: 'ERR_QUERENT_FORMAT', message: /line \d+ .*cut short/ });
  await t.throwsAsync(read(t, {}), { message: /expected a list of tasks/ });
  await t.throwsAsync(read(t, [{ data: { text: 'x' }, annotations: [] }]), { message: /task 1: .*data\.querent_id/ });
  await t.throwsAsync(read(t, [exported('a', [{ id: 1, result: [choice('a'), choice('b')] }])]), {
    message: /task 1: expected one choice for "a", got a, b/,
  });
  await t.throwsAsync(read(t, [exported(12345678901234567890, [])]), { message: /too large to be exact/ });
});
