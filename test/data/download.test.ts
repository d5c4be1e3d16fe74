import { createHash, randomBytes } from 'node:crypto';
import { access, mkdir, mkdtemp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import type { LoadProgress } from '../../src/data/dataset.js';
import { downloadFile } from '../../src/data/download.js';
import { type DataFile, md5, needFile } from '../../src/data/files.js';
import { FormatError } from '../../src/errors.js';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server of this test's own; gives its address. */
function serve(t: ExecutionContext, answer: Answer): Promise<string> {
  const server = createServer(answer);
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`));
  });
}

const CONTENT = randomBytes(300_000);
const good = (bytes: Uint8Array): Promise<void> =>
  Buffer.compare(bytes, CONTENT) === 0 ? Promise.resolve() : Promise.reject(new FormatError('other content'));

const target = async (): Promise<string> => join(await mkdtemp(join(tmpdir(), 'querent-download-')), 'sub', 'file.bin');
const missing = (path: string): Promise<boolean> =>
  access(path).then(
    () => false,
    () => true,
  );

test('a file arrives whole, checked, with progress, and is not fetched twice', async (t) => {
  let requests = 0;
  const url = await serve(t, (_, response) => {
    requests++;
    response.setHeader('content-length', CONTENT.length);
    response.end(CONTENT);
  });
  const path = await target();
  const seen: LoadProgress[] = [];
  await downloadFile(`${url}file.bin`, path, { bytes: CONTENT.length, onProgress: (step) => seen.push(step) }, good);
  t.deepEqual(await readFile(path), CONTENT);
  t.deepEqual(await readdir(join(path, '..')), ['file.bin']);
  t.deepEqual(seen.at(-1), {
    task: 'download',
    name: `${url}file.bin`,
    done: CONTENT.length,
    total: CONTENT.length,
    unit: 'bytes',
  });
  t.true(seen.every(({ done }, at) => at === 0 || done > (seen[at - 1]?.done ?? 0)));
  await downloadFile(`${url}file.bin`, path, {}, good);
  t.is(requests, 1);
});

test('a connection that breaks keeps what came, and the next attempt goes on from there', async (t) => {
  const ranges: (string | undefined)[] = [];
  const url = await serve(t, (request, response) => {
    const { range } = request.headers;
    ranges.push(range);
    if (range === undefined) {
      response.setHeader('content-length', CONTENT.length);
      response.write(CONTENT.subarray(0, 100_000), () => setTimeout(() => response.destroy(), 30));
      return;
    }
    const from = Number(/^bytes=(\d+)-$/.exec(range)?.[1]);
    response.writeHead(206, { 'content-range': `bytes ${from}-${CONTENT.length - 1}/${CONTENT.length}` });
    response.end(CONTENT.subarray(from));
  });
  const path = await target();
  await t.throwsAsync(downloadFile(url, path, {}, good), {
    code: 'ERR_QUERENT_UNAVAILABLE',
    message:
      /100000 bytes are kept, asked again it goes on from there; without a network, get the file elsewhere and put it at /,
  });
  t.true(await missing(path));
  await downloadFile(url, path, {}, good);
  t.deepEqual(ranges, [undefined, 'bytes=100000-']);
  t.deepEqual(await readFile(path), CONTENT);
});

test('a server without ranges, or with another file by now, sends it from the start', async (t) => {
  const url = await serve(t, (request, response) => {
    if (request.url === '/changed' && request.headers.range !== undefined) {
      response.writeHead(206, { 'content-range': `bytes 5-${CONTENT.length - 1}/${CONTENT.length}` });
      response.end(CONTENT.subarray(5));
    } else if (request.url === '/beyond' && request.headers.range !== undefined) {
      response.writeHead(416).end();
    } else response.end(CONTENT);
  });
  for (const name of ['plain', 'changed', 'beyond']) {
    const path = await target();
    await mkdir(join(path, '..'));
    await writeFile(`${path}.part`, 'wrong');
    await downloadFile(url + name, path, {}, good);
    t.deepEqual(await readFile(path), CONTENT, name);
  }
});

test('other content than expected is thrown away and never gets the name', async (t) => {
  const url = await serve(t, (_, response) => void response.end(Buffer.from('not what was asked for')));
  const path = await target();
  await t.throwsAsync(downloadFile(url, path, {}, good), { message: 'other content' });
  await t.throwsAsync(downloadFile(url, path, { bytes: 40 }, good), {
    code: 'ERR_QUERENT_FORMAT',
    message: /expected 40 bytes, got 22; the server has another file/,
  });
  await t.throwsAsync(downloadFile(url, path, { bytes: 4 }, good), {
    code: 'ERR_QUERENT_FORMAT',
    message: /expected 4 bytes, got more/,
  });
  t.deepEqual(await readdir(join(path, '..')), []);
});

test('a refusal, no server and a silent one say what to do instead', async (t) => {
  const url = await serve(t, (request, response) => {
    if (request.url === '/404') response.writeHead(404, 'Not Found').end('gone');
    else if (request.url === '/half') response.write('a'); // and nothing more
  });
  const path = await target();
  const code = 'ERR_QUERENT_UNAVAILABLE';
  await t.throwsAsync(downloadFile(`${url}404`, path, {}, good), {
    code,
    message:
      /cannot download .*\/404 \(it answers 404 Not Found\); without a network, get the file elsewhere.*file\.bin$/,
  });
  for (const name of ['silent', 'half']) {
    await t.throwsAsync(downloadFile(url + name, path, { silenceMs: 200 }, good), {
      code,
      message: /it sent nothing for 0\.2 s/,
    });
  }
  await t.throwsAsync(downloadFile('http://127.0.0.1:1/x', path, {}, good), { code, message: /cannot download/ });
});

test('an abort ends it with its reason, and what came is kept', async (t) => {
  const url = await serve(t, (_, response) => {
    response.setHeader('content-length', CONTENT.length);
    response.write(CONTENT.subarray(0, 50_000));
  });
  const path = await target();
  const controller = new AbortController();
  const reason = new Error('enough');
  const { signal } = controller;
  const onProgress = (): void => controller.abort(reason);
  await t.throwsAsync(downloadFile(url, path, { signal, onProgress }, good), { is: reason });
  t.true(await missing(path));
  t.true((await stat(`${path}.part`)).size > 0);
  await t.throwsAsync(downloadFile(url, path, { signal }, good), { is: reason });
});

test.serial('a data set fetches what is missing into the cache, only when asked to', async (t) => {
  const cache = await mkdtemp(join(tmpdir(), 'querent-cache-'));
  const before = process.env.QUERENT_CACHE_DIR;
  process.env.QUERENT_CACHE_DIR = cache;
  t.teardown(() => {
    if (before === undefined) delete process.env.QUERENT_CACHE_DIR;
    else process.env.QUERENT_CACHE_DIR = before;
  });
  const content = Buffer.from('the content of a file');
  const packed = gzipSync(content);
  const checksum = md5(createHash('md5').update(content).digest('hex'));
  let requests = 0;
  const url = await serve(t, (request, response) => {
    requests++;
    response.end(request.url === '/other/by-hand.gz' ? gzipSync('something else') : packed);
  });
  const file = (name: string): DataFile => ({
    name,
    checksum,
    served: { name: `${name}.gz`, url: `${url}${name}.gz` },
  });
  const dataDir = await mkdtemp(join(tmpdir(), 'querent-data-'));
  await t.throwsAsync(needFile('small', file('file'), { dataDir }), {
    code: 'ERR_QUERENT_STORAGE',
    message: new RegExp(
      `small: expected file or file.gz in ${dataDir}, ${join(dataDir, 'small')} or ${join(cache, 'data', 'small')}, found none; ` +
        '"querent data small --download" fetches it from 127.0.0.1',
    ),
  });
  t.is(requests, 0);
  const path = await needFile('small', file('file'), { dataDir, download: true });
  t.is(path, join(cache, 'data', 'small', 'file.gz'));
  t.is(await needFile('small', file('file'), {}), path);
  t.is(requests, 1);
  // a mirror may pack the file differently, its content must be the same
  const unserved: DataFile = { ...file('by-hand'), served: { name: 'by-hand.gz' } };
  await t.throwsAsync(needFile('small', unserved, { download: true }), {
    message: /name a server that has it with --mirror/,
  });
  await t.throwsAsync(needFile('small', unserved, { dataDir: '' }), {
    message: /name the folder with --data-dir.*put it there by hand/,
  });
  await t.throwsAsync(needFile('small', unserved, { download: true, mirror: `${url}other/` }), {
    code: 'ERR_QUERENT_FORMAT',
    message: /other\/by-hand.gz: expected inflated content with MD5 .* it is damaged or another file/,
  });
});
