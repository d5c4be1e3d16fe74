// What every script here shares: saying what happens and when, running programs, and knowing whether work is still valid.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Root of the checkout. */
export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

const started = performance.now();

/** Seconds since the script began. */
export const elapsed = () => (performance.now() - started) / 1000;

/** One line of progress, with the time so far. */
export function say(text) {
  console.error(`${`${elapsed().toFixed(1)} s`.padStart(8)}  ${text}`);
}

/** A step that did not work: a sentence for people, and the end of what the program said. */
export class StepError extends Error {}

/**
 * Run a program and resolve with { code, output }. Its output is kept, not shown; while it is silent for us, a line every
 * 15 s tells that it is still at work (and the last thing it said).
 */
export function run(label, command, args, { env = {}, cwd = ROOT, echo } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, CMAKE_BUILD_PARALLEL_LEVEL: String(availableParallelism()), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const began = performance.now();
    let output = '';
    let waiting = ''; // an unfinished line for `echo`
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
        if (!echo) return;
        const lines = (waiting + text).split('\n');
        waiting = lines.pop();
        for (const line of lines) echo(line);
      });
    }
    const alive = setInterval(() => {
      const last =
        output
          .trimEnd()
          .split(/[\r\n]/)
          .at(-1)
          ?.trim()
          .slice(0, 100) ?? '';
      if (!echo) say(`${label}: ${Math.round((performance.now() - began) / 1000)} s so far  ${last}`);
    }, 15_000);
    child.on('error', (error) => (output += `${error.message}\n`));
    child.on('close', (code) => {
      clearInterval(alive);
      if (echo && waiting) echo(waiting);
      resolve({ code: code ?? 1, output });
    });
  });
}

/** Like run, but a program that fails is a StepError with the last lines of what it said. */
export async function must(label, command, args, options) {
  const { code, output } = await run(label, command, args, options);
  if (code !== 0) throw new StepError(`${label} failed (exit code ${code}):\n${lastLines(output, 60)}`);
  return output;
}

export const lastLines = (text, count) => text.trimEnd().split('\n').slice(-count).join('\n');

/** SHA-256 over the names and contents of files and folders below the root, and over any further texts. */
export function hashOf(paths, ...texts) {
  const hash = createHash('sha256');
  const add = (path) => {
    hash.update(`\0${relative(ROOT, path)}\0`);
    hash.update(readFileSync(path));
  };
  for (const path of paths.map((name) => join(ROOT, name))) {
    if (!existsSync(path)) continue;
    const entries = isFolder(path) ? readdirSync(path, { recursive: true, withFileTypes: true }) : undefined;
    if (entries === undefined) add(path);
    else
      for (const file of entries
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
        .sort())
        add(file);
  }
  for (const text of texts) hash.update(`\0${text}`);
  return hash.digest('hex');
}

function isFolder(path) {
  try {
    readdirSync(path);
    return true;
  } catch {
    return false;
  }
}

/**
 * Do `work` unless the stamp says that it was finished for exactly this input and `output` is still there. The stamp is
 * taken away before and written after, so work that was interrupted never counts as done.
 */
export async function unlessStamped({ label, stamp, hash, output }, work) {
  const path = join(ROOT, stamp);
  if (existsSync(path) && existsSync(join(ROOT, output)) && readFileSync(path, 'utf8') === hash) {
    say(`${label}: up to date`);
    return;
  }
  rmSync(path, { force: true });
  say(`${label} …`);
  const began = performance.now();
  await work();
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, hash);
  renameSync(temporary, path);
  say(`${label}: done in ${((performance.now() - began) / 1000).toFixed(1)} s`);
}
