import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { acquireLock, withLock } from '../../src/pool/lock.js';

const CHILD = fileURLToPath(new URL('../helpers/children/hold-lock.ts', import.meta.url));

function lockFile(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'querent-lock-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  return join(folder, 'lock');
}

const busy = { code: 'ERR_QUERENT_BUSY' };

test('a lock is held by one at a time, and leaves nothing behind', async (t) => {
  const path = lockFile(t);
  const lock = await acquireLock(path, 'the folder');
  const error = await t.throwsAsync(acquireLock(path, 'the folder'), busy);
  t.regex(error!.message, new RegExp(`^the folder: process ${process.pid} on `));
  await lock.release();
  await lock.release();
  t.is(await withLock(path, 'x', async () => 7), 7);
  await t.throwsAsync(
    withLock(path, 'x', () => Promise.reject(new Error('broken'))),
    { message: 'broken' },
  );
  t.deepEqual(readdirSync(join(path, '..')), []);
});

test('of many that ask at once exactly one gets it', async (t) => {
  const path = lockFile(t);
  const results = await Promise.allSettled(Array.from({ length: 8 }, () => acquireLock(path)));
  t.is(results.filter(({ status }) => status === 'fulfilled').length, 1);
});

test('the lock of a process that was killed is taken over, that of a living one is not', async (t) => {
  const path = lockFile(t);
  const child = spawn(process.execPath, ['--import=tsx', CHILD, path]);
  await new Promise((resolve) => child.stdout.once('data', resolve));
  await t.throwsAsync(acquireLock(path), busy);
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('close', resolve));
  t.true(existsSync(path));
  const results = await Promise.allSettled(Array.from({ length: 5 }, () => acquireLock(path)));
  t.is(results.filter(({ status }) => status === 'fulfilled').length, 1);
  t.is((JSON.parse(readFileSync(path, 'utf8')) as { pid: number }).pid, process.pid);
});

test('another machine counts as alive; a process number that was given again does not', async (t) => {
  const path = lockFile(t);
  const holder = { token: 'x', pid: process.pid, host: 'elsewhere.invalid', born: null, since: '2026-01-01T00:00:00Z' };
  writeFileSync(path, JSON.stringify(holder));
  await t.throwsAsync(acquireLock(path), busy);
  writeFileSync(path, JSON.stringify({ ...holder, host: hostname(), born: '1' }));
  if (existsSync('/proc/self/stat')) await (await acquireLock(path)).release();
  t.pass();
});
