import { appendFile, chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { FormatError, StorageError } from '../../src/errors.js';
import { appendJsonLine, createAtomicFile, readJsonLines, writeFileAtomic } from '../../src/pool/atomic.js';

let folder = '';
let folders = 0;
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'querent-atomic-'));
});
test.after.always(() => rm(folder, { recursive: true, force: true }));
async function freshFolder(): Promise<string> {
  const path = join(folder, String(folders++));
  await mkdir(path);
  return path;
}

test('a file is replaced in one step and nothing else is left in the folder', async (t) => {
  const path = join(await freshFolder(), 'a.txt');
  await writeFileAtomic(path, 'old');
  await writeFileAtomic(path, new Uint8Array([110, 101, 119]));
  t.is(await readFile(path, 'utf8'), 'new');
  t.deepEqual(await readdir(join(path, '..')), ['a.txt']);
});

test('until it is committed, a file in the making leaves the old one as it was', async (t) => {
  const path = join(await freshFolder(), 'a.txt');
  await writeFile(path, 'old');
  const file = await createAtomicFile(path);
  await file.write(Buffer.from('half of the new'));
  t.is(await readFile(path, 'utf8'), 'old');
  await file.discard();
  t.is(await readFile(path, 'utf8'), 'old');
  t.deepEqual(await readdir(join(path, '..')), ['a.txt']);
  await t.throwsAsync(file.write(Buffer.from('x')), { instanceOf: StorageError });
  await t.throwsAsync(file.commit(), { instanceOf: StorageError });
});

test('the mode of a replaced file and a link to it are kept', async (t) => {
  const home = await freshFolder();
  const path = join(home, 'a.txt');
  await writeFile(path, 'old');
  await chmod(path, 0o640);
  await symlink('a.txt', join(home, 'link'));
  await writeFileAtomic(join(home, 'link'), 'new');
  t.is(await readFile(path, 'utf8'), 'new');
  t.is((await stat(path)).mode & 0o777, 0o640);
  t.deepEqual((await readdir(home)).sort(), ['a.txt', 'link']);
});

test('a device is written through, never replaced', async (t) => {
  await writeFileAtomic('/dev/null', 'gone');
  t.true((await stat('/dev/null')).isCharacterDevice());
});

test('a missing folder and a folder in the way are storage errors that name the path', async (t) => {
  const home = await freshFolder();
  await t.throwsAsync(writeFileAtomic(join(home, 'none', 'a'), 'x'), { instanceOf: StorageError, message: /none/ });
  await t.throwsAsync(writeFileAtomic(home, 'x'), { instanceOf: StorageError, message: /is a folder/ });
});

test('JSON lines come back in order, also when the appends are not awaited one by one', async (t) => {
  const path = join(await freshFolder(), 'log.jsonl');
  const values = Array.from({ length: 50 }, (_, round) => ({ round, text: 'x'.repeat(round * 200) }));
  await Promise.all(values.map((value) => appendJsonLine(path, value)));
  t.deepEqual(await readJsonLines(path), values);
});

test('a torn last line is ignored by readers and cut off by the next append', async (t) => {
  const path = join(await freshFolder(), 'log.jsonl');
  await appendJsonLine(path, { round: 0 });
  await appendFile(path, '{"round":1,"picks":[1,2');
  t.deepEqual(await readJsonLines(path), [{ round: 0 }]);
  await appendJsonLine(path, { round: 1 });
  t.is(await readFile(path, 'utf8'), '{"round":0}\n{"round":1}\n');
});

test('a last line that only lacks its newline is kept', async (t) => {
  const path = join(await freshFolder(), 'log.jsonl');
  await writeFile(path, '{"round":0}\n\n{"round":1}');
  t.deepEqual(await readJsonLines(path), [{ round: 0 }, { round: 1 }]);
  await appendJsonLine(path, { round: 2 });
  t.deepEqual(await readJsonLines(path), [{ round: 0 }, { round: 1 }, { round: 2 }]);
});

test('damage before the last line is an error that names the line', async (t) => {
  const path = join(await freshFolder(), 'log.jsonl');
  await writeFile(path, '{"round":0}\n{"rou\n{"round":2}\n');
  await t.throwsAsync(readJsonLines(path), { instanceOf: FormatError, message: /line 2 is not valid JSON/ });
  await t.throwsAsync(readJsonLines(`${path}.none`), { instanceOf: StorageError });
  await t.throwsAsync(appendJsonLine(join(path, 'x'), {}), { instanceOf: StorageError });
});
