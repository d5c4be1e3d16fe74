import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { lastLines, runProcess } from '../../src/tensorflow/process.js';
import { cleanEnvironment, must, packAndInstall, prebuildPath, readJson, ROOT, type PackedPackage } from './packed.js';

/** The oldest glibc that the prebuild of a machine like Ubuntu 22.04 or newer may ask for. */
const GLIBC_FLOOR = [2, 35] as const;
const SYSTEM_LIBRARIES = /^(libc\.so\.6|libm\.so\.6|libpthread\.so\.0|libdl\.so\.2|ld-linux[-\w]*\.so\.\d)$/;

let packed: PackedPackage;
test.before(async () => {
  packed = await packAndInstall();
});
test.after.always(() => packed?.remove());

const USE = `
const probs = new Float32Array([0.5, 0.5, 0.9, 0.1]);
const scores = querent.score(querent.matrix(probs, 2, 2), { method: 'entropy' });
process.stdout.write(JSON.stringify({ scores: Array.from(scores), addon: querent.runtimeInfo().addon }));
`;

const FORMS = {
  'ES modules': ['--input-type=module', '-e', `import * as querent from 'querent';${USE}`],
  'require()': ['-e', `const querent = require('querent');${USE}`],
};

interface Used {
  readonly scores: readonly number[];
  readonly addon: { readonly path: string } | null;
}

function isRight(scores: readonly number[]): boolean {
  const expected = [Math.log(2), -0.9 * Math.log(0.9) - 0.1 * Math.log(0.1)];
  return scores.length === 2 && scores.every((score, at) => Math.abs(score - (expected[at] ?? NaN)) < 2e-6);
}

test.serial('the tarball holds what runs and nothing else, and no script that npm would have to run', async (t) => {
  const { files } = packed;
  for (const path of [
    'LICENSE',
    'package.json',
    'CMakeLists.txt',
    'dist/index.js',
    'dist/index.d.ts',
    'dist/cli/main.js',
  ]) {
    t.true(files.includes(path), path);
  }
  t.true(files.some((path) => /^prebuilds\/[\w-]+\/querent\.\w+\.node$/.test(path)));
  t.false(files.some((path) => /(^|\/)binding\.gyp$|^(src|test|scripts|node_modules|build)\/|\.test\./.test(path)));
  const { scripts = {} } = await readJson<{ scripts?: Record<string, string> }>(join(ROOT, 'package.json'));
  for (const name of ['preinstall', 'install', 'postinstall', 'prepare']) t.is(scripts[name], undefined);
});

for (const [form, args] of Object.entries(FORMS)) {
  test.serial(`the installed package computes with its prebuild through ${form}`, async (t) => {
    const { code, stdout, stderr } = await runProcess(process.execPath, args, {
      cwd: packed.project,
      env: cleanEnvironment(),
    });
    t.is(code, 0, stderr);
    const { scores, addon } = JSON.parse(stdout) as Used;
    t.true(isRight(scores), String(scores));
    t.is(addon?.path, await prebuildPath(join(packed.project, 'node_modules', 'querent')));
    // Node 22 tells once that require() of ES modules is experimental
    t.regex(stderr, /^$|^\(node:\d+\) ExperimentalWarning: CommonJS module/);
  });
}

test.serial('the reference can be imported by itself', async (t) => {
  const script = `import * as querent from 'querent/reference';
    process.stdout.write(String(querent.score(querent.matrix(new Float64Array([0.5, 0.5]), 1, 2), { method: 'margin' })[0]))`;
  const { stdout, stderr } = await runProcess(process.execPath, ['--input-type=module', '-e', script], {
    cwd: packed.project,
    env: cleanEnvironment(),
  });
  t.is(stdout, '1', stderr);
});

test.serial('the installed command runs', async (t) => {
  const bin = join(packed.project, 'node_modules', '.bin', 'querent');
  const { version } = await readJson<{ version: string }>(join(ROOT, 'package.json'));
  t.is((await must(bin, ['--version'], packed.project)).stdout.trim(), version);
  const { stdout } = await runProcess(bin, ['doctor', '--json'], { cwd: packed.project, env: cleanEnvironment() });
  const { findings } = JSON.parse(stdout) as { findings: { name: string; state: string }[] };
  t.like(
    findings.find(({ name }) => name === 'addon'),
    { state: 'good' },
  );
  t.like(
    findings.find(({ name }) => name === 'tensorflow'),
    { state: 'absent' },
  );
});

test.serial('the types are found by a strict TypeScript project, from both entries', async (t) => {
  await writeFile(
    join(packed.project, 'use.mts'),
    `import { matrix, score, type Matrix } from 'querent';
import { score as referenceScore } from 'querent/reference';
const input: Matrix = matrix(new Float32Array([0.5, 0.5]), 1, 2);
export const scores: Float32Array | Float64Array = score(input, { method: 'entropy' });
export const same: Float32Array | Float64Array = referenceScore(input, { method: 'entropy' });
// @ts-expect-error there is no such method
score(input, { method: 'surprise' });
`,
  );
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const options = [
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2022',
    '--lib',
    'es2023',
    '--types',
    'node',
  ];
  const args = [tsc, ...options, '--typeRoots', join(ROOT, 'node_modules', '@types'), 'use.mts'];
  const { code, stdout } = await runProcess(process.execPath, args, { cwd: packed.project, env: cleanEnvironment() });
  t.is(code, 0, lastLines(stdout));
});

test.serial('the addon needs nothing but the C library, and no newer one than is documented', async (t) => {
  if (process.platform !== 'linux' || (await runProcess('objdump', ['--version'])).code !== 0) {
    t.log('skipped: this looks at Linux binaries with objdump and readelf');
    return t.pass();
  }
  const path = await prebuildPath(join(packed.project, 'node_modules', 'querent'));
  const { stdout: dynamic } = await must('readelf', ['-d', path], ROOT);
  const needed = [...dynamic.matchAll(/\(NEEDED\)\s+Shared library: \[(.+?)\]/g)].map(([, name]) => name ?? '');
  t.deepEqual(
    needed.filter((name) => !SYSTEM_LIBRARIES.test(name)),
    [],
  );
  const { stdout: symbols } = await must('objdump', ['-T', path], ROOT);
  const versions = [...symbols.matchAll(/GLIBC_(\d+)\.(\d+)/g)].map(([, major, minor]) => [
    Number(major),
    Number(minor),
  ]);
  const newest = versions.reduce((a, b) => (compare(a, b) > 0 ? a : b));
  t.log(`needs glibc ${newest.join('.')} (${needed.join(', ')})`);
  t.true(compare(newest, GLIBC_FLOOR) <= 0, `needs glibc ${newest.join('.')}, documented is ${GLIBC_FLOOR.join('.')}`);
});

function compare(a: readonly number[], b: readonly number[]): number {
  return (a[0] ?? 0) - (b[0] ?? 0) || (a[1] ?? 0) - (b[1] ?? 0);
}

// last: it takes the prebuild away
for (const [form, args] of Object.entries(FORMS)) {
  test.serial(
    `without a prebuild the reference serves through ${form}, with one warning that says what to do`,
    async (t) => {
      const prebuilds = join(packed.project, 'node_modules', 'querent', 'prebuilds');
      await rename(prebuilds, `${prebuilds}.away`);
      try {
        const { code, stdout, stderr } = await runProcess(process.execPath, args, {
          cwd: packed.project,
          env: cleanEnvironment(),
        });
        t.is(code, 0, stderr);
        const { scores, addon } = JSON.parse(stdout) as Used;
        t.true(isRight(scores), String(scores));
        t.is(addon, null);
        t.is(stderr.match(/QUERENT_NO_ADDON/g)?.length, 1, stderr);
        t.regex(stderr, /To build it: npx --yes cmake-js/);
      } finally {
        await rename(`${prebuilds}.away`, prebuilds);
      }
    },
  );
}

test.serial('without a prebuild the doctor says how to get one and exits with 1', async (t) => {
  const prebuilds = join(packed.project, 'node_modules', 'querent', 'prebuilds');
  await rename(prebuilds, `${prebuilds}.away`);
  try {
    const bin = join(packed.project, 'node_modules', '.bin', 'querent');
    const { code, stdout } = await runProcess(bin, ['doctor'], { cwd: packed.project, env: cleanEnvironment() });
    t.is(code, 1);
    t.regex(stdout, /✘ addon +No native build was found.*\n +→ npx --yes cmake-js/);
  } finally {
    await rename(`${prebuilds}.away`, prebuilds);
  }
});
