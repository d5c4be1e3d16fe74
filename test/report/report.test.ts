import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { writeReport } from '../../src/index.js';
import { learningCurveSpec, renderSvg } from '../../src/report/chart.js';
import { escapeHtml } from '../../src/report/html.js';

/** A run folder as an experiment leaves it: two strategies, two seeds, three rounds. */
async function runFolder(options: { source?: string; finished?: boolean } = {}): Promise<string> {
  const { source = 'somebody', finished = true } = options;
  const dir = await mkdtemp(join(tmpdir(), 'querent-report-'));
  const config = {
    dataset: 'digits',
    model: { name: 'cnn', hidden: 64 },
    strategies: ['random', 'margin'],
    seeds: [0, 1],
    budget: 60,
  };
  const environment = { querent: '0.1.0', node: 'v20', cpu: 'abacus' };
  await writeFile(
    join(dir, 'config.json'),
    JSON.stringify({
      format: 'querent-run',
      version: 1,
      config,
      environment,
      started: '2026-01-02T03:04:05.000Z',
      source,
    }),
  );
  const lines = ['random', 'margin'].flatMap((strategy, s) =>
    [0, 1].flatMap((seed) =>
      [0, 1, 2].map((round) => ({
        strategy,
        seed,
        round,
        labels: 20 * (round + 1),
        accuracy: 0.7 + 0.1 * round + 0.02 * s + 0.01 * seed,
        macroF1: 0.7,
        logLoss: 0.5 - 0.1 * round,
        epochs: 3,
        loss: 0.1,
        seconds: { train: 1, score: 0.1, select: 0.01, evaluate: 0.1 },
        ...(round === 2 && finished ? { stop: 'budget' } : {}),
      })),
    ),
  );
  await writeFile(join(dir, 'rounds.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return dir;
}

async function reportOf(...folders: string[]): Promise<string> {
  const out = join(folders[0]!, 'report.html');
  await writeReport(folders, out);
  return readFile(out, 'utf8');
}

test.serial('a report holds the curves, the results with their intervals, and the way to repeat them', async (t) => {
  const page = await reportOf(await runFolder());
  t.is(page.match(/<svg /g)!.length, 4); // accuracy and log-loss, wide and narrow
  t.true(page.includes('<th scope="row">margin</th><td>60</td><td>92.5 ± 6.4 %</td>'));
  t.true(page.includes('hidden: 64'));
  t.true(page.includes('cpu: abacus'));
  t.false(page.includes('runs are finished'));
});

test.serial('a report asks for nothing from anywhere and runs no script', async (t) => {
  const page = await reportOf(await runFolder());
  t.notRegex(page, /<script|<link|<img|<iframe|@import|url\((?!#)|javascript:|\son\w+=/i);
  const addresses = [...page.matchAll(/https?:\/\/[^\s"'<)]+/g)].map(([address]) => address);
  t.deepEqual(new Set(addresses), new Set(['http://www.w3.org/2000/svg', 'http://www.w3.org/1999/xlink']));
});

test.serial('a report follows the light or dark wish and fits a phone', async (t) => {
  const page = await reportOf(await runFolder());
  t.true(page.includes('@media (prefers-color-scheme: dark)'));
  t.true(page.includes('name="viewport" content="width=device-width'));
  const svg = page.slice(page.indexOf('<svg '), page.indexOf('</svg>'));
  const paints = [...svg.matchAll(/(?:fill|stroke)="([^"]*)"/g)].map(([, paint]) => paint!);
  const fixed = paints.filter((paint) => !/^(var\(--[a-z0-9-]+\)|none|transparent)$/.test(paint));
  t.deepEqual(fixed, []);
});

test.serial('a report about an unfinished run says so', async (t) => {
  t.regex(await reportOf(await runFolder({ finished: false })), /0 of 4 runs are finished/);
});

test.serial('a report about a run that has only begun shows its configuration', async (t) => {
  const dir = await runFolder();
  await writeFile(join(dir, 'rounds.jsonl'), '');
  const page = await reportOf(dir);
  t.regex(page, /0 of 4 runs are finished/);
  t.false(page.includes('<svg'));
});

test.serial('a report can be about several folders', async (t) => {
  const page = await reportOf(await runFolder(), await runFolder());
  t.is(page.match(/<section>/g)!.length, 2);
});

test.serial('text from outside cannot become markup', async (t) => {
  const page = await reportOf(await runFolder({ source: '<script>alert(1)</script>' }));
  t.true(page.includes('&lt;script&gt;alert(1)&lt;/script&gt;'));
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

test.serial('twelve curves have twelve legend entries, and the ones beyond the colours are dashed', async (t) => {
  const series = Array.from({ length: 12 }, (_, at) => ({
    name: `s${at}`,
    points: [20, 40].map((x) => ({ x, y: 0.5 + at / 100 + x / 1000, interval: at % 2 === 0 ? 0.02 : null })),
  }));
  const options = {
    width: 700,
    height: 400,
    xTitle: 'labels',
    yTitle: 'accuracy',
    yFormat: '.0%',
    yLimits: [0, 1] as const,
  };
  const svg = await renderSvg(learningCurveSpec(series, options), 'c', 'curves');
  for (const { name } of series) t.true(svg.includes(`>${name}</text>`));
  t.true(svg.includes('stroke-dasharray="6,3"'));
});
