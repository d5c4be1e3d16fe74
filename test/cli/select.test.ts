import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { InterruptedError, UsageError } from '../../src/cli/effects.js';
import { selectRows, type SelectOptions } from '../../src/cli/select-rows.js';
import { ArgumentError, FormatError, ShapeError, StorageError, ValueError } from '../../src/errors.js';
import {
  badge,
  batchBald,
  facilityLocation,
  kCenterGreedy,
  kMeansPlusPlus,
  matrix,
  SCORE_DEFINITIONS,
} from '../../src/index.js';
import type { MatrixView } from '../../src/index.js';
import { npyHeaderBytes } from '../../src/pool/npy-header.js';
import { readNpy, writeNpy } from '../../src/pool/npy.js';
import { cliArguments, fakeEffects, runCli } from '../helpers/cli.js';
import { embeddings } from '../helpers/embeddings.js';
import { predictions } from '../helpers/values.js';

let folder = '';
let files = 0;
test.after.always(() => rm(folder, { recursive: true, force: true }));
const fresh = (name: string): string => join(folder, `${files++}-${name}`);

const NPY_TYPES = { f16: 'f2', f32: 'f4', f64: 'f8', bf16: 'u2', u8: 'u1' } as const;

async function save(view: MatrixView, shape = [view.rows, view.cols]): Promise<string> {
  const path = fresh('data.npy');
  const { buffer, byteOffset, byteLength } = view.data;
  await writeFile(
    path,
    Buffer.concat([npyHeaderBytes(NPY_TYPES[view.dtype], shape), Buffer.from(buffer, byteOffset, byteLength)]),
  );
  return path;
}

interface Printed {
  readonly indices: number[];
  readonly scores: (number | null)[];
  readonly definitions: string;
  readonly strategy: string;
  readonly metric?: string;
  readonly rows: number;
  readonly coveringRadius?: number | null;
}

/** Run with --json and hand back what was printed, with the warnings. */
async function picksOf(options: SelectOptions): Promise<Printed & { warning: string }> {
  const effects = fakeEffects();
  await selectRows({ ...options, json: true }, effects);
  return { ...(JSON.parse(effects.stdout.text) as Printed), warning: effects.stderr.text };
}

const points = embeddings({ rows: 4000, cols: 24, seed: 3 });
const probs = predictions({ rows: 4000, cols: 10, kind: 'logits', seed: 3 });
let pointsFile = '';
let probsFile = '';
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'querent-select-'));
  pointsFile = await save(points);
  probsFile = await save(probs);
});

test.serial('k-center gives the picks and distances of kCenterGreedy', async (t) => {
  for (const options of [{}, { metric: 'cosine' }, { first: 99 }] as const) {
    const wanted = await kCenterGreedy(points, 200, options);
    const picks = await picksOf({ strategy: 'k-center', embeddings: pointsFile, count: 200, ...options });
    t.deepEqual(picks.indices, [...wanted.indices]);
    t.deepEqual(picks.scores, [null, ...wanted.distances.subarray(1)]);
    t.is(picks.coveringRadius, wanted.coveringRadius);
    t.is(picks.metric, 'metric' in options ? options.metric : 'euclidean');
    t.is(picks.rows, 4000);
    t.is(picks.definitions, SCORE_DEFINITIONS);
    t.is(picks.warning, '');
  }
});

test.serial('k-means++ and badge give the draws of their kernels', async (t) => {
  const drawn = await kMeansPlusPlus(points, 60, { seed: 5 });
  const plus = await picksOf({ strategy: 'k-means++', embeddings: pointsFile, count: 60, seed: 5n });
  t.deepEqual(plus.indices, [...drawn.indices]);
  t.true(plus.scores.every((score) => score === null));
  t.is(plus.coveringRadius, undefined);
  t.is(plus.metric, undefined);
  const wanted = await badge(probs, points, 60, { from: 'logits' });
  const files = { probs: probsFile, embeddings: pointsFile };
  const gradient = await picksOf({ strategy: 'badge', ...files, count: 60, from: 'logits' });
  t.deepEqual(gradient.indices, [...wanted.indices]);
  const counts = await save(predictions({ rows: 4000, cols: 3, kind: 'counts' }));
  const divided = await picksOf({
    ...files,
    strategy: 'badge',
    probs: counts,
    count: 3,
    normalize: 'divide',
    threads: 1,
  });
  t.is(divided.indices.length, 3);
});

test.serial('facility-location and batch-bald give the picks and scores of their kernels', async (t) => {
  const few = embeddings({ rows: 120, cols: 6, seed: 8 });
  const file = await save(few);
  for (const options of [{}, { metric: 'cosine', neighbours: 9 }] as const) {
    const wanted = await facilityLocation(few, 15, options);
    const picks = await picksOf({ strategy: 'facility-location', embeddings: file, count: 15, ...options });
    t.deepEqual(picks.indices, [...wanted.indices]);
    t.deepEqual(picks.scores, [...wanted.gains]);
  }
  const stacked = predictions({ rows: 6 * 50, cols: 4, kind: 'logits', seed: 8 });
  const samples = await save(stacked, [6, 50, 4]);
  const sizes = { passes: 6, rows: 50, cols: 4, from: 'logits' } as const;
  const wanted = await batchBald(stacked.data as Float32Array, 4, { ...sizes, numSamples: 100, seed: 3, exclude: [7] });
  const labeled = fresh('labelled.txt');
  await writeFile(labeled, '7\n');
  const asked = { from: 'logits', numSamples: 100, seed: 3n, labeled, count: 4 } as const;
  const picks = await picksOf({ strategy: 'batch-bald', samples, ...asked });
  t.deepEqual(picks.indices, [...wanted.indices]);
  t.deepEqual(picks.scores, [...wanted.scores]);
  t.is(picks.rows, 50);
  await t.throwsAsync(picksOf({ strategy: 'batch-bald', samples, count: 2 }), {
    instanceOf: ValueError,
    message:
      /^\/.*\.npy: row 0 of pass 0 is not usable: .*; use --from logits for raw network outputs, or --normalize divide/,
  });
  await t.throwsAsync(picksOf({ strategy: 'batch-bald', samples: file, count: 2 }), {
    instanceOf: ShapeError,
    message: /--samples expects an array \[passes, rows, classes\], found shape \(120, 6\)/,
  });
  const none = await picksOf({
    strategy: 'batch-bald',
    samples: await save(matrix(new Float32Array(0), 0, 4), [6, 0, 4]),
    count: 1,
  });
  t.deepEqual(none.indices, []);
});

test.serial('files of every type are read as what they hold, in blocks that do not divide them', async (t) => {
  for (const dtype of ['f16', 'f32', 'f64', 'u8'] as const) {
    const view = embeddings({ rows: 300, cols: 7, dtype, seed: 4 });
    const wanted = await kCenterGreedy(view, 20);
    const picks = await picksOf({ strategy: 'k-center', embeddings: await save(view), count: 20 });
    t.deepEqual(picks.indices, [...wanted.indices], dtype);
    t.deepEqual(picks.scores.slice(1), [...wanted.distances.subarray(1)], dtype);
  }
  const wide = matrix(
    new Float32Array(3 * 1_500_000).map((_, i) => (i * 7919) % 1013),
    3,
    1_500_000,
  ); // 6 MB a row
  const picks = await picksOf({ strategy: 'k-center', embeddings: await save(wide), count: 3 });
  t.deepEqual(picks.indices, [...(await kCenterGreedy(wide, 3)).indices]);
});

test.serial('labelled rows are never picked, and a larger -k than what is left is cut with a warning', async (t) => {
  const view = embeddings({ rows: 100, cols: 3 });
  const file = await save(view);
  const labeled = fresh('labelled.npy');
  await writeNpy(labeled, [5, 5, 70, 6], 'i8');
  const wanted = await kCenterGreedy(view, 97, { labeled: [5, 70, 6] });
  const picks = await picksOf({ strategy: 'k-center', embeddings: file, labeled, count: 200 });
  t.deepEqual(picks.indices, [...wanted.indices]);
  t.is(picks.scores[0], wanted.distances[0]);
  t.is(picks.warning, 'querent: warning: 97 rows can be picked (100 in the file, 3 labelled), fewer than -k 200\n');
  const drawn = await picksOf({ strategy: 'k-means++', embeddings: file, labeled, count: 97 });
  t.deepEqual([...drawn.indices].sort(), [...wanted.indices].sort());
  const flat = await save(predictions({ rows: 100, cols: 2 }));
  const gradient = await picksOf({ strategy: 'badge', probs: flat, embeddings: file, labeled, count: 97 });
  t.deepEqual([...gradient.indices].sort(), [...wanted.indices].sort());

  const lines = fresh('labelled.txt');
  await writeFile(lines, '5\n100\n');
  await t.throwsAsync(picksOf({ strategy: 'k-center', embeddings: file, labeled: lines, count: 1 }), {
    instanceOf: ArgumentError,
    message: /--labeled .*: row 100 is not in .*, which has 100 rows/,
  });
  await t.throwsAsync(picksOf({ strategy: 'k-center', embeddings: file, first: 100, count: 1 }), {
    instanceOf: ArgumentError,
    message: /--first: row 100 is not in .*, which has 100 rows/,
  });
});

test.serial('-k 0 and a file without rows give empty picks', async (t) => {
  const none = await picksOf({ strategy: 'k-center', embeddings: pointsFile, count: 0 });
  t.deepEqual([none.indices, none.scores, none.coveringRadius], [[], [], null]);
  const empty = await save(matrix(new Float32Array(0), 0, 8));
  const picks = await picksOf({ strategy: 'k-means++', embeddings: empty, count: 3 });
  t.deepEqual(picks.indices, []);
  t.regex(picks.warning, /0 rows can be picked \(0 in the file\), fewer than -k 3/);
});

test.serial('--out writes json, csv and int64 npy, which --labeled reads back', async (t) => {
  const chosen = { strategy: 'k-center', embeddings: pointsFile } as const;
  const { indices, scores, coveringRadius } = await picksOf({ ...chosen, count: 5 });
  for (const name of ['picks.json', 'picks.csv', 'picks.npy']) {
    const out = fresh(name);
    await picksOf({ ...chosen, count: 5, out });
    const next = await picksOf({ ...chosen, count: 3, labeled: out });
    t.true((next.scores[0] as number) <= (scores.at(-1) as number));
    t.true(indices.every((index) => !next.indices.includes(index)));
    if (name === 'picks.npy') {
      const file = await readNpy(out);
      t.is(file.dtype, 'i8');
      t.deepEqual([...file.data].map(Number), indices);
    } else if (name === 'picks.csv') {
      const rows = indices.map((index, at) => `${index},${scores[at] ?? 'Infinity'}\n`).join('');
      t.is(await readFile(out, 'utf8'), `index,score\n${rows}`);
    } else {
      const parsed = JSON.parse(await readFile(out, 'utf8')) as Printed;
      t.deepEqual([parsed.indices, parsed.scores, parsed.coveringRadius], [indices, scores, coveringRadius]);
    }
  }
  const out = fresh('drawn.csv');
  await picksOf({ strategy: 'k-means++', embeddings: pointsFile, count: 2, out });
  t.regex(await readFile(out, 'utf8'), /^index,score\n\d+,\n\d+,\n$/);
});

test.serial('options and files that a strategy does not take are refused before anything is read', async (t) => {
  const missing = '/nowhere/e.npy';
  const cases: [Partial<SelectOptions>, RegExp][] = [
    [{ strategy: 'k-center' }, /--strategy k-center needs --embeddings FILE/],
    [{ strategy: 'badge', embeddings: missing }, /--strategy badge needs --probs FILE/],
    [{ strategy: 'k-center', embeddings: missing, probs: missing }, /--probs has no effect with --strategy k-center/],
    [{ strategy: 'badge', embeddings: missing, probs: missing, samples: missing }, /--samples has no effect/],
    [{ strategy: 'k-center', embeddings: missing, seed: 1n }, /--seed has no effect with --strategy k-center/],
    [{ strategy: 'k-means++', embeddings: missing, metric: 'cosine' }, /--metric has no effect/],
    [{ strategy: 'k-center', embeddings: missing, neighbours: 4 }, /--neighbours has no effect/],
    [{ strategy: 'facility-location', embeddings: missing, labeled: missing }, /--labeled has no effect/],
    [{ strategy: 'k-center', embeddings: missing, from: 'logits' }, /--from has no effect/],
    [{ strategy: 'k-center', embeddings: missing, first: 1, labeled: missing }, /--first has no effect with --labeled/],
    [{ strategy: 'k-center', embeddings: missing, out: 'picks.txt' }, /\.json, \.csv, \.npy/],
    [{ strategy: 'k-centre', embeddings: missing }, /there is no strategy k-centre/],
  ];
  for (const [options, message] of cases) {
    const work = picksOf({ count: 1, ...options } as SelectOptions);
    await t.throwsAsync(work, { instanceOf: UsageError, message });
  }
});

test.serial('files of another kind or shape are refused with a sentence', async (t) => {
  const select = (embeddings: string, probs = probsFile): Promise<Printed> =>
    picksOf({ strategy: 'badge', embeddings, probs, count: 1 });
  const cube = fresh('cube.npy');
  await writeNpy(cube, new Float32Array(24), 'f4', [2, 3, 4]);
  await t.throwsAsync(select(cube), {
    instanceOf: ShapeError,
    message: /cube\.npy: --embeddings expects a matrix \[rows, dimensions\], found shape \(2, 3, 4\)/,
  });
  const integers = fresh('int.npy');
  await writeNpy(integers, [1, 0], 'i4', [1, 2]);
  await t.throwsAsync(select(integers), { instanceOf: FormatError, message: /float64 or uint8, found i4/ });
  const bytes = await save(embeddings({ rows: 4, cols: 2, dtype: 'u8' }));
  await t.throwsAsync(select(pointsFile, bytes), { instanceOf: FormatError, message: /--probs expects .* found u1/ });
  const few = await save(embeddings({ rows: 4, cols: 2 }));
  await t.throwsAsync(select(few), {
    instanceOf: ShapeError,
    message: /--embeddings has 4 rows, --probs \(.*\) has 4000/,
  });
  const cut = await save(points);
  await truncate(cut, (await stat(cut)).size - 5);
  await t.throwsAsync(select(cut), { instanceOf: FormatError, message: /5 bytes are missing, the file was cut short/ });
  const swapped = fresh('swapped.npy');
  const header = Buffer.from(npyHeaderBytes('f4', [4000, 1]));
  await writeFile(
    swapped,
    Buffer.concat([Buffer.from(header.toString('latin1').replace('<f4', '>f4'), 'latin1'), Buffer.alloc(16_000)]),
  );
  await t.throwsAsync(select(swapped), { instanceOf: FormatError, message: /big-endian \(>f4\)/ });
  const text = fresh('points.csv');
  await writeFile(text, '1,2\n3,4\n');
  await t.throwsAsync(select(text), { instanceOf: FormatError, message: /not a \.npy file/ });
  await t.throwsAsync(select(fresh('missing.npy')), { instanceOf: StorageError });
});

test.serial('an unusable row is named by its file and the options that help', async (t) => {
  const broken = embeddings({ rows: 50, cols: 3 });
  broken.data[20 * 3 + 1] = NaN;
  const file = await save(broken);
  await t.throwsAsync(picksOf({ strategy: 'k-center', embeddings: file, count: 2 }), {
    instanceOf: ValueError,
    message: `${file}: row 20 is not usable: its element 1 is NaN; mend it or leave the row out`,
  });
  const counts = await save(predictions({ rows: 4000, cols: 3, kind: 'counts', dtype: 'f64' }));
  await t.throwsAsync(picksOf({ strategy: 'badge', embeddings: pointsFile, probs: counts, count: 2 }), {
    instanceOf: ValueError,
    message:
      /^\/.*\.npy: row \d+ is not usable: its probabilities sum to .*; use --from logits for raw network outputs, or --normalize divide for counts$/,
  });
});

test.serial('the text output is a table with a line about the work', async (t) => {
  const effects = fakeEffects();
  await selectRows({ strategy: 'k-center', embeddings: pointsFile, count: 30 }, effects);
  const lines = effects.stdout.text.trimEnd().split('\n');
  t.is(lines.length, 1 + 20 + 1 + 1);
  t.regex(lines[0] as string, /^rank +index +distance$/);
  t.regex(lines[1] as string, /^ +1 +0 +Infinity$/);
  t.is(lines[21], '… 10 more (--json or --out give them all)');
  t.regex(
    lines[22] as string,
    /^30 of 4 000 rows \(4 000 x 24 f32\) in [\d.]+ m?s, [\d.]+ m?s of it reading; peak memory \d+(\.\d)? [MG]B; covering radius [\d.]+ \(k-center, \w+\)$/,
  );
  const drawn = fakeEffects();
  const out = fresh('picks.npy');
  const files = { embeddings: pointsFile, probs: probsFile };
  await selectRows({ strategy: 'badge', ...files, from: 'logits', count: 2, out }, drawn);
  t.regex(
    drawn.stdout.text,
    /^rank +index\n +1 +\d+\n +2 +\d+\n2 of .* rows \(4 000 x 10 f32 and 4 000 x 24 f32\) .*\(badge, \w+\); wrote .*picks\.npy\n$/,
  );
});

test.serial('an interruption ends reading and picking, and leaves no file behind', async (t) => {
  const large = await save(matrix(new Float32Array(64_000_000 / 4).fill(0.5), 40_000, 400));
  const busy = await save(embeddings({ rows: 20_000, cols: 64 }));
  const before = (await readdir(folder)).length;
  for (const [embeddings, count, ms] of [
    [large, 5, 2],
    [busy, 20_000, 100],
  ] as const) {
    const abort = new AbortController();
    const effects = fakeEffects(abort.signal);
    const work = selectRows({ strategy: 'k-center', embeddings, count, out: fresh('picks.npy') }, effects);
    setTimeout(() => abort.abort(new InterruptedError('SIGINT')), ms);
    await t.throwsAsync(work, { instanceOf: InterruptedError });
    t.is(effects.stdout.text, '');
  }
  t.is((await readdir(folder)).length, before);
});

test.serial('the command: JSON on stdout, wrong use is exit code 2, Ctrl-C is exit code 130', async (t) => {
  const good = await runCli(['select', '--strategy', 'k-center', '--embeddings', pointsFile, '-k', '3', '--json']);
  t.is(good.code, 0, good.stderr);
  t.is(good.stderr, '');
  t.is((JSON.parse(good.stdout) as Printed).indices.length, 3);
  for (const args of [
    ['select', '-k', '3', '--embeddings', pointsFile],
    ['select', '--strategy', 'k-center', '--embeddings', pointsFile],
    ['select', '--strategy', 'kcenter', '-k', '3'],
    ['select', '--strategy', 'k-center', '-k', '3'],
    ['select', '--strategy', 'k-center', '--embeddings', pointsFile, '-k', '3', '--seed', '1'],
  ]) {
    const { code, stderr, stdout } = await runCli(args);
    t.is(code, 2, stderr);
    t.is(stdout, '');
    t.regex(stderr, /^querent: [^\n]*\[ERR_QUERENT_\w+\]\n$/);
  }
  const busy = await save(embeddings({ rows: 30_000, cols: 64 }));
  // the warning comes when the command has begun
  const args = ['select', '--strategy', 'k-center', '--embeddings', busy, '-k', '40000'];
  const child = spawn(process.execPath, cliArguments(...args));
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (stderr === '') setTimeout(() => child.kill('SIGINT'), 200);
    stderr += text;
  });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  t.is(code, 130, stderr);
  t.regex(stderr, /querent: stopped by SIGINT\n$/);
});
