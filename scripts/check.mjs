// `npm run check`: types, lint, format of both languages, the docs of the API, and the import direction.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { importProblems } from './check-imports.mjs';
import { lastLines, ROOT, run, say } from './lib/steps.mjs';

const bin = (path, ...args) => run(path, process.execPath, [join(ROOT, 'node_modules', path), ...args]);

function nativeSources() {
  return ['native', 'bindings'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true })
      .filter((name) => /\.(cpp|h|cu|cuh)$/.test(name))
      .map((name) => join(folder, name)),
  );
}

/** Each gives { code, output }; null: cannot be checked here. */
const CHECKS = {
  types: () => bin('typescript/bin/tsc', '--noEmit', '-p', existsSync(join(ROOT, 'test')) ? 'tsconfig.test.json' : '.'),
  lint: () => bin('eslint/bin/eslint.js', '.'),
  format: () => bin('prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'),
  'clang-format': () => {
    if (spawnSync('clang-format', ['--version']).status !== 0) return null;
    return run('clang-format', 'clang-format', ['--dry-run', '-Werror', ...nativeSources()]);
  },
  // every exported name has a sentence, and every link leads somewhere
  'API docs': () => bin('typedoc/bin/typedoc', '--emit', 'none'),
  'import direction': () => {
    const problems = importProblems();
    return { code: problems.length > 0 ? 1 : 0, output: problems.join('\n') };
  },
};

/** Run every check, also after one has failed. Resolves with the names of those that failed. */
export async function runChecks() {
  const failed = [];
  for (const [name, check] of Object.entries(CHECKS)) {
    const result = await check();
    if (result === null) {
      say(`check ${name}: skipped, the tool is not installed`);
    } else if (result.code === 0) {
      say(`check ${name}: good`);
    } else {
      failed.push(name);
      say(`check ${name}: FAILED\n${lastLines(result.output, 60)}`);
    }
  }
  return failed;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = (await runChecks()).length > 0 ? 1 : 0;
}
