import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const EXAMPLES = new URL('../examples/', import.meta.url);
const SOURCE = new URL('../src/index.ts', import.meta.url);

/** Lets an example import the package by its name and get this checkout's source. */
const HOOK = `export const resolve = (name, context, next) =>
  next(name === 'querent' ? ${JSON.stringify(SOURCE.href)} : name, context);`;
const dataUrl = (code: string): string => `data:text/javascript,${encodeURIComponent(code)}`;
const REGISTER = dataUrl(`import { register } from 'node:module'; register(${JSON.stringify(dataUrl(HOOK))});`);

function runScript(path: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import=tsx', `--import=${REGISTER}`, path]);
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** What each example prints. */
const PRINTS: Record<string, RegExp> = {
  'score.mjs': new RegExp(
    [
      String.raw`^entropy: ask about samples 1 and 3 \(scores 1.08, 0.80\)$`,
      String.raw`^margin: ask about samples 1 and 2 \(scores 0.95, 0.88\)$`,
      String.raw`^least-confidence: ask about samples 1 and 2 \(scores 0.60, 0.45\)$`,
    ].join('\n'),
    'm',
  ),
  'active-learning.mjs':
    /^20 labels: \d\d\.\d % right\n(.*\n)*200 labels: 9\d\.\d % right\nasked about images \d+(, \d+){4}: now 205 labels$/m,
};

for (const name of readdirSync(EXAMPLES)) {
  test.serial(`the example ${name} runs and prints what it should`, async (t) => {
    const { code, stdout, stderr } = await runScript(fileURLToPath(new URL(name, EXAMPLES)));
    t.is(code, 0, stderr);
    t.regex(stdout, PRINTS[name] ?? /(?!)/);
  });
}

for (const page of [
  'README.md',
  'docs/campaigns.md',
  'docs/datasets.md',
  'docs/experiments.md',
  'docs/learning.md',
  'docs/performance.md',
  'docs/replay.md',
  'docs/selection.md',
  'docs/sral.md',
  'docs/strategies.md',
]) {
  test.serial(`the code in ${page} runs`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'querent-page-'));
    t.teardown(() => rmSync(folder, { recursive: true }));
    const blocks = [...readFileSync(new URL(`../${page}`, import.meta.url), 'utf8').matchAll(/```js\n([\s\S]*?)```/g)];
    t.true(blocks.length > 0);
    for (const [index, [, code = '']] of blocks.entries()) {
      const path = join(folder, `${index}.mjs`);
      writeFileSync(path, code);
      const { code: status, stderr } = await runScript(path);
      t.is(status, 0, `block ${index + 1}: ${stderr}`);
    }
  });
}
