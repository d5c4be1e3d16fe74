import { spawnSync } from 'node:child_process';
import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** The browser of CHROMIUM or of the PATH; undefined where this machine has none that starts. */
export function browserPath(): string | undefined {
  const named = process.env.CHROMIUM;
  const candidates = named === undefined || named === '' ? NAMES : [named];
  const name = candidates.find((candidate) => spawnSync(candidate, ['--version'], { stdio: 'ignore' }).status === 0);
  if (name === undefined) return undefined;
  return isAbsolute(name) ? name : spawnSync('which', [name], { encoding: 'utf8' }).stdout.trim();
}

export async function launch(path: string): Promise<Browser> {
  const { chromium } = await import('playwright-core');
  return chromium.launch({ executablePath: path, args: ['--no-sandbox'] });
}

/** A page opened from a file, and everything about it that should not have happened. */
export interface Opened {
  readonly page: Page;
  readonly complaints: string[];
}

export async function open(browser: Browser, file: string, options: BrowserContextOptions = {}): Promise<Opened> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(`console ${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
  const address = pathToFileURL(file).href;
  await page.route('**/*', async (route) => {
    const url = route.request().url();
    if (url === address || url.startsWith('data:')) return route.continue();
    complaints.push(`request: ${url}`);
    return route.abort();
  });
  await page.goto(address);
  return { page, complaints };
}
