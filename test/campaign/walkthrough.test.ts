import { spawn } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import test from 'ava';
import type { CampaignStatus } from '../../src/index.js';
import { temporaryFolder } from '../helpers/campaigns.js';

const PAGE = readFileSync(new URL('../../docs/campaigns.md', import.meta.url), 'utf8');
const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

function runShell(
  script: string,
  cwd: string,
  path: string,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const env = {
      ...process.env,
      PATH: `${path}${delimiter}${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
    };
    const child = spawn('sh', ['-e', '-c', script], { cwd, env });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** What a training brings forth differs a little from machine to machine: lines that tell of it count without numbers. */
function comparable(text: string, isTrained: boolean): string[] {
  return text.split('\n').map((line) => {
    const varies = line.includes(' %') || (isTrained && !/question|answers|tasks/.test(line));
    return varies ? line.replaceAll(/\d+(\.\d+)?/g, '#').replaceAll(/ +/g, ' ') : line;
  });
}

test('the walk-through of docs/campaigns.md runs and prints what stands there', async (t) => {
  const folder = temporaryFolder(t);
  const bin = join(folder, 'bin');
  const work = join(folder, 'work');
  mkdirSync(bin);
  mkdirSync(work);
  writeFileSync(join(bin, 'querent'), `#!/bin/sh\nexec "${process.execPath}" --import="${TSX}" "${MAIN}" "$@"\n`);
  chmodSync(join(bin, 'querent'), 0o755);
  copyFileSync(new URL('../../docs/annotators.mjs', import.meta.url), join(work, 'annotators.mjs'));
  const steps = [...PAGE.matchAll(/```sh\n([\s\S]*?)```\n```text\n([\s\S]*?)```/g)];
  t.is(steps.length, 6);
  for (const [at, [, script = '', printed = '']] of steps.entries()) {
    const { code, stdout, stderr } = await runShell(script, work, bin);
    t.is(code, 0, stderr);
    const isTrained = at === steps.length - 1;
    t.deepEqual(comparable(stdout, isTrained), comparable(printed, isTrained), script);
  }
  const { stdout } = await runShell('querent campaign campaign --json', work, bin);
  const { rounds, skipped, conflicts, annotators } = JSON.parse(stdout) as CampaignStatus;
  t.deepEqual(
    annotators.map(({ name, answers }) => [name, answers]),
    [
      ['1', 120],
      ['2', 60],
      ['carla', 1],
    ],
  );
  t.is(skipped.length, 3);
  t.is(conflicts.length, 3);
  t.true(rounds.at(-1)!.quality.test!.accuracy > rounds[0]!.quality.test!.accuracy + 0.05);
  t.true(rounds.at(-1)!.quality.test!.accuracy > 0.85);
});
