import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { loadDataset, writeReport } from '../../src/index.js';
import { findAblations, renderAblations } from '../../src/report/ablation.js';
import { renderDeviations } from '../../src/report/deviations.js';
import { renderLabelTests } from '../../src/report/label-tests.js';
import type { PoolMap } from '../../src/report/map.js';
import { renderPicksFigure } from '../../src/report/picks-figure.js';
import type { ReportOptions } from '../../src/report/report.js';
import { settingsOf } from '../../src/report/repeat.js';
import { findShown, readRun, type RunData } from '../../src/report/run-data.js';
import type { ReportTable } from '../../src/report/table.js';
import { renderTimings } from '../../src/report/timings.js';
import { type FolderOptions, runFolder } from './folders.js';

const runOf = async (options: FolderOptions = {}): Promise<RunData> =>
  readRun(await runFolder({ picks: false, ...options }), 'run1');

const textsOf = (table: ReportTable): string[][] =>
  table.rows.map((row) => row.map((cell) => (typeof cell === 'string' ? cell : cell.text)));

async function reportOf(dir: string, options: ReportOptions = {}): Promise<{ page: string; tables: string[] }> {
  const out = join(dir, 'report.html');
  const [run] = await writeReport([dir], out, { map: 'pca', ...options });
  return { page: await readFile(out, 'utf8'), tables: run!.tables.map(({ id }) => id) };
}

test('means and deviations are printed as in papers, the best of each column marked', async (t) => {
  const { tables, html } = renderDeviations(await runOf({ strategies: ['random', 'margin'], rounds: 2 }), 2);
  const [table] = tables;
  t.is(table!.caption, 'Accuracy in percent by labels bought, mean ± standard deviation over 2 seeds');
  t.deepEqual(table!.columns, ['strategy', '20', '40']);
  t.deepEqual(textsOf(table!), [
    ['random', '70.50 ± 0.71', '83.00 ± 0.71'],
    ['margin', '72.50 ± 0.71 *', '85.00 ± 0.71 *'],
  ]);
  t.true(html.includes('<td class="best">85.00 ± 0.71 *</td>'));
  const alone = renderDeviations(await runOf({ strategies: ['random'] }), 2);
  t.false(alone.html.includes('*'));
  t.is(renderDeviations(await runOf({ seeds: [3] }), 2).html, '');
});

test('means that are level are all marked; seeds that are missing are counted', async (t) => {
  const run = await runOf({ strategies: ['random', 'margin'], seeds: [0, 1, 2], rounds: 2 });
  const rounds = run.rounds
    .filter(({ strategy, seed, round }) => strategy === 'random' || seed < 2 || round === 0)
    .map((record) => (record.round === 0 ? { ...record, accuracy: 0.5 } : record));
  const [table] = renderDeviations({ ...run, rounds }, 2).tables;
  t.regex(table!.caption, /over 2 to 3 seeds$/);
  t.deepEqual(
    textsOf(table!).map(([, first]) => first),
    ['50.00 ± 0.00 *', '50.00 ± 0.00 *'],
  );
});

test('the strategy in focus is tested against each other, sral where nobody says', async (t) => {
  const strategies = ['random', 'sral', 'margin'];
  const run = await runOf({ strategies, seeds: [0, 1, 2] });
  const noisy = run.rounds.map((record) => ({
    ...record,
    accuracy: record.accuracy + ((3 * record.seed + 5 * record.round + record.strategy.length) % 7) / 200,
  }));
  const told = { ...run, rounds: noisy, allRounds: noisy };
  const { tables, html } = renderLabelTests(told, 2);
  const [table] = tables;
  t.is(table!.caption, 't tests of sral against each other strategy, by labels bought');
  t.deepEqual(
    textsOf(table!).map(([other, labels]) => [other, labels]),
    ['random', 'margin'].flatMap((other) => ['20', '40', '60'].map((labels) => [other, labels])),
  );
  t.deepEqual(table!.columns.slice(4), ['p, paired t', 'Holm', 'p, Welch t', 'Holm']);
  t.true(textsOf(table!).every((row) => row.slice(4).every((text) => /^(0\.\d{4}|1\.0000|< 0\.0001)$/.test(text))));
  t.regex(html, /Below 0\.05: \d of 6 tests \(\d after Holm&#39;s correction\) by the paired test/);
  t.regex(renderLabelTests(told, 2, 'margin').tables[0]!.caption, /of margin against/);
  t.is(renderLabelTests(await runOf({ strategies: ['random', 'margin'] }), 2).html, '');
  t.is(renderLabelTests(await runOf({ strategies: ['random', 'sral'], seeds: [0] }), 2).html, '');
  const shown = { ...told, strategies: ['random', 'sral'] };
  const fewer = renderLabelTests(shown, 2).tables[0]!;
  t.deepEqual(textsOf(fewer), textsOf(table!).slice(0, 3)); // corrected for all that were run
});

const sizes = (values: readonly number[], more: object = {}): object[] =>
  values.map((size) => ({ name: 'subsample', size, ...more }));

test('arms that differ in one number are an ablation; what was left out counts with its default', async (t) => {
  const entries = ['random', ...sizes([400, 100]), 'subsample', ...sizes([7, 8], { of: 'entropy' })];
  const strategies = [
    ...['random', 'subsample(size=400)', 'subsample(size=100)', 'subsample'],
    ...['subsample(size=7, of=entropy)', 'subsample(size=8, of=entropy)'],
  ];
  const run = await runOf({ entries, strategies });
  t.deepEqual(findAblations(run), []); // two of a kind, and one whose default nobody wrote down
  const arms = strategies.slice(1, 4).map((label, at) => ({
    label,
    strategy: 'subsample',
    options: { size: [400, 100, 200][at], of: 'margin' },
  }));
  const written = { ...run, manifest: { ...run.manifest, arms } };
  t.deepEqual(findAblations(written), [
    {
      strategy: 'subsample',
      option: 'size',
      arms: [
        { label: 'subsample(size=100)', value: 100 },
        { label: 'subsample', value: 200 },
        { label: 'subsample(size=400)', value: 400 },
      ],
    },
  ]);
  const { html, tables } = await renderAblations(written, 2);
  t.is(html.match(/<svg /g)?.length, 3); // at 20, 40 and 60 labels
  t.regex(html, /aria-label="Accuracy at 60 labels by size of subsample: \d\d\.\d ± \d\.\d % at 100; .* at 200; /);
  t.notRegex(html, /NaN|Infinity|undefined/);
  t.deepEqual(tables[0]!.columns, ['labels', 'size 100', 'size 200', 'size 400']);
});

test('arms that also differ in their training or in another option are no ablation', async (t) => {
  const trained = sizes([1, 2, 3]).map((arm, at) => ({ ...arm, training: { epochs: at } }));
  const mixed = [1, 2, 3].map((epsilon) => ({ name: 'epsilon-greedy', epsilon: epsilon / 10, of: `s${epsilon}` }));
  t.deepEqual(findAblations(await runOf({ entries: [...trained, ...mixed], strategies: [] })), []);
  const alike = sizes([1, 2, 3], { training: { epochs: 5 } });
  const labels = [1, 2, 3].map((size) => `subsample(size=${size}, training.epochs=5)`);
  const run = await runOf({ entries: alike, strategies: labels });
  t.deepEqual(
    findAblations(run).map(({ option, arms }) => [option, arms.length]),
    [['size', 3]],
  );
  t.deepEqual(findAblations({ ...run, strategies: labels.slice(1) }), []);
});

test.serial('curves that were asked for stand by themselves, with their differences', async (t) => {
  const dir = await runFolder({
    strategies: ['random', 'margin', 'F'],
    entries: ['random', 'margin', { name: 'random', as: 'F', training: { epochs: 9 } }],
    picks: false,
  });
  const { page, tables } = await reportOf(dir, {
    compare: [
      ['margin', 'F'],
      ['F', 'random', 'margin'],
    ],
  });
  t.deepEqual(
    tables.filter((id) => id.startsWith('compare')),
    ['compare-1-1', 'compare-2-1', 'compare-2-2'],
  );
  t.true(page.includes('<h2 class="sub" id="run1-compare-1">margin against F</h2>'));
  t.true(page.includes('<h2 class="sub" id="run1-compare-2">F against random and margin</h2>'));
  t.true(page.includes('<th scope="row">60</th><td>2</td><td>89.2 %</td><td>91.2 %</td><td>−2.00 ± 0.00</td>'));
  t.regex(page, /aria-label="Accuracy on the test set by labels bought\. At the end: F 91\.2 % at 60 labels; margin/);
  for (const [compare, message] of [
    [[['margin', 'bald']], /expected strategies that are shown \(random, margin, F\), got 'bald'/],
    [[['margin']], /expected two strategies to compare, got an array of 1/],
  ] as const) {
    await t.throwsAsync(reportOf(dir, { compare }), { code: 'ERR_QUERENT_ARGUMENT', message });
  }
  await t.throwsAsync(reportOf(dir, { focus: 'margin', strategies: ['random'] }), { message: /shown \(random, F\)/ });
});

test('a strategy is found by its label before its name', async (t) => {
  const entries = [
    { name: 'random', as: 'margin' },
    { name: 'margin', as: 'M' },
  ];
  const run = await runOf({ entries, strategies: ['margin', 'M'] });
  t.deepEqual([findShown(run, 'margin'), findShown(run, 'M'), findShown(run, 'random')], ['margin', 'M', 'margin']);
  t.is(findShown({ ...run, strategies: ['M'] }, 'margin'), 'M');
  t.is(findShown({ ...run, strategies: ['M'] }, 'random'), undefined);
});

test('the picks of one round stand side by side on one map', async (t) => {
  const dataset = await loadDataset('digits');
  const run = await readRun(await runFolder({ strategies: ['random', 'margin'], rounds: 4 }), 'run1');
  const { rows } = dataset.pool.samples;
  const indices = Uint32Array.from({ length: rows }, (_, at) => at);
  const map: PoolMap = {
    method: 'pca',
    indices,
    positions: Uint16Array.from({ length: 2 * rows }, (_, at) => at % 997),
  };
  const { html } = renderPicksFigure(run, dataset, map, 2);
  t.is(html.match(/<figure>/g)?.length, 2);
  t.regex(html, /aria-label="margin, round 3: 20 picks, most often class \d \(\d\d\.\d %\), among 60 earlier labels"/);
  t.true(html.includes('picks of the last round'));
  const [drawing = ''] = /<svg [^]*?<\/svg>/.exec(html) ?? [];
  t.is(drawing.match(/h0/g)?.length, 80);
  const dots = [...drawing.matchAll(/d="([^"]*)"/g)].flatMap(([, path]) => placesOf(path!));
  const expected = run.picks
    .filter(({ strategy, seed }) => strategy === 'random' && seed === 0)
    .flatMap(({ indices: own }) => own.map((i) => [0, 1].map((axis) => Math.round(map.positions[2 * i + axis]! / 2))));
  const sorted = (places: number[][]): string[] => places.map(String).sort();
  t.deepEqual(sorted(dots), sorted(expected));
  const second = renderPicksFigure(run, dataset, map, 2, 1).html;
  t.regex(second, /margin, round 1: 20 picks, .* among 20 earlier labels/);
  const short = { ...run, picks: run.picks.filter(({ strategy, round }) => strategy === 'margin' || round < 2) };
  t.is(renderPicksFigure(short, dataset, map, 2, 3).html.match(/<figure>/g)?.length, 1);
  t.is(renderPicksFigure(short, dataset, map, 2).html.match(/round 1: /g)?.length, 1); // its own last
  t.is(renderPicksFigure(run, dataset, map, 2, 9).html, '');
  const half: PoolMap = { ...map, indices: indices.subarray(0, 600), positions: map.positions.subarray(0, 1200) };
  t.regex(renderPicksFigure(run, dataset, half, 2).html, /; \d+ samples not on the map"/);
});

/** Ends of the relative moves of a path of dots. */
function placesOf(path: string): number[][] {
  let [x, y] = [0, 0];
  return [...path.matchAll(/m(-?\d+) ?(-?\d+)h0/g)].map(([, dx, dy]) => {
    x += Number(dx);
    y += Number(dy);
    return [x, y];
  });
}

test.serial('the gallery says where a strategy had no predictions, and shows its picks all the same', async (t) => {
  const blind = await runFolder({ strategies: ['random', 'sral', 'margin'], seeds: [0, 1, 2], blind: ['sral'] });
  const { page, tables } = await reportOf(blind);
  t.is(page.match(/there is no prediction from before/g)?.length, 1);
  const [, own = ''] = /<summary>sral, 2 rounds<\/summary>([^]*?)<summary>/.exec(page) ?? [];
  t.is(own.match(/aria-label="Sample \d+, class \d"/g)?.length, 24);
  t.true(page.includes('taken for'));
  t.true(tables.includes('t-tests'));
  const all = await runFolder({ strategies: ['sral'], seeds: [0], blind: ['sral'] });
  const only = (await reportOf(all)).page;
  t.true(only.includes('this folder does not hold what the model took it for'));
  t.false(only.includes('there is no prediction from before'));
});

test('time spent choosing is a share of the round, the final learner has a column where there is one', async (t) => {
  const [plain] = renderTimings(await runOf(), 2).tables;
  t.deepEqual(plain!.columns.slice(-2), ['in all', 'choosing, share of the round']);
  t.is(textsOf(plain!)[0]!.at(-1), '0.8 %'); // 0.01 of 1.21
  t.false(plain!.columns.includes('final learner'));
  const { tables, html } = renderTimings(await runOf({ learner: 'mlp' }), 2);
  t.is(textsOf(tables[0]!)[0]![5], '2.00 s');
  t.is(textsOf(tables[0]!)[0]!.at(-1), '0.3 %'); // of 3.21
  t.true(html.includes('</i>final learner</li>'));
});

test('settings name the final learner and the labels of the validation split', async (t) => {
  const text = settingsOf(await runOf({ learner: 'mlp', validation: 0.2 }));
  t.regex(
    text,
    /Strategies choose by the model cnn; what is measured is the model mlp, trained from scratch on the same labels\./,
  );
  t.regex(text, /A validation split of 270 labels, for every strategy alike, comes beside the budget of 60\./);
  const early = { ...(await runOf({ validation: 0.125 })), allRounds: [] };
  t.regex(settingsOf(early), /A validation split of 12\.5 % of the pool, /);
  t.notRegex(settingsOf(await runOf()), /validation|measured/);
});

test.serial('every option of every strategy is in the way to repeat it, where the folder has them', async (t) => {
  const dir = await runFolder({ picks: false });
  t.false((await reportOf(dir)).page.includes('Every strategy with all its options'));
  const path = join(dir, 'config.json');
  const manifest = JSON.parse(await readFile(path, 'utf8')) as object;
  const arms = [{ label: 'margin', strategy: 'margin', options: { tieBreak: 'index <1>' } }];
  await writeFile(path, JSON.stringify({ ...manifest, arms }));
  const { page } = await reportOf(dir);
  t.true(page.includes('<summary>Every strategy with all its options</summary>'));
  t.true(page.includes('tieBreak: index &lt;1&gt;'));
  await writeFile(path, JSON.stringify({ ...manifest, arms: 'all' }));
  await t.throwsAsync(reportOf(dir), { code: 'ERR_QUERENT_FORMAT', message: /expected a list of strategies/ });
});
