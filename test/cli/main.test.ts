import { spawn } from 'node:child_process';
import { mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { npyHeaderBytes } from '../../src/pool/npy-header.js';
import { writeNpy } from '../../src/pool/npy.js';
import { cliArguments, runCli } from '../helpers/cli.js';

let folder = '';
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'querent-main-'));
});
test.after.always(() => rm(folder, { recursive: true, force: true }));

async function smallPool(name: string): Promise<string> {
  const path = join(folder, name);
  await writeNpy(path, [0.5, 0.5, 0.9, 0.1, 0.7, 0.3], 'f4', [3, 2]);
  return path;
}

test.serial('--json prints JSON and nothing else on stdout, and nothing at all on stderr', async (t) => {
  const { code, stdout, stderr } = await runCli(['score', await smallPool('a.npy'), '--top', '2', '--json']);
  t.is(code, 0);
  t.is(stderr, '');
  const picks = JSON.parse(stdout) as { indices: number[]; scores: number[] };
  t.deepEqual(picks.indices, [0, 2]);
  t.true(Math.abs((picks.scores[0] as number) - Math.LN2) < 1e-7);
});

test.serial('a failure is one line with its code and exit code 1; --debug adds the stack', async (t) => {
  const path = join(folder, 'cut.npy');
  await writeFile(path, npyHeaderBytes('f4', [10, 2]));
  const plain = await runCli(['score', path, '--json']);
  t.is(plain.code, 1);
  t.is(plain.stdout, '');
  t.regex(plain.stderr, /^querent: .*data ends at byte 128, expected 208 .*\[ERR_QUERENT_FORMAT\]\n$/);
  const debug = await runCli(['--debug', 'score', path]);
  t.regex(debug.stderr, /ERR_QUERENT_FORMAT\]\nFormatError: .*\n +at /);
});

test.serial('wrong use is exit code 2', async (t) => {
  const pool = await smallPool('b.npy');
  const cases: [string[], RegExp][] = [
    [['score'], /missing required argument 'file'/],
    [['score', pool, '--method', 'entropie'], /Allowed choices are entropy/],
    [['score', pool, '--top', '-1'], /whole number of at least 0/],
    [['score', pool, '--nonsense'], /unknown option '--nonsense'/],
    [['score', pool, '--level', 'sse2'], /'scalar', 'avx2'/],
    [['score', pool, '--out', 'x.txt'], /\.json, \.csv, \.npy/],
  ];
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = await runCli(args);
    t.is(code, 2, stderr);
    t.is(stdout, '');
    t.regex(stderr, message);
    t.regex(stderr, /^querent: [^\n]*\[ERR_QUERENT_\w+\]\n$/);
  }
});

test.serial('help and version are no errors, and help names the exit codes and every command', async (t) => {
  const help = await runCli(['--help']);
  t.is(help.code, 0, help.stderr);
  for (const name of ['score', 'select', 'run', 'report', 'bench', 'doctor', 'setup'])
    t.regex(help.stdout, new RegExp(`^  ${name} `, 'm'));
  t.regex(help.stdout, /Exit codes: 0 good, 1 failure, 2 wrong use, 130 interrupted/);
  const version = await runCli(['--version']);
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  t.is(version.stdout.trim(), (JSON.parse(text) as { version: string }).version);
  t.is((await runCli(['score', '--help'])).code, 0);
  t.is((await runCli(['help', 'score'])).code, 0);
  const none = await runCli([]);
  t.is(none.code, 2);
  const unknown = await runCli(['scroe']);
  t.is(unknown.code, 2);
  t.regex(unknown.stderr, /there is no command scroe/);
});

test.serial('a reader that closes the pipe early is no error', async (t) => {
  const path = join(folder, 'many.npy');
  await writeNpy(path, new Float32Array(400_000).fill(0.5), 'f4', [200_000, 2]);
  const child = spawn(process.execPath, cliArguments('score', path, '--json', '--top', '200000'));
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdout.once('data', () => child.stdout.destroy());
  const code = await new Promise((resolve) => child.on('close', resolve));
  t.is(code, 0, stderr);
  t.is(stderr, '');
});

test.serial('Ctrl-C in the middle of a long file ends with 130 and leaves nothing half-written', async (t) => {
  const path = join(folder, 'huge.npy');
  const rows = 2_000_000_000; // 80 GB of holes: it cannot finish before the signal
  const handle = await open(path, 'w');
  const header = npyHeaderBytes('f4', [rows, 10]);
  await handle.write(header);
  await handle.truncate(header.length + rows * 40);
  await handle.close();
  const output = join(folder, 'interrupted');
  const { mkdir } = await import('node:fs/promises');
  await mkdir(output);
  const args = [
    'score',
    path,
    '--normalize',
    'none',
    '--scores',
    join(output, 's.npy'),
    '--out',
    join(output, 'p.csv'),
  ];
  const child = spawn(process.execPath, cliArguments(...args));
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const started = Date.now();
  const poll = setInterval(() => {
    void readdir(output).then((names) => {
      if (names.length === 0 && Date.now() - started < 60_000) return;
      clearInterval(poll);
      child.kill('SIGINT');
    });
  }, 50);
  const code = await new Promise((resolve) => child.on('close', resolve));
  t.is(code, 130, stderr);
  t.regex(stderr, /querent: stopped by SIGINT\n$/);
  t.deepEqual(await readdir(output), []);
});
