import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { Campaign } from '../../src/index.js';
import { poolText, smallCampaign, temporaryFolder, truth } from '../helpers/campaigns.js';

const untrained = { train: false } as const;

test('asking again gives the same questions until somebody answers; more asks others', async (t) => {
  const { campaign } = await smallCampaign(t);
  const first = await campaign.ask();
  t.like(first, { batch: 0, isNew: true, strategy: 'random' });
  t.is(first.questions.length, 6);
  const before = readFileSync(first.files[0]!, 'utf8');
  const again = await campaign.ask({ n: 3, strategy: 'entropy' });
  t.like(again, { batch: 0, isNew: false });
  t.deepEqual(again.questions, first.questions);
  t.is(readFileSync(again.files[0]!, 'utf8'), before);
  const more = await campaign.ask({ more: true, n: 2 });
  t.like(more, { batch: 1, isNew: true });
  const ids = [...first.questions, ...more.questions].map(({ id }) => id);
  t.is(new Set(ids).size, 8);
  t.is(more.status.open.length, 8);
});

test('partial answers: the rest stays open, and is not asked twice', async (t) => {
  const { campaign } = await smallCampaign(t);
  const { questions } = await campaign.ask();
  const [answered, ...rest] = questions.map(({ id }) => id);
  await campaign.tell([{ id: answered!, label: 'cat' }], untrained);
  const next = await campaign.ask();
  t.is(next.batch, 1);
  t.false(next.questions.some(({ id }) => rest.includes(id) || id === answered));
  const open = await campaign.ask({ open: true });
  t.deepEqual(
    open.questions.map(({ id }) => id),
    [...rest, ...next.questions.map(({ id }) => id)],
  );
});

test('majority, ties, refusals, corrections, conflicts', async (t) => {
  const { campaign } = await smallCampaign(t);
  const ids = (await campaign.ask()).questions.map(({ id }) => id);
  const vote = (at: number, annotator: string, label: string | null, time?: string) => ({
    id: ids[at]!,
    annotator,
    label,
    ...(time === undefined ? {} : { at: time }),
  });
  const { received, status } = await campaign.tell(
    [
      vote(0, 'a', 'cat'),
      vote(0, 'b', 'cat'),
      vote(0, 'c', 'dog'), // majority
      vote(1, 'a', 'cat'),
      vote(1, 'b', 'dog'), // tie
      vote(2, 'a', null),
      vote(2, 'b', 'dog'), // one refuses: the other decides
      vote(3, 'a', null), // nobody decides
      vote(4, 'a', 'dog', '2026-01-02T00:00:00.000000Z'),
      vote(4, 'a', 'cat', '2026-01-01T00:00:00.000000Z'), // outdated
    ],
    untrained,
  );
  t.like(received, { new: 9, outdated: 1, corrected: 0 });
  t.is(status.labels, 3);
  t.deepEqual(status.ties, [ids[1]!]);
  t.deepEqual(status.skipped, [ids[3]!]);
  t.deepEqual([...status.open].sort(), [ids[1]!, ids[5]!].sort());
  t.deepEqual(
    status.conflicts.map(({ id, label }) => [id, label]).sort(),
    [
      [ids[0]!, 'cat'],
      [ids[1]!, null],
    ].sort(),
  );
  const conflicts = readFileSync(join(campaign.dir, 'exports', 'conflicts.csv'), 'utf8');
  t.true(conflicts.includes(`${ids[1]!},,a: cat; b: dog\n`));
  const settled = await campaign.tell(
    [vote(1, 'c', 'dog'), vote(4, 'a', 'cat', '2026-01-03T00:00:00.000000Z')],
    untrained,
  );
  t.like(settled.received, { new: 1, corrected: 1 });
  const labels = readFileSync(join(campaign.dir, 'exports', 'labels.csv'), 'utf8');
  t.true(labels.includes(`${ids[1]!},dog\n`) && labels.includes(`${ids[4]!},cat\n`));
});

test('the same file twice, and a file that was corrected since, change nothing', async (t) => {
  const { campaign, folder } = await smallCampaign(t);
  const [id] = (await campaign.ask()).questions.map((question) => question.id);
  const [old, correction] = [join(folder, 'old.csv'), join(folder, 'new.csv')];
  writeFileSync(old, `id,label\n${id},cat\n`);
  writeFileSync(correction, `id,label\n${id},dog\n`);
  t.is((await campaign.tell(old, untrained)).received.new, 1);
  t.is((await campaign.tell(correction, untrained)).received.corrected, 1);
  const { received, status } = await campaign.tell(old, untrained);
  t.like(received, { new: 0, corrected: 0, known: 1 });
  t.deepEqual(received.repeated, ['old.csv']);
  t.deepEqual(status.balance, [0, 1]);
});

test('several annotators can be asked for before a question is closed', async (t) => {
  const { campaign } = await smallCampaign(t, { annotators: 2 });
  const [first] = (await campaign.ask()).questions.map(({ id }) => id);
  t.is((await campaign.tell([{ id: first!, label: 'cat', annotator: 'a' }], untrained)).status.labels, 0);
  t.is((await campaign.tell([{ id: first!, label: 'cat', annotator: 'b' }], untrained)).status.labels, 1);
});

test('unknown items and classes: nothing is taken in, unless that is asked for', async (t) => {
  const { campaign } = await smallCampaign(t);
  const [id] = (await campaign.ask()).questions.map((question) => question.id);
  const answers = [
    { id: id!, label: 'cat' },
    { id: 'stranger', label: 'cat' },
  ];
  await t.throwsAsync(campaign.tell(answers), { code: 'ERR_QUERENT_VALUE', message: /no items "stranger"\. Nothing/ });
  t.is((await campaign.status()).labels, 0);
  t.like((await campaign.tell(answers, { ...untrained, ignoreUnknown: true })).received, { new: 1, ignored: 1 });
  const bird = [{ id: id!, label: 'bird', annotator: 'z' }];
  await t.throwsAsync(campaign.tell(bird), { message: /expected one of the classes cat, dog, got "bird"/ });
  const { newClasses, status } = await campaign.tell(bird, { ...untrained, addClasses: true });
  t.deepEqual(newClasses, ['bird']);
  t.deepEqual(status.classNames, ['cat', 'dog', 'bird']);
  await t.throwsAsync(campaign.tell([{ id: '7', label: 'cat' }]), {
    message: /a spreadsheet may have turned "007" into 7/,
  });
});

test('a truncated file of answers changes nothing', async (t) => {
  const { campaign, folder } = await smallCampaign(t);
  const [a, b] = (await campaign.ask()).questions.map(({ id }) => id);
  const [whole, cut] = [join(folder, 'whole.jsonl'), join(folder, 'cut.jsonl')];
  writeFileSync(whole, `{"id":"${a}","label":"cat"}\n`);
  writeFileSync(cut, `{"id":"${a}","label":"cat"}\n{"id":"${b}","la`);
  await t.throwsAsync(campaign.tell([whole, cut]), { code: 'ERR_QUERENT_FORMAT', message: /cut\.jsonl: line 2/ });
  t.is((await campaign.status()).labels, 0);
});

test('a pool that was changed is refused, one that was moved is found', async (t) => {
  const { campaign, pool, folder } = await smallCampaign(t);
  await campaign.ask();
  const moved = join(folder, 'moved.csv');
  renameSync(pool, moved);
  await t.throwsAsync(Campaign.open(campaign.dir), { code: 'ERR_QUERENT_STORAGE' });
  await Campaign.movePool(campaign.dir, moved);
  t.is((await (await Campaign.open(campaign.dir)).status()).items, 40);
  appendFileSync(moved, '9999,late,1,2\n');
  await t.throwsAsync(Campaign.open(campaign.dir), { code: 'ERR_QUERENT_FORMAT', message: /pool have changed since/ });
});

test('one process at a time', async (t) => {
  const { campaign } = await smallCampaign(t);
  const both = await Promise.allSettled([campaign.ask(), campaign.ask({ more: true })]);
  t.is(both.filter(({ status }) => status === 'fulfilled').length, 1);
  const [failed] = both.filter((result) => result.status === 'rejected');
  t.is((failed?.reason as { code: string }).code, 'ERR_QUERENT_BUSY');
  t.false(existsSync(join(campaign.dir, 'lock')));
});

test('labels that the pool knows are neither asked nor lost', async (t) => {
  const folder = temporaryFolder(t);
  const pool = join(folder, 'pool.csv');
  const known = poolText(20, ['cat', 'dog'], true).split('\n');
  writeFileSync(pool, known.map((line, at) => (at > 10 ? line.replace(/,(cat|dog)$/, ',') : line)).join('\n'));
  const campaign = await Campaign.create(join(folder, 'c'), { pool, format: 'jsonl', strategy: 'random', n: 50 });
  t.deepEqual(campaign.settings.classNames, ['cat', 'dog']);
  t.is((await campaign.status()).labels, 10);
  const { questions } = await campaign.ask({ strategy: 'random' });
  t.deepEqual(
    questions.map(({ index }) => index).sort((a, b) => a - b),
    Array.from({ length: 10 }, (_, at) => at + 10),
  );
});

test('a campaign over predictions alone chooses by them, new ones every time', async (t) => {
  const folder = temporaryFolder(t);
  const confident = (row: number, sure: (row: number) => number): number[] => [sure(row), 1 - sure(row)];
  const predictions = (sure: (row: number) => number) => ({
    probabilities: {
      data: Float32Array.from(Array.from({ length: 30 }, (_, row) => confident(row, sure)).flat()),
      rows: 30,
      cols: 2,
    },
    version: 'mine-1',
  });
  const campaign = await Campaign.create(join(folder, 'c'), { rows: 30, classNames: ['no', 'yes'], n: 3 });
  const first = await campaign.ask({ predictions: predictions((row) => (row < 3 ? 0.5 + row / 100 : 0.99)) });
  t.deepEqual(
    first.questions.map(({ index }) => index),
    [0, 1, 2],
  );
  t.like(first.questions[2]!, { id: '2', predicted: 'no', confidence: Math.fround(0.52) });
  const tasks = JSON.parse(readFileSync(first.files[0]!, 'utf8')) as { predictions: { model_version: string }[] }[];
  t.is(tasks[0]!.predictions[0]!.model_version, 'mine-1');
  await campaign.tell(first.questions.map(({ id }) => ({ id, label: 'yes' })));
  await t.throwsAsync(campaign.ask(), { message: /give predictions/ });
  const second = await campaign.ask({ predictions: predictions((row) => (row > 26 ? 0.5 + row / 100 : 0.99)) });
  t.deepEqual(
    second.questions.map(({ index }) => index),
    [27, 28, 29],
  );
  const few = { probabilities: { data: new Float32Array(4).fill(0.5), rows: 2, cols: 2 } };
  await t.throwsAsync(campaign.ask({ more: true, predictions: few }), {
    message: /row of probabilities for each of the 30/,
  });
});

test('the pool can be used up', async (t) => {
  const { campaign } = await smallCampaign(t, { items: 8, n: 5 });
  t.is((await campaign.ask()).questions.length, 5);
  t.is((await campaign.ask({ more: true })).questions.length, 3);
  const end = await campaign.ask({ more: true });
  t.like(end, { batch: null, isNew: false });
  t.is(end.status.stop, 'every item of the pool has been asked about');
});

test('training, from two classes on: a round, a better choice, the same model after a restart', async (t) => {
  const { campaign } = await smallCampaign(t, {
    items: 60,
    n: 24,
    model: { name: 'logistic', epochs: 5, minSteps: 20 },
  });
  const { questions } = await campaign.ask();
  const one = await campaign.tell([{ id: '0000', label: 'cat' }]);
  t.is(one.round, null);
  const { round, status } = await campaign.tell(questions.map(({ id }) => ({ id, label: truth(id) })));
  t.is(round!.labels, status.labels);
  t.true(round!.quality.crossValidated!.accuracy > 0.7);
  t.is(round!.quality.random!.labels, 24);
  const reopened = await Campaign.open(campaign.dir);
  const next = await reopened.ask({ n: 4 });
  t.is(next.strategy, 'margin');
  t.true(
    next.questions.every(
      ({ predicted, confidence, nearest }) => predicted !== null && confidence! >= 0.5 && nearest !== null,
    ),
  );
  t.is((await reopened.status()).rounds.length, 1);
  const repeated = await reopened.tell(questions.map(({ id }) => ({ id, label: truth(id) })));
  t.deepEqual([repeated.received.known, repeated.status.rounds.length], [24, 1]);
});

const WRONG: [name: string, pool: string, options: object, message: RegExp][] = [
  ['an id twice', 'id,x\na,1\nb,2\na,3\n', {}, /line 4: expected every id once, got "a" again, first in .*line 2/],
  ['an id that is missing', 'id,x\n,1\n', {}, /line 2: expected an id, got none/],
  ['a gap in a feature', 'id,x\na,1\nb,\n', {}, /line 3: expected a finite number in x, got "".*features/],
  [
    'a column that is not there',
    'id,x\na,1\n',
    { features: ['z'] },
    /no column "z" for features; the columns are id, x/,
  ],
  ['a feature that is text', 'id,x,n\na,1,u\n', { features: ['n'] }, /line 2: expected a finite number in n, got "u"/],
  ['no items', 'id,x\n', {}, /at least one item/],
  ['one class', 'id,x\na,1\n', { classNames: ['only'] }, /at least two classes/],
  ['a class twice', 'id,x\na,1\n', { classNames: ['a', 'a'] }, /every class once/],
  ['an unknown strategy', 'id,x\na,1\n', { strategy: 'best' }, /there is no strategy 'best'/],
  ['an unknown model', 'id,x\na,1\n', { model: 'gpt' }, /there is no model 'gpt'/],
  ['a cost of nothing', 'id,x,cost\na,1,0\n', {}, /line 2: expected a cost above 0 in cost/],
];
for (const [name, text, options, message] of WRONG) {
  test(`a campaign is refused: ${name}`, async (t) => {
    const folder = temporaryFolder(t);
    const pool = join(folder, 'pool.csv');
    writeFileSync(pool, text);
    const dir = join(folder, 'c');
    await t.throwsAsync(Campaign.create(dir, { pool, classNames: ['a', 'b'], ...options }), { message });
    t.false(existsSync(dir));
  });
}

test('a stopping criterion ends the asking, after as many answers as say something; more asks on', async (t) => {
  const model = { name: 'logistic', epochs: 5, minSteps: 20 };
  const stopping = { name: 'budget', labels: 11 };
  const { campaign } = await smallCampaign(t, { n: 10, model, stopping });
  const { questions } = await campaign.ask();
  const answers = questions.map(({ id }) => ({ id, label: truth(id) }));
  t.is((await campaign.tell(answers)).status.stop, null);
  const second = (await campaign.ask()).questions.map(({ id }) => ({ id, label: truth(id) }));
  t.is((await campaign.tell(second.slice(0, 2))).status.stop, null); // 12 labels, but only two since it looked
  const { stop } = (await campaign.tell(second)).status;
  t.regex(stop!, /^20 labels are bought/);
  const none = await campaign.ask();
  t.deepEqual([none.batch, none.questions.length, none.status.stop], [null, 0, stop]);
  t.is((await campaign.ask({ more: true, n: 3 })).questions.length, 3);
  const refused = { name: 'target-accuracy', accuracy: 0.9, on: 'test' };
  await t.throwsAsync(smallCampaign(t, { stopping: refused }), {
    message: /target-accuracy needs test samples, got none/,
  });
});
