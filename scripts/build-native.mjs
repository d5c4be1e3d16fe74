// Build the addon into build/Release with cmake-js. `--rebuild` starts from nothing.
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { hashOf, must, ROOT, StepError, unlessStamped } from './lib/steps.mjs';
import { compiler } from './lib/tools.mjs';

const STAMP = 'build/.querent-native';

/** Compile the addon unless this source was already compiled with this compiler. */
export async function buildNative({ rebuild = false } = {}) {
  const require = createRequire(join(ROOT, 'package.json'));
  const cmakeJs = require.resolve('cmake-js/bin/cmake-js');
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const compilerVersion = spawnSync(compiler() ?? 'c++', ['--version'], { encoding: 'utf8' }).stdout ?? '';
  const hash = hashOf(
    ['native', 'bindings', 'CMakeLists.txt', 'node_modules/node-addon-api/package.json'],
    version,
    compilerVersion,
  );
  if (rebuild) rmSync(join(ROOT, STAMP), { force: true });
  const step = { label: 'native addon', stamp: STAMP, hash, output: 'build/Release/querent.node' };
  // `rebuild` empties build/ first: only that applies another compiler or other options to an existing cache
  await unlessStamped(step, async () => {
    // a prebuild of older source must not serve in place of a build that fails
    rmSync(join(ROOT, 'prebuilds', `${process.platform}-${process.arch}`), { recursive: true, force: true });
    await must('cmake-js', process.execPath, [cmakeJs, rebuild ? 'rebuild' : 'build']);
  });
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    await buildNative({ rebuild: process.argv.includes('--rebuild') });
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
