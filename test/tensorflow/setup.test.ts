import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { UnavailableError } from '../../src/errors.js';
import { createFolder, userCache, withLock } from '../../src/cache.js';
import { libraryFromEnvironment, libraryFromPython, libraryIn } from '../../src/tensorflow/library.js';
import { findPackage } from '../../src/tensorflow/packages.js';
import { runProcess } from '../../src/tensorflow/process.js';
import { setupTensorflow } from '../../src/tensorflow/setup.js';
import { verifyTensorflow } from '../../src/tensorflow/verify.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const tfjsNode = findPackage('@tensorflow/tfjs-node')?.folder ?? '';

async function scratch(t: ExecutionContext, parent = tmpdir()): Promise<string> {
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(join(parent, 'querent-test-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Set environment variables for one serial test. */
function setEnvironment(t: ExecutionContext, values: Record<string, string>): void {
  for (const [name, value] of Object.entries(values)) {
    const before = process.env[name];
    process.env[name] = value;
    t.teardown(() => {
      if (before === undefined) delete process.env[name];
      else process.env[name] = before;
    });
  }
}

/** Where the library that works in this checkout really lies: a folder with lib/ and include/. */
async function workingLibrary(): Promise<string> {
  return dirname(await realpath(join(tfjsNode, 'deps', 'include')));
}

test.serial('a second set-up says that it already works, within seconds', async (t) => {
  const started = performance.now();
  const result = await setupTensorflow();
  t.like(result, { status: 'already-working', folder: tfjsNode, origin: null });
  t.regex(result.tensorflow, /^\d+\.\d+/);
  t.true(performance.now() - started < 30_000);
});

test.serial('QUERENT_LIBTENSORFLOW is built against, and two set-ups at once build once', async (t) => {
  t.timeout(300_000);
  const folder = join(await scratch(t, join(ROOT, '.cache')), 'tfjs-node'); // below node_modules' parent
  const isBuilt = (path: string): boolean => /[/\\](deps|lib)$/.test(path);
  await cp(tfjsNode, folder, { recursive: true, filter: (path) => !isBuilt(path) });
  t.like(await verifyTensorflow(folder), { works: false });
  setEnvironment(t, { QUERENT_LIBTENSORFLOW: await workingLibrary() });
  const steps: string[] = [];
  const options = { folder, onStep: (line: string) => void steps.push(line) };
  const results = await Promise.all([setupTensorflow(options), setupTensorflow(options)]);
  t.deepEqual(results.map(({ status }) => status).sort(), ['already-working', 'built']);
  t.is(steps.filter((line) => line.startsWith('compiling')).length, 1);
  t.regex(steps.join('\n'), /its compiled binding is missing[^]*waiting for another|waiting for another[^]*is missing/);
  t.like(await verifyTensorflow(folder), { works: true });
  t.deepEqual((await readdir(join(folder, 'lib', 'napi-v8'))).sort(), ['tfjs_binding.node']);
  t.false((await readdir(folder)).some((name) => name.endsWith('.tmp')));
});

test.serial('a QUERENT_LIBTENSORFLOW without the library is an error that names what is missing', async (t) => {
  setEnvironment(t, { QUERENT_LIBTENSORFLOW: await scratch(t) });
  const error = t.throws(libraryFromEnvironment, { instanceOf: UnavailableError });
  t.is(error.code, 'ERR_QUERENT_TENSORFLOW_UNAVAILABLE');
  t.regex(error.message, /holds neither libtensorflow_cc\.so\.2 nor libtensorflow\.so\.2/);
});

test.serial('a TensorFlow installed in Python is found without being imported', async (t) => {
  if ((await runProcess('python3', ['--version'])).code !== 0) {
    t.log('skipped: there is no python3');
    return t.pass();
  }
  const site = await scratch(t);
  const library = await workingLibrary();
  const folder = join(site, 'tensorflow');
  await mkdir(folder);
  for (const name of await readdir(join(library, 'lib'))) await symlink(join(library, 'lib', name), join(folder, name));
  await symlink(join(library, 'include'), join(folder, 'include'));
  await writeFile(join(folder, '__init__.py'), 'raise ImportError("imported")');
  setEnvironment(t, { PYTHONPATH: site });
  t.like(await libraryFromPython(), { include: join(folder, 'include') });
});

test('a folder with half of a library is told apart from one with none', async (t) => {
  const folder = await scratch(t);
  await mkdir(join(folder, 'lib'));
  await writeFile(join(folder, 'lib', 'libtensorflow.so.2'), '');
  t.regex(String(libraryIn(folder, '')), /lib holds no libtensorflow_framework\.so\.2/);
  await writeFile(join(folder, 'lib', 'libtensorflow_framework.so.2'), '');
  t.regex(String(libraryIn(folder, '')), /holds no include\/tensorflow\/c\/c_api\.h/);
  await mkdir(join(folder, 'include', 'tensorflow', 'c'), { recursive: true });
  await writeFile(join(folder, 'include', 'tensorflow', 'c', 'c_api.h'), '');
  t.like(libraryIn(folder, 'a test'), { core: join(folder, 'lib', 'libtensorflow.so.2'), origin: 'a test' });
});

test.serial('a set-up that is aborted ends with the reason of the signal', async (t) => {
  const reason = new Error('enough');
  await t.throwsAsync(setupTensorflow({ signal: AbortSignal.abort(reason) }), { is: reason });
});

test('a folder that could not be filled does not appear, and leaves nothing behind', async (t) => {
  const parent = await scratch(t);
  const failing = createFolder(join(parent, 'made'), async (temporary) => {
    await writeFile(join(temporary, 'half'), '');
    throw new Error('no');
  });
  await t.throwsAsync(failing, { message: 'no' });
  t.deepEqual(await readdir(parent), []);
});

test('a folder that is made again replaces the old one, and what killed runs have left goes away', async (t) => {
  const parent = await scratch(t);
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  await mkdir(join(parent, `made.${pid}-ffff.tmp`));
  await mkdir(join(parent, `made.${process.pid}-ffff.tmp`)); // ours: still at work
  for (const content of ['one', 'two']) {
    await createFolder(join(parent, 'made'), (temporary) => writeFile(join(temporary, 'file'), content));
  }
  t.is(await readFile(join(parent, 'made', 'file'), 'utf8'), 'two');
  t.deepEqual((await readdir(parent)).sort(), ['made', `made.${process.pid}-ffff.tmp`]);
});

test('a lock lets one in at a time', async (t) => {
  const path = join(await scratch(t), 'lock');
  let inside = 0;
  let waited = 0;
  const enter = (): Promise<void> =>
    withLock(
      path,
      async () => {
        t.is(++inside, 1);
        await sleep(20);
        inside--;
      },
      () => void waited++,
    );
  await Promise.all([enter(), enter(), enter()]);
  t.true(waited >= 1);
});

test('the lock of a process that has ended is taken over', async (t) => {
  const path = join(await scratch(t), 'lock');
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  await writeFile(path, JSON.stringify({ pid, host: hostname() }));
  t.is(await withLock(path, async () => 'in'), 'in');
  await writeFile(path, JSON.stringify({ pid: 1, host: 'elsewhere' }));
  await utimes(path, 0, 0);
  t.is(await withLock(path, async () => 'in'), 'in', 'and that of another machine after a long silence');
});

test.serial('the cache follows XDG_CACHE_HOME where that is an absolute path', (t) => {
  setEnvironment(t, { XDG_CACHE_HOME: '/somewhere' });
  t.is(userCache('a'), join('/somewhere', 'querent', 'a'));
  setEnvironment(t, { XDG_CACHE_HOME: 'relative' });
  t.notRegex(userCache('a'), /relative/);
});
