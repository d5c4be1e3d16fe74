/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { Browser } from 'playwright-core';
import { writeReport } from '../../src/index.js';
import { browserPath, launch, open } from './browser.js';
import { runFolder } from './folders.js';

const path = browserPath();
/** Skipped, and counted as skipped, where there is no browser. */
const inBrowser = path === undefined ? test.skip : test.serial;
let browser: Browser;
let report: string;

test.before(async () => {
  if (path === undefined) return;
  browser = await launch(path);
  const folders = [
    await runFolder({ strategies: ['random', 'margin', 'entropy'], rounds: 4, seeds: [0, 1, 2] }),
    await runFolder({ old: true, finished: false, strategies: ['margin'], seeds: [7] }),
    await runFolder({
      strategies: ['random', 'sral', ...[5, 10, 200].map((size) => `subsample(size=${size})`)],
      entries: ['random', 'sral', ...[5, 10, 200].map((size) => ({ name: 'subsample', size }))],
      rounds: 4,
      seeds: [0, 1, 2],
      blind: ['sral'],
      learner: 'mlp',
      validation: 0.2,
    }),
  ];
  report = join(await mkdtemp(join(tmpdir(), 'querent-page-')), 'report.html');
  await writeReport(folders, report, { compare: [['sral', 'random']] });
});

test.after.always(async () => {
  await browser?.close();
});

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [360, 768, 1280]) {
    inBrowser(
      `the page fits ${width} px in ${colorScheme}, asks for nothing and has nothing to complain about`,
      async (t) => {
        const { page, complaints } = await open(browser, report, { viewport: { width, height: 800 }, colorScheme });
        await page.evaluate(() => document.querySelectorAll('details').forEach((details) => (details.open = true)));
        const overflow = await page.evaluate(() => {
          const { scrollWidth, clientWidth } = document.documentElement;
          return scrollWidth - clientWidth;
        });
        t.is(overflow, 0);
        const paper = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
        t.is(paper, colorScheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(18, 21, 26)');
        t.deepEqual(complaints, []);
        await page.context().close();
      },
    );
  }
}

inBrowser('without its script the page shows the same figures', async (t) => {
  const { page, complaints } = await open(browser, report, { javaScriptEnabled: false });
  t.is((await page.locator('[data-maps] svg path').count()) > 0, true);
  t.false(await page.locator('#run1-round').isVisible()); // a slider that would do nothing
  t.true(await page.locator('.map').first().isVisible());
  t.deepEqual(complaints, []);
  await page.context().close();
});

inBrowser('the map obeys the keyboard: the slider chooses a round, arrow keys go through its picks', async (t) => {
  const { page, complaints } = await open(browser, report, { viewport: { width: 1280, height: 900 } });
  const slider = page.locator('#run1-round');
  await slider.focus();
  const outline = await slider.evaluate((element) => getComputedStyle(element).outlineStyle);
  t.is(outline, 'solid');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  t.is(await page.locator('output[for=run1-round]').textContent(), 'round 2');
  const hidden = page.locator('#run1 .map').first().locator('path.off');
  t.deepEqual(await hidden.evaluateAll((paths) => paths.map((element) => element.getAttribute('data-round'))), [
    '0',
    '0',
    '1',
    '3',
  ]);
  const map = page.locator('#run1 .map').nth(1);
  await map.focus();
  await page.keyboard.press('ArrowRight');
  t.regex((await page.locator('.tip').textContent()) ?? '', /^Sample \d+, class \d, asked for in round 2$/);
  t.regex((await page.locator('#run1 figure:has(.map) [aria-live]').nth(1).textContent()) ?? '', /^Sample /);
  await page.keyboard.press('Escape');
  t.true(await page.locator('.tip').isHidden());
  t.deepEqual(complaints, []);
  await page.context().close();
});

inBrowser('the pointer on a map names the sample below it', async (t) => {
  const { page, complaints } = await open(browser, report, { viewport: { width: 1280, height: 900 } });
  const map = page.locator('#run1 .map').first();
  await map.scrollIntoViewIfNeeded();
  const box = (await map.boundingBox())!;
  const at = await map.locator('path[data-round="1"]').evaluate((element) => {
    const [, x = '0', y = '0'] = /^M(\d+) (\d+)/.exec(element.getAttribute('d') ?? '') ?? [];
    return [Number(x) / 1000, Number(y) / 1000] as const;
  });
  await page.mouse.move(box.x + at[0] * box.width, box.y + at[1] * box.height);
  t.regex((await page.locator('.tip').textContent()) ?? '', /^Sample \d+, class \d/);
  t.deepEqual(complaints, []);
  await page.context().close();
});

inBrowser('sections that need a certain experiment are on the page where there is one', async (t) => {
  const { page, complaints } = await open(browser, report, { viewport: { width: 360, height: 800 } });
  for (const name of ['deviations', 't-tests', 'compare-1', 'ablation-1', 'picks', 'timings']) {
    t.is(await page.locator(`#run3-${name}`).count(), 1, name);
  }
  t.is(await page.locator('#run1-t-tests, #run1-ablation-1, #run1-compare-1, #run2-deviations').count(), 0);
  t.is(await page.locator('#run3 .map.still svg[role=img]').count(), 5);
  const fresh = page.locator('#run3 .map.still .fresh').first();
  t.is(await fresh.evaluate((element) => getComputedStyle(element).stroke), 'rgb(26, 29, 33)');
  t.deepEqual(complaints, []);
  await page.context().close();
});

inBrowser('every image in the page decodes', async (t) => {
  const { page } = await open(browser, report);
  const sizes = await page.evaluate(async () => {
    const uris = [...document.querySelectorAll('style')].flatMap((style) =>
      [...(style.textContent ?? '').matchAll(/url\((data:[^)]+)\)/g)].map((match) => match[1] as string),
    );
    return Promise.all(
      uris.map(async (uri) => {
        const image = new Image();
        image.src = uri;
        await image.decode();
        return image.naturalWidth * image.naturalHeight;
      }),
    );
  });
  t.is(sizes.length, 6); // three pools, three sheets of thumbnails
  t.true(sizes.every((size) => size > 0));
  await page.context().close();
});

inBrowser('the page prints: figures are whole, nothing is wider than the paper', async (t) => {
  const { page, complaints } = await open(browser, report, { colorScheme: 'dark' });
  await page.emulateMedia({ media: 'print' });
  await page.setViewportSize({ width: 718, height: 1000 }); // A4 between margins of 10 mm
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  t.is(overflow, 0);
  t.is(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(255, 255, 255)');
  const breaks = await page.evaluate(() =>
    [...document.querySelectorAll('figure')].map((figure) => getComputedStyle(figure).breakInside),
  );
  t.true(breaks.every((value) => value === 'avoid'));
  const pdf = await page.pdf({ format: 'A4' });
  t.is(pdf.subarray(0, 5).toString('latin1'), '%PDF-');
  t.deepEqual(complaints, []);
  await page.context().close();
});

inBrowser('headings follow one another, and pictures, tables and controls have names', async (t) => {
  const { page } = await open(browser, report);
  const levels = await page
    .locator('h1, h2, h3, h4, h5, h6')
    .evaluateAll((all) => all.map((one) => Number(one.tagName[1])));
  t.is(levels.filter((level) => level === 1).length, 1);
  t.is(levels[0], 1);
  for (const [at, level] of levels.entries())
    if (at > 0) t.true(level <= levels[at - 1]! + 1, `h${level} after h${levels[at - 1]}`);
  const nameless = await page.evaluate(() => {
    const missing = [...document.querySelectorAll('[role=img], [role=region], [role=group]')].filter(
      (element) => (element.getAttribute('aria-label') ?? '').trim() === '',
    );
    const tables = [...document.querySelectorAll('table')].filter((table) => table.caption === null);
    const cells = [...document.querySelectorAll('th')].filter((cell) => !cell.hasAttribute('scope'));
    const inputs = [...document.querySelectorAll('input')].filter((input) => (input.labels?.length ?? 0) === 0);
    return [...missing, ...tables, ...cells, ...inputs].map((element) => element.outerHTML.slice(0, 120));
  });
  t.deepEqual(nameless, []);
  t.is(await page.evaluate(() => document.documentElement.lang), 'en');
  await page.context().close();
});

inBrowser('thirty strategies with very long names still fit a phone', async (t) => {
  const strategies = Array.from({ length: 30 }, (_, at) => hardName(at));
  const dir = await runFolder({ strategies: ['random', ...strategies], seeds: [0], rounds: 3 });
  const out = join(dir, 'report.html');
  await writeReport([dir], out, { title: 'A'.repeat(200) });
  for (const width of [360, 1280]) {
    const { page, complaints } = await open(browser, out, { viewport: { width, height: 800 } });
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    t.is(overflow, 0, `${width} px`);
    t.deepEqual(complaints, []);
    await page.context().close();
  }
});

function hardName(at: number): string {
  return `a-strategy-whose-name-has-no-end-and-no-place-to-break-it-${at}<b>&"'`;
}
