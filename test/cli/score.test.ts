import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { scoreFile, type ScoreFileOptions } from '../../src/cli/score-file.js';
import { InterruptedError, UsageError } from '../../src/cli/effects.js';
import { ArgumentError, FormatError, ShapeError, ValueError } from '../../src/errors.js';
import { matrix, Random, score, SCORE_DEFINITIONS, scoreTopK } from '../../src/index.js';
import { readNpy, writeNpy } from '../../src/pool/npy.js';
import { fakeEffects } from '../helpers/cli.js';

let folder = '';
let files = 0;
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'querent-score-'));
});
test.after.always(() => rm(folder, { recursive: true, force: true }));
const fresh = (name: string): string => join(folder, `${files++}-${name}`);

const DEFAULTS: ScoreFileOptions = {
  method: 'entropy',
  top: 10,
  from: 'probabilities',
  kind: 'multiclass',
  normalize: 'check',
  onInvalid: 'throw',
  tieBreak: 'index',
  csvHeader: 'auto',
};

/** Rows that sum to one, from a seed. */
function randomProbs(rows: number, cols: number, seed: number): Float32Array {
  const random = new Random(seed);
  const data = new Float32Array(rows * cols);
  for (let row = 0; row < rows; row++) {
    const weights = Array.from({ length: cols }, () => random.float() ** 4 + 1e-9);
    const sum = weights.reduce((total, weight) => total + weight, 0);
    for (const [c, weight] of weights.entries()) data[row * cols + c] = weight / sum;
  }
  return data;
}

async function saveMatrix(data: Float32Array | Float64Array, cols: number): Promise<string> {
  const path = fresh('probs.npy');
  await writeNpy(path, data, data instanceof Float64Array ? 'f8' : 'f4', [data.length / cols, cols]);
  return path;
}

interface Printed {
  indices: number[];
  scores: (number | null)[];
  definitions: string;
}

/** Run with --json and hand back what was printed. */
async function picksOf(path: string, options: Partial<ScoreFileOptions> = {}): Promise<Printed> {
  const effects = fakeEffects();
  await scoreFile(path, { ...DEFAULTS, ...options, json: true }, effects);
  t_lastWarning = effects.stderr.text;
  return JSON.parse(effects.stdout.text) as Printed;
}
let t_lastWarning = '';

test.serial('a file of 200 000 rows gives the picks and scores of scoreTopK in memory', async (t) => {
  const data = randomProbs(200_000, 10, 1);
  const path = await saveMatrix(data, 10);
  const scores = fresh('scores.npy');
  for (const method of ['entropy', 'margin', 'least-confidence'] as const) {
    const expected = scoreTopK(matrix(data, 200_000, 10), 1000, { method });
    const picks = await picksOf(path, { method, top: 1000, scores });
    t.deepEqual(picks.indices, [...expected.indices]);
    t.deepEqual(picks.scores, [...expected.scores]);
    t.is(picks.definitions, SCORE_DEFINITIONS);
    const written = await readNpy(scores);
    t.is(written.dtype, 'f4');
    t.deepEqual(written.shape, [200_000]);
    t.deepEqual(written.data, score(matrix(data, 200_000, 10), { method }));
  }
});

test.serial('logits, multilabel, divide, float16 and float64 files mean what they mean in memory', async (t) => {
  const random = new Random(3);
  const logits = Float64Array.from({ length: 5000 * 4 }, () => 4 * random.normal());
  const path = await saveMatrix(logits, 4);
  const cases = [
    { from: 'logits' },
    { from: 'logits', kind: 'multilabel', method: 'margin' },
    { from: 'logits', method: 'least-confidence' },
  ] as const;
  for (const options of cases) {
    const expected = scoreTopK(matrix(logits, 5000, 4), 50, { method: 'entropy', ...options });
    const picks = await picksOf(path, { ...options, top: 50 });
    t.deepEqual(picks.indices, [...expected.indices]);
    t.deepEqual(picks.scores, [...expected.scores]);
  }
  const counts = Float32Array.from({ length: 300 * 3 }, () => random.below(9) + 1);
  const divided = await picksOf(await saveMatrix(counts, 3), { normalize: 'divide', method: 'margin', top: 20 });
  const expected = scoreTopK(matrix(counts, 300, 3), 20, { method: 'margin', normalize: 'divide' });
  t.deepEqual(divided.indices, [...expected.indices]);

  // 0.5 0.5 | 0.75 0.25 | 1 0 as binary16
  const half = Uint16Array.of(0x3800, 0x3800, 0x3a00, 0x3400, 0x3c00, 0);
  const halves = fresh('half.npy');
  await writeFile(halves, Buffer.concat([halfHeader(3, 2), Buffer.from(half.buffer)]));
  t.deepEqual((await picksOf(halves, { method: 'least-confidence' })).scores, [0.5, 0.25, 0]);
});

function halfHeader(rows: number, cols: number): Buffer {
  const dict = `{'descr': '<f2', 'fortran_order': False, 'shape': (${rows}, ${cols}), }\n`;
  const prefix = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, dict.length, 0]);
  return Buffer.concat([prefix, Buffer.from(dict)]);
}

test.serial('a .csv of the same numbers gives the same picks as the .npy', async (t) => {
  const data = Float64Array.from(randomProbs(3000, 5, 4));
  const lines = Array.from({ length: 3000 }, (_, row) => [...data.subarray(row * 5, row * 5 + 5)].join(','));
  for (const header of ['', 'a,b,c,d,e\n']) {
    const path = fresh('probs.csv');
    await writeFile(path, `${header}${lines.join('\n')}\n`);
    const scores = fresh('scores.npy');
    t.deepEqual(await picksOf(path, { scores }), await picksOf(await saveMatrix(data, 5)));
    t.deepEqual((await readNpy(scores)).shape, [3000]);
  }
});

test.serial('--exclude is never picked, and a larger --top than what is left is cut with a warning', async (t) => {
  const data = randomProbs(100, 3, 5);
  const path = await saveMatrix(data, 3);
  const excluded = [...scoreTopK(matrix(data, 100, 3), 40, { method: 'entropy' }).indices];
  const exclude = fresh('labelled.npy');
  await writeNpy(exclude, [...excluded, ...excluded], 'i8');
  const expected = scoreTopK(matrix(data, 100, 3), 60, { method: 'entropy', exclude: Uint32Array.from(excluded) });
  const picks = await picksOf(path, { top: 1000, exclude });
  t.deepEqual(picks.indices, [...expected.indices]);
  t.is(
    t_lastWarning,
    'querent: warning: 60 rows can be picked (100 in the file, 40 excluded), fewer than --top 1000\n',
  );

  const lines = fresh('labelled.txt');
  await writeFile(lines, '5\n100\n');
  await t.throwsAsync(picksOf(path, { exclude: lines }), {
    instanceOf: ArgumentError,
    message: /row 100 is not in .*100 rows/,
  });
});

test.serial('--top 0 and a file without rows give empty picks', async (t) => {
  const path = await saveMatrix(randomProbs(10, 3, 6), 3);
  t.deepEqual((await picksOf(path, { top: 0 })).indices, []);
  const empty = fresh('empty.npy');
  await writeNpy(empty, [], 'f4', [0, 10]);
  const scores = fresh('scores.npy');
  t.deepEqual((await picksOf(empty, { scores })).indices, []);
  t.deepEqual((await readNpy(scores)).shape, [0]);
  const csv = fresh('empty.csv');
  await writeFile(csv, '');
  t.deepEqual((await picksOf(csv)).scores, []);
});

test.serial('an invalid row stops the work and is named by its number in the file, or is left out', async (t) => {
  const data = randomProbs(150_000, 20, 7); // two blocks
  data[140_000 * 20 + 3] = NaN;
  data[141_000 * 20 + 3] = 0.9999;
  const path = await saveMatrix(data, 20);
  const out = fresh('picks.json');
  const scores = fresh('scores.npy');
  const error = await t.throwsAsync(picksOf(path, { out, scores }), { instanceOf: ValueError });
  t.regex(error.message, /row 140000 is not usable: its probability of class 3 is NaN;.*--on-invalid exclude/);
  await t.throwsAsync(stat(out), { code: 'ENOENT' });
  await t.throwsAsync(stat(scores), { code: 'ENOENT' });

  const picks = await picksOf(path, { onInvalid: 'exclude', top: 149_999, scores });
  t.is(picks.indices.length, 149_998);
  t.false(picks.indices.includes(140_000));
  t.false(picks.indices.includes(141_000));
  t.regex(t_lastWarning, /150 000 in the file, 2 invalid\), fewer than --top 149999/);
  const written = (await readNpy(scores)).data as Float32Array;
  t.true(Number.isNaN(written[140_000]));
  t.false(Number.isNaN(written[140_001]));
});

test.serial('equal scores go to the lowest row, or by seed', async (t) => {
  const path = await saveMatrix(new Float32Array(1000 * 4).fill(0.25), 4);
  t.deepEqual((await picksOf(path, { top: 3 })).indices, [0, 1, 2]);
  const drawn = await picksOf(path, { top: 50, tieBreak: 'random', seed: 9n });
  t.deepEqual(drawn, await picksOf(path, { top: 50, tieBreak: 'random', seed: 9n }));
  t.notDeepEqual(drawn.indices, (await picksOf(path, { top: 50, tieBreak: 'random', seed: 10n })).indices);
  t.is(new Set(drawn.indices).size, 50);
  await t.throwsAsync(picksOf(path, { seed: 1n }), { instanceOf: UsageError });
});

test.serial('--out writes json, csv and int64 npy, which --exclude reads back', async (t) => {
  const data = randomProbs(500, 3, 8);
  const path = await saveMatrix(data, 3);
  const { indices, scores } = await picksOf(path, { top: 5 });
  for (const name of ['picks.json', 'picks.csv', 'picks.npy']) {
    const out = fresh(name);
    await picksOf(path, { top: 5, out });
    const next = await picksOf(path, { top: 495, exclude: out });
    t.true(indices.every((index) => !next.indices.includes(index)));
    if (name === 'picks.npy') {
      const file = await readNpy(out);
      t.is(file.dtype, 'i8');
      t.deepEqual([...file.data].map(Number), indices);
    } else if (name === 'picks.csv') {
      const rows = indices.map((index, at) => `${index},${scores[at]}\n`).join('');
      t.is(await readFile(out, 'utf8'), `index,score\n${rows}`);
    } else {
      const parsed = JSON.parse(await readFile(out, 'utf8')) as Printed;
      t.deepEqual([parsed.indices, parsed.scores], [indices, scores]);
    }
  }
  await t.throwsAsync(picksOf(path, { out: 'picks.txt' }), { instanceOf: UsageError });
  await t.throwsAsync(picksOf(path, { scores: 'scores.csv' }), { instanceOf: UsageError });
});

test.serial('files of another kind or shape are refused with a sentence', async (t) => {
  const text = fresh('probs.parquet');
  await writeFile(text, 'PAR1');
  await t.throwsAsync(picksOf(text), { instanceOf: FormatError, message: /\.npy, \.csv or \.tsv/ });
  const cube = fresh('cube.npy');
  await writeNpy(cube, new Float32Array(24), 'f4', [2, 3, 4]);
  await t.throwsAsync(picksOf(cube), { instanceOf: ShapeError, message: /shape \(2, 3, 4\)/ });
  const integers = fresh('int.npy');
  await writeNpy(integers, [1, 0], 'i4', [1, 2]);
  await t.throwsAsync(picksOf(integers), { instanceOf: FormatError, message: /found i4/ });
});

test.serial('an interruption ends the work and leaves no file behind', async (t) => {
  const path = await saveMatrix(randomProbs(600_000, 10, 9), 10);
  const before = (await readdir(folder)).length;
  const abort = new AbortController();
  const effects = fakeEffects(abort.signal);
  const work = scoreFile(path, { ...DEFAULTS, scores: fresh('scores.npy'), out: fresh('picks.npy') }, effects);
  setTimeout(() => abort.abort(new InterruptedError('SIGINT')), 3);
  await t.throwsAsync(work, { instanceOf: InterruptedError });
  t.is((await readdir(folder)).length, before);
  t.is(effects.stdout.text, '');
});

test.serial('the text output is an aligned table with a line about the work', async (t) => {
  const path = await saveMatrix(randomProbs(100, 3, 10), 3);
  const effects = fakeEffects();
  await scoreFile(path, { ...DEFAULTS, top: 30 }, effects);
  const lines = effects.stdout.text.trimEnd().split('\n');
  t.is(lines.length, 1 + 20 + 1 + 1);
  t.regex(lines[0] as string, /^rank +index +entropy$/);
  t.true(lines.slice(0, 21).every((line) => line.length === (lines[0] as string).length));
  t.is(lines[21], '… 10 more (--json or --out give them all)');
  t.regex(lines[22] as string, /^100 rows in .*\/s \(querent-scores\/1, \w+\)$/);
});
