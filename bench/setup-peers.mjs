#!/usr/bin/env node
// Makes the virtual environment with the Python peers of `querent bench`, in the user's cache. Safe to run twice.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
const venv = join(cache, 'querent', 'bench-venv');
const windows = process.platform === 'win32';
const python = join(venv, windows ? 'Scripts/python.exe' : 'bin/python');
const requirements = fileURLToPath(new URL('requirements.txt', import.meta.url));
const done = join(venv, 'querent-requirements.txt');
const wanted = readFileSync(requirements, 'utf8');

function run(command, args) {
  process.stderr.write(`${command} ${args.join(' ')}\n`);
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 2, 2] });
  if (error || status !== 0) {
    process.stderr.write(`${command} failed: ${error ? error.message : `exit code ${status}`}\n`);
    process.exit(1);
  }
}

if (!existsSync(done) || readFileSync(done, 'utf8') !== wanted) {
  rmSync(venv, { recursive: true, force: true });
  run(process.env.PYTHON || (windows ? 'python' : 'python3'), ['-m', 'venv', venv]);
  run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements]);
  run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', 'modAL-python==0.4.2.1']);
  writeFileSync(done, wanted);
}
process.stdout.write(`${python}\n`);
