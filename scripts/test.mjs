// `npm test`: everything that proves the project, from a fresh clone: the checks, the C++ tests, the TypeScript tests.
// All of it runs even when a part fails; the last line is "N passed, N failed" over all of it.
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { bootstrap } from './bootstrap.mjs';
import { runChecks } from './check.mjs';
import { elapsed, lastLines, ROOT, run, say, StepError } from './lib/steps.mjs';

const total = { passed: 0, failed: 0, skipped: 0 };
const failures = [];

function fail(name) {
  total.failed++;
  failures.push(name);
}

/** Run one part; what stops it counts as one failure. */
async function part(name, work) {
  const before = elapsed();
  say(`── ${name}`);
  try {
    await work();
  } catch (error) {
    fail(`${name}: ${error.message.split('\n')[0]}`);
    say(error instanceof StepError ? error.message : error.stack);
  }
  say(`── ${name}: ${(elapsed() - before).toFixed(1)} s`);
}

async function nativeTests() {
  const build = join('build', 'tests');
  const options = ['-DQUERENT_BUILD_TESTS=ON', '-DQUERENT_BUILD_ADDON=OFF', '-DCMAKE_BUILD_TYPE=Release'];
  for (const args of [
    ['-S', '.', '-B', build, ...options],
    ['--build', build],
  ]) {
    const { code, output } = await run('C++ tests', 'cmake', args);
    if (code !== 0) throw new StepError(`the C++ tests do not build:\n${lastLines(output, 60)}`);
  }
  const jobs = String(availableParallelism());
  const { code, output } = await run('ctest', 'ctest', ['--test-dir', build, '--output-on-failure', '-j', jobs]);
  const count = /(\d+) tests failed out of (\d+)/.exec(output);
  if (!count) throw new StepError(`ctest found no tests:\n${lastLines(output, 20)}`);
  const skipped = output.match(/\*\*\*Skipped/g)?.length ?? 0;
  const failed = output.match(/^\s*\d+ - (.+) \((?!Skipped|Disabled).*\)$/gm) ?? [];
  total.passed += Number(count[2]) - Number(count[1]) - skipped;
  total.skipped += skipped;
  for (const line of failed) fail(`ctest ${line.trim()}`);
  if (code !== 0 && failed.length === 0) fail(`ctest (exit code ${code})`);
  say(lastLines(output, code === 0 ? 4 : 200));
}

async function typescriptTests() {
  let failed = 0;
  const ava = join(ROOT, 'node_modules', 'ava', 'entrypoints', 'cli.mjs');
  const { code, output } = await run('ava', process.execPath, [ava, '--tap'], {
    env: { QUERENT_REQUIRE_ADDON: '1' },
    echo: (line) => {
      const result = /^(not )?ok \d+ - (.*)$/.exec(line);
      if (!result) {
        if (!/^(TAP version|---$|# |1\.\.\d)/.test(line)) console.log(line);
        return;
      }
      const [, not, title] = result;
      console.log(`${not ? '✘' : '✔'} ${title}`);
      if (/ # (SKIP|TODO)/.test(title)) total.skipped++;
      else if (!not) total.passed++;
      else {
        failed++;
        fail(title);
      }
    },
  });
  if (code !== 0 && failed === 0) {
    fail(`ava (exit code ${code})`);
    say(lastLines(output, 40));
  }
}

const summary = () => {
  if (failures.length > 0) console.log(`\nFailed:\n${failures.map((name) => `  ${name}`).join('\n')}`);
  console.log(`\nin ${elapsed().toFixed(0)} s`);
  const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : '';
  console.log(`${total.passed} passed, ${total.failed} failed${skipped}`);
  process.exitCode = total.failed > 0 ? 1 : 0;
};

try {
  for (const failure of await bootstrap({ tests: true })) {
    fail(failure.message.split('\n')[0]);
    say(failure.message);
  }
  await part('checks', async () => (await runChecks()).forEach((name) => fail(`check ${name}`)));
  await part('C++ tests', nativeTests);
  await part('TypeScript tests', typescriptTests);
} catch (error) {
  fail(error.message.split('\n')[0]); // no tools or no packages: nothing can run
  say(error instanceof StepError ? error.message : error.stack);
}
summary();
