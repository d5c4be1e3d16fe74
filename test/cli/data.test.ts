import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { datasets } from '../../src/data/registry.js';
import { needData } from '../helpers/data.js';
import { runCli } from '../helpers/cli.js';
import { pngOf } from '../helpers/files.js';

let folder = '';
let env: NodeJS.ProcessEnv = {};
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'querent-data-'));
  env = { QUERENT_DATA_DIR: '', QUERENT_CACHE_DIR: join(folder, 'cache') };
});
test.after.always(() => rm(folder, { recursive: true, force: true }));

test.serial('every data set is listed, with its licence and what of it is here', async (t) => {
  await mkdir(join(folder, 'data', 'mnist'), { recursive: true });
  await writeFile(join(folder, 'data', 'mnist', 'train-labels-idx1-ubyte'), '');
  const { code, stdout, stderr } = await runCli(['data', '--data-dir', join(folder, 'data')], env);
  t.is(code, 0, stderr);
  for (const name of datasets.keys()) t.regex(stdout, new RegExp(`^${name} `, 'm'));
  t.regex(stdout, /^digits +embedded +1797 .* CC BY 4\.0$/m);
  t.regex(stdout, /^mnist +1 of 4 files /m);
  t.regex(stdout, /^features +yours /m);
  const json = await runCli(['data', '--json'], env);
  const rows = JSON.parse(json.stdout) as { name: string; files: number; found: number }[];
  t.deepEqual(
    rows.map(({ name }) => name),
    [...datasets.keys()],
  );
  t.deepEqual([rows[1]?.files, rows[1]?.found], [4, 0]);
});

test.serial('one data set is loaded, which checks it, and described', async (t) => {
  const digits = await runCli(['data', 'digits'], env);
  t.is(digits.code, 0, digits.stderr);
  t.regex(
    digits.stdout,
    /^samples {2}1 348 in the pool, 449 in the test set\nshape +8 x 8 x 1\nclasses +10\nmemory +462 kB\n/,
  );
  t.regex(digits.stderr, /digits is whole/);
  const images = join(folder, 'images');
  for (const name of ['cat/1', 'cat/2', 'dog/1', 'dog/2']) {
    await mkdir(join(images, name, '..'), { recursive: true });
    await writeFile(join(images, `${name}.png`), pngOf({ width: 3, height: 2, data: new Uint8Array(6) }));
  }
  const own = await runCli(
    ['data', 'image-folder', '-O', `path=${images}`, '-O', 'size=[4, 5]', '-O', 'channels=1', '--json'],
    env,
  );
  t.is(own.code, 0, own.stderr);
  t.is(own.stderr, '');
  t.deepEqual(JSON.parse(own.stdout), {
    name: 'image-folder',
    sampleShape: [4, 5, 1],
    classes: 2,
    classNames: ['cat', 'dog'],
    pool: 2,
    test: 2,
    bytes: 4 * 4 * 20 + 4 * 4,
    source: `images in ${images}`,
    files: [images],
  });
});

test.serial('wrong use and missing files are one line with the way out', async (t) => {
  const cases: [string[], number, RegExp][] = [
    [['data', 'mnits'], 2, /there is no data set 'mnits'; expected 'digits', 'mnist'/],
    [['data', '--download'], 2, /say which data set/],
    [['data', 'mnist', '--mirror', 'http://x/'], 2, /--mirror goes with --download/],
    [['data', 'mnist', '-O', 'size'], 2, /an option as name=value/],
    [['data', 'mnist', '-O', 'seed=[1'], 2, /--option seed=\[1: expected a YAML value/],
    [['data', 'mnist', '-O', 'size=3'], 2, /unknown option 'size'; the options are poolSize, testSize, seed/],
    [['data', 'svhn'], 1, /"querent data svhn --download" fetches it from ufldl\.stanford\.edu/],
    [['data', 'mnist', '--download'], 1, /put it there by hand, or name a server that has it with --mirror/],
  ];
  for (const [args, expected, message] of cases) {
    const { code, stdout, stderr } = await runCli(args, env);
    t.is(code, expected, stderr);
    t.is(stdout, '');
    t.regex(stderr, message);
    t.regex(stderr, /^querent: [^\n]*\[ERR_QUERENT_\w+\]\n$/);
  }
});

test.serial('a mirror serves MNIST into the cache, where it is found without naming a folder', async (t) => {
  const dataDir = needData(t, 'mnist');
  if (dataDir === null) return;
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    readFile(join(dataDir, 'mnist', (request.url ?? '').split('/').at(-1) ?? '')).then(
      (bytes) => response.end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const mirror = `http://127.0.0.1:${(server.address() as AddressInfo).port}/sets/mnist`;
  const fetched = await runCli(['data', 'mnist', '--download', '--mirror', mirror, '--json'], env);
  t.is(fetched.code, 0, fetched.stderr);
  t.is(asked.length, 4);
  const again = await runCli(['data', 'mnist', '--json'], env);
  const { files, pool } = JSON.parse(again.stdout) as { files: string[]; pool: number };
  t.is(pool, 60_000);
  t.is(files[0], join(folder, 'cache', 'data', 'mnist', 'train-images-idx3-ubyte.gz'));
  const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
  const name = 'train-images-idx3-ubyte.gz';
  t.is(hash(await readFile(files[0] ?? '')), hash(await readFile(join(dataDir, 'mnist', name))));
  t.is(asked.length, 4);
});

test.serial('a data set is written into files, with its options', async (t) => {
  const path = join(folder, 'written.csv');
  const table = join(folder, 'table.csv');
  await writeFile(table, 'a,label\n1,x\n2,y\n3,x\n4,y\n5,x\n6,y\n');
  const args = ['data', 'features', '-O', `path=${table}`, '-O', 'testShare=0.5', '--export', path];
  const { code, stderr } = await runCli(args, env);
  t.is(code, 0, stderr);
  t.is((await readFile(path, 'utf8')).trim().split('\n').length, 1 + 2);
  const alone = await runCli(['data', 'digits', '--labels', path], env);
  t.is(alone.code, 2);
  t.regex(alone.stderr, /--labels and --test go with --export/);
});
