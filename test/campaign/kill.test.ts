import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { poolText, temporaryFolder } from '../helpers/campaigns.js';

/** Lines after which a run is killed, and milliseconds more. */
const MOMENTS: readonly (readonly [line: number, delay: number])[] = [
  [1, 0],
  [3, 5],
  [4, 20],
  [2, 0],
  [3, 0],
  [4, 2],
  [3, 40],
  [5, 10],
];

const CHILD = fileURLToPath(new URL('../helpers/children/campaign-steps.ts', import.meta.url));

/** Runs the steps; kills the process with SIGKILL some milliseconds after its `at`-th line. */
function runSteps(dir: string, pool: string, at = Infinity, delay = 0): Promise<{ lines: string[]; killed: boolean }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import=tsx', CHILD, dir, pool]);
    const lines: string[] = [];
    let stderr = '';
    let rest = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const parts = (rest + text).split('\n');
      rest = parts.pop() ?? '';
      const before = lines.length;
      lines.push(...parts);
      if (before < at && lines.length >= at) setTimeout(() => child.kill('SIGKILL'), delay);
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0 || signal === 'SIGKILL') resolve({ lines, killed: signal === 'SIGKILL' });
      else reject(new Error(`exit ${code}: ${stderr}`));
    });
  });
}

type Line = Record<string, unknown>;

function readLines(dir: string, name: string): Line[] {
  const path = join(dir, name);
  if (!existsSync(path)) return [];
  const whole = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return whole.map((line) => JSON.parse(line) as Line);
}

/** A campaign's records without what differs from run to run. */
function content(dir: string): unknown {
  const timeless = (line: Line): Line => ({ ...line, time: null, seconds: null });
  return {
    questions: readLines(dir, 'questions.jsonl').map(timeless),
    answers: readLines(dir, 'answers.jsonl').map(timeless),
    rounds: readLines(dir, 'rounds.jsonl').map(timeless),
    labels: readFileSync(join(dir, 'exports', 'labels.csv'), 'utf8'),
  };
}

test('killed with -9 at many moments, a campaign ends as one that was never disturbed', async (t) => {
  const folder = temporaryFolder(t);
  const pool = join(folder, 'pool.csv');
  writeFileSync(pool, poolText(120));
  const [calm, disturbed] = [join(folder, 'calm'), join(folder, 'disturbed')];
  const undisturbed = runSteps(calm, pool);
  const moments = new Set<string>();
  let kills = 0;
  for (let attempt = 0; attempt < MOMENTS.length; attempt++) {
    const { lines, killed } = await runSteps(disturbed, pool, ...MOMENTS[attempt]!);
    if (!killed) break;
    kills++;
    moments.add((lines.at(-1) ?? '').split(' ')[0] ?? '');
    const asked = new Set(
      readLines(disturbed, 'questions.jsonl').flatMap(({ picks }) => (picks as { id: string }[]).map(({ id }) => id)),
    );
    const answered = new Set(
      readLines(disturbed, 'answers.jsonl').flatMap(({ answers }) => (answers as { id: string }[]).map(({ id }) => id)),
    );
    for (const line of lines) {
      const [word, ...rest] = line.split(' ');
      if (word === 'asked')
        t.true(
          rest.every((id) => asked.has(id)),
          'what was reported as asked is kept',
        );
      if (word === 'told') t.true(answered.size >= Number(rest[0]), 'what was reported as told is kept');
    }
  }
  t.is((await runSteps(disturbed, pool)).lines.at(-1), 'done');
  await undisturbed;
  t.true(kills >= 4, `${kills} kills`);
  t.log(`${kills} kills, after: ${[...moments].join(', ')}`);
  t.deepEqual(content(disturbed), content(calm));
});
