// The import direction of src/: a folder may import from its own rank and from lower ones, never from a higher one.
// Run by `npm run check`; prints every arrow that points the wrong way and exits 1.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const SOURCE = join(dirname(fileURLToPath(import.meta.url)), '..', 'src');

/** Lowest first. A room that is missing here is an error: give it its rank when it is made. */
const RANKS = [
  ['errors'],
  ['options', 'matrix', 'contract', 'reference', 'cache'],
  ['native', 'kernels', 'pool', 'data', 'tensorflow', 'models', 'runtime'],
  ['strategies', 'rl', 'meta'],
  ['learner', 'oracle'],
  ['experiment', 'report', 'scale', 'interop', 'campaign'],
  ['index'],
  ['cli'],
];

/** Rooms of one rank that still may not know each other: what is named may not import what follows. */
const STRANGERS = {
  native: ['kernels', 'pool', 'data', 'tensorflow', 'models'],
  kernels: ['pool', 'data', 'tensorflow', 'models'],
  pool: ['data', 'tensorflow', 'models'],
  tensorflow: ['kernels', 'pool', 'data', 'models'],
  data: ['tensorflow', 'models'],
  interop: ['campaign'],
};

/** Builtins that tie a file to Node; the reference must also run elsewhere. */
const NODE_FREE = ['reference', 'contract', 'matrix', 'errors', 'options'];

const IMPORT =
  /(?:^|[;\s}])(?:import|export)\s(?:[^'";]*?\sfrom\s*)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;

function* sourceFiles(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* sourceFiles(path);
    else if (entry.name.endsWith('.ts')) yield path;
  }
}

/** src/kernels/score.ts -> kernels; src/errors.ts -> errors. */
function roomOf(path) {
  return relative(SOURCE, path)
    .split(sep)[0]
    .replace(/\.(ts|js)$/, '');
}

const rankOf = (room) => RANKS.findIndex((rooms) => rooms.includes(room));
const withoutComments = (text) => text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');

/** Every arrow of src/ that breaks a rule, as sentences. */
export function importProblems() {
  const problems = [];
  for (const file of sourceFiles(SOURCE)) {
    const room = roomOf(file);
    const name = relative(join(SOURCE, '..'), file).split(sep).join(posix.sep);
    if (rankOf(room) < 0) {
      problems.push(`${name}: src/${room} has no rank in scripts/check-imports.mjs`);
      continue;
    }
    for (const [, from, dynamic] of withoutComments(readFileSync(file, 'utf8')).matchAll(IMPORT)) {
      const target = from ?? dynamic;
      if (target.startsWith('node:') && NODE_FREE.includes(room)) {
        problems.push(`${name}: imports ${target}, but src/${room} must run without Node`);
      }
      if (!target.startsWith('.')) continue;
      const absolute = resolve(dirname(file), target);
      if (!absolute.startsWith(SOURCE + sep)) continue; // ../bindings/native.d.ts: types of the addon
      const other = roomOf(absolute);
      if (rankOf(other) > rankOf(room) || STRANGERS[room]?.includes(other)) {
        problems.push(`${name}: imports ${target}, but src/${room} is below src/${other}`);
      }
    }
  }
  return problems;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const problems = importProblems();
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exit(1);
  console.log('import direction: every arrow points downwards');
}
