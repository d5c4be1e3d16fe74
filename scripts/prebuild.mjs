// `npm run prebuild`: prebuilds/<platform>-<arch>/querent.<libc>.node, which goes into the published package.
// prebuildify would call node-gyp and then move the result away. Here the addon is already built, by cmake-js, and
// prebuildify works on a copy, so that the checkout keeps its own.
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { buildNative } from './build-native.mjs';
import { ROOT, say } from './lib/steps.mjs';

/** Build, strip and name the addon. Returns the path of the prebuild. */
export async function makePrebuild() {
  await buildNative();
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  const copy = mkdtempSync(join(ROOT, '.cache', 'prebuild-'));
  try {
    mkdirSync(join(copy, 'build', 'Release'), { recursive: true });
    for (const name of ['package.json', join('build', 'Release', 'querent.node')]) {
      copyFileSync(join(ROOT, name), join(copy, name));
    }
    const prebuildify = promisify(createRequire(import.meta.url)('prebuildify'));
    await prebuildify({
      cwd: copy,
      out: ROOT,
      napi: true,
      targets: [],
      strip: true,
      tagLibc: true,
      shell: true, // so that the command below is understood on every system
      nodeGyp: 'node -e 0',
      quiet: true,
    });
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
  const folder = join(ROOT, 'prebuilds', `${process.platform}-${process.arch}`);
  for (const name of readdirSync(folder)) say(`prebuild: ${join(folder, name)}`);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await makePrebuild();
