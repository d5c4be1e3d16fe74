#!/usr/bin/env node
// Makes the virtual environment with the Python peers of `querent bench`, in the user's cache. Safe to run twice.
// --with-torch adds batchbald_redux, which brings PyTorch: some gigabytes.
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

/** @returns What went wrong, or an empty text. */
function attempt(command, args) {
  process.stderr.write(`${command} ${args.join(' ')}\n`);
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 2, 2] });
  if (!error && status === 0) return '';
  return `${command} failed: ${error ? error.message : `exit code ${status}`}\n`;
}

function run(command, args) {
  const failure = attempt(command, args);
  if (failure === '') return;
  process.stderr.write(failure);
  process.exit(1);
}

const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];

if (!existsSync(done) || readFileSync(done, 'utf8') !== wanted) {
  rmSync(venv, { recursive: true, force: true });
  run(process.env.PYTHON || (windows ? 'python' : 'python3'), ['-m', 'venv', venv]);
  const missing = [];
  if (attempt(python, [...install, '-r', requirements]) !== '') {
    // not every peer has a build for every system: take those that do
    const [numpy, ...others] = wanted.split('\n').filter((line) => /^\w/.test(line));
    run(python, [...install, numpy]);
    for (const peer of others) if (attempt(python, [...install, peer]) !== '') missing.push(peer);
  }
  run(python, [...install, '--no-deps', 'modAL-python==0.4.2.1']);
  if (missing.length === 0) writeFileSync(done, wanted);
  else process.stderr.write(`left out, and tried again next time: ${missing.join(', ')}\n`);
}
if (process.argv.includes('--with-torch')) run(python, [...install, 'batchbald_redux==2.0.5']);
process.stdout.write(`${python}\n`);
