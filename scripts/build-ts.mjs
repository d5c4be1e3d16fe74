// Compile src/ into dist/. The new dist appears whole: a running command never sees half of it, and files whose source is
// gone do not stay behind.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { hashOf, must, ROOT, StepError, unlessStamped } from './lib/steps.mjs';

/** Compile unless dist/ is already what this source gives. */
export async function buildTypeScript() {
  const hash = hashOf([
    'src',
    'bindings/native.d.ts',
    'tsconfig.json',
    'scripts/build-ts.mjs',
    'node_modules/typescript/package.json',
  ]);
  const step = { label: 'TypeScript', stamp: 'dist/.querent-stamp', hash, output: 'dist/cli/main.js' };
  await unlessStamped(step, async () => {
    const scratch = join(ROOT, '.cache'); // on the same disk as dist/, and ignored by git
    mkdirSync(scratch, { recursive: true });
    const fresh = join(scratch, `dist.${process.pid}.new`);
    const old = join(scratch, `dist.${process.pid}.old`);
    try {
      await must('tsc', process.execPath, [
        join(ROOT, 'node_modules/typescript/bin/tsc'),
        '-p',
        '.',
        '--outDir',
        fresh,
      ]);
      excuseOptionalTypes(fresh);
      if (existsSync(join(ROOT, 'dist'))) renameSync(join(ROOT, 'dist'), old);
      renameSync(fresh, join(ROOT, 'dist'));
    } finally {
      for (const folder of [fresh, old]) rmSync(folder, { recursive: true, force: true });
    }
  });
}

/**
 * Our declarations name types of TensorFlow.js, which is optional: a strict project without it would not compile. Where it
 * is missing these types become `any`; a comment to that end in the source would not survive into the declarations.
 */
function excuseOptionalTypes(folder) {
  for (const name of readdirSync(folder, { recursive: true }).filter((path) => path.endsWith('.d.ts'))) {
    const path = join(folder, name);
    const text = readFileSync(path, 'utf8');
    const excused = text.replace(/^import .* from '@tensorflow\/tfjs';$/gm, '// @ts-ignore optional package\n$&');
    if (excused !== text) writeFileSync(path, excused);
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    await buildTypeScript();
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
