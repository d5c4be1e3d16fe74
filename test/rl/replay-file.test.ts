import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { FormatError, ReplayBuffer, runtimeInfo, setLevel, StorageError } from '../../src/index.js';
import { Random } from '../../src/reference/philox.js';

let folder = '';
let names = 0;
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'querent-replay-'));
});
test.after.always(() => rm(folder, { recursive: true, force: true }));
test.afterEach.always(() => setLevel('auto'));
const fresh = (): string => join(folder, `${names++}.replay`);

const OPTIONS = {
  capacity: 300,
  fields: {
    obs: { shape: 5 },
    action: { shape: [], dtype: 'u8' },
    reward: { shape: [], dtype: 'f64' },
    next: { shape: 5 },
    done: { shape: [], dtype: 'u8' },
  },
  prioritized: { alpha: 0.6, beta: 0.4, epsilon: 0.001 },
  nStep: { steps: 3, discount: 0.9, reward: 'reward', done: 'done', next: ['next'] },
  seed: 2n ** 63n + 5n,
} as const;

/** A buffer that has been used for a while. */
function used(count: number): ReplayBuffer<(typeof OPTIONS)['fields']> {
  const buffer = new ReplayBuffer(OPTIONS);
  go(buffer as unknown as ReplayBuffer, count, 1);
  return buffer;
}

/** Add `count` rows and use the buffer; everything that it returned. */
function go(buffer: ReplayBuffer, count: number, seed: number): unknown[] {
  const random = new Random(seed);
  const seen: unknown[] = [];
  const numbers = (n: number): number[] => Array.from({ length: n }, () => random.normal());
  for (let at = 0; at < count; at += 10) {
    const rows = buffer.add({
      obs: numbers(50),
      action: numbers(10).map((x) => Math.floor(Math.abs(x) * 50)),
      reward: numbers(10),
      next: numbers(50),
      done: numbers(10).map((x) => Number(x > 1.5)),
    });
    buffer.updatePriorities(rows, numbers(10));
    seen.push(rows, buffer.sample(7));
  }
  return seen;
}

test.serial('a loaded buffer goes on with the same draws, whichever implementation saved it', async (t) => {
  for (const count of [0, 120, 300, 470]) {
    const files: Buffer[] = [];
    const futures: unknown[] = [];
    for (const saver of ['auto', 'reference'] as const) {
      setLevel(saver);
      const path = fresh();
      const buffer = used(count);
      await buffer.save(path);
      files.push(await readFile(path));
      for (const loader of ['auto', 'reference'] as const) {
        setLevel(loader);
        const loaded = await ReplayBuffer.load(path);
        t.is(loaded.size, Math.min(count, 300));
        t.is(loaded.capacity, 300);
        futures.push(go(loaded, 200, 2));
      }
      futures.push(go(buffer as unknown as ReplayBuffer, 200, 2));
    }
    t.deepEqual(files[0], files[1], `${count} rows: the files are the same bytes`);
    for (const future of futures) t.deepEqual(future, futures[0], `${count} rows`);
  }
});

test.serial('a uniform buffer is saved, too, and sampling may go on meanwhile; changes may not', async (t) => {
  const path = fresh();
  const buffer = new ReplayBuffer({ capacity: 50_000, fields: { x: { shape: 64 } } });
  buffer.add({ x: new Float32Array(40_000 * 64).map((_, i) => i) });
  const saving = buffer.save(path);
  t.throws(() => buffer.add({ x: [] }), { code: 'ERR_QUERENT_BUSY', message: /being saved; wait for the promise/ });
  const during = buffer.sample(20);
  await saving;
  t.is(buffer.add({ x: new Float32Array(64) })[0], 40_000);
  const loaded = await ReplayBuffer.load(path);
  t.is(loaded.size, 40_000);
  t.deepEqual(loaded.sample(20) as unknown, during, 'the file is from before the call of sample');
  t.deepEqual(
    (await readdir(folder)).filter((name) => name.endsWith('.tmp')),
    [],
  );
});

test.serial('a file that is cut short, damaged or foreign is a format error', async (t) => {
  const path = fresh();
  await used(310).save(path);
  const whole = await readFile(path);
  const headerEnd = 16 + whole.readUInt32LE(12);
  const bad = async (bytes: Uint8Array, message: RegExp): Promise<void> => {
    const file = fresh();
    await writeFile(file, bytes);
    await t.throwsAsync(ReplayBuffer.load(file), { instanceOf: FormatError, message });
  };
  for (const length of [0, 7, 15, 16, 40, headerEnd, headerEnd + 1, whole.length - 32, whole.length - 1]) {
    await bad(whole.subarray(0, length), /expected a replay buffer|ends in its header|damaged|expected \d+ bytes/);
  }
  await bad(Buffer.concat([whole, Buffer.alloc(1)]), /expected \d+ bytes for 300 rows, found \d+/);
  await bad(Buffer.from('PK\x03\x04 something else entirely'), /which starts with 'querentR'/);
  const random = new Random(6);
  for (let i = 0; i < 60; i++) {
    const changed = Buffer.from(whole);
    const at = i < 30 ? random.below(headerEnd) : headerEnd + random.below(whole.length - headerEnd);
    changed[at] = (changed[at] as number) ^ (1 << random.below(8));
    await bad(changed, /./);
  }
  const later = Buffer.from(whole);
  later.writeUInt32LE(2, 8);
  await bad(later, /expected version 1, got 2/);
});

test.serial('a well-formed file with impossible content is a format error', async (t) => {
  const path = fresh();
  await used(40).save(path);
  const whole = await readFile(path);
  const headerEnd = 16 + whole.readUInt32LE(12);
  const header = whole.subarray(16, headerEnd).toString();
  const forge = async (change: (header: string, body: Buffer) => string): Promise<string> => {
    const body = Buffer.from(whole.subarray(headerEnd, whole.length - 32));
    const text = Buffer.from(change(header, body));
    const prefix = Buffer.from(whole.subarray(0, 16));
    prefix.writeUInt32LE(text.length, 12);
    const content = Buffer.concat([prefix, text, body]);
    const file = fresh();
    await writeFile(file, Buffer.concat([content, createHash('sha256').update(content).digest()]));
    return file;
  };
  t.is((await ReplayBuffer.load(await forge((text) => text))).size, 40);
  const changes: ((header: string, body: Buffer) => string)[] = [
    (text) => text.replace('"next":40', '"next":41'),
    (text) => text.replace('"alpha":0.6', '"alpha":-1'),
    (text) => text.replace('"capacity":300', '"capacity":30'),
    (text) => text.replace('"largest":', '"largest":0.5e-'),
    (text) => text.replace(/"largest":[^}]*/, '"largest":1e300').replace('"alpha":0.6', '"alpha":10'),
    (text) => text.replace('"samples":', '"samples":-'),
    (text, body) => (body.writeDoubleLE(NaN, body.length - 8), text),
    (text, body) => (body.writeDoubleLE(-1, body.length - 8), text),
  ];
  for (const level of [runtimeInfo().level, 'reference'] as const) {
    setLevel(level);
    for (const change of changes) {
      await t.throwsAsync(ReplayBuffer.load(await forge(change)), { instanceOf: FormatError }, String(change));
    }
  }
});

test.serial('a file that cannot be read or written is a storage error', async (t) => {
  await t.throwsAsync(ReplayBuffer.load(join(folder, 'none')), { instanceOf: StorageError, message: /none/ });
  const dir = fresh();
  await mkdir(dir);
  await t.throwsAsync(ReplayBuffer.load(dir), { instanceOf: StorageError });
  const buffer = used(20);
  await t.throwsAsync(buffer.save(dir), { instanceOf: StorageError });
  await t.throwsAsync(buffer.save(join(folder, 'no', 'such', 'folder')), { instanceOf: StorageError });
  t.is(buffer.add({ obs: [], action: [], reward: [], next: [], done: [] }).length, 0, 'the buffer is free again');
});

test.serial('a process that is killed while it saves leaves a whole file', async (t) => {
  const path = fresh();
  for (const delay of [3, 11]) {
    const child = fork(fileURLToPath(new URL('../helpers/children/save-replay.ts', import.meta.url)), [path], {
      execArgv: ['--import=tsx'],
    });
    const seen: number[] = [];
    await new Promise<void>((resolve) => {
      child.on('message', (generation: number) => {
        seen.push(generation);
        if (seen.length === 2) setTimeout(() => child.kill('SIGKILL'), delay);
      });
      child.on('exit', () => resolve());
    });
    const loaded = await ReplayBuffer.load(path);
    const { indices, generation } = loaded.sample(1000) as unknown as { indices: Uint32Array; generation: Int32Array };
    const [one] = generation as unknown as [number];
    t.true(
      generation.every((value) => value === one),
      'all rows are of one generation',
    );
    t.true(one >= (seen.at(-1) as number), `generation ${one} after ${seen.length} saves`);
    t.is(indices.length, 1000);
  }
});
