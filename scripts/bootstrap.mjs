// From a fresh clone to something that runs: tools, packages, the addon, dist/, TensorFlow. Plain Node, no dependencies.
// Every step is skipped when it is already done, so a second run takes seconds; it may be interrupted at any point.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildNative } from './build-native.mjs';
import { buildTypeScript } from './build-ts.mjs';
import { must, ROOT, say, StepError } from './lib/steps.mjs';
import { ensureTools } from './lib/tools.mjs';

/** Is node_modules what package-lock.json asks for? npm writes its own record there when an installation is complete. */
function packagesAreCurrent() {
  const record = join(ROOT, 'node_modules', '.package-lock.json');
  const lock = join(ROOT, 'package-lock.json');
  if (!existsSync(record) || !existsSync(lock)) return false;
  const installed = JSON.parse(readFileSync(record, 'utf8')).packages;
  const wanted = JSON.parse(readFileSync(lock, 'utf8')).packages;
  return (
    Object.entries(wanted).every(([path, { version, optional, devOptional, peer }]) => {
      if (path === '') return true;
      if (installed[path] === undefined) return Boolean(optional || devOptional || peer); // other platforms' binaries
      return installed[path].version === version && existsSync(join(ROOT, path));
    }) && Object.keys(installed).every((path) => wanted[path] !== undefined)
  );
}

/** Install the packages without running any of their scripts. */
export async function installPackages() {
  if (packagesAreCurrent()) {
    say('packages: up to date');
    return;
  }
  const verb = existsSync(join(ROOT, 'package-lock.json')) ? 'ci' : 'install';
  say(`packages: npm ${verb} --ignore-scripts …`);
  await must(`npm ${verb}`, 'npm', [verb, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']);
  say('packages: installed');
}

/** Make tfjs-node work, with the same code as `querent setup tensorflow`. */
export async function setUpTensorflow() {
  const echo = (line) => line.trim() && say(`TensorFlow: ${line.trim()}`);
  await must('querent setup tensorflow', process.execPath, ['dist/cli/main.js', 'setup', 'tensorflow'], { echo });
}

/**
 * Tools and packages are needed by everything and throw a StepError. The builds go on side by side (one waits for the
 * processor, the other mostly for the network) and their failures are returned, so that a test run can still use the rest.
 */
export async function bootstrap({ tests = false } = {}) {
  await ensureTools({ tests });
  await installPackages();
  const results = await Promise.allSettled([buildNative(), buildTypeScript().then(setUpTensorflow)]);
  const failures = results.filter(({ status }) => status === 'rejected').map(({ reason }) => reason);
  for (const failure of failures) if (!(failure instanceof StepError)) throw failure;
  return failures;
}

/** For scripts that cannot go on without all of it. */
export async function bootstrapOrExit(options) {
  try {
    const [first] = await bootstrap(options);
    if (first) throw first;
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await bootstrapOrExit({ tests: process.argv.includes('--tests') });
}
