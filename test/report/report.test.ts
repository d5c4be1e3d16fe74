import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { loadDataset, writeReport } from '../../src/index.js';
import { escapeHtml } from '../../src/report/html.js';
import type { ReportOptions } from '../../src/report/report.js';
import { htmlTable, markdownTable, plainTable } from '../../src/report/table.js';
import { runFolder } from './folders.js';

async function reportOf(folders: string | string[], options: ReportOptions = {}): Promise<string> {
  const list = [folders].flat();
  const out = join(list[0]!, 'report.html');
  await writeReport(list, out, { map: 'pca', ...options });
  return readFile(out, 'utf8');
}

const occurrences = (page: string, pattern: RegExp): number => page.match(pattern)?.length ?? 0;

test.serial('a report holds the curves, the results with their intervals, and the way to repeat them', async (t) => {
  const page = await reportOf(await runFolder());
  t.is(occurrences(page, /class="marks"/g), 5); // accuracy wide and narrow, macro F1, log-loss, ECE
  t.true(page.includes('<th scope="row">margin</th><td>60</td><td>89.2 ± 6.4 %</td>'));
  t.true(page.includes('hidden: 64'));
  t.true(page.includes('cpu: abacus'));
  t.false(page.includes('runs are finished'));
});

test.serial('a report asks for nothing from anywhere', async (t) => {
  const page = await reportOf(await runFolder());
  t.notRegex(page, /<script[^>]*\ssrc|<img|<iframe|@import|javascript:|\son\w+=/i);
  t.true(page.includes("default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"));
  const loaded = [...page.matchAll(/url\(([^)]{1,20})/g)].map(([, target]) => target!);
  t.true(loaded.every((target) => target.startsWith('data:image/png') || target.startsWith('#')));
  const addresses = [...page.matchAll(/https?:\/\/[^\s"'<)]+/g)].map(([address]) => address);
  t.deepEqual(new Set(addresses), new Set(['http://www.w3.org/2000/svg', 'http://www.w3.org/1999/xlink']));
});

test.serial('figures take their colours from the page', async (t) => {
  const page = await reportOf(await runFolder());
  const drawings = [...page.matchAll(/<svg [\s\S]*?<\/svg>/g)].map(([svg]) => svg);
  const paints = drawings.flatMap((svg) => [...svg.matchAll(/(?:fill|stroke)="([^"]*)"/g)].map(([, paint]) => paint!));
  const fixed = paints.filter((paint) => !/^(var\(--[a-z0-9-]+\)|none|transparent)$/.test(paint));
  t.deepEqual(fixed, []);
});

test.serial('the map shows the picks of every seed, the gallery what the model took them for', async (t) => {
  const page = await reportOf(await runFolder());
  t.is(occurrences(page, /data-picks=/g), 4); // two strategies, two seeds
  t.is(occurrences(page, /"points":"/g), 1); // positions once for all of them
  t.regex(page, /aria-label="Sample \d+, class \d, taken for \d, \d\d\.0 %"/);
  t.regex(page, /The two principal components of the samples, all 1,348 samples/);
});

test.serial('folders of older versions have no predictions, confidences or calibration', async (t) => {
  const page = await reportOf(await runFolder({ old: true }));
  t.is(occurrences(page, /class="marks"/g), 4);
  t.true(page.includes('this folder does not hold what the model took it for'));
  t.true(page.includes('Class balance')); // from the picks
  const bare = await reportOf(await runFolder({ old: true, picks: false }));
  t.false(bare.includes('Class balance'));
  t.false(bare.includes('Map of the pool'));
});

test.serial('without the files of the data set the report says what to pass', async (t) => {
  const page = await reportOf(await runFolder({ dataset: 'mnist' }), { dataDir: '/nowhere' });
  t.regex(page, /Map, pictures and .* left out: mnist: expected .*--data-dir FOLDER/);
  const own = await reportOf(await runFolder({ dataset: 'my own data' }));
  t.regex(own, /left out: there is no data set/);
});

test.serial('other data under the same name is noticed', async (t) => {
  const dir = await runFolder();
  const picks = await readFile(join(dir, 'picks.jsonl'), 'utf8');
  await writeFile(join(dir, 'picks.jsonl'), picks.replace(/"labels":\[\d/, '"labels":[11'));
  t.regex(await reportOf(dir), /has other labels than this run was made with/);
});

test.serial(
  'a data set that is no registry name can be given; without images there is a map and no gallery',
  async (t) => {
    const digits = await loadDataset('digits');
    const dataset = { ...digits, name: 'numbers <1>', sampleShape: [64] };
    const page = await reportOf(await runFolder({ dataset: dataset.name }), { dataset });
    t.true(page.includes('Map of the pool'));
    t.false(page.includes('What was asked for'));
    t.true(page.includes('numbers &lt;1&gt;, cnn'));
  },
);

test.serial('no map on request, pictures stay', async (t) => {
  const page = await reportOf(await runFolder(), { map: false });
  t.false(page.includes('Map of the pool'));
  t.true(page.includes('What was asked for'));
});

test.serial('a report about an unfinished run says which parts are missing', async (t) => {
  const page = await reportOf(await runFolder({ finished: false }));
  t.regex(page, /0 of 4 runs are finished/);
  t.true(page.includes('random (seeds 0 and 1); margin (seeds 0 and 1)'));
});

test.serial('runs that failed are named with their reasons', async (t) => {
  const dir = await runFolder({ finished: false });
  const failure = { strategy: 'margin', seed: 1, at: '2026-01-02T03:04:05.000Z', code: 'ERR_QUERENT_WORKER' };
  await writeFile(join(dir, 'failures.jsonl'), `${JSON.stringify({ ...failure, reason: 'its process <died>' })}\n`);
  const page = await reportOf(dir);
  t.regex(page, /What failed<\/h2>/);
  t.true(page.includes('its process &lt;died&gt;'));
  t.true(page.includes('ERR_QUERENT_WORKER'));
  t.false((await reportOf(await runFolder())).includes('What failed'));
});

test.serial('a report about a run that has only begun shows its configuration', async (t) => {
  const dir = await runFolder({ picks: false });
  await writeFile(join(dir, 'rounds.jsonl'), '');
  const page = await reportOf(dir);
  t.regex(page, /0 of 4 runs are finished/);
  t.regex(page, /<h1>No round has been run yet<\/h1>/);
  t.false(page.includes('<svg'));
});

test.serial('one seed, one strategy: no interval, no comparison, no complaint', async (t) => {
  const page = await reportOf(await runFolder({ strategies: ['entropy'], seeds: [4] }));
  t.true(page.includes('One seed, so no interval.'));
  const text = page.replace(/<script[\s\S]*?<\/script>|<style[\s\S]*?<\/style>|data-picks="[^"]*"/g, '');
  t.false(/NaN|undefined|Infinity/.test(text));
});

test.serial('several folders: a table of contents, headings one level lower', async (t) => {
  const page = await reportOf([await runFolder(), await runFolder()], { title: 'Digits <twice>' });
  t.is(occurrences(page, /<section class="run"/g), 2);
  t.true(page.includes('<h1>Digits &lt;twice&gt;</h1>'));
  t.true(page.includes('<a href="#run2">digits, cnn</a>'));
  t.is(occurrences(page, /<h1/g), 1);
});

test.serial('strategies can be chosen by name; one that was not run is an error', async (t) => {
  const dir = await runFolder({ strategies: ['random', 'margin', 'entropy'] });
  const page = await reportOf(dir, { strategies: ['random', 'entropy'] });
  t.false(page.includes('<th scope="row">margin</th>'));
  t.true(page.includes('<th scope="row">entropy</th>'));
  await t.throwsAsync(reportOf(dir, { strategies: ['entropi'] }), {
    code: 'ERR_QUERENT_ARGUMENT',
    message: /expected strategies of the runs \(random, margin, entropy\), got 'entropi'/,
  });
});

test.serial('the numbers come back beside the page', async (t) => {
  const dir = await runFolder();
  const [run] = await writeReport([dir], join(dir, 'report.html'), { map: false });
  t.is(run?.folder, dir);
  const results = run?.tables.find(({ id }) => id === 'results');
  t.deepEqual(results?.columns.slice(0, 3), ['strategy', 'labels', 'accuracy']);
  t.is(results?.rows[0]?.[0], 'margin');
  t.true(Math.abs((results?.rows[0]?.[2] as number) - 0.8916666) < 1e-6);
});

test('tables are escaped on the page and in Markdown', (t) => {
  const table = {
    id: 'x',
    caption: 'a < b',
    columns: ['name', 'n'],
    rows: [['<i>|', { text: '1.0 %', value: 0.01 }]],
  };
  t.true(htmlTable(table).includes('<th scope="row">&lt;i&gt;|</th><td>1.0 %</td>'));
  t.true(htmlTable(table).includes('<caption><span>a &lt; b</span></caption>'));
  t.is(markdownTable(table), '**a < b**\n\n| name | n |\n|---|--:|\n| <i>\\| | 1.0 % |');
  t.deepEqual(plainTable(table).rows, [['<i>|', 0.01]]);
});

test.serial('text from outside cannot become markup', async (t) => {
  const evil = '</script><script>alert(1)</script>';
  const digits = await loadDataset('digits');
  const dataset = { ...digits, name: evil, classNames: Array.from({ length: 10 }, () => evil) };
  const page = await reportOf(await runFolder({ source: evil, dataset: evil, strategies: ['random', evil] }), {
    dataset,
    title: evil,
  });
  t.true(page.includes('&lt;/script&gt;&lt;script&gt;alert(1)'));
  t.is(occurrences(page, /<script>/g), 1);
  t.false(page.includes('<script>alert'));
  t.is(escapeHtml(`<a href="x" title='y'>&`), '&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;');
});

test.serial('the same rounds give the same page', async (t) => {
  const dir = await runFolder();
  const [first, second] = [await reportOf(dir), await reportOf(dir)];
  t.true(first === second); // not t.is, which would print two pages
  const ids = [...first.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
  t.is(new Set(ids).size, ids.length);
});

test.serial('a run folder that is damaged is an error that names the line', async (t) => {
  const dir = await runFolder();
  const path = join(dir, 'rounds.jsonl');
  await writeFile(path, `{"strategy": 3}\n${await readFile(path, 'utf8')}`);
  await t.throwsAsync(reportOf(dir), { code: 'ERR_QUERENT_FORMAT', message: /rounds.jsonl: line 1/ });
});

test.serial('no folder is an error', async (t) => {
  const out = join(await mkdtemp(join(tmpdir(), 'querent-report-')), 'x.html');
  await t.throwsAsync(writeReport([], out), { code: 'ERR_QUERENT_ARGUMENT' });
});
