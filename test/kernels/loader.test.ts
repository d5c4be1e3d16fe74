import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import * as querent from '../../src/index.js';
import * as kernels from '../../src/kernels/index.js';
import * as reference from '../../src/reference/index.js';
import { VERSION } from '../../src/contract/version.js';
import { addonTest } from '../helpers/addon.js';

interface Report {
  readonly level: string;
  readonly addon: boolean;
  readonly outcome: string;
  readonly warnings: readonly { readonly code?: string; readonly message: string }[];
}

const CHILD = fileURLToPath(new URL('../helpers/children/info.ts', import.meta.url));

async function reportWith(env: Record<string, string>): Promise<Report> {
  const { QUERENT_LEVEL: _level, QUERENT_ADDON: _addon, ...rest } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, ['--no-warnings', '--import=tsx', CHILD], {
    env: { ...rest, ...env },
  });
  return JSON.parse(stdout) as Report;
}

test('the reference can be chosen, without a warning', async (t) => {
  for (const env of [{ QUERENT_LEVEL: 'reference' }, { QUERENT_ADDON: 'off' }]) {
    t.deepEqual(await reportWith(env as Record<string, string>), {
      level: 'reference',
      addon: false,
      outcome: '0.5',
      warnings: [],
    });
  }
});

test('an addon that does not load gives one warning with the reason and the command, and the reference', async (t) => {
  // node-gyp-build looks into this folder first; it holds no build for any machine
  const report = await reportWith({ QUERENT_PREBUILD: fileURLToPath(new URL('.', import.meta.url)) });
  t.is(report.level, 'reference');
  t.is(report.outcome, '0.5');
  t.is(report.warnings.length, 1);
  t.is(report.warnings[0]?.code, 'QUERENT_NO_ADDON');
  t.regex(report.warnings[0]?.message ?? '', /Why: No native build was found .* To build it: npm run build:native/);
});

test('a level that nobody knows, or that this machine lacks, is an error', async (t) => {
  t.regex(
    (await reportWith({ QUERENT_LEVEL: 'fastest' })).outcome,
    /^ArgumentError: QUERENT_LEVEL: expected 'auto', .* got 'fastest'/,
  );
  const missing = process.arch === 'x64' ? 'neon' : 'avx2';
  t.regex(
    (await reportWith({ QUERENT_LEVEL: missing })).outcome,
    /^UnavailableError: expected a CPU level that .* got '(neon|avx2)'/,
  );
  t.throws(() => querent.setLevel(missing), { code: 'ERR_QUERENT_UNAVAILABLE' });
  t.throws(() => querent.setLevel('fastest' as never), { code: 'ERR_QUERENT_ARGUMENT' });
  t.throws(() => reference.setLevel('avx2'), { code: 'ERR_QUERENT_UNAVAILABLE' });
});

addonTest('every level of this machine can be forced from the environment', async (t) => {
  for (const level of querent.runtimeInfo().levels) {
    const report = await reportWith({ QUERENT_LEVEL: level });
    t.is(report.level, level);
    t.is(report.outcome, '0.5');
    t.deepEqual(report.warnings, []);
  }
});

addonTest('setLevel switches to the reference and back', (t) => {
  const { level } = querent.runtimeInfo();
  querent.setLevel('reference');
  t.is(querent.runtimeInfo().level, 'reference');
  t.is(querent.runtimeInfo().addon, null);
  t.is(querent.score([[0.5, 0.5]], { method: 'margin' })[0], 1);
  querent.setLevel('auto');
  t.is(querent.runtimeInfo().level, level);
});

test('both entries have the same kernels, and the version is the package version', (t) => {
  for (const name of [...Object.keys(kernels), 'runtimeInfo', 'setLevel', 'matrix', 'Random']) {
    const pair = [querent, reference].map((entry) => (entry as Record<string, unknown>)[name]);
    t.is(typeof pair[0], 'function', name);
    t.is(typeof pair[1], 'function', name);
    t.is((pair[0] as () => void).length, (pair[1] as () => void).length, name);
  }
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  t.is(VERSION, version);
  t.is(querent.runtimeInfo().version, version);
});

test('the reference imports nothing of Node', (t) => {
  const seen = new Set<string>();
  const visit = (url: URL): void => {
    if (seen.has(url.href)) return;
    seen.add(url.href);
    const text = readFileSync(url, 'utf8');
    for (const [, kind, target] of text.matchAll(/^(?:import|export)\s+(type\s)?[^;]*?from '([^']+)';/gms)) {
      if (kind !== undefined) continue;
      t.true(target?.startsWith('.'), `${url.pathname} imports ${target}`);
      visit(new URL((target as string).replace(/\.js$/, '.ts'), url));
    }
  };
  visit(new URL('../../src/reference/index.ts', import.meta.url));
  t.true(seen.size > 10);
});

test('what TensorFlow reports shows in the runtime information', async (t) => {
  const { reportTensorflow } = await import('../../src/runtime.js');
  reportTensorflow({ backend: 'cpu' });
  t.deepEqual(querent.runtimeInfo().tensorflow, { backend: 'cpu' });
  t.is(querent.runtimeInfo().definitions, querent.SCORE_DEFINITIONS);
});
